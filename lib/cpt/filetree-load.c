// SPDX-License-Identifier: GPL-2.0-or-later
/* Making a saved file tree again; see filetree.h. */
#include "cpt/filetree.h"
#include "cpt/filetree-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/idmap.h"
#include "sys/idshift.h"

#include <limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define BENEATH (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV)

struct meta {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	dev_t rdev;
	struct timespec times[2];
};

struct load {
	const struct vz_filetree_load *how;
	struct vz_packed *in;
	struct vz_err *e;
	unsigned depth, firsts;
	int first[TREE_SECONDS]; /* O_PATH, those with several names */
	struct vz_idshift shift;
};

static int failed(const struct load *l, int r, const char *name)
{
	return vz_fail(l->e, VZ_RESTORE, -r, "cannot make %s%s%s again", l->how->what, *name ? "/" : "", name);
}

static int damaged(const struct load *l)
{
	return vz_fail(l->e, VZ_RESTORE, 0, "what the dump has of %s was not written by vzctl", l->how->what);
}

/* ---- attributes ---- */

static uint32_t owner(struct load *l, uint32_t from, uint32_t to)
{
	uint32_t id = (uint32_t)vz_packed_num(l->in, UINT32_MAX);

	if (id - from >= VZ_IDS_PER_VPS)
		l->in->bad = true;
	return id - from + to;
}

static void take_time(struct load *l, struct timespec *t)
{
	t->tv_sec = (time_t)vz_packed_num(l->in, UINT64_MAX);
	t->tv_nsec = (long)vz_packed_num(l->in, 999999999);
}

static int take_meta(struct load *l, mode_t type, struct meta *m)
{
	m->mode = (mode_t)vz_packed_num(l->in, S_IFMT | 07777);
	m->uid = owner(l, l->shift.from_uid, l->shift.to_uid);
	m->gid = owner(l, l->shift.from_gid, l->shift.to_gid);
	m->rdev = vz_packed_num(l->in, UINT64_MAX);
	take_time(l, &m->times[0]);
	take_time(l, &m->times[1]);
	if (type && (m->mode & S_IFMT) != type)
		l->in->bad = true;
	return l->in->bad ? damaged(l) : 0;
}

static int take_xattr(struct load *l, const char *path)
{
	char name[256], value[TREE_XATTR_MAX];
	const char *at;
	bool acl, caps;
	size_t n;
	int r = 0;

	vz_packed_text(l->in, name, sizeof(name));
	at = vz_packed_bytes(l->in, sizeof(value) - VZ_CAP_XATTR_MAX, &n);
	acl = !strcmp(name, TREE_ACL) || !strcmp(name, TREE_ACL_DEFAULT);
	caps = !strcmp(name, TREE_CAPS);
	if (l->in->bad || !(acl || caps || vz_str_prefix(name, TREE_USER, NULL)))
		return damaged(l);
	memcpy(value, at, n);
	if (acl)
		r = vz_idshift_acl(value, n, &l->shift);
	else if (caps)
		r = vz_idshift_cap(value, n, &l->shift);
	if (r < 0)
		return damaged(l);
	if (caps && r)
		n = (size_t)r;
	/* a kernel without user attributes on tmpfs (before 6.6) has none to lose but in a migration */
	if (setxattr(path, name, value, n, 0) < 0 && errno != EOPNOTSUPP)
		return failed(l, -errno, "");
	return 0;
}

