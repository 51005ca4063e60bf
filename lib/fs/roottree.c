// SPDX-License-Identifier: GPL-2.0-or-later
/* The root tree of a VPS or of a base, whatever the layout: opened, shown with other ids, looked into. */
#include "fs/fs-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/idmap.h"

#include <fcntl.h>
#include <sys/mount.h>

#define BENEATH (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)

int vz_tree_clone(int dirfd, uint32_t uid, uint32_t gid)
{
	autoclose int mnt = vz_open_tree(dirfd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	autoclose int ns = -EBADF;
	int r;

	if (mnt < 0)
		return mnt;
	if (uid) {
		ns = vz_idmap_userns(uid, gid);
		if (ns < 0)
			return ns;
	}
	r = vz_mount_setattr(mnt, "", AT_EMPTY_PATH, MOUNT_ATTR_NODEV, 0, MS_PRIVATE, ns);
	return r < 0 ? r : TAKE_FD(mnt);
}

int vz_base_open(const char *template_dir, const char *id)
{
	autofree char *base = vz_fmt("%s/base", template_dir), *tree = vz_fmt("%s/tree", id);
	autoclose int dir = -EBADF;

	if (!base || !tree)
		return -ENOMEM;
	if (!vz_str_is_component(id))
		return -EINVAL;
	dir = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -errno : vz_openat2(dir, tree, O_RDONLY | O_DIRECTORY, 0, BENEATH);
}

/* May be hostile: the tree is a stranger's archive; therefore nothing is opened but as a place, and no link
 * leads out. An init that is a link counts, wherever it leads. */
bool vz_tree_has_init(int tree)
{
	static const char *const inits[] = { "sbin/init", "etc/init", "bin/init" };

	for (size_t i = 0; tree >= 0 && i < ARRAY_LEN(inits); i++) {
		autoclose int fd = vz_openat2(tree, inits[i], O_PATH | O_NOFOLLOW, 0, RESOLVE_IN_ROOT);

		if (fd >= 0)
			return true;
	}
	return false;
}
