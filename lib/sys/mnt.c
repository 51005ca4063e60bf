// SPDX-License-Identifier: GPL-2.0-or-later
/* The mount table; see mnt.h. proc_pid_mountinfo(5), umount(2). */
#include "sys/mnt.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <limits.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <time.h>

#define MOUNTINFO_MAX (64u << 20)
#define BUSY_TRIES 5
#define BUSY_WAIT_NS 20000000L

/* The kernel writes blank, tab, newline and backslash as \ooo. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++, to++) {
		*to = *s;
		if (*s != '\\' || s[1] < '0' || s[1] > '3' || s[2] < '0' || s[2] > '7' ||
		    s[3] < '0' || s[3] > '7')
			continue;
		*to = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
		s += 3;
	}
	*to = 0;
}

static char *field(char **p)
{
	char *s = strsep(p, " ");

	return s && *s ? s : NULL;
}

int vz_mountinfo_parse(char *line, struct vz_mountinfo *ret)
{
	struct vz_mountinfo m = { 0 };
	char *id = field(&line), *parent = field(&line), *major = field(&line), *s;
	char *minor = major ? strchr(major, ':') : NULL;
	const char *group;
	unsigned dev[2];

	m.root = field(&line);
	m.target = field(&line);
	m.options = s = field(&line); /* then any number of optional fields up to "-" */
	if (minor)
		*minor++ = 0;
	if (!id || !parent || !minor || !m.root || !m.target || !s)
		return -EINVAL;
	do {
		s = field(&line);
		if (!s)
			return -EINVAL;
		if (vz_str_prefix(s, "shared:", &group))
			(void)vz_num_u32(group, UINT32_MAX, &m.peers);
		else if (vz_str_prefix(s, "master:", &group))
			(void)vz_num_u32(group, UINT32_MAX, &m.master);
	} while (strcmp(s, "-"));
	m.fstype = field(&line);
	m.source = strsep(&line, " "); /* may be empty */
	if (!m.fstype || !m.source || vz_num_u32(id, UINT32_MAX, &m.id) < 0 ||
	    vz_num_u32(parent, UINT32_MAX, &m.parent) < 0 ||
	    vz_num_u32(major, UINT32_MAX, &dev[0]) < 0 || vz_num_u32(minor, UINT32_MAX, &dev[1]) < 0)
		return -EINVAL;
	m.dev = makedev(dev[0], dev[1]);
	unescape(m.root);
	unescape(m.target);
	unescape(m.fstype);
	unescape(m.source);
	m.super = line ? line : "";
	*ret = m;
	return 0;
}

void vz_mounts_free(struct vz_mounts *t)
{
	free(t->v);
	free(t->text);
	*t = (struct vz_mounts){ 0 };
}

int vz_mounts_read(int dirfd, const char *path, struct vz_mounts *ret)
{
	automounts t = { 0 };
	size_t lines = 1;
	ssize_t n = vz_file_read(dirfd, path, MOUNTINFO_MAX, &t.text);
	char *p = t.text, *line;

	if (n < 0)
		return (int)n;
	for (ssize_t i = 0; i < n; i++)
		lines += t.text[i] == '\n';
	t.v = calloc(lines, sizeof(*t.v));
	if (!t.v)
		return -ENOMEM;
	while ((line = strsep(&p, "\n")))
		t.n += !vz_mountinfo_parse(line, &t.v[t.n]);
	*ret = t;
	t = (struct vz_mounts){ 0 };
	return 0;
}

struct targets {
	char **v; /* paths relative to the top, each without leading '/' */
	size_t n;
};

static void targets_free(struct targets *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i]);
	free(t->v);
}

