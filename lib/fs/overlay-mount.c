// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mount of an overlay from the parts it is given. Everything is handed to the kernel as descriptors
 * in /proc/self/fd: so no path is resolved twice, none needs escaping, and the mount table, which the
 * guest can read, tells none of the host's.
 */
#include "fs/fs-internal.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

static int mount_overlay(const struct vz_overlay *o)
{
	char lower[sizeof("lowerdir=/proc/self/fd/") + 10], upper[sizeof(lower)];
	char work[sizeof(lower)];
	/* index and nfs_export make inode handles lasting: inotify survives a checkpoint
	 * (criu.md part 2). No userxattr: the host's root mounts, so trusted.* is there and the
	 * guest cannot forge it; so redirects may be followed, and a directory of the template is
	 * renamed as on any file system. xino keeps inode numbers apart where the template lies on
	 * another file system. */
	const char *const opts[] = { "source=overlay", lower, upper, work, "index=on",
				     "nfs_export=on", "redirect_dir=on", "xino=auto",
				     /* else the end of the mount writes back the whole file
				      * system that upper is on */
				     o->throwaway ? "volatile" : NULL, NULL };
	struct statvfs sv;
	int mnt;

	snprintf(lower, sizeof(lower), "lowerdir=/proc/self/fd/%d", o->lower);
	snprintf(upper, sizeof(upper), "upperdir=/proc/self/fd/%d", o->upper);
	snprintf(work, sizeof(work), "workdir=/proc/self/fd/%d", o->work);
	mnt = vz_mount_new("overlay", opts, MOUNT_ATTR_NODEV);
	/* when the work directory is of no use the kernel only logs, and mounts read-only */
	if (mnt >= 0 && (fstatvfs(mnt, &sv) < 0 || sv.f_flag & ST_RDONLY)) {
		close(mnt);
		return -EROFS;
	}
	return mnt;
}

int vz_overlay_mount_staged(const struct vz_overlay *o)
{
	int mnt, r;

	(void)umount2(o->stage, MNT_DETACH | UMOUNT_NOFOLLOW); /* left by a crash */
	r = vz_mkdir_p(o->stage, 0700);
	if (r >= 0)
		r = vz_move_mount(o->lower, AT_FDCWD, o->stage);
	if (r < 0)
		return r;
	mnt = mount_overlay(o);
	(void)umount2(o->stage, MNT_DETACH | UMOUNT_NOFOLLOW); /* the fd keeps it busy */
	(void)rmdir(o->stage);
	return mnt;
}

int vz_overlay_mount_any(const struct vz_overlay *o)
{
	int r = mount_overlay(o);

	if (r != -EINVAL)
		return r;
	/* the failed try has left the mark of "volatile", with which nothing is mounted again */
	if (o->throwaway)
		(void)vz_remove_tree(o->work, "work/incompat");
	/* drop when the minimum is 6.15: earlier ones want a lower that is attached somewhere */
	return vz_overlay_mount_staged(o);
}
