// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The /dev of a VPS; see dev.h. A tmpfs that the host makes may carry device nodes that a user
 * namespace can open, and one mount is all a checkpoint has to know of. Where mknod(2) is refused
 * (we may run inside a VPS ourselves) the host's node is bound instead.
 */
#include "fs/dev.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/ct.h"
#include "sys/call.h"

#include <fcntl.h>
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
static const char *const nesting_dirs[] = { ".vz", ".vz/proc", ".vz/sys" }; /* see guest-mounts.c */

struct dev {
	int fd;
	uint32_t uid, gid;
	bool detached; /* not yet a VPS's: the host's nodes are in sight */
};

static int own(const struct dev *d, const char *name)
{
	if (!d->uid && !d->gid)
		return 0;
	return fchownat(d->fd, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int bind_host_node(const struct dev *d, const char *name, const char *of_host)
{
	autofree char *host = vz_fmt("/dev/%s", of_host);
	autoclose int file = openat(d->fd, name, O_CREAT | O_EXCL | O_CLOEXEC | O_RDONLY, 0);
	autoclose int tree = host ? vz_open_tree(AT_FDCWD, host, OPEN_TREE_CLONE) : -ENOMEM;

	if (file < 0)
		return -errno;
	if (tree < 0)
		return tree;
	return vz_move_mount(tree, file, "");
}

/* of_host: the name of the host's node to bind where mknod(2) is refused, or NULL. */
static int make_node(const struct dev *d, const char *name, const char *of_host, mode_t mode,
		     dev_t dev)
{
	if (mknodat(d->fd, name, mode, dev) == 0)
		return own(d, name);
	return errno == EPERM && of_host ? bind_host_node(d, name, of_host) : -errno;
}

/* The directory that name lies in, made where it is missing, without following links; the fd is
 * the caller's. *ret_last is the last part of name. */
static int open_parent(const struct dev *d, const char *name, const char **ret_last)
{
	autoclose int at = fcntl(d->fd, F_DUPFD_CLOEXEC, 3);
	const char *slash;

	for (; at >= 0 && (slash = strchr(name, '/')); name = slash + 1) {
		autofree char *part = strndup(name, (size_t)(slash - name));
		struct dev here = { at, d->uid, d->gid, d->detached };
		int r = part ? 0 : -ENOMEM;

		if (!r && mkdirat(at, part, 0755) == 0)
			r = own(&here, part);
		else if (!r && errno != EEXIST)
			r = -errno;
		if (!r)
			r = vz_openat2(at, part, O_RDONLY | O_DIRECTORY, 0,
				       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
		if (r < 0)
			return r;
		close(at);
		at = r;
	}
	*ret_last = name;
	return at < 0 ? -errno : TAKE_FD(at);
}

/* Makes a node of DEVNODES, or removes it; what is there of the same kind stays. */
static int put_node(const struct dev *d, const struct vz_devnode *n)
{
	const char *last;
	struct stat st;
	int r = open_parent(d, n->name, &last);
	autoclose int parent = r;
	struct dev here = { parent, d->uid, d->gid, d->detached };

	if (r < 0)
		return r;
	r = fstatat(parent, last, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
	if (r < 0 && r != -ENOENT)
		return r;
	if (!r && n->mode && (st.st_mode & S_IFMT) == (n->mode & S_IFMT) && st.st_rdev == n->rdev)
		return 0;
	if (!r && unlinkat(parent, last, 0) < 0)
		return -errno;
	if (!n->mode)
		return 0;
	return make_node(&here, last, d->detached ? n->name : NULL, n->mode, n->rdev);
}

int vz_dev_resolve(const struct vz_nodeperms *l, struct vz_devnode **ret, struct vz_err *e)
{
	autofree struct vz_devnode *list = calloc(l->n + 1, sizeof(*list));

	if (!list)
		return vz_oom(e);
	for (size_t i = 0; i < l->n; i++) {
		const struct vz_nodeperm *node = &l->v[i];
		autofree char *host = vz_fmt("/dev/%s", node->name);
		struct stat st;

		list[i].name = node->name;
		if (vz_perm_is_none(&node->perm))
			continue;
		if (!host || stat(host, &st) < 0)
			return vz_fail(e, VZ_SET_DEVICES, 0,
				       "Incorrect name or no such device %s", host ? host : node->name);
		if (!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode))
			return vz_fail(e, VZ_SET_DEVICES, 0,
				       "The %s is not block or character device", host);
		list[i].mode = st.st_mode;
		list[i].rdev = st.st_rdev;
	}
	*ret = TAKE_PTR(list);
	return 0;
}

int vz_dev_change(const struct vz_dev_change *c)
{
	autoclose int fd = vz_openat2(AT_FDCWD, "/dev", O_RDONLY | O_DIRECTORY, 0,
				      RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	struct dev d = { fd, c->uid, c->gid, false };
	struct stat st;
	int r = fd < 0 ? fd : fstat(fd, &st) < 0 ? -errno : 0;

	if (!r && st.st_dev != c->made)
		r = -EXDEV;
	umask(0);
	for (size_t i = 0; r >= 0 && i < c->n; i++)
		r = put_node(&d, &c->nodes[i]);
	return r;
}

static int make_dirs(const struct dev *d, const char *const *names, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++)
		r = mkdirat(d->fd, names[i], 0755) < 0 ? -errno : own(d, names[i]);
	return r;
}

static int fill(const struct dev *d, const struct vz_dev_spec *s)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(nodes) && r >= 0; i++)
		r = make_node(d, nodes[i].name, nodes[i].name, S_IFCHR | 0666,
			      makedev(nodes[i].major, nodes[i].minor));
	for (size_t i = 0; i < ARRAY_LEN(links) && r >= 0; i++)
		r = symlinkat(links[i][1], d->fd, links[i][0]) < 0 ? -errno : own(d, links[i][0]);
	if (r >= 0)
		r = make_dirs(d, dirs, ARRAY_LEN(dirs));
	if (r >= 0 && s->features & VZ_FEAT_NESTING)
		r = make_dirs(d, nesting_dirs, ARRAY_LEN(nesting_dirs));
	if (s->console && r >= 0) {
		autoclose int fd = openat(d->fd, "console", O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		r = fd < 0 ? -errno : own(d, "console");
	}
	return r;
}

static int add_feature_nodes(const struct dev *d, uint32_t features)
{
	int r = 0;

	for (size_t i = 0; i < VZ_FEATURE_NODES && r >= 0; i++) {
		const struct vz_feature_node *f = &vz_feature_nodes[i];
		struct vz_devnode n = { f->name, S_IFCHR | 0666, makedev(f->major, f->minor) };

		r = features & f->bit ? put_node(d, &n) : 0;
	}
	return r;
}

static int add_devnodes(const struct dev *d, const struct vz_nodeperms *l, struct vz_err *e)
{
	autofree struct vz_devnode *list = NULL;
	int r = vz_dev_resolve(l, &list, e);

	for (size_t i = 0; r >= 0 && i < l->n; i++) {
		r = put_node(d, &list[i]);
		if (r < 0)
			return vz_fail(e, VZ_SET_DEVICES, -r, "cannot make /dev/%s", list[i].name);
	}
	return r;
}

int vz_dev_make(const struct vz_dev_spec *s, struct vz_err *e)
{
	static const char *const options[] = { "source=dev", "mode=755", "size=1m",
					       "nr_inodes=4096", NULL };
	struct dev d = { .uid = s->uid, .gid = s->gid, .detached = true };
	mode_t mask = umask(0);
	autoclose int fd = vz_mount_new("tmpfs", options, MOUNT_ATTR_NOSUID);
	int r = d.fd = fd;

	if (r >= 0)
		r = fill(&d, s);
	if (r >= 0)
		r = own(&d, ".");
	if (r >= 0)
		r = add_feature_nodes(&d, s->features);
	if (r < 0)
		vz_fail(e, VZ_SET_DEVICES, -r, "cannot make the container's /dev");
	else if (s->devnodes)
		r = add_devnodes(&d, s->devnodes, e);
	umask(mask);
	return r < 0 ? r : TAKE_FD(fd);
}
