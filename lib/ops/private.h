/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The private area that a configuration means, for create, destroy and mount. */
#ifndef VZ_OPS_PRIVATE_H
#define VZ_OPS_PRIVATE_H

#include "ct/ct.h"
#include "fs/area.h"

/* Paths and layout (not the ids); strings stay the VPS's. VE_PRIVATE unset 23, VE_ROOT 22, a
 * layout nobody knows 53, a path that no VPS may have 85. */
int vz_private_of(const struct vz_ct *ct, struct vz_area *ret, struct vz_err *e);
/* Is it an absolute path of two components at least, without "." or "..", that neither is nor
 * holds a directory of the host's or of ours? A slip in a configuration must not reach the host. */
bool vz_private_may_be(const char *path);
/* Both paths may be: otherwise VZ_INVALID_CONFIG (85). */
int vz_private_check(const char *private, const char *root, struct vz_err *e);
/* Closes the area to other users of the host, with a line, or refuses. */
int vz_private_close(const struct vz_area *a, enum vz_exit code, struct vz_err *e);

#endif
