// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Directories and attributes of one group, whatever they mean.
 *
 * May be hostile: names and depth below the group; therefore everything there is done from a directory
 * fd with O_NOFOLLOW, and no path is ever put together. ".." is safe: the kernel does not let a directory
 * of a cgroup file system change its parent.
 */
#include "cgroup/cgroup-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int cg_dir(const struct vz_cg *cg, enum cg_hier h)
{
	int *fd = &cg->fds->dir[h], root;

	if (*fd >= 0)
		return *fd;
	root = cg_root(cg, h);
	if (root < 0)
		return root;
	*fd = openat(root, cg->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0) {
		*fd = -EBADF; /* it may be made later */
		return -errno;
	}
	return *fd;
}

/* mkdir of each component in turn; what exists is fine. */
static int make_parents(const struct vz_cg *cg, int root, int (*step)(int, int))
{
	autoclose int at = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[sizeof(cg->path)], *p = path, *name;

	memcpy(path, cg->path, sizeof(path));
	if (at < 0)
		return -errno;
	while ((name = strsep(&p, "/")) && p) {
		autoclose int up = at;
		int r;

		at = -EBADF;
		if (mkdirat(up, name, 0755) < 0 && errno != EEXIST)
			return -errno;
		at = openat(up, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (at < 0)
			return -errno;
		r = step ? step(up, at) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int cg_mkdir(struct vz_cg *cg, enum cg_hier h, int (*step)(int parent, int child))
{
	int root = cg_root(cg, h), existed, dir;

	if (root < 0)
		return root;
	existed = mkdirat(root, cg->path, 0755);
	if (existed < 0 && errno == ENOENT) {
		int r = make_parents(cg, root, step);

		if (r < 0)
			return r;
		existed = mkdirat(root, cg->path, 0755);
	}
	if (existed < 0 && errno != EEXIST)
		return -errno;
	dir = cg_dir(cg, h);
	if (dir < 0)
		return dir;
	if (step) {
		autoclose int up = openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		int r = up < 0 ? -errno : step(up, dir);

		if (r < 0)
			return r;
	}
	return existed < 0;
}

enum vz_exit cg_exit_of(const char *file)
{
	/* clang-format off */
	static const struct { const char *prefix; enum vz_exit code; } table[] = {
		{ "memory.",  VZ_SETUBC },
		{ "pids.",    VZ_SETUBC },
		{ "hugetlb.", VZ_SETUBC },
		{ "cpu.",     VZ_SETFSHD },
		{ "cpuset.",  VZ_SETFSHD },
		{ "io.",      VZ_SET_IO },
		{ "blkio.",   VZ_SET_IO },
		{ "devices.", VZ_SET_DEVICES },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (vz_str_prefix(file, table[i].prefix, NULL))
			return table[i].code;
	return VZ_SYSTEM;
}

int cg_missing(const char *file, struct vz_err *e)
{
	return vz_fail(e, cg_exit_of(file), EOPNOTSUPP, "the kernel has no %s", file);
}

int cg_set(struct vz_cg *cg, enum cg_hier h, const char *file, const char *text,
	   struct vz_err *e)
{
	int dir = cg_dir(cg, h), r = dir < 0 ? dir : vz_file_write(dir, file, text);

	if (r == -ENOENT && dir >= 0)
		return cg_missing(file, e);
	if (r < 0)
		return vz_fail(e, cg_exit_of(file), -r, "cannot write \"%.*s\" to %s of group %s",
			       (int)strcspn(text, "\n"), text, file, cg->path);
	return 0;
}

int cg_set_u64(struct vz_cg *cg, enum cg_hier h, const char *file, uint64_t v, struct vz_err *e)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	return cg_set(cg, h, file, text, e);
}

bool cg_has(const struct vz_cg *cg, enum cg_hier h, const char *file)
{
	int dir = cg_dir(cg, h);

	return dir >= 0 && !faccessat(dir, file, F_OK, 0);
}

/* Only what our own limits can be: digits to the end of the line. */
static uint64_t number(const char *s)
{
	char digits[24];
	size_t n = strcspn(s, " \n");
	uint64_t v;

	if (n >= sizeof(digits))
		return VZ_UNLIMITED;
	memcpy(digits, s, n);
	digits[n] = 0;
	return vz_num_u64(digits, VZ_UNLIMITED, &v) ? VZ_UNLIMITED : v;
}

uint64_t cg_get(const struct vz_cg *cg, enum cg_hier h, const char *file)
{
	int dir = cg_dir(cg, h);
	char buf[64];

	if (dir < 0 || vz_file_read_buf(dir, file, buf, sizeof(buf)) < 0)
		return VZ_UNLIMITED;
	return number(buf);
}

uint64_t cg_get_key(const struct vz_cg *cg, enum cg_hier h, const char *file, const char *key)
{
	int dir = cg_dir(cg, h);
	char buf[4096], *p = buf, *line;
	const char *rest;

	if (dir < 0 || vz_file_read_buf(dir, file, buf, sizeof(buf)) < 0)
		return VZ_UNLIMITED;
	while ((line = strsep(&p, "\n")))
		if (vz_str_prefix(line, key, &rest) && *rest == ' ')
			return number(rest + 1);
	return VZ_UNLIMITED;
}

static bool is_subgroup(int dir, const struct dirent *de)
{
	struct stat st;

	if (de->d_type != DT_UNKNOWN)
		return de->d_type == DT_DIR;
	return !fstatat(dir, de->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
}

/* fd, which may be a failed open, becomes the stream *d, whose old one is closed. */
static int walk_to(DIR **d, int fd)
{
	DIR *next = fd < 0 ? NULL : fdopendir(fd);
	int err = errno;

	if (!next && fd >= 0)
		close(fd);
	if (*d)
		closedir(*d);
	*d = next;
	return next ? 0 : -err;
}

/*
 * Removes what can be removed in the directory d. 0: nothing is left. 1: *ret_child is a
 * sub-group that has something inside. *ret_any: something has gone.
 */
static int remove_children(DIR *d, bool *ret_any, int *ret_child)
{
	struct dirent *de;
	int fd;

	*ret_any = false;
	while ((de = vz_dir_next(d))) {
		if (!is_subgroup(dirfd(d), de))
			continue;
		if (!unlinkat(dirfd(d), de->d_name, AT_REMOVEDIR) || errno == ENOENT) {
			*ret_any = true;
			continue;
		}
		if (errno != EBUSY && errno != ENOTEMPTY)
			return -errno;
		fd = openat(dirfd(d), de->d_name, DIR_FLAGS);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return -errno;
		*ret_child = fd;
		return 1;
	}
	return -errno;
}

/*
 * Depth first without recursion and with one fd, however deep the guest has dug: down into a
 * group that does not go, up again when nothing is left in it. A group that does not go although
 * it had nothing inside holds processes.
 */
static int remove_below(int dir)
{
	autoclosedir DIR *d = NULL;
	int r = walk_to(&d, openat(dir, ".", DIR_FLAGS)), next = -EBADF;
	bool fresh = false, any;
	size_t depth = 0;

	while (!r) {
		r = remove_children(d, &any, &next);
		if (r < 0)
			return r;
		if (!r && !depth)
			return 0;
		if (!r && fresh && !any)
			return -EBUSY;
		if (!r)
			next = openat(dirfd(d), "..", DIR_FLAGS);
		depth += r ? 1 : (size_t)-1;
		fresh = r;
		r = walk_to(&d, next);
	}
	return r;
}

/* Removes the group and all below it in one hierarchy. Missing is success. */
static int remove_in_hierarchy(struct vz_cg *cg, enum cg_hier h)
{
	int root = cg_root(cg, h), dir, r;

	if (root < 0)
		return root == -ENOENT ? 0 : root;
	r = unlinkat(root, cg->path, AT_REMOVEDIR) < 0 ? -errno : 0;
	if (r == -EBUSY || r == -ENOTEMPTY) {
		dir = cg_dir(cg, h);
		r = dir < 0 ? dir : remove_below(dir);
		if (!r && unlinkat(root, cg->path, AT_REMOVEDIR) < 0)
			r = -errno;
	}
	if (r && r != -ENOENT)
		return r;
	vz_closep(&cg->fds->dir[h]);
	vz_closep(&cg->fds->self[h]);
	cg->fds->dir[h] = cg->fds->self[h] = -EBADF;
	return 0;
}

bool vz_cg_exists(const struct vz_cg *cg)
{
	int root = cg_root(cg, CG_V2);

	/* made first, removed last: without it there is nothing elsewhere */
	return root >= 0 && !faccessat(root, cg->path, F_OK, 0);
}

int cg_remove(struct vz_cg *cg, struct vz_err *e)
{
	int h = cg->hybrid ? CG_LAST_V1 : CG_V2, bad = 0, r = 0;

	/* v2 last, and only when all others are gone: it is what tells of them */
	for (; h >= CG_V2 && (h > CG_V2 || !r); h--) {
		int one = remove_in_hierarchy(cg, (enum cg_hier)h);

		if (one < 0 && !r) {
			bad = h;
			r = one;
		}
	}
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot remove group %s/%s",
			       cg_hier_name((enum cg_hier)bad), cg->path) :
		       0;
}

static int pids_here(int dir, int (*fn)(pid_t, void *), void *arg)
{
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC), r = 0;
	autofclose FILE *f = fd < 0 ? NULL : fdopen(fd, "re");
	char line[24];
	uint32_t pid;

	if (!f && fd >= 0)
		close(fd);
	if (!f)
		return errno == ENOENT ? 0 : -errno;
	while (!r && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (!vz_num_u32(line, INT32_MAX, &pid) && pid)
			r = fn((pid_t)pid, arg);
	}
	/* a threaded sub-group says EOPNOTSUPP: its processes are listed further up */
	return r;
}

/* As remove_below(), but the way back must be remembered: one position per level. */
int cg_each_pid(int dir, int (*fn)(pid_t pid, void *arg), void *arg)
{
	autoclosedir DIR *d = NULL;
	autofree long *pos = NULL;
	size_t depth = 0, cap = 0;
	struct dirent *de;
	int next, r;

	r = walk_to(&d, openat(dir, ".", DIR_FLAGS));
	if (!r)
		r = pids_here(dirfd(d), fn, arg);
	while (!r) {
		while ((de = vz_dir_next(d)) && !is_subgroup(dirfd(d), de))
			;
		if (!de && (errno || !depth))
			return -errno;
		if (de && depth == cap) {
			long *more = reallocarray(pos, cap = cap ? cap * 2 : 16, sizeof(*pos));

			if (!more)
				return -ENOMEM;
			pos = more;
		}
		if (de)
			pos[depth] = telldir(d);
		next = openat(dirfd(d), de ? de->d_name : "..", DIR_FLAGS);
		if (next < 0 && de) /* it went away meanwhile */
			continue;
		r = walk_to(&d, next);
		if (!r && de) {
			depth++;
			r = pids_here(dirfd(d), fn, arg);
		} else if (!r) {
			seekdir(d, pos[--depth]);
		}
	}
	return r;
}

int cg_each_disk(const struct vz_cg *cg, int (*fn)(const char *dev, void *arg), void *arg)
{
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	int r = walk_to(&d, cg->fake ? openat(cg->fds->base, "block", DIR_FLAGS) :
				       open("/sys/block", DIR_FLAGS));

	while (!r && (de = vz_dir_next(d))) {
		autoclose int disk = -EBADF;
		char dev[32], size[32];

		disk = openat(dirfd(d), de->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (disk < 0 || vz_file_read_buf(disk, "dev", dev, sizeof(dev)) < 0)
			continue;
		/* nothing behind it (an idle loop device): nothing to limit */
		if (vz_file_read_buf(disk, "size", size, sizeof(size)) >= 0 && !strcmp(size, "0"))
			continue;
		r = fn(dev, arg);
	}
	return r ? r : -errno;
}
