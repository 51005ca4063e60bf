/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mounts of a VPS that is dumped, from outside. */
#ifndef VZ_CPT_FROZEN_H
#define VZ_CPT_FROZEN_H

#include <stdbool.h>
#include <stddef.h>

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

/* Mount i is the first one, and of the whole, of a tmpfs. */
bool vz_frozen_is_tmpfs(const struct vz_frozen *f, size_t i);
/* The directory on which m lies, readable; the caller's to close. -EXDEV: something else lies over it. -ENOTDIR:
 * it is no directory. -EPERM: the way there leads through a file system that may never answer.
 *
 * May be hostile: the way is the guest's; therefore no link is followed, and no file system is asked that may
 * never answer: a FUSE daemon of a VPS that is stopped does not. */
int vz_frozen_mount(const struct vz_frozen *f, const struct vz_mountinfo *m);

/* Before a dump stops it: -EINVAL with a sentence when its tmpfs hold so much that it would stand still for
 * long: CRIU packs them with tar then. */
#define VZ_FROZEN_BYTES (1ull << 30)
#define VZ_FROZEN_FILES 200000u
int vz_frozen_bounds(const struct vz_state *st, struct vz_err *e);

#endif
