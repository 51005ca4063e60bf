// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a dump lies: its directory, its names, who may change it, and the walk over its files.
 *
 * May be hostile: a dump that came from another host; therefore no link is followed, no mount entered, and
 * only directories and plain files are opened.
 */
#include "cpt/image-internal.h"
#include "base/escape.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"

#include <sys/stat.h>

#define BENEATH (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV)
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW)

void image_free(struct vz_image *im)
{
	if (!im)
		return;
	vz_closep(&im->parent);
	vz_closep(&im->dir);
	vz_closep(&im->criu);
	vz_manifest_free(&im->m);
	vz_manifest_free(&im->away);
	free(im->path);
	free(im->name);
	free(im->tmp);
	free(im->now);
	free(im);
}

/* "/vz/dump/Dump.1//" -> "/vz/dump", "Dump.1"; -EINVAL: it names no file. */
static int split(const char *path, char **ret_dir, char **ret_name)
{
	autofree char *copy = strdup(path), *name = NULL;
	size_t n = strlen(path);
	char *slash;

	if (!copy)
		return -ENOMEM;
	while (n > 1 && copy[n - 1] == '/')
		copy[--n] = 0;
	slash = strrchr(copy, '/');
	name = strdup(slash ? slash + 1 : copy);
	if (!name)
		return -ENOMEM;
	if (!vz_str_is_component(name) || strlen(name) > 200)
		return -EINVAL;
	*ret_dir = !slash ? strdup(".") : slash == copy ? strdup("/") : strndup(copy, (size_t)(slash - copy));
	if (!*ret_dir)
		return -ENOMEM;
	*ret_name = TAKE_PTR(name);
	return 0;
}

int image_is_ours(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_uid == geteuid() && !(st.st_mode & 022) ? 0 : -EPERM;
}

/* /tmp will do: nobody can rename or remove what is another user's there. */
static int is_safe_place(int dir)
{
	struct stat st;

	if (fstat(dir, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return -EPERM;
	return st.st_mode & 022 && !(st.st_mode & S_ISVTX) ? -EPERM : 0;
}

int image_place(const char *path, enum vz_exit code, struct vz_image **ret, struct vz_err *e)
{
	struct vz_image *im = calloc(1, sizeof(*im));
	autofree char *dir = NULL;
	int r;

	if (!im)
		return vz_oom(e);
	im->parent = im->dir = im->criu = -EBADF;
	*ret = im;
	im->path = strdup(path);
	im->now = strdup(path);
	r = im->path && im->now ? split(path, &dir, &im->name) : -ENOMEM;
	if (r == -ENOMEM)
		return vz_oom(e);
	if (r < 0)
		return vz_fail(e, code, 0, "%s is no name for a dump", path);
	im->parent = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = im->parent < 0 ? -errno : is_safe_place(im->parent);
	if (r == -EPERM)
		return vz_fail(e, code, 0, "%s belongs to another user or can be written by others, "
			       "who could replace the dump: use a directory of root's", dir);
	if (r < 0 && r != -ENOENT)
		return vz_fail(e, code, -r, "cannot open %s", dir);
	return r;
}

/* Nothing, or only what begin() makes at first. */
static bool is_begun(int dir)
{
	autoclosedir DIR *d = NULL;
	struct stat st;

	if (!fstatat(dir, VZ_IMAGE_CRIU, &st, AT_SYMLINK_NOFOLLOW))
		return S_ISDIR(st.st_mode);
	return !vz_dir_stream(openat(dir, ".", DIR_FLAGS | O_CLOEXEC), &d) && !vz_dir_next(d) && !errno;
}

static bool has_manifest(int dir)
{
	char magic[sizeof(VZ_MANIFEST_MAGIC) - 1];
	autoclose int fd = vz_openat2(dir, VZ_MANIFEST_NAME, O_RDONLY | O_NONBLOCK, 0, BENEATH);
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) &&
	       pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
	       !memcmp(magic, VZ_MANIFEST_MAGIC, sizeof(magic));
}

bool image_is_placeholder(int parent, const char *name)
{
	struct stat st;

	return !fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) && !st.st_size && st.st_nlink == 1 &&
	       st.st_uid == geteuid();
}

