// SPDX-License-Identifier: GPL-2.0-or-later
/* Whole files; see file.h. */
#include "sys/file.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

ssize_t vz_file_read(int dirfd, const char *path, size_t max, char **ret)
{
	autoclose int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	autofree char *buf = NULL;
	size_t n = 0, cap = 0;

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t k;

		if (n + 1 >= cap) {
			char *more;

			if (n > max)
				return -EFBIG;
			cap = cap ? cap * 2 : 4096;
			more = realloc(buf, cap);
			if (!more)
				return -ENOMEM;
			buf = more;
		}
		k = read(fd, buf + n, cap - n - 1);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		if (!k)
			break;
		n += (size_t)k;
	}
	if (n > max)
		return -EFBIG;
	buf[n] = 0;
	*ret = TAKE_PTR(buf);
	return (ssize_t)n;
}

ssize_t vz_file_read_buf(int dirfd, const char *path, char *buf, size_t size)
{
	autoclose int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		return -errno;
	if (n && buf[n - 1] == '\n')
		n--;
	buf[n] = 0;
	return n;
}

int vz_file_write(int dirfd, const char *path, const char *text)
{
	autoclose int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);
	size_t n = strlen(text);
	ssize_t k;

	if (fd < 0)
		return -errno;
	k = write(fd, text, n);
	if (k < 0)
		return -errno;
	return (size_t)k == n ? 0 : -EIO;
}

int vz_dir_stream(int fd, DIR **ret)
{
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	int r = fd < 0 ? fd : d ? 0 : -errno;

	if (d)
		*ret = d;
	else if (fd >= 0)
		close(fd);
	return r;
}

struct dirent *vz_dir_next(DIR *d)
{
	struct dirent *de;

	do {
		errno = 0;
		de = readdir(d);
	} while (de && (!strcmp(de->d_name, ".") || !strcmp(de->d_name, "..")));
	return de;
}

int vz_write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

int vz_file_sealed(const void *data, size_t n)
{
	autoclose int fd = memfd_create("vz", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	if (vz_write_all(fd, data, n) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) < 0)
		return errno ? -errno : -EIO;
	return TAKE_FD(fd);
}

int vz_file_replace(const char *path, const void *data, size_t n, mode_t mode, bool sync)
{
	autofree char *tmp = vz_fmt("%s.tmp", path);
	autoclose int fd = -EBADF;
	int r;

	if (!tmp)
		return -ENOMEM;
	if (unlink(tmp) < 0 && errno != ENOENT)
		return -errno;
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	r = vz_write_all(fd, data, n);
	if (!r && fchmod(fd, mode) < 0)
		r = -errno;
	if (!r && sync && fsync(fd) < 0)
		r = -errno;
	if (!r && rename(tmp, path) < 0)
		r = -errno;
	if (r)
		unlink(tmp);
	return r;
}

int vz_file_number(const char *path, uint64_t max, uint64_t *ret)
{
	char text[32];
	ssize_t n = vz_file_read_buf(AT_FDCWD, path, text, sizeof(text));

	return n < 0 ? (int)n : vz_num_u64(text, max, ret);
}

char *vz_path_nearest(const char *path)
{
	char *p = strdup(path), *s;

	while (p && access(p, F_OK) < 0 && (s = strrchr(p, '/')) && strcmp(p, "/"))
		s[s == p ? 1 : 0] = 0;
	return p;
}

int vz_mkdir_p(const char *path, mode_t mode)
{
	autofree char *p = strdup(path);
	struct stat st;

	if (!p)
		return -ENOMEM;
	if (!stat(path, &st))
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	for (char *s = p + 1; (s = strchr(s, '/')); s++) {
		*s = 0;
		if (mkdir(p, mode) < 0 && errno != EEXIST)
			return -errno;
		*s = '/';
	}
	return mkdir(p, mode) < 0 && errno != EEXIST ? -errno : 0;
}

/* ---- removing a tree ----
 *
 * May be hostile: names, links, mounts and depth of a guest's tree; therefore it is walked by descriptors,
 * no link is followed and no mount entered. It can be deeper than there are descriptors: what lies below
 * this is moved up to the top of the tree and taken from there. */
#define REMOVE_DEPTH 64

struct remove {
	int top;        /* the tree's root directory */
	unsigned moved; /* directories moved up to it */
};

static int remove_below(struct remove *rm, int dirfd, const char *name, unsigned depth);

static int remove_subdir(struct remove *rm, int fd, const char *name, unsigned depth)
{
	char up[sizeof("vz-deep.") + 10];
	int r;

	if (depth < REMOVE_DEPTH) {
		r = remove_below(rm, fd, name, depth + 1);
		return !r && unlinkat(fd, name, AT_REMOVEDIR) < 0 ? -errno : r;
	}
	do { /* the name may be there already: an empty directory is replaced, others are not */
		snprintf(up, sizeof(up), "vz-deep.%u", rm->moved++);
		r = renameat(fd, name, rm->top, up) < 0 ? -errno : 0;
	} while (r == -ENOTEMPTY || r == -EEXIST || r == -ENOTDIR);
	return r;
}

/* A mount is told by the kernel, not by st_dev: a bind mount of a directory of the same file system
 * has the same one. */
static int remove_below(struct remove *rm, int dirfd, const char *name, unsigned depth)
{
	int fd = vz_openat2(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
			    RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	int r, first = 0;

	if (fd < 0)
		return fd;
	d = fdopendir(fd);
	if (!d) {
		r = -errno;
		close(fd);
		return r;
	}
	if (!depth)
		rm->top = fd;
	while ((de = readdir(d))) {
		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
			continue;
		r = 0;
		if (de->d_type == DT_DIR || unlinkat(fd, de->d_name, 0) < 0) {
			if (de->d_type != DT_DIR && errno != EISDIR && errno != EPERM)
				r = -errno;
			else
				r = remove_subdir(rm, fd, de->d_name, depth);
		}
		if (r && r != -ENOENT && !first)
			first = r;
	}
	return first;
}

static int remove_at(int dirfd, const char *name)
{
	struct remove rm = { 0 };
	unsigned moved;
	struct stat st;
	int r;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISDIR(st.st_mode))
		return unlinkat(dirfd, name, 0) < 0 ? -errno : 0;
	do {
		moved = rm.moved;
		r = remove_below(&rm, dirfd, name, 0);
	} while (!r && rm.moved != moved);
	if (!r && unlinkat(dirfd, name, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}

int vz_remove_tree(int dirfd, const char *path)
{
	autofree char *parent = strdup(path);
	char *slash = parent ? strrchr(parent, '/') : NULL;
	autoclose int at = -EBADF;

	if (!parent)
		return -ENOMEM;
	if (!slash)
		return remove_at(dirfd, path);
	/* the way to the tree may cross mounts, its last step may not */
	slash[slash == parent ? 1 : 0] = 0;
	at = openat(dirfd, parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return errno == ENOENT ? 0 : -errno;
	return remove_at(at, strrchr(path, '/') + 1);
}
