// SPDX-License-Identifier: GPL-2.0-or-later
/* Private areas: making one, and showing it at VE_ROOT; see area.h. */
#include "fs/area.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/ct.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/mnt.h"
#include "sys/proc.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

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

int vz_area_create(const struct vz_area *a, const char *base_id, int *ret_dirfd, struct vz_err *e)
{
	autoclose int dir = make_tmp(a, e);
	int r;

	if (dir < 0)
		return dir;
	r = a->layout->create(a, base_id, dir, e);
	if (r < 0) {
		vz_area_abort(a);
		return r;
	}
	*ret_dirfd = TAKE_FD(dir);
	return 0;
}

static int last_touch(const struct vz_area *a, const char *tmp)
{
	autoclose int dir = open(tmp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return dir < 0 ? -errno : a->layout->commit(dir);
}

int vz_area_commit(const struct vz_area *a, struct vz_err *e)
{
	autofree char *tmp = tmp_path(a);
	int r;

	if (!tmp)
		return vz_fail(e, VZ_FS_NEW_VE_PRVT, ENOMEM, "%s", a->private);
	r = a->layout->commit ? last_touch(a, tmp) : 0;
	if (r >= 0 && rename(tmp, a->private) < 0)
		r = -errno;
	return r < 0 ? vz_fail(e, VZ_FS_NEW_VE_PRVT, -r, "cannot put %s in place", a->private) : 0;
}

void vz_area_abort(const struct vz_area *a)
{
	autofree char *tmp = tmp_path(a);

	if (tmp)
		(void)vz_remove_tree(AT_FDCWD, tmp);
}

/* It may have been of another layout before. */
void vz_area_forget(const struct vz_area *a)
{
	for (size_t i = 0; i < VZ_LAYOUT_COUNT; i++)
		if (vz_layouts[i]->forget)
			vz_layouts[i]->forget(a->id);
}

bool vz_area_has_base(const struct vz_area *a)
{
	return a->layout->base;
}

char *vz_area_base(const struct vz_area *a)
{
	return a->layout->base ? a->layout->base(a) : NULL;
}

bool vz_area_has_init(const struct vz_area *a)
{
	return a->layout->has_init(a);
}

/*
 * A configuration that was emptied, or replaced by another, may have another layout than the area. The
 * layout is not taken from the area; that the two differ is told before anything is done.
 * May be hostile: what lies in an area may be the guest's; therefore only a mark counts that no guest can
 * write.
 */
static int check_mark(const struct vz_area *a, struct vz_err *e)
{
	autoclose int dir = open(a->private, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0 || a->layout->is_marked(dir))
		return 0;
	for (size_t i = 0; i < VZ_LAYOUT_COUNT; i++) {
		const struct vz_layout *l = vz_layouts[i];

		if (l != a->layout && l->is_marked && l->is_marked(dir))
			return vz_fail(e, VZ_FS_CANTMOUNT, 0, "The area %s is of layout %s, the configuration says "
				       "%s: set VE_LAYOUT=\"%s\" in " VZ_CT_CONF_FILE, a->private,
				       l->name, a->layout->name, l->name, a->id);
	}
	return 0;
}

int vz_area_check(const struct vz_area *a, struct vz_err *e)
{
	int r;

	if (access(a->private, F_OK) < 0)
		return vz_fail(e, VZ_FS_NOPRVT, 0, "Container private area %s does not exist",
			       a->private);
	r = check_mark(a, e);
	if (r < 0)
		return r;
	return a->layout->check ? a->layout->check(a, e) : 0;
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
	mnt = a->layout->mount(a, e);
	if (mnt < 0)
		return mnt;
	r = vz_move_mount(mnt, at, "");
	/* attaching below a shared mount (systemd shares "/") has made it shared */
	if (r >= 0)
		r = vz_mount_setattr(mnt, "", AT_EMPTY_PATH, 0, 0, MS_PRIVATE, -1);
	if (r < 0) {
		vz_closep(&mnt);
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
	if (u->area->layout->hold)
		u->area->layout->hold(u->area);
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
	if (a->layout->let_go)
		a->layout->let_go(a->id);
}

char *vz_area_parent(const struct vz_conf *c)
{
	char *p = c->ve_private.set && *c->ve_private.v == '/' ? vz_conf_expand(c->ve_private.v, 0) : NULL;
	char *slash = p ? strrchr(p, '/') : NULL;

	if (slash)
		slash[slash == p ? 1 : 0] = 0;
	return p;
}
