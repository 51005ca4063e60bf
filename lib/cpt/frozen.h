/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mounts of a VPS whose processes are stopped, from outside. */
#ifndef VZ_CPT_FROZEN_H
#define VZ_CPT_FROZEN_H

#include "base/err.h"
#include "ct/ct.h"
#include "sys/mnt.h"

struct vz_frozen {
	int root; /* of its init */
	struct vz_mounts mounts;
};
/* Opens what init of the VPS sees; errors are VZ_CHKPNT. */
int vz_frozen_open(const struct vz_state *st, struct vz_frozen *ret, struct vz_err *e);
void vz_frozen_close(struct vz_frozen *f);
#define autofrozen __attribute__((cleanup(vz_frozen_close))) struct vz_frozen

/* The directory on which m lies, readable; the caller's to close. -EXDEV: something else lies over it. -ENOTDIR:
 * it is no directory. -EPERM: the way there leads through a file system that may never answer.
 *
 * May be hostile: the way is the guest's; therefore no link is followed, and it leads only through the root's
 * file system, tmpfs and ramfs: a FUSE daemon of a VPS that is stopped does not answer. */
int vz_frozen_mount(const struct vz_frozen *f, const struct vz_mountinfo *m);

#endif
