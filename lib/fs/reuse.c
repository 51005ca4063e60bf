// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An overlay that outlives its mount. While anybody holds one (a copy of the host's mounts, a shell
 * that stands in VE_ROOT, a bind mount of a part), the kernel gives its directories to no other
 * overlay. A start must not depend on such bystanders, and two overlays over one tree would be wrong
 * anyway: so the one that lives is mounted again.
 *
 * It is found by its device number, written down when it was made, in whatever mount namespace has a
 * mount of it. What has no mount any more, only users, can be reached by nobody: therefore before
 * VE_ROOT is detached under its users, a mount of it is put in HELD_DIR, until they are gone.
 *
 * Whether it is the right one is the kernel's word, not a name's: the file handle of an overlay's
 * root holds that of its upper directory (fs/overlayfs/overlayfs.h of Linux, struct ovl_fb), and with
 * nfs_export=on it opens that root and no other.
 */
#include "fs/fs-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/mnt.h"
#include "sys/proc.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define MADE_DIR VZ_RUNDIR "/overlay"
#define HELD_DIR VZ_RUNDIR "/held"
#define RECORD_MAX 512
#define SEARCH_MS 3000
/* struct ovl_fb, three bytes of padding in front: length, flags, type of the handle within, which
 * begins behind the file system's 16 bytes of UUID */
#define OVL_TYPE 0xf8
#define OVL_LEN 5
#define OVL_FLAGS 6
#define OVL_INNER_TYPE 7
#define OVL_INNER 24
#define OVL_PADDING 3
#define OVL_IS_UPPER 4

