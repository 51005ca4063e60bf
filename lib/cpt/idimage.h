/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRIU's image of the user namespace: to which host ids those inside are mapped. Nothing else in the images knows them.
 */
#ifndef VZ_CPT_IDIMAGE_H
#define VZ_CPT_IDIMAGE_H

#include <stdint.h>

#include "base/err.h"

struct vz_idimage {
	uint32_t uid, gid; /* what 0 inside is on the host; 0, 0: there is no user namespace */
};

/* Of the directory of CRIU's images. */
int vz_idimage_get(int criu, struct vz_idimage *ret, struct vz_err *e);
/* Maps them to those from here on. 1, with the name of the image that was changed, or 0 when it was so before. */
int vz_idimage_set(int criu, const struct vz_idimage *to, char ret_name[static 32], struct vz_err *e);

#endif
