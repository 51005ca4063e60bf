/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One word of DEVNODES, "net/tun:rw": a device node by its name below /dev of the host, and what a
 * VPS may do with it. The word is what configurations hold; this is the word taken apart, and the
 * list of all of them.
 */
#ifndef VZ_PARAM_NODEPERM_H
#define VZ_PARAM_NODEPERM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "param/param.h"

struct vz_nodeperm {
	char *name;    /* no way leads from it out of /dev */
	bool r, w, q;
};
/* ":none": the node is not given, or is taken away. */
static inline bool vz_nodeperm_is_none(const struct vz_nodeperm *n)
{
	return !n->r && !n->w && !n->q;
}

/* Each name once, in the order in which they came. */
struct vz_nodeperms {
	struct vz_nodeperm *v;
	size_t n;
};
void vz_nodeperms_free(struct vz_nodeperms *l);
#define autonodeperms __attribute__((cleanup(vz_nodeperms_free))) struct vz_nodeperms

/* A word takes the place of that of its name, or comes last. -EINVAL for one that is none; -ENOMEM. */
int vz_nodeperms_put(struct vz_nodeperms *l, const char *word);
/* The node of this name, the list's own, or NULL. */
struct vz_nodeperm *vz_nodeperms_find(const struct vz_nodeperms *l, const char *name);

#endif
