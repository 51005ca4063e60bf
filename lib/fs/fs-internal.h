/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share; area.h is what others see. */
#ifndef VZ_FS_INTERNAL_H
#define VZ_FS_INTERNAL_H

#include <fcntl.h>
#include <stdbool.h>

#include "fs/area.h"
#include "sys/holder.h"

/* ---- a row each ---- */

#define VZ_LAYOUT_DECLARE(name) extern const struct vz_layout vz_layout_##name;
VZ_LAYOUTS(VZ_LAYOUT_DECLARE)

/* What probes map ids to: any but 0. */
#define VZ_PROBE_ID 1000000u

/* ---- roottree.c ---- */

/* A detached, private copy of the mount at dirfd; ids from 0 on disk are shown from uid and gid
 * when uid is not 0. */
int vz_tree_clone(int dirfd, uint32_t uid, uint32_t gid);
/* The tree of base `id` (directory fd, caller closes); -errno. */
int vz_base_open(const char *template_dir, const char *id);
/* Is there a program that could be an init? The tree may be -errno. */
bool vz_tree_has_init(int tree);

/* ---- overlay-mount.c ---- */

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

/* ---- probe.c ---- */

/* The probe of the layout. */
int vz_overlay_probe(const char *template_dir, const char *private_parent, struct vz_err *e);

/* ---- adopt.c ---- */

/* Did a pass of vz_overlay_adopt() on this upper directory not come to its end? */
bool vz_overlay_is_half_adopted(int upper);
/* Makes an upper directory that was copied, or whose base was, fit the base: what the kernel has
 * written down about both is written anew. Nothing may be mounted from it. */
int vz_overlay_adopt(const struct vz_overlay *o);

/* ---- reuse.c ---- */

union vz_handle {
	struct file_handle h;
	unsigned char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};
/* The file handle of what fd, which may be O_PATH, is open on. */
int vz_handle_of(int fd, union vz_handle *ret);

/* Writes down that `mnt` is a new overlay of the area. */
void vz_overlay_made(const struct vz_area *a, const char *base, int mnt);
/* A detached mount of the overlay that was made before with the same upper directory, base and ids,
 * and still lives: one that is held for us, or, with `search`, anybody's. -errno when there is none
 * to be reached; *ret then says who holds it, or is untouched. */
int vz_overlay_again(const struct vz_area *a, const char *base, int upper, bool search,
		     struct vz_holder *ret);
/* VE_ROOT will be detached under its users: keeps the overlay within reach. */
void vz_overlay_hold(const struct vz_area *a);
/* Ends that when there are no users any more. */
void vz_overlay_let_go(unsigned id);
/* Ends that, and forgets what was made. */
void vz_overlay_forget(unsigned id);

#endif