static int add_target(struct targets *t, const char *rel)
{
	char **more = realloc(t->v, (t->n + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	t->v = more;
	t->v[t->n] = strdup(rel);
	return t->v[t->n] ? (int)t->n++ : -ENOMEM;
}

static int longer_first(const void *a, const void *b)
{
	size_t x = strlen(*(char *const *)a), y = strlen(*(char *const *)b);

	return (x < y) - (x > y);
}

static int targets_below(const char *top, struct targets *t)
{
	autofree char *text = NULL;
	struct vz_mountinfo m;
	const char *rel;
	char *p, *line;
	ssize_t r = vz_file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text);

	if (r < 0)
		return (int)r;
	p = text;
	while ((line = strsep(&p, "\n"))) {
		if (vz_mountinfo_parse(line, &m) < 0 || !vz_str_prefix(m.target, top, &rel) ||
		    *rel != '/' || !rel[1])
			continue;
		r = add_target(t, rel + 1);
		if (r < 0)
			return (int)r;
	}
	if (t->n)
		qsort(t->v, t->n, sizeof(*t->v), longer_first);
	return 0;
}

int vz_mount_below(const char *path, char **ret)
{
	__attribute__((cleanup(targets_free))) struct targets t = { 0 };
	autofree char *top = realpath(path, NULL);
	int r = top ? targets_below(top, &t) : -errno;

	if (r < 0)
		return r;
	if (!t.n && !vz_is_mount_point(top))
		return 0;
	*ret = t.n ? vz_fmt("%s/%s", top, t.v[0]) : TAKE_PTR(top);
	return *ret ? 1 : -ENOMEM;
}

/*
 * May be hostile: the guest can have put a symlink into the path since the mount was made, to
 * have something else of the host unmounted; therefore the directory that holds the mount point
 * is opened without any symlink, and the last name is not followed. (A descriptor of the mount
 * point itself would keep it busy.)
 */
static int umount_one(int top, char *rel)
{
	char proc[sizeof("/proc/self/fd//") + 10 + NAME_MAX], *name = strrchr(rel, '/');
	autoclose int dir = -EBADF;

	if (name)
		*name++ = 0;
	dir = vz_openat2(top, name ? rel : ".", O_PATH | O_DIRECTORY, 0,
			 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (name)
		name[-1] = '/';
	else
		name = rel;
	if (dir < 0)
		return dir;
	if ((size_t)snprintf(proc, sizeof(proc), "/proc/self/fd/%d/%s", dir, name) >= sizeof(proc))
		return -ENAMETOOLONG;
	return umount2(proc, UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

/* How many went; a mount hidden below another needs a further round. */
static int umount_round(const char *top)
{
	__attribute__((cleanup(targets_free))) struct targets t = { 0 };
	autoclose int fd = -EBADF;
	int r = targets_below(top, &t), gone = 0;

	if (r < 0)
		return r;
	fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < t.n; i++)
		gone += !umount_one(fd, t.v[i]);
	return gone;
}

int vz_umount_tree(const char *path, void (*detaching)(void *arg), void *arg)
{
	const struct timespec pause = { .tv_nsec = BUSY_WAIT_NS };
	autofree char *top = realpath(path, NULL);
	int tries = 0, r;

	if (!top)
		return errno == ENOENT ? 0 : -errno;
	if (!vz_is_mount_point(top)) {
		while ((r = umount_round(top)) > 0)
			;
		return r;
	}
	do {
		if (!umount2(top, UMOUNT_NOFOLLOW))
			continue;
		if (errno != EBUSY)
			return -errno;
		if (umount_round(top) > 0)
			continue;
		if (tries++ < BUSY_TRIES) {
			nanosleep(&pause, NULL); /* a dying process lets go in a moment */
			continue;
		}
		if (detaching)
			detaching(arg);
		if (umount2(top, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			return -errno;
	} while (vz_is_mount_point(top));
	return 0;
}

int vz_ns_pin(int fd, const char *dir, const char *name)
{
	autofree char *path = vz_fmt("%s/%s", dir, name);
	autoclose int file = -EBADF, tree = -EBADF;
	int r = path ? vz_mkdir_p(dir, 0700) : -ENOMEM;

	if (r < 0)
		return r;
	file = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0400);
	if (file < 0)
		return -errno;
	tree = vz_open_tree(fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (tree < 0)
		return tree;
	return vz_move_mount(tree, AT_FDCWD, path);
}

int vz_ns_unpin(const char *path)
{
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
		return -errno;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}
