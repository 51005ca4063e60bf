// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel file systems of a VPS; see guest-mounts.h.
 *
 * May be hostile: every name below the root, since the guest wrote the tree. Therefore mount
 * points are opened with RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS and mounts are attached to the
 * opened fd, never to a path; what hides a file is an empty file of the host's, never a node
 * found in the guest's /dev.
 */
#include "fs/guest-mounts.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

enum source { NEW, DEV_FD, CGROUP_FD };

#define MAKE 1u         /* the mount point may be made */
#define SYSFS_ONLY 2u   /* left out when FEATURES says sysfs:off */
#define NESTING_ONLY 4u /* left out unless nesting:on */
#define TERMINALS 8u    /* with max=, as many as the VPS may have */

struct mount {
	const char *where;
	const char *type;
	unsigned attr;
	enum source source;
	unsigned flags; /* those above */
	const char *options[4];
};

/* In this order: what is mounted on comes before what is mounted below. */
/* clang-format off */
static const struct mount mounts[] = {
	{ "proc", "proc", SAFE, NEW, MAKE, { "source=proc" } },
	{ "sys", "sysfs", SAFE | MOUNT_ATTR_RDONLY, NEW, MAKE | SYSFS_ONLY, { "source=sysfs" } },
	{ "sys/fs/cgroup", NULL, 0, CGROUP_FD, SYSFS_ONLY, { NULL } },
	{ "dev", NULL, 0, DEV_FD, MAKE, { NULL } },
	{ "dev/pts", "devpts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, NEW, TERMINALS,
	  { "source=devpts", "mode=0620", "ptmxmode=0666", "gid=5" } /* VZ_DEV_TTY_GROUP */ },
	{ "dev/shm", "tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, NEW, 0,
	  { "source=tmpfs", "mode=1777" } },
	{ "dev/mqueue", "mqueue", SAFE, NEW, 0, { "source=mqueue" } },
	{ "run", "tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, NEW, MAKE,
	  { "source=tmpfs", "mode=0755", "size=20%", "nr_inodes=800k" } },
	/* The kernel lets a nested user namespace mount these only where whole ones can be seen
	 * (pad.h), and on those above something lies. */
	{ "dev/.vz/proc", "proc", SAFE, NEW, NESTING_ONLY, { "source=proc" } },
	{ "dev/.vz/sys", "sysfs", SAFE, NEW, NESTING_ONLY | SYSFS_ONLY, { "source=sysfs" } },
};

enum guard_how { EMPTY_FILE, EMPTY_DIR, READ_ONLY };

/* What a guest has no business to see or turn: an empty file or directory of the host's goes over
 * it, or a read-only bind of itself. privileged_only: where there is a user namespace, the kernel
 * itself refuses. */
static const struct guard {
	const char *path;
	enum guard_how how;
	bool privileged_only;
} guards[] = {
	{ "proc/kcore", EMPTY_FILE, false },          /* the host's memory */
	{ "proc/keys", EMPTY_FILE, false },           /* keyrings are not namespaced */
	{ "proc/sysrq-trigger", EMPTY_FILE, false },  /* turns the host off */
	{ "proc/timer_list", EMPTY_FILE, false },     /* names of the host's processes */
	{ "proc/latency_stats", EMPTY_FILE, false },
	{ "proc/kmsg", EMPTY_FILE, true },            /* the host's log */
	{ "proc/kpagecount", EMPTY_FILE, true },
	{ "proc/kpageflags", EMPTY_FILE, true },
	{ "proc/acpi", EMPTY_DIR, false },
	{ "proc/scsi", EMPTY_DIR, false },            /* adds and removes the host's disks */
	{ "proc/bus", EMPTY_DIR, true },
	{ "proc/irq", EMPTY_DIR, true },
	{ "proc/fs", READ_ONLY, true },
	{ "proc/sys", READ_ONLY, true },
	{ "sys/firmware", EMPTY_DIR, false },         /* the host's boot variables and tables */
	{ "sys/kernel/debug", EMPTY_DIR, true },
	{ "sys/kernel/tracing", EMPTY_DIR, true },
	{ "sys/kernel/security", EMPTY_DIR, true },
	{ "sys/fs/bpf", EMPTY_DIR, true },
};
/* clang-format on */

static int open_point(const struct vz_guest_mounts *gm, const char *where, bool make, struct vz_err *e)
{
	int fd = vz_openat2(gm->root, where, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0,
			    RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);

	if (fd == -ENOENT && make) {
		/* where is one component here, so its parent is the root itself */
		if (mkdirat(gm->root, where, 0755) == 0)
			return open_point(gm, where, false, e);
		fd = -errno;
	}
	if (fd == -ELOOP || fd == -ENOTDIR)
		return vz_fail(e, VZ_FS_BAD_TMPL, -fd,
			       "/%s of the container is a link or a file, not a directory", where);
	return fd < 0 ? vz_fail(e, VZ_FS_BAD_TMPL, -fd, "cannot open /%s of the container", where)
		      : fd;
}