/* Owner first: chown(2) takes the other two away. */
static int put_meta(struct load *l, int dir, const char *name, const struct meta *m)
{
	uint64_t xattrs = vz_packed_num(l->in, TREE_XATTRS);
	autoclose int fd = -EBADF;
	char path[32];
	int r = 0;

	if (l->in->bad)
		return damaged(l);
	if (fchownat(dir, name, m->uid, m->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (!S_ISLNK(m->mode) && fchmodat(dir, name, m->mode & 07777, 0) < 0))
		return failed(l, -errno, name);
	if (!xattrs)
		return 0;
	if (S_ISLNK(m->mode))
		return damaged(l);
	fd = vz_openat2(dir, name, O_PATH | O_NOFOLLOW, 0, BENEATH);
	if (fd < 0)
		return failed(l, fd, name);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	while (!r && xattrs--)
		r = take_xattr(l, path);
	return r;
}

static int put_times(const struct load *l, int dir, const char *name, const struct meta *m)
{
	return utimensat(dir, name, m->times, AT_SYMLINK_NOFOLLOW) < 0 ? failed(l, -errno, name) : 0;
}

/* ---- inodes ---- */

static int load_content(struct load *l, int fd, const char *name)
{
	uint64_t size = vz_packed_num(l->in, INT64_MAX);

	while (vz_packed_num(l->in, 1)) {
		uint64_t at = vz_packed_num(l->in, INT64_MAX - TREE_PIECE);
		size_t n;
		const char *piece = vz_packed_bytes(l->in, TREE_PIECE, &n);

		if (l->in->bad || !n || at + n > size)
			return damaged(l);
		if (pwrite(fd, piece, n, (off_t)at) != (ssize_t)n)
			return failed(l, -ENOSPC, name);
	}
	if (l->in->bad)
		return damaged(l);
	return ftruncate(fd, (off_t)size) < 0 ? failed(l, -errno, name) : 0;
}

static int load_file(struct load *l, int dir, const char *name)
{
	autoclose int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? failed(l, -errno, name) : load_content(l, fd, name);
}

static int load_link(struct load *l, int dir, const char *name)
{
	char text[PATH_MAX];

	vz_packed_text(l->in, text, sizeof(text));
	if (l->in->bad)
		return damaged(l);
	return symlinkat(text, dir, name) < 0 ? failed(l, -errno, name) : 0;
}

/* 0:0 is a whiteout, which everybody may make and nobody can open. */
static bool is_allowed(const struct load *l, const struct meta *m)
{
	mode_t type = m->mode & S_IFMT;

	if (S_ISSOCK(m->mode) || S_ISFIFO(m->mode) || (S_ISCHR(m->mode) && !m->rdev))
		return true;
	for (size_t i = 0; i < l->how->devices_n; i++)
		if (l->how->devices[i].type == type && l->how->devices[i].rdev == m->rdev)
			return true;
	return false;
}

static int skip_xattrs(struct load *l)
{
	uint64_t n = vz_packed_num(l->in, TREE_XATTRS);
	size_t len;

	while (n-- && !l->in->bad) {
		(void)vz_packed_bytes(l->in, 255, &len);
		(void)vz_packed_bytes(l->in, TREE_XATTR_MAX, &len);
	}
	return l->in->bad ? damaged(l) : 0;
}

/* 1: it was left out, or is a mount that was there. */
static int load_node(struct load *l, int dir, const char *name, const struct meta *m)
{
	if (S_ISREG(m->mode) || S_ISDIR(m->mode) || S_ISLNK(m->mode))
		return damaged(l);
	if (!is_allowed(l, m))
		return skip_xattrs(l) < 0 ? -EINVAL : 1;
	if (mknodat(dir, name, m->mode, m->rdev) == 0)
		return 0;
	return errno != EEXIST ? failed(l, -errno, name) : skip_xattrs(l) < 0 ? -EINVAL : 1;
}

static int load_entries(struct load *l, int dir);

static int load_dir(struct load *l, int dir, const char *name)
{
	autoclose int fd = -EBADF;

	if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
		return failed(l, -errno, name);
	fd = vz_openat2(dir, name, O_RDONLY | O_DIRECTORY, 0, BENEATH);
	return fd < 0 ? failed(l, fd, name) : load_entries(l, fd);
}

static int load_second(struct load *l, int dir, const char *name)
{
	uint64_t which = vz_packed_num(l->in, TREE_SECONDS);
	char path[32];

	if (l->in->bad || which >= l->firsts)
		return damaged(l);
	if (l->first[which] < 0) /* a device that was left out */
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", l->first[which]);
	return linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW) < 0 ? failed(l, -errno, name) : 0;
}

