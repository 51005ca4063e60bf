/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRIU's image of control groups. It names the groups of a VPS by their whole paths, and so by its id and by how that host
 * keeps groups; CRIU puts the processes into those at a restore. Its own option for another root (cg_root) goes astray where
 * the name of one group begins with that of another, and makes groups that are nobody's.
 */
#ifndef VZ_CPT_CGIMAGE_H
#define VZ_CPT_CGIMAGE_H

#include "base/err.h"
#include "cpt/idimage.h"

#define VZ_CGIMAGE_NAME "cgroup.img"

struct vz_cgimage_change {
	unsigned from;    /* the VPS's id then, here or on another host */
	const char *path; /* what its group is called now: "vz/101" */
	struct vz_idimage was, is; /* first host ids of those who own groups */
};

/* In the directory of CRIU's images. 1, or 0 when it was so before. VZ_RESTORE: no group of the VPS is in the image. */
int vz_cgimage_change(int criu, const struct vz_cgimage_change *c, struct vz_err *e);

#endif
