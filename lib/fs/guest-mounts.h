/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel file systems of a VPS and what is hidden in them: one table each. */
#ifndef VZ_FS_GUEST_MOUNTS_H
#define VZ_FS_GUEST_MOUNTS_H

#include <stdbool.h>

#include "base/err.h"

struct vz_guest_mounts {
	int root;       /* O_PATH directory fd: the guest's root, mounted */
	int dev;        /* detached /dev (vz_dev_make()) */
	int console;    /* detached mount for /dev/console, -1 none */
	int cgroup;     /* detached mount for /sys/fs/cgroup, -1 none */
	int mask_file, mask_dir; /* O_PATH fds: an empty file, an empty directory */
	unsigned terminals; /* at most so many in its /dev/pts; 0: as many as the kernel has */
	bool sysfs;     /* mount it */
	bool nesting;   /* may have user namespaces of its own; its /dev was made for that */
	bool privileged; /* no user namespace: more must be hidden */
};

/* Called by PID 1 to be, inside its namespaces, before the root is pivoted: mounts proc, sys, dev
 * and the rest into the tree behind gm->root. Every mount point is opened below that fd without
 * following any link; a mount point that is no directory is an error that names it. */
int vz_guest_mounts_make(const struct vz_guest_mounts *gm, struct vz_err *e);

/* Another bound of terminals, for a process that has joined the mount and user namespace of a running
 * VPS. May be hostile: what lies on /dev/pts; therefore no link is followed, and it must be a devpts.
 * 0 or -errno. */
int vz_guest_mounts_terminals(unsigned max);

#endif
