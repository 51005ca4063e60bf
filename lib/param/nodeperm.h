/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One word of DEVNODES, "net/tun:rw": a device node by its name below /dev of the host, and what a
 * VPS may do with it. The word is what configurations hold; this is the word taken apart, and the
 * list of all of them.
 */
#ifndef VZ_PARAM_NODEPERM_H
#define VZ_PARAM_NODEPERM_H

#include "param/devperm.h"

struct vz_nodeperm {
	char *name; /* no way leads from it out of /dev */
	struct vz_perm perm;
};

/* Each name once, in the order in which they came. */
struct vz_nodeperms {
	struct vz_nodeperm *v;
	size_t n;
};
void vz_nodeperms_free(struct vz_nodeperms *l);
#define autonodeperms __attribute__((cleanup(vz_nodeperms_free))) struct vz_nodeperms

/* Adds the words of a configuration taken apart. *e says what is wrong with one that is no node, which the
 * table lets through nowhere. */
int vz_nodeperms_of(const struct vz_plist *words, struct vz_nodeperms *ret, struct vz_err *e);
/* A copy takes the place of the node of its name, or comes last. -EINVAL for a name that leads out of /dev,
 * or is none; -ENOMEM. */
int vz_nodeperms_put(struct vz_nodeperms *l, const char *name, const struct vz_perm *perm);
/* The node of this name, the list's own, or NULL. */
struct vz_nodeperm *vz_nodeperms_find(const struct vz_nodeperms *l, const char *name);

#endif