static int load_mount_point(const struct load *l, int dir, const char *name, bool is_dir)
{
	autoclose int fd = -EBADF;

	if (is_dir)
		return mkdirat(dir, name, 0755) < 0 && errno != EEXIST ? failed(l, -errno, name) : 0;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 && errno != EEXIST ? failed(l, -errno, name) : 0;
}

/* ---- the walk ---- */

static int remember(struct load *l, int dir, const char *name, bool left_out)
{
	if (l->firsts == TREE_SECONDS)
		return damaged(l);
	l->first[l->firsts] = left_out ? -EBADF : vz_openat2(dir, name, O_PATH | O_NOFOLLOW, 0, BENEATH);
	if (!left_out && l->first[l->firsts] < 0)
		return failed(l, l->first[l->firsts], name);
	l->firsts++;
	return 0;
}

static int load_inode(struct load *l, int dir, const char *name, enum filetree_kind kind)
{
	static const mode_t types[TREE_KINDS] = {
		[TREE_FILE] = S_IFREG, [TREE_DIR] = S_IFDIR, [TREE_LINK] = S_IFLNK,
	};
	bool several = vz_packed_num(l->in, 1);
	struct meta m;
	int r = take_meta(l, types[kind], &m);

	if (r < 0)
		return r;
	if (kind == TREE_FILE)
		r = load_file(l, dir, name);
	else if (kind == TREE_DIR)
		r = load_dir(l, dir, name);
	else if (kind == TREE_LINK)
		r = load_link(l, dir, name);
	else
		r = load_node(l, dir, name, &m);
	if (r >= 0 && several && remember(l, dir, name, r) < 0)
		return -EINVAL;
	if (r)
		return r < 0 ? r : 0;
	r = put_meta(l, dir, name, &m);
	return r < 0 ? r : put_times(l, dir, name, &m);
}

static int load_entry(struct load *l, int dir, enum filetree_kind kind)
{
	char name[NAME_MAX + 1];

	vz_packed_text(l->in, name, sizeof(name));
	if (l->in->bad || !vz_str_is_component(name))
		return damaged(l);
	if (kind == TREE_SECOND)
		return load_second(l, dir, name);
	if (kind == TREE_MOUNT || kind == TREE_MOUNT_DIR)
		return load_mount_point(l, dir, name, kind == TREE_MOUNT_DIR);
	return load_inode(l, dir, name, kind);
}

static int load_entries(struct load *l, int dir)
{
	enum filetree_kind kind;
	int r = 0;

	if (++l->depth > TREE_DEPTH)
		return damaged(l);
	while (!r && (kind = (enum filetree_kind)vz_packed_num(l->in, TREE_KINDS - 1)))
		r = load_entry(l, dir, kind);
	if (!r && l->in->bad)
		r = damaged(l);
	l->depth--;
	return r;
}

int vz_filetree_load(int dir, const struct vz_filetree_load *how, struct vz_packed *in, struct vz_err *e)
{
	struct load l = { .how = how, .in = in, .e = e,
			  .shift = { how->from_uid, how->from_gid, how->uid, how->gid } };
	mode_t mask = umask(0);
	char name[2];
	int r;

	if (vz_packed_num(in, TREE_DIR) != TREE_DIR)
		in->bad = true;
	vz_packed_text(in, name, sizeof(name));
	r = in->bad || strcmp(name, ".") ? damaged(&l) : load_inode(&l, dir, ".", TREE_DIR);
	umask(mask);
	for (unsigned i = 0; i < l.firsts; i++)
		vz_closep(&l.first[i]);
	return r;
}
