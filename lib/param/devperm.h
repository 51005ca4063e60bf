/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One word of DEVICES, "c:10:229:rw": a device by its numbers, or all of a major number, and what a VPS may
 * do with it. The word is what configurations hold; this is the word taken apart, and the list of all of
 * them. DEVNODES say the same of a name (param/nodeperm.h).
 */
#ifndef VZ_PARAM_DEVPERM_H
#define VZ_PARAM_DEVPERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "param/param.h"

/* "[r][w][q]", or "none": the device is not given, or is taken away. */
struct vz_perm {
	bool r, w, q; /* q, the right to set quota, has no meaning on mainline */
};
static inline bool vz_perm_is_none(const struct vz_perm *p)
{
	return !p->r && !p->w && !p->q;
}

struct vz_devperm {
	char type; /* 'b' or 'c' */
	uint32_t major, minor;
	bool all_minors;
	struct vz_perm perm;
};
/* -EINVAL for a word that is none. */
int vz_devperm_parse(const char *word, struct vz_devperm *ret);
/* The canonical word. Caller frees; NULL without memory. */
char *vz_devperm_word(const struct vz_devperm *d);

/* Each device once, in the order in which they came; all of a major number is one of its own. */
struct vz_devperms {
	struct vz_devperm *v;
	size_t n;
};
void vz_devperms_free(struct vz_devperms *l);
#define autodevperms __attribute__((cleanup(vz_devperms_free))) struct vz_devperms

/* The words of a configuration taken apart. *e says what is wrong with one that is no device, which the
 * table lets through nowhere. */
int vz_devperms_of(const struct vz_plist *words, struct vz_devperms *ret, struct vz_err *e);
/* A copy takes the place of the same device, or comes last. -ENOMEM. */
int vz_devperms_put(struct vz_devperms *l, const struct vz_devperm *d);
/* The list's own entry of the device that *d is, or NULL. */
struct vz_devperm *vz_devperms_find(const struct vz_devperms *l, const struct vz_devperm *d);

#endif
