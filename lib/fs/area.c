// SPDX-License-Identifier: GPL-2.0-or-later
/* Private areas: making one, and showing it at VE_ROOT; see area.h. */
#include "fs/area.h"
#include "base/own.h"
#include "base/str.h"
#include "fs/fs-internal.h"
#include "fs/shift.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/mnt.h"
#include "sys/proc.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define BASE_ID_MAX 255

static bool is_overlay(const struct vz_area *a)
{
	return !strcmp(a->layout, "overlay");
}

static char *tmp_path(const struct vz_area *a)
{
	return vz_fmt("%s.tmp", a->private);
}

/* Makes PRIVATE.tmp anew, and the directories above it; returns its fd. */
static int make_tmp(const struct vz_area *a, struct vz_err *e)
{
	autofree char *tmp = tmp_path(a), *parent = strdup(a->private);
	char *slash = parent ? strrchr(parent, '/') : NULL;
	int r = -ENOMEM, fd;

	if (!tmp || !parent)
		goto fail;
	r = -EINVAL;
	if (!slash)
		goto fail;
	*slash = 0;
	r = slash == parent ? 0 : vz_mkdir_p(parent, 0700);
	if (r >= 0)
		r = vz_remove_tree(AT_FDCWD, tmp); /* left by a create that was killed */
	if (r < 0)
		goto fail;
	fd = mkdir(tmp, 0700) < 0 ? -1 : open(tmp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	r = -errno;
fail:
	return vz_fail(e, r == -ENOSPC ? VZ_FS_NO_DISK_SPACE : VZ_FS_NEW_VE_PRVT, -r,
		       "cannot make %s.tmp", a->private);
}

int vz_area_new_overlay(const struct vz_area *a, const char *base_id, struct vz_err *e)
{
	autoclose int dir = -EBADF, tree = vz_base_open(a->template, base_id);
	int r;

	if (tree < 0)
		return vz_fail(e, VZ_FS_NEW_VE_PRVT, -tree, "base %s/base/%s", a->template,
			       base_id);
	dir = make_tmp(a, e);
	if (dir < 0)
		return dir;
	r = vz_overlay_fill(a, dir, tree, base_id);
	if (r < 0) {
		vz_area_abort(a);
		return vz_fail(e, r == -ENOSPC ? VZ_FS_NO_DISK_SPACE : VZ_FS_NEW_VE_PRVT, -r,
			       "cannot make an overlay area in %s.tmp", a->private);
	}
	return 0;
}

int vz_area_new_simfs(const struct vz_area *a, int *ret_dirfd, struct vz_err *e)
{
	autoclose int dir = make_tmp(a, e);
	int r;

	if (dir < 0)
		return dir;
	/* the root directory of the VPS, if the template does not say otherwise */
	if (fchmod(dir, 0755) < 0) {
		r = -errno;
		vz_area_abort(a);
		return vz_fail(e, VZ_FS_NEW_VE_PRVT, -r, "mode of %s.tmp", a->private);
	}
	*ret_dirfd = TAKE_FD(dir);
	return 0;
}

int vz_area_commit(const struct vz_area *a, struct vz_err *e)
{
	autofree char *tmp = tmp_path(a);
	autoclose int dir = -EBADF;
	int r = 0;

	if (!tmp)
		return vz_fail(e, VZ_FS_NEW_VE_PRVT, ENOMEM, "%s", a->private);
	if (!is_overlay(a)) {
		/* a template unpacks with ids from 0, whatever attributes it carried */
		dir = open(tmp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = dir < 0 ? -errno : 0;
		r = r ? r : vz_shift_mark(dir, 0, 0);
		if (r == -EOPNOTSUPP)
			r = 0;
	}
	if (!r && rename(tmp, a->private) < 0)
		r = -errno;
	return r ? vz_fail(e, VZ_FS_NEW_VE_PRVT, -r, "cannot put %s in place", a->private) : 0;
}

void vz_area_abort(const struct vz_area *a)
{
	autofree char *tmp = tmp_path(a);

	if (tmp)
		(void)vz_remove_tree(AT_FDCWD, tmp);
}

void vz_area_forget(const struct vz_area *a)
{
	vz_overlay_forget(a->id);
}

char *vz_area_base(const struct vz_area *a)
{
	autofree char *path = vz_fmt("%s/base", a->private), *id = NULL;
	ssize_t n;

	/* simfs: a file of that name would be the guest's */
	if (!path || !is_overlay(a))
		return NULL;
	n = vz_file_read(AT_FDCWD, path, BASE_ID_MAX, &id);
	if (n < 0) {
		errno = (int)-n;
		return NULL;
	}
	id[strcspn(id, "\n")] = 0;
	if (!vz_str_is_component(id)) {
		errno = EINVAL;
		return NULL;
	}
	return TAKE_PTR(id);
}

bool vz_area_has_init(const struct vz_area *a)
{
	autoclose int dir = open(a->private, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int upper = -EBADF, lower = -EBADF;
	autofree char *base = vz_area_base(a);

	if (dir < 0 || !is_overlay(a))
		return vz_tree_has_init(dir);
	upper = vz_openat2(dir, "fs", O_PATH | O_DIRECTORY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	lower = base ? vz_base_open(a->template, base) : -ENOENT;
	return vz_tree_has_init(upper) || vz_tree_has_init(lower);
}

/*
 * A configuration that was emptied, or replaced by another, may have another layout than the area. The
 * layout is not taken from the area; that the two differ is told before anything is done. May be hostile:
 * what lies in a simfs area is the guest's; therefore only trusted.vz.shift counts, which no guest can write.
 * It is on VE_PRIVATE of simfs, and on fs/ of overlay.
 */
static int check_layout(const struct vz_area *a, struct vz_err *e)
{
	autoclose int dir = open(a->private, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autoclose int fs = dir < 0 ? -EBADF : vz_openat2(dir, "fs", O_RDONLY | O_DIRECTORY, 0,
							  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	bool simfs = dir >= 0 && vz_shift_is_marked(dir), overlay = fs >= 0 && vz_shift_is_marked(fs);

	if (simfs == overlay || overlay == is_overlay(a))
		return 0;
	return vz_fail(e, VZ_FS_CANTMOUNT, 0, "The area %s is of layout %s, the configuration says %s: set "
		       "VE_LAYOUT=\"%s\" in " VZ_CONFDIR "/conf/%u.conf", a->private,
		       overlay ? "overlay" : "simfs", a->layout, overlay ? "overlay" : "simfs", a->id);
}

int vz_area_check(const struct vz_area *a, struct vz_err *e)
{
	int r;

	if (access(a->private, F_OK) < 0)
		return vz_fail(e, VZ_FS_NOPRVT, 0, "Container private area %s does not exist",
			       a->private);
	r = check_layout(a, e);
	if (r < 0)
		return r;
	return is_overlay(a) ? vz_overlay_check(a, e) : 0;
}

int vz_area_mount(const struct vz_area *a, struct vz_err *e)
{
	autoclose int mnt = -EBADF, at = -EBADF;
	int r = vz_area_check(a, e);

	if (r < 0)
		return r;
	r = vz_mkdir_p(a->root, 0700);
	/* opened, because VE_ROOT may be the administrator's link, which move_mount(2) refuses */
	at = r < 0 ? r : open(a->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return vz_fail(e, VZ_FS_MPOINTCREATE, r < 0 ? -r : errno,
			       "Can't create mount point %s", a->root);
	mnt = is_overlay(a) ? vz_overlay_area(a, e) : vz_simfs_area(a, e);
	if (mnt < 0)
		return mnt;
	r = vz_move_mount(mnt, at, "");
	/* attaching below a shared mount (systemd shares "/") has made it shared */
	if (r >= 0)
		r = vz_mount_setattr(mnt, "", AT_EMPTY_PATH, 0, 0, MS_PRIVATE, -1);
	if (r < 0) {
		vz_closep(&mnt);
		mnt = -EBADF;
		(void)vz_umount_tree(a->root, NULL, NULL);
		return vz_fail(e, VZ_FS_CANTMOUNT, -r, "Can't mount: %s %s", a->root, a->private);
	}
	return 0;
}

struct umounted {
	const struct vz_area *area;
	bool busy;
};

static void keep_in_reach(void *arg)
{
	struct umounted *u = arg;

	u->busy = true;
	if (is_overlay(u->area))
		vz_overlay_hold(u->area);
}

int vz_area_umount(const struct vz_area *a, struct vz_err *e)
{
	struct umounted u = { a, false };
	int r = vz_umount_tree(a->root, keep_in_reach, &u);

	if (!u.busy)
		vz_area_let_go(a);
	return r < 0 ? vz_fail(e, VZ_FS_CANTUMOUNT, -r, "Can't umount %s", a->root) : 0;
}

void vz_area_let_go(const struct vz_area *a)
{
	if (is_overlay(a))
		vz_overlay_let_go(a->id);
}
