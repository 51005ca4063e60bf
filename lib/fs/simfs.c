// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The layout simfs: VE_PRIVATE is the tree itself, with ids from 0 that are mapped by the mount, or, where
 * the file system cannot do that, changed on disk.
 */
#include "fs/fs-internal.h"
#include "base/own.h"
#include "fs/shift.h"

#include <fcntl.h>

int vz_simfs_area(const struct vz_area *a, struct vz_err *e)
{
	autoclose int tree = open(a->private, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct vz_shift on_disk;
	int r = tree < 0 ? -errno : vz_shift_state(tree, &on_disk), mnt = -EOPNOTSUPP;

	if (r < 0)
		return vz_fail(e, VZ_FS_CANTMOUNT, -r, "Can't mount: %s %s", a->root, a->private);
	/* without a user namespace root inside may give its directory to any id */
	r = a->uid ? vz_shift_verify(tree, &on_disk, a->private, e) : 0;
	if (r < 0)
		return r;
	if (!on_disk.from_uid && !on_disk.from_gid && !on_disk.to_uid && !on_disk.to_gid)
		mnt = vz_tree_clone(tree, a->uid, a->gid);
	if (mnt == -EOPNOTSUPP || mnt == -EINVAL) { /* no id maps here, or ids differ on disk */
		r = vz_shift_tree(tree, a->uid, a->gid, e);
		if (r < 0)
			return r;
		mnt = vz_tree_clone(tree, 0, 0);
	}
	if (mnt < 0)
		return vz_fail(e, VZ_FS_CANTMOUNT, -mnt, "Can't mount: %s %s", a->root,
			       a->private);
	return mnt;
}
