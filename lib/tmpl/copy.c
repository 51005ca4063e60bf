// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A directory template is copied by file descriptors with the fidelity of an archive: owners, modes,
 * times, attributes, hard links, holes. How a file is placed is put.c's business.
 *
 * May be hostile: the directory is a stranger's system; therefore each name is opened from the one above
 * it without following a link, and the depth has a bound.
 */
#include "tmpl/put.h"
#include "tmpl/tmpl-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/proc.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <search.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* Each level holds one descriptor; no real system tree comes near. */
#define DEPTH_MAX 256
#define XATTR_MAX 65536

/* A file with several names, and the first of them that was copied. */
struct first_name {
	ino_t ino;
	char path[];
};

struct copy {
	struct vz_put put;
	void *names; /* tsearch(3) tree of struct first_name */
	unsigned depth;
	char path[PATH_MAX];
	struct vz_err *e;
};

static int by_ino(const void *a, const void *b)
{
	const struct first_name *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static void meta_of(const struct stat *st, struct vz_put_meta *m)
{
	*m = (struct vz_put_meta){ .mode = st->st_mode, .uid = st->st_uid, .gid = st->st_gid,
				   .rdev = st->st_rdev,
				   .times = { st->st_atim, st->st_mtim } };
}

static int read_xattrs(int fd, struct vz_xattrs *x)
{
	autofree char *names = malloc(XATTR_MAX), *value = malloc(XATTR_MAX);
	ssize_t n, k;
	int r;

	if (!names || !value)
		return -ENOMEM;
	n = flistxattr(fd, names, XATTR_MAX);
	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (const char *s = names; s < names + n; s += strlen(s) + 1) {
		if (!vz_xattr_travels(s))
			continue;
		k = fgetxattr(fd, s, value, XATTR_MAX);
		if (k < 0)
			return -errno;
		r = vz_xattrs_add(x, s, value, (size_t)k);
		if (r < 0)
			return r;
	}
	return 0;
}

/* One stretch of data, by the kernel where it can. */
static int copy_range(int in, int out, off_t at, off_t end)
{
	char buf[65536];
	off_t to = at;

	while (at < end) {
		ssize_t n = copy_file_range(in, &at, out, &to, (size_t)(end - at), 0);

		if (n > 0)
			continue;
		if (n == 0)
			return 0; /* the file became shorter while we read */
		if (errno == EINTR)
			continue;
		if (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS)
			return -errno;
		n = pread(in, buf, sizeof(buf), at);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		n = pwrite(out, buf, (size_t)(n < end - at ? n : end - at), at);
		if (n < 0)
			return -errno;
		at += n;
		to = at;
	}
	return 0;
}

static int copy_data(struct copy *c, int in, int out, const struct stat *st)
{
	off_t data, hole = 0, size = st->st_size;
	int r;

	/* shared or not, it counts for the VPS */
	r = vz_put_charge(&c->put, (uint64_t)st->st_blocks * 512, c->e);
	if (r < 0 || !ioctl(out, FICLONE, in))
		return r;
	while (hole < size) {
		data = lseek(in, hole, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break; /* nothing but a hole up to the end */
		hole = data < 0 ? data : lseek(in, data, SEEK_HOLE);
		r = hole < 0 ? -errno : copy_range(in, out, data, hole);
		if (r < 0)
			return vz_put_fail(c->e, -r, c->path, "Unable to copy");
	}
	return ftruncate(out, size) < 0 ? vz_put_fail(c->e, errno, c->path, "Unable to copy") : 0;
}

static int copy_file(struct copy *c, int dirfd, const char *name, bool empty)
{
	autoclose int in = -EBADF, out = -EBADF;
	autoxattrs x = { 0 };
	struct vz_put_meta m;
	struct stat st;
	int r;

	in = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (in < 0 || fstat(in, &st) < 0)
		return vz_put_fail(c->e, errno, c->path, "Unable to read");
	meta_of(&st, &m);
	r = read_xattrs(in, &x);
	if (r < 0)
		return vz_put_fail(c->e, -r, c->path, "Unable to read the attributes of");
	m.xattrs = x;
	r = vz_put_owner(&c->put, c->path, &m, c->e);
	if (r == 0)
		r = vz_put_file(&c->put, c->path, &out, c->e);
	if (r == 0 && !empty)
		r = copy_data(c, in, out, &st);
	return r < 0 ? r : vz_put_file_end(out, c->path, &m, c->e);
}

/* True when another name of this file is there already; then it has been linked, *ret says how
 * that went. Otherwise the name is remembered. */
static bool linked(struct copy *c, const struct stat *st, int *ret)
{
	size_t len = strlen(c->path) + 1;
	struct first_name *n, **found;

	*ret = 0;
	if (st->st_nlink < 2)
		return false;
	n = malloc(sizeof(*n) + len);
	if (!n)
		return false;
	n->ino = st->st_ino;
	memcpy(n->path, c->path, len);
	found = tsearch(n, &c->names, by_ino);
	if (!found || *found == n) {
		if (!found)
			free(n);
		return false;
	}
	free(n);
	*ret = vz_put_hardlink(&c->put, c->path, (*found)->path, c->e);
	return true;
}

static int copy_other(struct copy *c, int dirfd, const char *name, const struct stat *st)
{
	char text[PATH_MAX];
	struct vz_put_meta m;
	ssize_t n;
	enum vz_put_fate fate = vz_put_fate(&c->put, c->path, st->st_mode, st->st_size);
	int r;

	if (fate == VZ_PUT_LEAVE_OUT)
		return 0;
	if (fate == VZ_PUT_KEEP && linked(c, st, &r))
		return r;
	if (S_ISREG(st->st_mode))
		return copy_file(c, dirfd, name, fate == VZ_PUT_EMPTY);
	meta_of(st, &m);
	r = vz_put_owner(&c->put, c->path, &m, c->e);
	if (r < 0)
		return r;
	if (!S_ISLNK(st->st_mode))
		return vz_put_node(&c->put, c->path, &m, c->e);
	n = readlinkat(dirfd, name, text, sizeof(text) - 1);
	if (n < 0)
		return vz_put_fail(c->e, errno, c->path, "Unable to read");
	text[n] = 0;
	return vz_put_symlink(&c->put, c->path, text, &m, c->e);
}

static int copy_dir(struct copy *c, int dirfd, const char *name);

/* dirs: the second turn, after everything else of this directory, so that put.c finds the parent
 * it used last. */
static int copy_entry(struct copy *c, int dirfd, const char *name, bool dirs)
{
	size_t len = strlen(c->path), n = strlen(name);
	struct stat st;
	int r = 0;

	if (len + n + 2 > sizeof(c->path))
		return vz_put_fail(c->e, ENAMETOOLONG, c->path, "Unable to copy");
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return vz_put_fail(c->e, errno, c->path, "Unable to read");
	if (S_ISDIR(st.st_mode) != dirs)
		return 0;
	c->path[len] = '/';
	memcpy(c->path + len + 1, name, n + 1);
	r = dirs ? copy_dir(c, dirfd, name) : copy_other(c, dirfd, name, &st);
	c->path[len] = 0;
	return r;
}

static int copy_entries(struct copy *c, DIR *d)
{
	struct dirent *de;
	int r = 0;

	for (int dirs = 0; dirs < 2 && r == 0; dirs++) {
		rewinddir(d);
		while (r == 0 && (errno = 0, de = readdir(d)))
			if (strcmp(de->d_name, ".") && strcmp(de->d_name, ".."))
				r = copy_entry(c, dirfd(d), de->d_name, dirs);
		if (r == 0 && errno)
			r = vz_put_fail(c->e, errno, c->path, "Unable to read");
	}
	return r;
}

static int copy_dir(struct copy *c, int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;
	autoclosedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	autoxattrs x = { 0 };
	struct vz_put_meta m;
	struct stat st;

	if (!d || fstat(fd, &st) < 0) {
		r = vz_put_fail(c->e, errno, c->path, "Unable to read");
		if (!d)
			vz_closep(&fd);
		return r;
	}
	meta_of(&st, &m);
	r = read_xattrs(fd, &x);
	if (r < 0)
		return vz_put_fail(c->e, -r, c->path, "Unable to read the attributes of");
	m.xattrs = x;
	r = vz_put_owner(&c->put, c->path, &m, c->e);
	if (r == 0)
		r = vz_put_dir(&c->put, c->path, &m, c->e);
	if (r < 0 || (c->depth && vz_is_mount_at(fd, "")))
		return r;
	if (c->depth >= DEPTH_MAX)
		return vz_put_fail(c->e, ENAMETOOLONG, c->path, "Unable to copy");
	c->depth++;
	r = copy_entries(c, d);
	c->depth--;
	return r;
}

int vz_tmpl_copy(const char *path, int dirfd, const struct vz_put_how *how, struct vz_err *e)
{
	autoclose int top = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct copy c = { .path = ".", .e = e };
	int r;

	if (top < 0)
		return vz_fail(e, VZ_FS_BAD_TMPL, errno, "Unable to open OS template %s", path);
	vz_put_begin(&c.put, dirfd, how);
	r = copy_dir(&c, top, ".");
	if (r == 0)
		r = vz_put_end(&c.put, e);
	vz_put_free(&c.put);
	tdestroy(c.names, free);
	return r;
}
