// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The layout simfs: VE_PRIVATE is the tree itself, with ids from 0 that are mapped by the mount, or, where
 * the file system cannot do that, changed on disk.
 */
#include "fs/fs-internal.h"
#include "base/own.h"
#include "fs/shift.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sys/stat.h>

static int simfs_probe(const char *template_dir, const char *private_parent, struct vz_err *e)
{
	autofree char *near = vz_path_nearest(private_parent);
	autoclose int dir = near ? open(near, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	autoclose int mnt = dir < 0 ? -EBADF : vz_tree_clone(dir, VZ_PROBE_ID, VZ_PROBE_ID);

	(void)template_dir;
	if (mnt >= 0)
		return VZ_LAYOUT_CAN;
	vz_fail(e, VZ_BAD_KERNEL, 0, "the file system of %s cannot be shown with other ids", private_parent);
	return VZ_LAYOUT_WITH_LESS;
}

static int simfs_create(const struct vz_area *a, const char *base_id, int dir, struct vz_err *e)
{
	(void)base_id;
	/* the root directory of the VPS, if the template does not say otherwise */
	return fchmod(dir, 0755) < 0 ? vz_fail(e, VZ_FS_NEW_VE_PRVT, errno, "mode of %s.tmp", a->private) : 0;
}

/* A template unpacks with ids from 0, whatever attributes it carried. */
static int simfs_commit(int dir)
{
	int r = vz_shift_mark(dir, 0, 0);

	return r == -EOPNOTSUPP ? 0 : r;
}

static bool simfs_has_init(const struct vz_area *a)
{
	autoclose int dir = open(a->private, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return vz_tree_has_init(dir);
}

static int simfs_mount(const struct vz_area *a, struct vz_err *e)
{
	autoclose int tree = open(a->private, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct vz_idshift on_disk;
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

const struct vz_layout vz_layout_simfs = {
	.name = "simfs",
	.need = { "id-mapped-mounts",
		  "simfs containers that start at once; without it ids are changed on disk at the first start",
		  "Linux 5.12 or newer, and ext4, xfs or btrfs on /vz" },
	.probe = simfs_probe,
	.create = simfs_create,
	.commit = simfs_commit,
	.has_init = simfs_has_init,
	.private_is_root = true,
	.is_marked = vz_shift_is_marked,
	.mount = simfs_mount,
};
