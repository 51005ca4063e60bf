// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Both back-ends of lib/cgroup without root: a temporary directory stands for /sys/fs/cgroup, and
 * three calls are put before those of libc so that it behaves like one. mkdirat() makes the
 * kernel's files appear, unlinkat() makes them go and refuses a group with something inside, and
 * a write replaces what a file held.
 */
#include "cgroup/cgroup-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static char base[] = "/tmp/vz-cgroup-XXXXXX";
static struct vz_err err;
static struct vz_str writes; /* names of attributes opened for writing, in order */
static bool old_kernel;	     /* neither cgroup.kill nor cgroup.freeze */
static bool no_tasks;	     /* a broken pids hierarchy */

int mkdirat(int dirfd, const char *path, mode_t mode);
int unlinkat(int dirfd, const char *path, int flags);
int openat(int dirfd, const char *path, int flags, ...);

/* clang-format off */
static const struct { const char *hier, *name, *text; } files[] = {
	{ "", "cgroup.procs", "" },
	{ "/unified", "cgroup.events", "populated 0\nfrozen 0\n" },
	{ "/unified", "cgroup.threads", "" },
	{ "/unified", "cgroup.subtree_control", "" },
	{ "/unified", "cgroup.controllers", "cpuset cpu io memory hugetlb pids\n" },
	{ "/unified", "cgroup.kill", "" },
	{ "/unified", "cgroup.freeze", "0\n" },
	{ "/unified", "cpu.stat", "usage_usec 1234\nuser_usec 1000\n" },
	{ "/v2", "memory.max", "max\n" }, { "/v2", "memory.high", "max\n" },
	{ "/v2", "memory.swap.max", "max\n" }, { "/v2", "memory.current", "4096\n" },
	{ "/v2", "memory.events", "low 0\nhigh 0\nmax 7\noom 2\noom_kill 4\n" },
	{ "/v2", "memory.stat", "anon 5\nkernel 333\nkernel_stack 9\nshmem 4096\n" },
	{ "/v2", "memory.oom.group", "0\n" }, { "/v2", "cpu.max", "max 100000\n" },
	{ "/v2", "cpu.max.burst", "0\n" },
	{ "/v2", "cpu.weight", "100\n" }, { "/v2", "pids.max", "max\n" },
	{ "/v2", "cgroup.max.descendants", "max\n" }, { "/v2", "cgroup.max.depth", "max\n" },
	{ "/v2", "pids.current", "3\n" }, { "/v2", "pids.events", "max 0\n" },
	{ "/v2", "io.max", "" }, { "/v2", "io.weight", "default 100\n" },
	{ "/v2", "cpuset.cpus", "\n" }, { "/v2", "cpuset.mems", "\n" },
	{ "/memory", "memory.limit_in_bytes", "9223372036854771712\n" },
	{ "/memory", "memory.memsw.limit_in_bytes", "9223372036854771712\n" },
	{ "/memory", "memory.usage_in_bytes", "8192\n" },
	{ "/memory", "memory.memsw.usage_in_bytes", "12288\n" },
	{ "/memory", "memory.max_usage_in_bytes", "16384\n" },
	{ "/memory", "memory.failcnt", "5\n" }, { "/memory", "tasks", "" },
	{ "/memory", "memory.memsw.max_usage_in_bytes", "20480\n" },
	{ "/memory", "memory.memsw.failcnt", "6\n" },
	{ "/memory", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n" },
	{ "/memory", "memory.kmem.usage_in_bytes", "111\n" },
	{ "/memory", "memory.kmem.max_usage_in_bytes", "222\n" },
	{ "/memory", "memory.kmem.failcnt", "0\n" },
	{ "/memory", "memory.stat", "rss 1\nshmem 1\ntotal_rss 77\ntotal_shmem 8192\n" },
	{ "/pids", "pids.max", "max\n" }, { "/pids", "pids.current", "2\n" },
	{ "/pids", "pids.events", "max 9\n" }, { "/pids", "pids.peak", "17\n" }, { "/pids", "tasks", "" },
	{ "/cpu", "cpu.shares", "1024\n" }, { "/cpu", "cpu.cfs_quota_us", "-1\n" }, { "/cpu", "cpu.cfs_burst_us", "0\n" }, { "/cpu", "tasks", "" },
	{ "/devices", "devices.list", "a *:* rwm\n" }, { "/devices", "devices.allow", "" },
	{ "/devices", "devices.deny", "" }, { "/devices", "tasks", "" },
	{ "/cpuset", "cpuset.cpus", "" }, { "/cpuset", "cpuset.mems", "" }, { "/cpuset", "tasks", "" },
	{ "/blkio", "blkio.throttle.read_bps_device", "" }, { "/blkio", "blkio.throttle.write_bps_device", "" },
	{ "/blkio", "blkio.throttle.read_iops_device", "" }, { "/blkio", "blkio.throttle.write_iops_device", "" },
	{ "/blkio", "tasks", "" },
	{ "/hugetlb", "hugetlb.2MB.limit_in_bytes", "9223372036852678656\n" },
	{ "/hugetlb", "hugetlb.2MB.rsvd.limit_in_bytes", "9223372036852678656\n" },
	{ "/hugetlb", "hugetlb.2MB.usage_in_bytes", "4194304\n" },
	{ "/hugetlb", "hugetlb.2MB.failcnt", "2\n" }, { "/hugetlb", "hugetlb.2MB.rsvd.failcnt", "3\n" },
	{ "/hugetlb", "tasks", "" },
	{ "/freezer", "freezer.state", "THAWED\n" }, { "/freezer", "tasks", "" },
};
/* clang-format on */

static void put(int dirfd, const char *name, const char *text)
{
	int fd = (int)syscall(SYS_openat, dirfd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0);
	CHECK_INT(vz_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

/* "/memory": the hierarchy a directory belongs to. v2 files live in "unified" too when the tree
 * is all v2. */
static bool belongs(const char *path, const char *hier)
{
	const char *rest;

	if (!vz_str_prefix(path, base, &rest) || !vz_str_prefix(rest, "/t", &rest))
		return false;
	if (vz_str_prefix(rest, "/v2", NULL))
		return !*hier || !strcmp(hier, "/v2") || !strcmp(hier, "/unified");
	return !*hier || (vz_str_prefix(rest, "/v1", &rest) && vz_str_prefix(rest, hier, &rest) &&
			  (!*rest || *rest == '/'));
}

static void fill(int dir)
{
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = 0;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (belongs(path, files[i].hier) &&
		    !(old_kernel && (!strcmp(files[i].name, "cgroup.kill") ||
				     !strcmp(files[i].name, "cgroup.freeze"))) &&
		    !(no_tasks && !strcmp(files[i].hier, "/pids")))
			put(dir, files[i].name, files[i].text);
}

int mkdirat(int dirfd, const char *path, mode_t mode)
{
	int r = (int)syscall(SYS_mkdirat, dirfd, path, mode), fd;

	if (!r && (fd = (int)syscall(SYS_openat, dirfd, path, O_RDONLY | O_DIRECTORY, 0)) >= 0) {
		fill(fd);
		close(fd);
	}
	return r;
}

int openat(int dirfd, const char *path, int flags, ...)
{
	mode_t mode = 0;

	if (flags & O_CREAT) {
		va_list ap;

		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if ((flags & O_ACCMODE) == O_WRONLY) {
		vz_str_addf(&writes, "%s ", path);
		flags |= O_TRUNC;
	}
	return (int)syscall(SYS_openat, dirfd, path, flags, mode);
}

int unlinkat(int dirfd, const char *path, int flags)
{
	int fd = (int)syscall(SYS_openat, dirfd, path, O_RDONLY | O_DIRECTORY, 0);
	struct dirent *de;
	struct stat st;
	DIR *d;

	if (!(flags & AT_REMOVEDIR) || fd < 0)
		return (int)syscall(SYS_unlinkat, dirfd, path, flags);
	d = fdopendir(fd);
	while (d && (de = readdir(d)))
		if ((de->d_type == DT_DIR && strcmp(de->d_name, ".") && strcmp(de->d_name, "..")) ||
		    (!strcmp(de->d_name, "cgroup.procs") && !fstatat(fd, de->d_name, &st, 0) &&
		     st.st_size)) {
			closedir(d);
			errno = EBUSY;
			return -1;
		}
	rewinddir(d);
	while ((de = readdir(d)))
		(void)syscall(SYS_unlinkat, fd, de->d_name, 0);
	closedir(d);
	return (int)syscall(SYS_unlinkat, dirfd, path, AT_REMOVEDIR);
}

/* A fresh tree "v1" or "v2"; the path is static. */
static const char *tree(const char *kind)
{
	static const char *const v1[] = { "unified", "memory",	"pids",	 "cpu",
					  "devices", "cpuset", "blkio", "freezer" };
	static char top[64];
	char p[128];
	int fd;

	snprintf(top, sizeof(top), "%s/t", base);
	(void)vz_remove_tree(AT_FDCWD, top);
	CHECK_INT(mkdir(top, 0755), 0);
	snprintf(top, sizeof(top), "%s/t/%s", base, kind);
	if (!strcmp(kind, "v2")) {
		CHECK_INT(mkdirat(AT_FDCWD, top, 0755), 0);
	} else {
		CHECK_INT(mkdir(top, 0755), 0);
		for (size_t i = 0; i < ARRAY_LEN(v1); i++) {
			snprintf(p, sizeof(p), "%s/%s", top, v1[i]);
			CHECK_INT(mkdirat(AT_FDCWD, p, 0755), 0);
		}
		snprintf(p, sizeof(p), "%s/cpuset", top);
		fd = open(p, O_PATH);
		put(fd, "cpuset.cpus", "0-3\n");
		put(fd, "cpuset.mems", "0-1\n");
		close(fd);
	}
	/* two disks, and one with nothing behind */
	for (int i = 0; i < 3; i++) {
		snprintf(p, sizeof(p), "%s/block/d%d", top, i);
		CHECK_INT(vz_mkdir_p(p, 0755), 0);
		fd = open(p, O_PATH);
		snprintf(p, sizeof(p), "8:%d\n", i * 16);
		put(fd, "dev", p);
		put(fd, "size", i == 2 ? "0\n" : "2048\n");
		close(fd);
	}
	return top;
}

/* What a file below the tree holds, without the newline; static. */
static const char *get(const char *top, const char *file)
{
	static char buf[512];
	autofree char *p = vz_fmt("%s/%s", top, file);
	ssize_t r = vz_file_read_buf(AT_FDCWD, p, buf, sizeof(buf));

	return r < 0 ? "(no file)" : buf;
}

static void set(const char *top, const char *file, const char *text)
{
	autofree char *p = vz_fmt("%s/%s", top, file);

	put(AT_FDCWD, p, text);
}

static bool is_there(const char *top, const char *file)
{
	autofree char *p = vz_fmt("%s/%s", top, file);

	return !access(p, F_OK);
}

static struct vz_cg *group(const char *top, bool create)
{
	struct vz_cg *cg = NULL;

	CHECK_INT(vz_cg_open(42, top, &cg, &err), 0);
	if (create)
		CHECK_INT(vz_cg_create(cg, getuid(), getgid(), &err), 0);
	vz_str_free(&writes);
	return cg;
}

#define GIB (1ull << 30)

static void v1_limits(void)
{
	const char *t = tree("v1");
	struct vz_cg *cg = group(t, false);
	struct vz_cg_limits l = { .has = VZ_CG_MEMORY | VZ_CG_PIDS | VZ_CG_CPUUNITS | VZ_CG_CPULIMIT,
				  .ram = GIB, .swap = GIB / 2, .pids = 100, .cpuunits = 2000,
				  .cpu_percent = 50 };
	struct vz_cg_usage u;

	CHECK_STR(vz_cg_backend(cg), "v1");
	CHECK(!vz_cg_exists(cg));
	CHECK_INT(vz_cg_populated(cg), 0);
	CHECK_INT(vz_cg_create(cg, 0, 0, &err), 0);
	CHECK(vz_cg_exists(cg));
	CHECK(is_there(t, "memory/vz/42") && is_there(t, "cpu/vz/42"));
	/* what nobody asked for costs nothing */
	CHECK(!is_there(t, "cpuset/vz") && !is_there(t, "blkio/vz") && !is_there(t, "freezer/vz"));
	vz_str_free(&writes);
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	/* shrinking: the ram first */
	CHECK(vz_str_prefix(writes.s, "memory.limit_in_bytes memory.memsw.limit_in_bytes ", NULL));
	CHECK_STR(get(t, "memory/vz/42/memory.limit_in_bytes"), "1073741824");
	CHECK_STR(get(t, "memory/vz/42/memory.memsw.limit_in_bytes"), "1610612736");
	CHECK_STR(get(t, "pids/vz/42/pids.max"), "100");
	CHECK_STR(get(t, "cpu/vz/42/cpu.shares"), "2048");
	CHECK_STR(get(t, "cpu/vz/42/cpu.cfs_quota_us"), "50000");

	l = (struct vz_cg_limits){ .has = VZ_CG_MEMORY | VZ_CG_CPULIMIT, .ram = 2 * GIB };
	vz_str_free(&writes);
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	/* growing beyond the old sum: the sum first */
	CHECK(vz_str_prefix(writes.s, "memory.memsw.limit_in_bytes memory.limit_in_bytes ", NULL));
	CHECK_STR(get(t, "cpu/vz/42/cpu.cfs_quota_us"), "-1");
	l = (struct vz_cg_limits){ .has = VZ_CG_MEMORY, .ram = VZ_UNLIMITED, .swap = 5 };
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK_STR(get(t, "memory/vz/42/memory.memsw.limit_in_bytes"), "-1");

	set(t, "memory/vz/42/memory.limit_in_bytes", "9223372036854771712\n");
	CHECK_INT(vz_cg_read(cg, &u, &err), 0);
	CHECK_INT(u.ram, 8192);
	CHECK_INT(u.swap, 4096);
	CHECK(u.ram_max == VZ_UNLIMITED && u.swap_max == VZ_UNLIMITED);
	CHECK_INT(u.both_peak, 20480);
	CHECK_INT(u.oom_kills, 3); /* not how often the page cache met the limit */
	CHECK_INT(u.pids_peak, 17);
	CHECK_INT(u.pids_max, 100);
	CHECK_INT(u.pids_failcnt, 9);
	CHECK_INT(u.cpu_usec, 1234);
	vz_cg_close(cg);
}

static void v1_lazy(void)
{
	const char *t = tree("v1");
	struct vz_cg *cg = group(t, true);
	struct vz_cg_limits l = { .has = VZ_CG_CPUS | VZ_CG_IOLIMIT | VZ_CG_IOPRIO, .cpus = "all",
				  .io_prio = 4 };

	/* "no limit" needs no hierarchy */
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK(!is_there(t, "cpuset/vz") && !is_there(t, "blkio/vz"));
	/* two processes run already, one has moved on its own */
	set(t, "unified/vz/42/cgroup.events", "populated 1\n");
	set(t, "unified/vz/42/cgroup.procs", "");
	l.cpus = "1-2";
	l.io_bps = 1000;
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK_STR(get(t, "cpuset/vz/cpuset.mems"), "0-1"); /* the parent first */
	CHECK_STR(get(t, "cpuset/vz/42/cpuset.mems"), "0-1");
	CHECK_STR(get(t, "cpuset/vz/42/cpuset.cpus"), "1-2");
	/* one file holds the last disk written; the empty one is never named */
	CHECK(strstr(get(t, "blkio/vz/42/blkio.throttle.read_bps_device"), " 1000"));
	CHECK(!strstr(writes.s, "iops"));
	l = (struct vz_cg_limits){ .has = VZ_CG_CPUS, .cpus = "all" };
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK_STR(get(t, "cpuset/vz/42/cpuset.cpus"), "0-3");
	/* this kernel has no weight: said at the end, the rest is done */
	l = (struct vz_cg_limits){ .has = VZ_CG_IOPRIO | VZ_CG_MEMS, .io_prio = 7, .mems = "1" };
	CHECK_INT(vz_cg_apply(cg, &l, &err), -EOPNOTSUPP);
	CHECK_INT(err.exit, VZ_SET_IO);
	CHECK_STR(get(t, "cpuset/vz/42/cpuset.mems"), "1");
	set(t, "unified/vz/42/cgroup.events", "populated 0\n");
	CHECK_INT(vz_cg_destroy(cg, &err), 0);
	CHECK(!is_there(t, "cpuset/vz/42") && !is_there(t, "blkio/vz/42"));
	vz_cg_close(cg);
}

/* A process is moved once, and whoever is inside already is left alone. */
static void v1_move(void)
{
	const char *t = tree("v1");
	struct vz_cg *cg = group(t, true);
	struct vz_cg_limits l = { .has = VZ_CG_CPUS, .cpus = "0" };

	set(t, "unified/vz/42/cgroup.events", "populated 1\n");
	set(t, "unified/vz/42/cgroup.procs", "77\n");
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK_STR(get(t, "cpuset/vz/42/cgroup.procs"), "77");
	CHECK_INT(vz_cg_attach(cg, 99, false, &err), 0);
	CHECK_STR(get(t, "unified/vz/42/cgroup.procs"), "99");
	CHECK_STR(get(t, "memory/vz/42/cgroup.procs"), "99");
	CHECK_STR(get(t, "cpuset/vz/42/cgroup.procs"), "99");
	CHECK_STR(get(t, "memory/vz/42/tasks"), "");
	CHECK_INT(vz_cg_attach(cg, 0, true, &err), 0);
	CHECK_STR(get(t, "memory/vz/42/tasks"), "0");
	CHECK_STR(get(t, "cpuset/vz/42/tasks"), "0");
	CHECK_STR(get(t, "unified/vz/42/cgroup.procs"), "99");
	CHECK(vz_cg_destroy(cg, &err) < 0); /* processes in it */
	CHECK(vz_cg_exists(cg));
	vz_cg_close(cg);
}

static void v1_devices(void)
{
	const char *t = tree("v1");
	struct vz_cg *cg = group(t, true);
	const struct vz_cg_dev d[] = {
		{ .type = 'c', .all_majors = true, .all_minors = true, .m = true },
		{ .type = 'c', .major = 1, .minor = 3, .r = true, .w = true, .m = true },
		{ .type = 'b', .major = 8, .all_minors = true, .r = true },
	};

	CHECK_INT(vz_cg_devices(cg, d, 3, &err), 0);
	CHECK_STR(get(t, "devices/vz/42/devices.deny"), "a");
	CHECK_STR(get(t, "devices/vz/42/devices.allow"), "c *:* m\nc 1:3 rwm\nb 8:* r");
	vz_cg_close(cg);
	/* later: only what must go is denied */
	cg = group(t, false);
	set(t, "devices/vz/42/devices.list", "c *:* m\nc 1:3 rwm\nb 8:* rw\nc 10:200 rwm\n");
	CHECK_INT(vz_cg_devices(cg, d, 3, &err), 0);
	CHECK_STR(get(t, "devices/vz/42/devices.deny"), "b 8:* wc 10:200 rwm");
	vz_cg_close(cg);
}

static void v2_limits(void)
{
	const char *t = tree("v2");
	struct vz_cg *cg = group(t, true);
	struct vz_cg_limits l = { .has = (1u << 10) - 1, .groups = 7, .depth = VZ_UNLIMITED, .ram = GIB, .swap = 0, .ram_high = GIB / 2,
				  .pids = 100, .cpuunits = 500, .cpu_percent = 250, .io_bps = 77,
				  .io_iops = 0, .io_prio = 7, .cpus = "0-1", .mems = "all" };
	struct vz_cg_usage u;

	CHECK_STR(vz_cg_backend(cg), "v2");
	CHECK_STR(get(t, "cgroup.subtree_control"), "+cpuset +cpu +io +memory +pids");
	CHECK_STR(get(t, "vz/cgroup.subtree_control"), "+cpuset +cpu +io +memory +pids");
	CHECK_STR(get(t, "vz/42/cgroup.subtree_control"), ""); /* the guest's */
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK_STR(get(t, "vz/42/memory.max"), "1073741824");
	CHECK_STR(get(t, "vz/42/memory.high"), "536870912");
	CHECK_STR(get(t, "vz/42/memory.swap.max"), "0");
	CHECK_STR(get(t, "vz/42/pids.max"), "100");
	CHECK_STR(get(t, "vz/42/cgroup.max.descendants"), "7");
	CHECK_STR(get(t, "vz/42/cgroup.max.depth"), "max");
	CHECK_STR(get(t, "vz/42/cpu.weight"), "50");
	CHECK_STR(get(t, "vz/42/cpu.max"), "250000 100000");
	CHECK_STR(get(t, "vz/42/io.weight"), "160");
	CHECK_STR(get(t, "vz/42/cpuset.cpus"), "0-1");
	CHECK_STR(get(t, "vz/42/cpuset.mems"), "");
	CHECK(strstr(get(t, "vz/42/io.max"), "riops=max wiops=max"));
	l = (struct vz_cg_limits){ .has = VZ_CG_IOLIMIT | VZ_CG_PIDS | VZ_CG_CPULIMIT, .io_bps = 9,
				   .pids = VZ_UNLIMITED };
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK(strstr(get(t, "vz/42/io.max"), "rbps=9 wbps=9"));
	CHECK(!strstr(get(t, "vz/42/io.max"), "8:32"));
	CHECK_STR(get(t, "vz/42/pids.max"), "max");
	CHECK_STR(get(t, "vz/42/cpu.max"), "max");
	CHECK_INT(vz_cg_read(cg, &u, &err), 0);
	CHECK_INT(u.ram, 4096);
	CHECK_INT(u.oom_kills, 4);
	CHECK(u.swap_failcnt == VZ_UNLIMITED && u.pids_peak == VZ_UNLIMITED);
	CHECK_INT(u.swap_max, 0);
	CHECK(u.swap == VZ_UNLIMITED && u.ram_peak == VZ_UNLIMITED); /* no such files */
	CHECK(u.pids_max == VZ_UNLIMITED);
	vz_cg_close(cg);

	/* a controller that is enabled is not enabled again, one that is absent is left out */
	t = tree("v2");
	set(t, "cgroup.controllers", "cpu memory pids\n");
	set(t, "cgroup.subtree_control", "memory\n");
	cg = group(t, true);
	CHECK_STR(get(t, "cgroup.subtree_control"), "+cpu +pids");
	vz_cg_close(cg);
}

/* What was put in force is what is read again, in our units; what was not, is no limit. */
static void in_force_on(const char *version)
{
	const char *t = tree(version);
	struct vz_cg *cg = group(t, true);
	struct vz_cg_limits now, none = { 0 };
	struct vz_cg_limits l = { .has = VZ_CG_MEMORY | VZ_CG_PIDS | VZ_CG_CPUUNITS |
					 VZ_CG_CPULIMIT | VZ_CG_IOLIMIT,
				  .ram = GIB, .swap = GIB / 2, .pids = 100, .cpuunits = 1234,
				  .cpu_percent = 50, .io_bps = 77 };

	CHECK_INT(vz_cg_in_force(cg, &none, &now, &err), 0);
	CHECK(now.ram == VZ_UNLIMITED && now.swap == VZ_UNLIMITED && now.pids == VZ_UNLIMITED);
	CHECK(now.cpuunits == 1000 && !now.cpu_percent && !now.io_bps && !now.io_iops);
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK_INT(vz_cg_in_force(cg, &l, &now, &err), 0);
	CHECK((now.has & l.has) == l.has);
	CHECK(now.ram == GIB && now.swap == GIB / 2 && now.pids == 100);
	CHECK(now.cpuunits == 1234 && now.cpu_percent == 50);
	/* without the configuration: as near as the kernel's number is */
	CHECK_INT(vz_cg_in_force(cg, &none, &now, &err), 0);
	CHECK(now.cpuunits > 1220 && now.cpuunits < 1240 && now.cpu_percent == 50);
	/* what the kernel's range cuts is told as it is, what it rounds as it was asked for */
	l = (struct vz_cg_limits){ .has = VZ_CG_CPUUNITS, .cpuunits = 500000 };
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK_INT(vz_cg_in_force(cg, &l, &now, &err), 0);
	CHECK_INT(now.cpuunits, strcmp(version, "v1") ? 100000 : 256000);
	CHECK_INT(vz_cg_units_held(cg, 500000), now.cpuunits);
	CHECK_INT(vz_cg_units_held(cg, 1234), 1234);
	CHECK_INT(vz_cg_units_held(cg, 8), strcmp(version, "v1") ? 10 : 8);
	vz_cg_close(cg);
}

/* The kernel refuses a quota below the burst it has, and a burst above the quota. */
static void burst_on(const char *version, const char *quota, const char *burst)
{
	const char *t = tree(version);
	struct vz_cg *cg = group(t, true);
	struct vz_cg_limits now, l = { .has = VZ_CG_CPULIMIT, .cpu_percent = 50, .cpu_burst = 20 };

	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK_STR(get(t, burst), "20000");
	CHECK_INT(vz_cg_in_force(cg, &l, &now, &err), 0);
	CHECK(now.cpu_percent == 50 && now.cpu_burst == 20);
	vz_str_free(&writes);
	l.cpu_percent = 10;
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK_INT(vz_cg_in_force(cg, &l, &now, &err), 0);
	CHECK(now.cpu_percent == 10 && now.cpu_burst == 10);
	CHECK(vz_str_prefix(writes.s, strrchr(burst, '/') + 1, NULL));
	l.cpu_percent = 0;
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK_STR(get(t, burst), "0");
	CHECK(vz_str_prefix(get(t, quota), strcmp(version, "v1") ? "max" : "-1", NULL));
	vz_cg_close(cg);
}

/* A kernel that has no such file holds the limit, and says that it has no burst. */
static void no_burst(void)
{
	const char *t = tree("v2");
	struct vz_cg *cg = group(t, true);
	struct vz_cg_limits l = { .has = VZ_CG_CPULIMIT, .cpu_percent = 50, .cpu_burst = 20 };

	autofree char *file = vz_fmt("%s/vz/42/cpu.max.burst", t);

	CHECK_INT(unlink(file), 0);
	CHECK_INT(vz_cg_apply(cg, &l, &err), -EOPNOTSUPP);
	CHECK_STR(get(t, "vz/42/cpu.max"), "50000 100000");
	l.cpu_burst = 0;
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	vz_cg_close(cg);
}

static void burst(void)
{
	burst_on("v1", "cpu/vz/42/cpu.cfs_quota_us", "cpu/vz/42/cpu.cfs_burst_us");
	burst_on("v2", "vz/42/cpu.max", "vz/42/cpu.max.burst");
	no_burst();
}

static void in_force(void)
{
	struct vz_cg_kinds k;
	const char *t;
	struct vz_cg *cg;

	in_force_on("v1");
	in_force_on("v2");
	t = tree("v1");
	cg = group(t, true);
	vz_cg_read_kinds(cg, &k);
	CHECK(k.kernel == 111 && k.kernel_peak == 222 && !k.kernel_failcnt && k.shmem == 8192);
	CHECK(k.anon == 77);
	vz_cg_close(cg);
	t = tree("v2");
	cg = group(t, true);
	vz_cg_read_kinds(cg, &k);
	CHECK(k.kernel == 333 && k.kernel_peak == VZ_UNLIMITED && k.shmem == 4096);
	CHECK(k.anon == 5);
	vz_cg_close(cg);
}

/* A fork that was refused counts for numproc only when the limit was ours. */
static void refused_forks(void)
{
	const char *t = tree("v2");
	struct vz_cg *cg = group(t, true);
	autofree char *below = NULL;
	struct vz_cg_usage u;

	set(t, "vz/42/pids.events", "max 5\n");
	CHECK_INT(vz_cg_read(cg, &u, &err), 0);
	CHECK_INT(u.pids_failcnt, 5);
	below = vz_fmt("%s/vz/42/guest.slice", t);
	CHECK_INT(mkdir(below, 0755), 0);
	CHECK_INT(vz_cg_read(cg, &u, &err), 0);
	CHECK(u.pids_failcnt == VZ_UNLIMITED);
	set(t, "vz/42/pids.events.local", "max 2\n");
	CHECK_INT(vz_cg_read(cg, &u, &err), 0);
	CHECK_INT(u.pids_failcnt, 2);
	vz_cg_close(cg);
}

static void leftovers(void)
{
	const char *t = tree("v2");
	struct vz_cg *cg = group(t, true);
	autofree char *deep = vz_fmt("%s/vz/42", t);
	int at = open(deep, O_PATH | O_DIRECTORY);

	for (int i = 0; i < 300; i++) {
		int next;

		CHECK_INT(mkdirat(at, "a", 0755), 0);
		CHECK_INT(mkdirat(at, "b", 0755), 0);
		next = (int)syscall(SYS_openat, at, i % 2 ? "a" : "b", O_PATH | O_DIRECTORY);
		close(at);
		at = next;
	}
	close(at);
	set(t, "vz/42/memory.max", "7\n");
	vz_cg_close(cg);
	cg = group(t, true); /* of an earlier life: begins clean */
	CHECK_STR(get(t, "vz/42/memory.max"), "max");
	CHECK(!is_there(t, "vz/42/a"));
	vz_cg_close(cg);

	cg = group(t, false);
	set(t, "vz/42/cgroup.events", "populated 1\n");
	CHECK_INT(vz_cg_create(cg, 0, 0, &err), -EBUSY);
	CHECK_INT(vz_cg_populated(cg), 1);
	CHECK(vz_cg_exists(cg));
	/* a sub-group with a process in it is told, not looped on */
	set(t, "vz/42/cgroup.events", "populated 0\n");
	CHECK_INT(mkdirat(AT_FDCWD, deep, 0755), -1);
	{
		autofree char *sub = vz_fmt("%s/s", deep);

		CHECK_INT(mkdirat(AT_FDCWD, sub, 0755), 0);
		set(t, "vz/42/s/cgroup.procs", "1\n");
		CHECK_INT(vz_cg_destroy(cg, &err), -EBUSY);
		set(t, "vz/42/s/cgroup.procs", "");
		/* a link there, were it possible, is not followed */
		CHECK_INT(symlink("/tmp", sub), -1);
		CHECK_INT(vz_cg_destroy(cg, &err), 0);
	}
	CHECK(!vz_cg_exists(cg));
	CHECK_INT(vz_cg_destroy(cg, &err), 0);
	vz_cg_close(cg);
}

static void life(void)
{
	const char *t = tree("v1");
	struct vz_cg *cg = group(t, true);
	char text[16];
	pid_t pid;
	int st;

	set(t, "unified/vz/42/cgroup.events", "populated 1\nfrozen 1\n");
	CHECK_INT(vz_cg_freeze(cg, true, &err), 0);
	CHECK_STR(get(t, "unified/vz/42/cgroup.freeze"), "1");
	CHECK_INT(vz_cg_kill(cg, 20, &err), -ETIMEDOUT); /* nobody dies here */
	CHECK_INT(err.exit, VZ_STOP_ERROR);
	CHECK_STR(get(t, "unified/vz/42/cgroup.kill"), "1");
	set(t, "unified/vz/42/cgroup.events", "populated 0\nfrozen 1\n");
	CHECK_INT(vz_cg_kill(cg, 20, &err), 0);
	vz_cg_close(cg);

	/* a kernel with neither cgroup.kill nor cgroup.freeze: by hand, in sub-groups too */
	old_kernel = true;
	t = tree("v1");
	cg = group(t, true);
	{
		autofree char *sub = vz_fmt("%s/unified/vz/42/x", t);

		CHECK_INT(mkdirat(AT_FDCWD, sub, 0755), 0);
	}
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	snprintf(text, sizeof(text), "%d\n", pid);
	set(t, "unified/vz/42/x/cgroup.procs", text);
	CHECK_INT(vz_cg_freeze(cg, true, &err), 0);
	CHECK_STR(get(t, "freezer/vz/42/freezer.state"), "FROZEN");
	set(t, "unified/vz/42/cgroup.events", "populated 1\n");
	CHECK_INT(vz_cg_kill(cg, 20, &err), -ETIMEDOUT);
	CHECK_INT(waitpid(pid, &st, 0), pid);
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
	CHECK_STR(get(t, "freezer/vz/42/freezer.state"), "THAWED");
	vz_cg_close(cg);
	old_kernel = false;
}

/* Each failure names file, group and cause; nothing is left of a create that failed. */
static void refusals(void)
{
	const char *t = tree("v2");
	struct vz_cg_limits l = { .has = VZ_CG_PIDS, .pids = 1 };
	struct vz_cg *cg = group(t, true);
	autofree char *file = vz_fmt("%s/vz/42/pids.max", t);

	CHECK_INT(unlink(file), 0);
	CHECK_INT(vz_cg_apply(cg, &l, &err), -EOPNOTSUPP);
	CHECK_INT(err.exit, VZ_SETUBC);
	CHECK(strstr(err.msg, "pids.max"));
	CHECK_INT(mkdir(file, 0755), 0);
	CHECK_INT(vz_cg_apply(cg, &l, &err), -EISDIR);
	CHECK_STR(err.msg, "Unable to set --numproc: cannot write \"1\" to pids.max of group vz/42: Is a directory");
	CHECK_INT(rmdir(file), 0);
	vz_cg_close(cg);
	CHECK_INT(vz_cg_open(42, "/nonexistent", &cg, &err) < 0, 1);
	CHECK_INT(err.exit, VZ_BAD_KERNEL);

	t = tree("v1");
	no_tasks = true;
	cg = group(t, false);
	CHECK(vz_cg_create(cg, 0, 0, &err) < 0);
	CHECK(strstr(err.msg, "pids/vz/42"));
	CHECK(!vz_cg_exists(cg) && !is_there(t, "memory/vz/42") && !is_there(t, "pids/vz/42"));
	vz_cg_close(cg);
	no_tasks = false;
}

/* Each limit has a line in each back-end, or the reason why not; and one that no line holds is said,
 * as the option that the user knows, while the others come into force. */
static void tables(void)
{
	static const struct cg_line none[VZ_CG_NLIMITS];
	const struct vz_cg_ops *const both[] = { &cg_v1_ops, &cg_v2_ops };
	struct vz_cg_limits l = { .has = VZ_CG_PIDS | VZ_CG_CPUUNITS, .pids = 5, .cpuunits = 1000 };
	struct cg_line some[VZ_CG_NLIMITS] = { 0 };
	struct vz_cg_ops less;
	const char *t;
	struct vz_cg *cg;

	for (size_t i = 0; i < ARRAY_LEN(both); i++)
		for (size_t limit = 0; limit < VZ_CG_NLIMITS; limit++) {
			const struct cg_line *line = &both[i]->lines[limit];

			CHECK(!line->put == !!line->why && !line->put == !line->file);
			CHECK(!line->now || line->put);
			CHECK(!line->to == !line->from);
		}
	t = tree("v2");
	cg = group(t, true);
	less = cg_v2_ops;
	some[VZ_CG_LIMIT_CPUUNITS] = cg_v2_ops.lines[VZ_CG_LIMIT_CPUUNITS];
	less.lines = some;
	cg->ops = &less;
	CHECK_INT(vz_cg_apply(cg, &l, &err), -EOPNOTSUPP);
	CHECK(strstr(err.msg, "--numproc: control groups of this host cannot hold it"));
	CHECK_STR(get(t, "vz/42/cpu.weight"), "100");
	CHECK_STR(get(t, "vz/42/pids.max"), "max");
	vz_cg_close(cg);
	/* what v1 has no line for is the v2 tree's, and never a call of nothing */
	t = tree("v1");
	cg = group(t, true);
	less = cg_v1_ops;
	less.lines = none;
	cg->ops = &less;
	l.has = (1u << VZ_CG_NLIMITS) - 1;
	CHECK_INT(vz_cg_apply(cg, &l, &err), -EOPNOTSUPP);
	CHECK_STR(get(t, "pids/vz/42/pids.max"), "max");
	vz_cg_close(cg);
}

static void make_dir(const char *top, const char *name)
{
	autofree char *p = vz_fmt("%s/%s", top, name);

	CHECK_INT(vz_mkdir_p(p, 0755), 0);
}

#define HUGE(v) (struct vz_cg_limits){ .has = VZ_CG_HUGETLB, .hugetlb = (v) }

static void hugepages_v2(void)
{
	const char *t = tree("v2");
	struct vz_cg *cg = group(t, true);
	struct vz_cg_limits now, l = HUGE(VZ_UNLIMITED);
	struct vz_cg_count n;

	make_dir(t, "hugepages/hugepages-2048kB");
	make_dir(t, "hugepages/hugepages-1048576kB");
	/* no limit enables nothing; a limit does, from the root down */
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK(!strstr(get(t, "vz/cgroup.subtree_control"), "hugetlb"));
	l = HUGE(GIB + GIB / 2);
	CHECK_INT(vz_cg_apply(cg, &l, &err), -EOPNOTSUPP); /* no file appears here */
	CHECK_INT(err.exit, VZ_SETUBC);
	CHECK_STR(err.msg, "--hugetlb is not held: the kernel has no controller hugetlb");
	CHECK_STR(get(t, "cgroup.subtree_control"), "+hugetlb");
	CHECK_STR(get(t, "vz/cgroup.subtree_control"), "+hugetlb");
	CHECK_INT(vz_cg_in_force(cg, &l, &now, &err), 0);
	CHECK(now.has & VZ_CG_HUGETLB && now.hugetlb == VZ_UNLIMITED);
	vz_cg_count(cg, VZ_CG_LIMIT_HUGETLB, &n);
	CHECK(n.held == VZ_UNLIMITED && n.peak == VZ_UNLIMITED && n.failcnt == VZ_UNLIMITED);

	set(t, "vz/42/hugetlb.2MB.max", "max\n");
	set(t, "vz/42/hugetlb.2MB.rsvd.max", "max\n");
	set(t, "vz/42/hugetlb.1GB.max", "max\n");
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK_STR(get(t, "vz/42/hugetlb.2MB.max"), "1610612736");
	CHECK_STR(get(t, "vz/42/hugetlb.2MB.rsvd.max"), "1610612736");
	CHECK_STR(get(t, "vz/42/hugetlb.1GB.max"), "1610612736");
	CHECK(!is_there(t, "vz/42/hugetlb.1GB.rsvd.max"));
	/* the kernel cuts to whole pages; what was asked for is the answer */
	l.hugetlb += 5;
	set(t, "vz/42/hugetlb.1GB.max", "1073741824\n");
	CHECK_INT(vz_cg_in_force(cg, &l, &now, &err), 0);
	CHECK_INT(now.hugetlb, l.hugetlb);
	set(t, "vz/42/hugetlb.2MB.max", "2097152\n"); /* by hand */
	CHECK_INT(vz_cg_in_force(cg, &l, &now, &err), 0);
	CHECK_INT(now.hugetlb, GIB);
	/* 16M is no page of 1 GB, which does not make 4M what was asked for */
	set(t, "vz/42/hugetlb.1GB.max", "0\n");
	set(t, "vz/42/hugetlb.2MB.max", "4194304\n");
	l = HUGE(16 << 20);
	CHECK_INT(vz_cg_in_force(cg, &l, &now, &err), 0);
	CHECK_INT(now.hugetlb, 4 << 20);
	set(t, "vz/42/hugetlb.1GB.max", "1073741824\n");
	l = HUGE(0);
	CHECK_INT(vz_cg_in_force(cg, &l, &now, &err), 0);
	CHECK_INT(now.hugetlb, GIB);
	l.has = 0; /* only for who asks */
	CHECK_INT(vz_cg_in_force(cg, &l, &now, &err), 0);
	CHECK(!(now.has & VZ_CG_HUGETLB));
	set(t, "vz/42/hugetlb.2MB.current", "4194304\n");
	set(t, "vz/42/hugetlb.1GB.current", "1073741824\n");
	set(t, "vz/42/hugetlb.2MB.events", "max 3\n");
	vz_cg_count(cg, VZ_CG_LIMIT_HUGETLB, &n);
	CHECK_INT(n.held, 4194304 + GIB);
	CHECK_INT(n.failcnt, 3);
	l = HUGE(VZ_UNLIMITED);
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK_STR(get(t, "vz/42/hugetlb.2MB.max"), "max");
	/* what the host cannot hold is known without a group */
	CHECK_INT(vz_cg_can(cg, VZ_CG_HUGETLB | VZ_CG_GROUPS | VZ_CG_IOPS, &err), 0);
	set(t, "cgroup.controllers", "cpu memory\n");
	CHECK_INT(vz_cg_can(cg, VZ_CG_GROUPS | VZ_CG_MEMORY, &err), 0);
	CHECK_INT(vz_cg_can(cg, VZ_CG_HUGETLB, &err), -ENODEV);
	CHECK_STR(err.msg, "Unable to set --hugetlb: the kernel has no controller hugetlb");
	/* one that cannot be enabled is one more that the kernel does not hold */
	set(t, "cgroup.controllers", "cpu memory hugetlb io\n");
	{
		autofree char *control = vz_fmt("%s/cgroup.subtree_control", t), *io = vz_fmt("%s/vz/42/io.max", t);

		CHECK_INT(unlink(io), 0);
		set(t, "vz/cgroup.subtree_control", "");
		CHECK_INT(unlink(control), 0);
		CHECK_INT(mkdir(control, 0755), 0);
		l = (struct vz_cg_limits){ .has = VZ_CG_IOLIMIT | VZ_CG_PIDS, .io_bps = 9, .pids = 9 };
		CHECK_INT(vz_cg_apply(cg, &l, &err), -EOPNOTSUPP);
		CHECK_STR(get(t, "vz/42/pids.max"), "9");
	}
	vz_cg_close(cg);
}

/* With a v1 hierarchy, which is made for who has a limit; without, the v2 tree has the controller. */
static void hugepages_v1(void)
{
	const char *t = tree("v1");
	struct vz_cg *cg = group(t, true);
	struct vz_cg_limits now, l = HUGE(8 << 20);
	struct vz_cg_count n;

	make_dir(t, "hugepages/hugepages-2048kB");
	CHECK_INT(vz_cg_apply(cg, &l, &err), -EOPNOTSUPP);
	CHECK_STR(get(t, "unified/cgroup.subtree_control"), "+hugetlb");
	set(t, "unified/vz/42/hugetlb.2MB.max", "max\n");
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK_STR(get(t, "unified/vz/42/hugetlb.2MB.max"), "8388608");
	vz_cg_close(cg);

	t = tree("v1");
	{
		autofree char *hier = vz_fmt("%s/hugetlb", t);

		CHECK_INT(mkdirat(AT_FDCWD, hier, 0755), 0);
	}
	cg = group(t, true);
	make_dir(t, "hugepages/hugepages-2048kB");
	l.hugetlb = VZ_UNLIMITED;
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK(!is_there(t, "hugetlb/vz"));
	l.hugetlb = 8 << 20;
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK_STR(get(t, "hugetlb/vz/42/hugetlb.2MB.limit_in_bytes"), "8388608");
	CHECK_STR(get(t, "hugetlb/vz/42/hugetlb.2MB.rsvd.limit_in_bytes"), "8388608");
	CHECK_INT(vz_cg_in_force(cg, &l, &now, &err), 0);
	CHECK_INT(now.hugetlb, 8 << 20);
	vz_cg_count(cg, VZ_CG_LIMIT_HUGETLB, &n);
	CHECK(n.held == 4194304 && n.failcnt == 5);
	l.hugetlb = VZ_UNLIMITED;
	CHECK_INT(vz_cg_apply(cg, &l, &err), 0);
	CHECK_STR(get(t, "hugetlb/vz/42/hugetlb.2MB.limit_in_bytes"), "-1");
	set(t, "hugetlb/vz/42/hugetlb.2MB.limit_in_bytes", "9223372036852678656\n");
	CHECK_INT(vz_cg_in_force(cg, &l, &now, &err), 0);
	CHECK(now.hugetlb == VZ_UNLIMITED);
	CHECK_INT(vz_cg_destroy(cg, &err), 0);
	CHECK(!is_there(t, "hugetlb/vz/42"));
	vz_cg_close(cg);
}

int main(void)
{
	CHECK(mkdtemp(base));
	v1_limits();
	v1_lazy();
	v1_move();
	v1_devices();
	v2_limits();
	tables();
	hugepages_v2();
	hugepages_v1();
	in_force();
	burst();
	refused_forks();
	leftovers();
	life();
	refusals();
	vz_str_free(&writes);
	(void)vz_remove_tree(AT_FDCWD, base);
	return done();
}