static int mount_one(const struct vz_guest_mounts *gm, const struct mount *m, struct vz_err *e)
{
	autoclose int point = -EBADF, made = -EBADF;
	int fd = m->source == DEV_FD ? gm->dev : gm->cgroup, r;

	if ((m->flags & SYSFS_ONLY && !gm->sysfs) || (m->flags & NESTING_ONLY && !gm->nesting) ||
	    (m->source == CGROUP_FD && fd < 0))
		return 0;
	r = point = open_point(gm, m->where, m->flags & MAKE, e);
	if (r < 0)
		return r;
	if (m->source == NEW) {
		const char *options[ARRAY_LEN(m->options) + 2] = { NULL };
		char max[sizeof("max=") + 10];

		memcpy(options, m->options, sizeof(m->options));
		snprintf(max, sizeof(max), "max=%u", gm->terminals);
		if (m->flags & TERMINALS && gm->terminals)
			options[ARRAY_LEN(m->options)] = max; /* behind all of its own */
		fd = made = vz_mount_new(m->type, options, m->attr);
		if (fd < 0)
			return vz_fail(e, VZ_ENVCREATE, -fd, "cannot make a %s for /%s", m->type,
				       m->where);
	}
	r = vz_move_mount(fd, point, "");
	return r < 0 ? vz_fail(e, VZ_ENVCREATE, -r, "cannot mount /%s", m->where) : 0;
}

/* Puts a mount over a path of a file system that we have just mounted; a path that this kernel
 * does not have is nothing to guard. */
static int guard_one(const struct vz_guest_mounts *gm, const struct guard *g)
{
	autoclose int at = -EBADF, tree = -EBADF;
	int r = vz_openat2(gm->root, g->path, O_PATH | O_NOFOLLOW, 0,
			   RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS), with;

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return r;
	at = r;
	with = g->how == EMPTY_FILE ? gm->mask_file : g->how == EMPTY_DIR ? gm->mask_dir : at;
	r = tree = vz_open_tree(with, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (r >= 0 && g->how == READ_ONLY)
		r = vz_mount_setattr(tree, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0, 0, -1);
	return r < 0 ? r : vz_move_mount(tree, at, "");
}

static int guard_all(const struct vz_guest_mounts *gm, struct vz_err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(guards); i++) {
		const struct guard *g = &guards[i];
		int r;

		if ((g->privileged_only && !gm->privileged) ||
		    (!gm->sysfs && vz_str_prefix(g->path, "sys/", NULL)))
			continue;
		r = guard_one(gm, g);
		if (r < 0)
			return vz_fail(e, VZ_ENVCREATE, -r, "cannot guard /%s", g->path);
	}
	return 0;
}

static int mount_console(const struct vz_guest_mounts *gm, struct vz_err *e)
{
	autoclose int at = -EBADF;
	int r;

	if (gm->console < 0)
		return 0;
	r = at = vz_openat2(gm->root, "dev/console", O_PATH | O_NOFOLLOW, 0,
			    RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	if (r >= 0)
		r = vz_move_mount(gm->console, at, "");
	return r < 0 ? vz_fail(e, VZ_ENVCREATE, -r, "cannot bind the console") : 0;
}

int vz_guest_mounts_make(const struct vz_guest_mounts *gm, struct vz_err *e)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(mounts) && r >= 0; i++)
		r = mount_one(gm, &mounts[i], e);
	if (r >= 0)
		r = mount_console(gm, e);
	return r < 0 ? r : guard_all(gm, e);
}

static int put_options(int fs, const struct mount *m)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(m->options) && m->options[i]; i++)
		if (!vz_str_prefix(m->options[i], "source=", NULL))
			r = vz_fsconfig_option(fs, m->options[i]);
	return r;
}

/* The kernel forgets every option that is not given again. */
int vz_guest_mounts_terminals(unsigned max)
{
	autoclose int dir = vz_openat2(AT_FDCWD, "/dev/pts", O_PATH | O_DIRECTORY | O_NOFOLLOW, 0,
				       RESOLVE_NO_SYMLINKS);
	autoclose int fs = -EBADF;
	char text[11];
	struct statfs st;
	int r = dir;

	if (r >= 0 && fstatfs(dir, &st) < 0)
		r = -errno;
	if (r >= 0 && st.f_type != DEVPTS_SUPER_MAGIC)
		r = -ENOTTY;
	if (r >= 0)
		r = fs = vz_fspick(dir, "");
	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(mounts); i++)
		if (mounts[i].flags & TERMINALS)
			r = put_options(fs, &mounts[i]);
	snprintf(text, sizeof(text), "%u", max);
	if (r >= 0 && max)
		r = vz_fsconfig(fs, "max", text);
	return r < 0 ? r : vz_fsconfig_reconfigure(fs);
}