int image_is_dump(int parent, const char *name, bool begun)
{
	autoclose int dir = openat(parent, name, DIR_FLAGS | O_CLOEXEC);

	if (dir < 0)
		return errno == ENOENT || (errno == ENOTDIR && image_is_placeholder(parent, name)) ? 0 : -EEXIST;
	if (image_is_ours(dir) < 0)
		return -EEXIST;
	return has_manifest(dir) || (begun && is_begun(dir)) ? 1 : -EEXIST;
}

/* ---- the walk ---- */

struct walker {
	const struct image_walk *w;
	struct vz_err *e;
	char name[256];
	unsigned depth;
};

static int each_below(struct walker *k, int dir);

/* Of a chain of pre-dumps: CRIU's link to the directory before, criu/parent to p2, criu/p2/parent to ../p1. It is not followed
 * by us, and leads nowhere else. */
static bool is_parent_link(unsigned depth, int dir, const char *entry)
{
	const char *before = depth == 1 ? "p" : "../p", *number;
	char to[16];
	ssize_t n = strcmp(entry, "parent") || !depth || depth > 2 ? -1 : readlinkat(dir, entry, to, sizeof(to) - 1);

	if (n < 0)
		return false;
	to[n] = 0;
	return vz_str_prefix(to, before, &number) && *number && number[strspn(number, "0123456789")] == 0;
}

/* -EINVAL: it is nothing that may stand in a dump. Looked at before it is opened: to open a device does
 * something. */
static int open_entry(const struct walker *k, int dir, const char *entry, bool *ret_is_dir)
{
	struct stat st;

	if (!vz_manifest_is_name(k->name))
		return -EINVAL;
	if (fstatat(dir, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*ret_is_dir = S_ISDIR(st.st_mode);
	if (*ret_is_dir ? k->depth >= IMAGE_DEPTH : !S_ISREG(st.st_mode))
		return -EINVAL;
	return vz_openat2(dir, entry, O_RDONLY | O_NONBLOCK, 0, BENEATH);
}

static int each_entry(struct walker *k, int dir, const char *entry)
{
	size_t len = strlen(k->name), n = strlen(entry);
	autoclose int fd = -EBADF;
	bool is_dir = false;
	int r;

	if (len + n + 2 > sizeof(k->name))
		return vz_fail(k->e, k->w->code, 0, "a name in it is too long");
	if (is_parent_link(k->depth, dir, entry))
		return 0;
	memcpy(k->name + len, entry, n + 1);
	fd = open_entry(k, dir, entry, &is_dir);
	r = fd < 0 ? fd : image_is_ours(fd);
	if (r < 0) {
		vz_escape_plain(k->name);
		if (r == -EPERM)
			return vz_fail(k->e, k->w->code, 0,
				       "%s in it belongs to another user or can be written by others", k->name);
		if (r == -EINVAL || r == -ELOOP || r == -EXDEV)
			return vz_fail(k->e, k->w->code, 0, "%s in it is no file of a dump", k->name);
		return vz_fail(k->e, k->w->code, -r, "cannot read %s in it", k->name);
	}
	if (!is_dir) {
		r = strcmp(k->name, VZ_MANIFEST_NAME) ? k->w->fn(fd, k->name, k->w->arg, k->e) : 0;
	} else {
		memcpy(k->name + len + n, "/", 2);
		k->depth++;
		r = each_below(k, TAKE_FD(fd));
		k->depth--;
	}
	k->name[len] = 0;
	return r;
}

static int each_below(struct walker *k, int dir)
{
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	int r = vz_dir_stream(dir, &d);

	if (r < 0)
		return vz_fail(k->e, k->w->code, -r, "cannot read the directory %s", k->name);
	while (!r && (de = vz_dir_next(d)))
		r = each_entry(k, dir, de->d_name);
	if (!r && errno)
		r = vz_fail(k->e, k->w->code, errno, "cannot read the directory %s", k->name);
	return r;
}

int image_each(int dir, const struct image_walk *w, struct vz_err *e)
{
	struct walker k = { .w = w, .e = e };
	int fd = openat(dir, ".", DIR_FLAGS | O_CLOEXEC);

	return fd < 0 ? vz_fail(e, w->code, errno, "cannot read it") : each_below(&k, fd);
}