int vz_handle_of(int fd, union vz_handle *ret)
{
	int mount_id;

	ret->h.handle_bytes = MAX_HANDLE_SZ;
	return name_to_handle_at(fd, "", &ret->h, &mount_id, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

/* The handle that the root of the overlay has which `at` lies in, if `upper` is its upper directory. */
static int root_handle(int at, const union vz_handle *upper, union vz_handle *ret)
{
	int r = vz_handle_of(at, ret);

	if (r < 0)
		return r;
	if (ret->h.handle_type != OVL_TYPE || ret->h.handle_bytes < OVL_INNER ||
	    OVL_INNER + upper->h.handle_bytes > MAX_HANDLE_SZ)
		return -ESTALE;
	ret->h.handle_bytes = OVL_INNER + upper->h.handle_bytes;
	ret->h.f_handle[OVL_LEN] = (unsigned char)(ret->h.handle_bytes - OVL_PADDING);
	ret->h.f_handle[OVL_FLAGS] |= OVL_IS_UPPER;
	ret->h.f_handle[OVL_INNER_TYPE] = (unsigned char)upper->h.handle_type;
	memcpy(ret->h.f_handle + OVL_INNER, upper->h.f_handle, upper->h.handle_bytes);
	return 0;
}

/* A detached mount of the whole overlay that `at` lies in, as a new one would be; -ESTALE when its
 * upper directory is another than that of the handle `arg`. */
static int take_overlay(int at, int proc, const void *arg)
{
	const uint64_t clear = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC |
			       MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;
	autofree char *path = vz_fmt("self/fd/%d", at);
	/* open_by_handle_at(2) takes no O_PATH fd */
	autoclose int in = path ? openat(proc, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
	autoclose int root = -EBADF, mnt = -EBADF;
	union vz_handle h;
	int r = in < 0 ? -errno : root_handle(at, arg, &h);

	if (r < 0)
		return r;
	root = open_by_handle_at(in, &h.h, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	mnt = vz_open_tree(root, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (mnt < 0)
		return mnt;
	r = vz_mount_setattr(mnt, "", AT_EMPTY_PATH, MOUNT_ATTR_NODEV, clear, MS_PRIVATE, -1);
	return r < 0 ? r : TAKE_FD(mnt);
}

/* ---- what was made ---- */

static char *record_path(unsigned id)
{
	return vz_fmt(MADE_DIR "/%u", id);
}

/* All that a mount depends on beside the area itself. */
static char *options_of(const struct vz_area *a, const char *base)
{
	return vz_fmt("%u %u %s/base/%s\n", a->uid, a->gid, a->template, base);
}

void vz_overlay_made(const struct vz_area *a, const char *base, int mnt)
{
	autofree char *path = record_path(a->id), *options = options_of(a, base), *text = NULL;
	struct stat st;

	if (!path || !options || fstat(mnt, &st) < 0 || vz_mkdir_p(MADE_DIR, 0700) < 0)
		return;
	text = vz_fmt("%" PRIu64 " %s", (uint64_t)st.st_dev, options);
	if (text)
		(void)vz_file_replace(path, text, strlen(text), 0600, false);
}

/* The device of the overlay that was made last; options NULL: with whatever options. */
static int last_made(unsigned id, const char *options, dev_t *ret)
{
	autofree char *path = record_path(id);
	char text[RECORD_MAX], *rest;
	ssize_t n = path ? vz_file_read_buf(AT_FDCWD, path, text, sizeof(text)) : -ENOMEM;
	dev_t dev;

	if (n < 0)
		return (int)n;
	dev = strtoull(text, &rest, 10);
	/* the newline is gone from the one and not from the other */
	if (*rest++ != ' ' || (options && (strncmp(rest, options, strlen(rest)) ||
					   strlen(options) != strlen(rest) + 1)))
		return -EBUSY;
	*ret = dev;
	return 0;
}

/* ---- what is held ---- */

static char *held_path(unsigned id)
{
	return vz_fmt(HELD_DIR "/%u", id);
}

static void drop_held(unsigned id, int how)
{
	autofree char *path = held_path(id);

	if (path && vz_is_mount_point(path) && umount2(path, how | UMOUNT_NOFOLLOW) == 0)
		(void)rmdir(path);
}

/* A file system of its own, private: nobody shall get copies of what is mounted in there. */
static int make_held_dir(void)
{
	static const char *const options[] = { "source=held", "mode=0700", NULL };
	autoclose int fd = -EBADF;
	int r = vz_mkdir_p(HELD_DIR, 0700);

	if (r < 0 || vz_is_mount_point(HELD_DIR))
		return r < 0 ? r : 0;
	r = fd = vz_mount_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (r >= 0)
		r = vz_move_mount(fd, AT_FDCWD, HELD_DIR);
	return r < 0 ? r : vz_mount_setattr(AT_FDCWD, HELD_DIR, 0, 0, 0, MS_PRIVATE, -1);
}

void vz_overlay_hold(const struct vz_area *a)
{
	autofree char *path = held_path(a->id);
	autoclose int mnt = vz_open_tree(AT_FDCWD, a->root, OPEN_TREE_CLONE);
	struct stat st;
	dev_t dev;

	if (!path || mnt < 0 || fstat(mnt, &st) < 0 || last_made(a->id, NULL, &dev) < 0 ||
	    st.st_dev != dev || vz_is_mount_point(path))
		return;
	if (make_held_dir() >= 0 && vz_mkdir_p(path, 0700) >= 0)
		(void)vz_move_mount(mnt, AT_FDCWD, path);
}

void vz_overlay_let_go(unsigned id)
{
	autofree char *path = held_path(id);
	struct vz_search s = { .not_at = path, .ms = SEARCH_MS };
	struct vz_holder h;

	if (!path || !vz_is_mount_point(path) || last_made(id, NULL, &s.dev) < 0)
		return;
	if (vz_holder_search(&s, &h, NULL) == 0)
		drop_held(id, 0);
}

void vz_overlay_forget(unsigned id)
{
	autofree char *path = record_path(id);

	drop_held(id, MNT_DETACH);
	if (path)
		(void)unlink(path);
}

/* Changes that were made to the files on disk meanwhile are seen, and what somebody has made
 * read-only is writable: remounting forgets what nobody uses. */
static void refresh(int mnt)
{
	autoclose int fs = vz_fspick(mnt, "");

	if (fs >= 0 && vz_fsconfig(fs, "rw", NULL) >= 0)
		(void)vz_fsconfig_reconfigure(fs);
}

static int from_held(unsigned id, const union vz_handle *upper)
{
	autofree char *path = held_path(id);
	autoclose int at = path && vz_is_mount_point(path) ?
				   open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	autoclose int proc = at < 0 ? -EBADF : open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = at < 0 ? -ENOENT : take_overlay(at, proc, upper);

	if (at >= 0 && r < 0) { /* of an area that is no more */
		vz_closep(&at);
		drop_held(id, MNT_DETACH);
	}
	return r;
}

int vz_overlay_again(const struct vz_area *a, const char *base, int upper, bool search,
		     struct vz_holder *ret)
{
	autofree char *options = options_of(a, base);
	union vz_handle h;
	struct vz_search s = { .ms = SEARCH_MS, .take = take_overlay, .arg = &h };
	int r = options ? last_made(a->id, options, &s.dev) : -ENOMEM, mnt = -EBADF;

	if (r == -EBUSY && !last_made(a->id, NULL, &s.dev)) {
		/* it has other ids, or another base: what we hold is in our own way, and the search
		 * is only to say who else holds it */
		vz_overlay_let_go(a->id);
		s.take = NULL;
	} else if (r >= 0) {
		r = vz_handle_of(upper, &h);
	}
	if (r >= 0)
		r = mnt = from_held(a->id, &h);
	if (r < 0 && search && s.dev) {
		r = vz_holder_search(&s, ret, &mnt);
		if (r >= 0)
			r = mnt >= 0 ? mnt : -EBUSY;
	}
	if (r >= 0)
		refresh(r);
	return r;
}
