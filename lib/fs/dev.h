/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The /dev of a VPS: a tmpfs made by the host, so that its nodes work inside a user namespace. */
#ifndef VZ_FS_DEV_H
#define VZ_FS_DEV_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "param/nodeperm.h"

/* Group of terminals inside; the same number in every distribution, and in api.c's devpts. */
#define VZ_DEV_TTY_GROUP 5

/* What a VPS's /dev is made of. */
struct vz_dev_spec {
	uint32_t uid, gid;               /* whose it is */
	uint32_t features;               /* VZ_FEAT_*: some of them are nodes */
	const struct vz_nodeperms *devnodes; /* copied from the host's /dev, or NULL */
	bool console;                    /* an empty file "console" to bind a terminal on */
};

/* Makes a detached tmpfs with the standard nodes, links and mount points of a VPS's /dev. Returns
 * an fd for move_mount(2), the caller's to close; a node that cannot be made: VZ_SET_DEVICES. */
int vz_dev_make(const struct vz_dev_spec *s, struct vz_err *e);

/* A node of DEVNODES after a look at the host: make such a node, or remove it (mode 0). */
struct vz_devnode {
	const char *name; /* not ours */
	mode_t mode;
	dev_t rdev;
};
/* *ret, one entry per node, is the caller's to free. VZ_SET_DEVICES when the host has no such
 * node. */
int vz_dev_resolve(const struct vz_nodeperms *l, struct vz_devnode **ret, struct vz_err *e);

/* Changes the /dev of a running VPS. For a process of the host that has joined its mount
 * namespace. `made` is the device number of the tmpfs it was started with. -EXDEV: something else
 * lies on /dev now. Nodes of another kind under that name are replaced.
 *
 * May be hostile: everything the path leads through. Therefore no link is followed, and only our
 * own tmpfs is changed. */
struct vz_dev_change {
	uint32_t uid, gid;
	dev_t made;
	const struct vz_devnode *nodes;
	size_t n;
};
int vz_dev_change(const struct vz_dev_change *c);

#endif
