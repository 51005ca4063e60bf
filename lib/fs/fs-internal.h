/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share; area.h is what others see. */
#ifndef VZ_FS_INTERNAL_H
#define VZ_FS_INTERNAL_H

#include <stdbool.h>

#include "fs/area.h"

/* ---- overlay.c ---- */

struct vz_overlay {
	int lower;         /* detached mount of the base tree, id-mapped if it must be */
	int upper, work;   /* directories of one file system */
	const char *stage; /* where an older kernel gets `lower` attached for a moment */
	bool throwaway;    /* nothing in it need reach the disk */
};
/* A detached mount fd of the overlay, nodev; -errno. */
int vz_overlay_mount_any(const struct vz_overlay *o);
/* The same for a kernel that takes no detached lower mount. */
int vz_overlay_mount_staged(const struct vz_overlay *o);
/* A detached, private copy of the mount at dirfd; ids from 0 on disk are shown from uid and gid
 * when uid is not 0. */
int vz_tree_clone(int dirfd, uint32_t uid, uint32_t gid);
/* The tree of base `id` (directory fd, caller closes); -errno. */
int vz_base_open(const char *template_dir, const char *id);
/* Detached mount fd of an overlay area. */
int vz_overlay_area(const struct vz_area *a, struct vz_err *e);
/* Owner, mode and attributes of `base` for a new upper root, with the ids of the area. */
int vz_overlay_upper_init(const struct vz_area *a, int base, int upper);

/* ---- destroy.c ---- */

/* Takes away PRIVATE only. */
int vz_area_discard(const char *private, struct vz_err *e);

#endif
