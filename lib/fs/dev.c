// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The /dev of a VPS; see dev.h. A tmpfs that the host makes may carry device nodes that a user
 * namespace can open, and one mount is all a checkpoint has to know of. Where mknod(2) is refused
 * (we may run inside a VPS ourselves) the host's node is bound instead.
 */
#include "fs/dev.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

struct node {
	const char *name;
	unsigned major, minor;
};

/* Never 5:1: /dev/console would be the host's console. */
static const struct node nodes[] = {
	{ "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 },
	{ "urandom", 1, 9 }, { "tty", 5, 0 },
};

static const char *const links[][2] = {
	{ "fd", "/proc/self/fd" },         { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },   { "stderr", "/proc/self/fd/2" },
	{ "ptmx", "pts/ptmx" },            { "core", "/proc/kcore" },
};

static const char *const dirs[] = { "pts", "shm", "mqueue" };

struct dev {
	int fd;
	uint32_t uid, gid;
};

static int own(const struct dev *d, const char *name)
{
	if (!d->uid && !d->gid)
		return 0;
	return fchownat(d->fd, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int bind_host_node(const struct dev *d, const char *name)
{
	autofree char *host = vz_fmt("/dev/%s", name);
	autoclose int file = openat(d->fd, name, O_CREAT | O_EXCL | O_CLOEXEC | O_RDONLY, 0);
	autoclose int tree = host ? vz_open_tree(AT_FDCWD, host, OPEN_TREE_CLONE) : -ENOMEM;

	if (file < 0)
		return -errno;
	if (tree < 0)
		return tree;
	return vz_move_mount(tree, file, "");
}

static int make_node(const struct dev *d, const char *name, mode_t mode, dev_t dev)
{
	if (mknodat(d->fd, name, mode, dev) == 0)
		return own(d, name);
	return errno == EPERM ? bind_host_node(d, name) : -errno;
}

/* Makes the directories above name ("net" of "net/tun"). */
static int make_parents(const struct dev *d, const char *name)
{
	for (const char *s = name; (s = strchr(s, '/')); s++) {
		autofree char *dir = strndup(name, (size_t)(s - name));

		if (!dir)
			return -ENOMEM;
		if (mkdirat(d->fd, dir, 0755) < 0) {
			if (errno != EEXIST)
				return -errno;
			continue;
		}
		if (own(d, dir) < 0)
			return -errno;
	}
	return 0;
}

/* One word "name:perm" of DEVNODES: the host's node of that name, in our tmpfs. */
static int make_devnode(const struct dev *d, const char *word, struct vz_err *e)
{
	autofree char *name = strndup(word, strcspn(word, ":")), *host = NULL;
	struct stat st;
	int r;

	if (vz_str_suffix(word, ":none"))
		return 0;
	host = name ? vz_fmt("/dev/%s", name) : NULL;
	if (!host)
		return vz_fail(e, VZ_RESOURCE, ENOMEM, "Not enough memory");
	if (strstr(name, "..") || stat(host, &st) < 0)
		return vz_fail(e, VZ_SET_DEVICES, 0, "Incorrect name or no such device %s", host);
	if (!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode))
		return vz_fail(e, VZ_SET_DEVICES, 0,
			       "The %s is not block or character device", host);
	r = make_parents(d, name);
	if (r >= 0)
		r = make_node(d, name, st.st_mode, st.st_rdev);
	return r < 0 && r != -EEXIST ? vz_fail(e, VZ_SET_DEVICES, -r, "cannot make %s", host) : 0;
}

static int fill(const struct dev *d, bool console)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(nodes) && r >= 0; i++)
		r = make_node(d, nodes[i].name, S_IFCHR | 0666,
			      makedev(nodes[i].major, nodes[i].minor));
	for (size_t i = 0; i < ARRAY_LEN(links) && r >= 0; i++)
		r = symlinkat(links[i][1], d->fd, links[i][0]) < 0 ? -errno : own(d, links[i][0]);
	for (size_t i = 0; i < ARRAY_LEN(dirs) && r >= 0; i++)
		r = mkdirat(d->fd, dirs[i], 0755) < 0 ? -errno : own(d, dirs[i]);
	if (console && r >= 0) {
		autoclose int fd = openat(d->fd, "console", O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		r = fd < 0 ? -errno : own(d, "console");
	}
	return r;
}

int vz_dev_make(uint32_t uid, uint32_t gid, const struct vz_plist *devnodes, bool console,
		struct vz_err *e)
{
	static const char *const options[] = { "source=dev", "mode=755", "size=1m",
					       "nr_inodes=4096", NULL };
	struct dev d = { .uid = uid, .gid = gid };
	mode_t mask = umask(0);
	int r;

	d.fd = vz_mount_new("tmpfs", options, MOUNT_ATTR_NOSUID);
	r = d.fd < 0 ? d.fd : fill(&d, console);
	if (r >= 0)
		r = own(&d, ".");
	if (r < 0)
		vz_fail(e, VZ_SET_DEVICES, -r, "cannot make the container's /dev");
	for (size_t i = 0; r >= 0 && devnodes && devnodes->set && i < devnodes->n; i++)
		r = make_devnode(&d, devnodes->v[i], e);
	umask(mask);
	if (r < 0 && d.fd >= 0)
		close(d.fd);
	return r < 0 ? r : d.fd;
}
