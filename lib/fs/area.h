/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The private area of a VPS: making and deleting it, showing it at VE_ROOT. How its files are kept is
 * its layout's to know.
 */
#ifndef VZ_FS_AREA_H
#define VZ_FS_AREA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "fs/layout.h"

struct vz_area {
	unsigned id;
	const char *private;   /* VE_PRIVATE, expanded */
	const char *root;      /* VE_ROOT, expanded */
	const char *template;  /* TEMPLATE directory */
	const struct vz_layout *layout; /* one that is not supported is only unmounted and destroyed */
	uint32_t uid, gid;     /* first host id; 0: no user namespace */
};

struct vz_conf; /* param/param.h */
/* The directory that VE_PRIVATE puts areas into; NULL: it is not set, no path, or out of memory. The caller frees. */
char *vz_area_parent(const struct vz_conf *c);
/* Can users of the host walk down to `dir`? What is missing is not in their way: it is made 0700. */
bool vz_area_is_reachable(const char *dir);
/* Does `dir` hold nothing but areas, and is it root's alone to change? Only such a one may be closed: what
 * is the host's, or others', is theirs. */
bool vz_area_is_for_areas(const char *dir);
/* Makes sure that they reach neither VE_PRIVATE nor VE_ROOT. A directory that holds nothing but areas
 * is closed, which `closed` is told; others are not ours to change, and are refused with `code`.
 * closed NULL: nothing is changed, only refused. */
int vz_area_close(const struct vz_area *a, void (*closed)(const char *dir), enum vz_exit code,
		  struct vz_err *e);

/* Makes PRIVATE.tmp, on the base `base_id` if its layout has bases; else the template is to be unpacked into
 * *ret_dirfd, which the caller closes. vz_area_commit() renames it in place. */
int vz_area_create(const struct vz_area *a, const char *base_id, int *ret_dirfd, struct vz_err *e);
int vz_area_commit(const struct vz_area *a, struct vz_err *e);
void vz_area_abort(const struct vz_area *a); /* removes PRIVATE.tmp; nothing there is fine */
/* Gives up what is kept of mounts of an area that is no more; destroy does it too. */
void vz_area_forget(const struct vz_area *a);

/* Is there a program that could be the init of a new area? Before anything of it has run. */
bool vz_area_has_init(const struct vz_area *a);
/* Do areas of this layout stand on a base that VPSes share? */
bool vz_area_has_base(const struct vz_area *a);
/* The id of that base (caller frees); NULL when there is none. */
char *vz_area_base(const struct vz_area *a);

/* Could the area be mounted? Nothing is changed; for a caller that is about to end what uses it. */
int vz_area_check(const struct vz_area *a, struct vz_err *e);
/* Mounts the area on VE_ROOT (made 0700 when missing): nodev, private propagation. Where the file
 * system cannot id-map, a resumable shift of ids on disk is done first. */
int vz_area_mount(const struct vz_area *a, struct vz_err *e);
/* Unmounts everything at and below VE_ROOT, deepest first; nothing mounted is success. What is in use
 * is detached, and stays within reach of the next mount. */
int vz_area_umount(const struct vz_area *a, struct vz_err *e);
/* Gives up what was kept so, when nobody uses it any more; umount does it too. For an area that is not
 * mounted. A look-up when nothing was kept. */
void vz_area_let_go(const struct vz_area *a);

/* VZ_FS_DEL_PRVT (52) while something of the host's is mounted on PRIVATE or below it: deleting would
 * take the rest and leave that. */
int vz_area_can_destroy(const struct vz_area *a, struct vz_err *e);
/* Renames PRIVATE to <top of its file system>/vztmp/vzctl-rm-me.XXXXXX and deletes it by a
 * background process (guarded by vztmp/rm.lck); a symlink loses only the link. Removes VE_ROOT.
 * VZ_FS_DEL_PRVT (52). */
int vz_area_destroy(const struct vz_area *a, struct vz_err *e);

#endif
