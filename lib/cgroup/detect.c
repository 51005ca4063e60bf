// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which hierarchies this host has and where they are mounted; the only place that decides between
 * the back-ends. Looks at the usual places by statfs(2) first and reads /proc/self/mountinfo only
 * for what is not there. Knows nothing of groups.
 */
#include "cgroup/cgroup-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/mnt.h"

#include <sys/vfs.h>
#include <linux/magic.h>

#define USUAL_PLACE "/sys/fs/cgroup"
#define MOUNTINFO_MAX (64u << 20)

static const char *const names[CG_NHIER] = {
	[CG_V2] = "unified",	   [CG_MEMORY] = "memory",   [CG_PIDS] = "pids",
	[CG_CPU] = "cpu",	   [CG_DEVICES] = "devices", [CG_CPUSET] = "cpuset",
	[CG_BLKIO] = "blkio",	   [CG_HUGETLB] = "hugetlb", [CG_FREEZER] = "freezer", [CG_CPUACCT] = "cpuacct",
};

const char *cg_hier_name(enum cg_hier h)
{
	return names[h];
}

/* An O_PATH fd of dirfd/path when a hierarchy of the right kind is mounted there, or -errno. */
static int open_root(const struct vz_cg *cg, enum cg_hier h, int dirfd, const char *path)
{
	autoclose int fd = openat(dirfd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return -errno;
	if (cg->fake)
		return TAKE_FD(fd);
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	if (fs.f_type != (h == CG_V2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC))
		return -ENOENT;
	return TAKE_FD(fd);
}

static void scan_line(const struct vz_cg *cg, char *line)
{
	struct vz_mountinfo m;

	if (vz_mountinfo_parse(line, &m) < 0)
		return;
	for (enum cg_hier h = CG_V2; h < CG_NHIER; h++) {
		int *fd = &cg->fds->root[h];

		if (*fd < 0 && !strcmp(m.fstype, h == CG_V2 ? "cgroup2" : "cgroup") &&
		    (h == CG_V2 || vz_str_has_word(m.super, ',', names[h])))
			*fd = open_root(cg, h, AT_FDCWD, m.target);
	}
}

/* Fills every root that is not open yet from the mount table, once. */
static void scan(const struct vz_cg *cg)
{
	autofree char *text = NULL;
	char *p, *line;

	if (cg->fds->scanned)
		return;
	cg->fds->scanned = true;
	if (vz_file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text) < 0)
		return;
	for (p = text; (line = strsep(&p, "\n"));)
		scan_line(cg, line);
}

/*
 * No v2 mounted anywhere: a mount that belongs to this process alone. Never done while the host
 * has one, because the options of a later mount from the initial cgroup namespace replace those
 * of the hierarchy. nsdelegate keeps a guest's root from raising the limits of its own group.
 */
static int private_v2(void)
{
	static const char *const options[] = { "nsdelegate", NULL };

	return vz_mount_new("cgroup2", options,
			    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/*
 * Which controllers are bound to a v1 hierarchy, wherever that is mounted. A line for each hierarchy,
 * where the mount table has one for every mount of every VPS; so that one is read only for what it
 * must have.
 */
static bool is_bound(const struct vz_cg *cg, enum cg_hier h)
{
	struct cg_fds *f = cg->fds;
	autofree char *text = NULL;
	char *p, *line;

	if (f->asked)
		return f->bound & 1u << h;
	f->asked = true;
	if (vz_file_read(AT_FDCWD, "/proc/self/cgroup", 1u << 20, &text) < 0)
		return false;
	for (p = text; (line = strsep(&p, "\n"));) { /* "ID:CONTROLLERS:PATH" */
		const char *controllers = strsep(&line, ":") ? strsep(&line, ":") : NULL;

		for (enum cg_hier i = CG_FIRST_V1; controllers && i < CG_NHIER; i++)
			if (vz_str_has_word(controllers, ',', names[i]))
				f->bound |= 1u << i;
	}
	return f->bound & 1u << h;
}

int cg_root(const struct vz_cg *cg, enum cg_hier h)
{
	int *fd = &cg->fds->root[h];

	if (*fd == -EBADF)
		*fd = open_root(cg, h, cg->fds->base, names[h]);
	if (*fd < 0 && !cg->fake) {
		if (h == CG_V2 || is_bound(cg, h))
			scan(cg);
		/* on a host that keeps v1 alone; one without either is not set up at all */
		if (h == CG_V2 && *fd < 0 && cg->hybrid)
			*fd = private_v2();
	}
	if (*fd == -EBADF)
		*fd = -ENOENT;
	return *fd;
}

enum cg_hier cg_where(const struct vz_cg *cg, enum cg_hier h)
{
	return cg->hybrid && cg_root(cg, h) >= 0 ? h : CG_V2;
}

int cg_root_of(const struct vz_cg *cg, const char *controllers)
{
	const char *first = controllers, *usual = controllers;
	autofree char *text = NULL, *word = NULL;
	char *p, *line;
	int fd;

	(void)vz_str_prefix(controllers, "name=", &usual);
	fd = open_root(cg, CG_FIRST_V1, cg->fds->base, usual);
	if (fd >= 0)
		return fd;
	word = vz_str_word(&first, ",");
	fd = (int)vz_file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text);
	if (fd < 0 || !word)
		return fd < 0 ? fd : -ENOMEM;
	fd = -ENOENT;
	for (p = text; fd < 0 && (line = strsep(&p, "\n"));) {
		struct vz_mountinfo m;

		if (!vz_mountinfo_parse(line, &m) && !strcmp(m.fstype, "cgroup") && vz_str_has_word(m.super, ',', word))
			fd = open_root(cg, CG_FIRST_V1, AT_FDCWD, m.target);
	}
	return fd;
}

/* One v1 controller at its usual place settles it without a look at the mount table. */
static bool has_v1(const struct vz_cg *cg)
{
	for (enum cg_hier h = CG_FIRST_V1; h < CG_FIRST_LAZY; h++)
		if (cg_root(cg, h) >= 0)
			return true;
	return false;
}

int cg_detect(struct vz_cg *cg, const char *root, struct vz_err *e)
{
	struct cg_fds *f = cg->fds;

	cg->fake = root;
	f->base = open(root ? root : USUAL_PLACE, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (f->base >= 0 && !faccessat(f->base, "cgroup.controllers", F_OK, 0)) {
		f->root[CG_V2] = open_root(cg, CG_V2, f->base, ".");
	} else {
		cg->hybrid = has_v1(cg);
	}
	if (cg_root(cg, CG_V2) < 0)
		return vz_fail(e, VZ_BAD_KERNEL, -cg_root(cg, CG_V2),
			       "no cgroup v2 hierarchy; mount it: mount -t cgroup2 cgroup2 " USUAL_PLACE);
	return 0;
}
