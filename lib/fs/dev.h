/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The /dev of a VPS: a tmpfs made by the host, so that its nodes work inside a user namespace. */
#ifndef VZ_FS_DEV_H
#define VZ_FS_DEV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "param/param.h"

/* Makes a detached tmpfs with the standard nodes, links and mount points of a VPS's /dev, owned
 * by uid:gid. devnodes: words "name:perm" of DEVNODES, copied from the host's /dev (may be NULL).
 * console: also an empty file "console" to bind a terminal on. Returns an fd for move_mount(2),
 * the caller's to close; a node that cannot be made: VZ_SET_DEVICES. */
int vz_dev_make(uint32_t uid, uint32_t gid, const struct vz_plist *devnodes, bool console,
		struct vz_err *e);

#endif
