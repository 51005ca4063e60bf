// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lib/cgroup against the real kernel, whatever hierarchies this host has: make, limit, enter,
 * freeze, kill, remove. Uses groups of its own (900001...) and removes them. Needs root; exits
 * with 77 otherwise. "cgroup-test bench [busy]" prints what each call costs on a quiet host, or
 * one after another.
 */
#define CG_TEST_CTID 900001
#include "cgroup/cgroup.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/bpfdev.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/wait.h"
#include "../unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <linux/magic.h>

#define MIB (1024ull * 1024)
#define OWNER 1000000u

static struct vz_err err;
#define OK(call) CHECK_OK(call, #call)

static void CHECK_OK(int r, const char *what)
{
	checks++;
	if (r < 0) {
		failures++;
		printf("%s: %d, exit %d: %s\n", what, r, err.exit, err.msg);
	}
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct vz_cg *open_group(unsigned ctid)
{
	struct vz_cg *cg = NULL;

	if (vz_cg_open(ctid, NULL, &cg, &err) < 0) {
		printf("vz_cg_open: %s\n", err.msg);
		exit(1);
	}
	return cg;
}

static volatile unsigned *shared;

/* The guest: attaches itself as launch does, says so in shared[0], counts in shared[1]. */
static pid_t start_guest(struct vz_cg *cg, uint64_t flags, void (*body)(void))
{
	int fd = vz_cg_clone_fd(cg);
	pid_t pid;

	shared[0] = shared[1] = shared[2] = 0;
	CHECK(fd >= 0);
	pid = vz_clone3(flags, NULL, fd);
	if (!pid) {
		shared[0] = vz_cg_attach(cg, 0, fd >= 0, &err) < 0 ? 2 : 1;
		if (shared[0] == 2)
			printf("in the child: %s\n", err.msg);
		if (body)
			body();
		for (;;)
			pause();
	}
	CHECK(pid > 0);
	for (int i = 0; i < 2000 && !shared[0]; i++)
		usleep(1000);
	CHECK_INT(shared[0], 1);
	vz_cg_attached(cg);
	return pid;
}

static void body_count(void)
{
	for (;;) {
		shared[1]++;
		usleep(500);
	}
}

static void body_fork(void)
{
	for (int i = 0; i < 40; i++)
		if (fork() < 0)
			shared[2]++;
		else
			shared[1]++;
	for (;;)
		pause();
}

/* Never ends on its own, and always has a child just born: the kill must win against forks. */
static void body_storm(void)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		if (!fork()) {
			if (fork())
				_exit(0);
			usleep(300);
			_exit(0);
		}
		usleep(100);
	}
}

static void test_membership(pid_t pid, const char *name)
{
	char file[64], *p, *line;
	autofree char *text = NULL;
	unsigned in = 0;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", pid);
	OK((int)vz_file_read(AT_FDCWD, file, 65536, &text));
	for (p = text; (line = strsep(&p, "\n"));) {
		in += strstr(line, name) != NULL;
		if (strstr(line, "900001"))
			continue;
		if (strstr(line, ":memory:") || strstr(line, ":pids:") ||
			 strstr(line, ":devices:") || !strncmp(line, "0::", 3))
			CHECK(!line); /* of a hierarchy in which it must be */
	}
	CHECK(in);
}

static void test_limits(void)
{
	struct vz_cg *cg = open_group(CG_TEST_CTID);
	struct vz_cg_limits l = {
		.has = VZ_CG_MEMORY | VZ_CG_PIDS | VZ_CG_CPUUNITS | VZ_CG_CPULIMIT,
		.ram = 64 * MIB, .swap = 32 * MIB, .ram_high = 60 * MIB, .pids = 20,
		.cpuunits = 2000, .cpu_percent = 150,
	};
	struct vz_cg_usage u;

	CHECK(!vz_cg_exists(cg));
	CHECK_INT(vz_cg_populated(cg), 0);
	OK(vz_cg_destroy(cg, &err));
	OK(vz_cg_create(cg, OWNER, OWNER, &err));
	CHECK(vz_cg_exists(cg));
	OK(vz_cg_apply(cg, &l, &err));
	OK(vz_cg_read(cg, &u, &err));
	CHECK_INT(u.ram_max, 64 * MIB);
	CHECK_INT(u.swap_max, 32 * MIB);
	CHECK_INT(u.pids_max, 20);

	/* up, down and away, each past the other bound of v1 */
	l.has = VZ_CG_MEMORY;
	l.ram = 512 * MIB, l.swap = 0;
	OK(vz_cg_apply(cg, &l, &err));
	l.ram = 32 * MIB, l.swap = 64 * MIB;
	OK(vz_cg_apply(cg, &l, &err));
	OK(vz_cg_read(cg, &u, &err));
	CHECK_INT(u.ram_max, 32 * MIB);
	CHECK_INT(u.swap_max, 64 * MIB);
	l.ram = l.swap = VZ_UNLIMITED;
	OK(vz_cg_apply(cg, &l, &err));
	OK(vz_cg_read(cg, &u, &err));
	CHECK(u.ram_max == VZ_UNLIMITED && u.swap_max == VZ_UNLIMITED);

	start_guest(cg, 0, body_fork);
	for (int i = 0; i < 2000 && shared[1] + shared[2] < 40; i++)
		usleep(1000);
	OK(vz_cg_read(cg, &u, &err));
	CHECK(u.pids > 1 && u.pids <= 20);
	CHECK(shared[2] > 0);
	CHECK(u.pids_failcnt > 0 && u.pids_failcnt < VZ_UNLIMITED);
	CHECK(u.cpu_usec < VZ_UNLIMITED);
	CHECK_INT(vz_cg_populated(cg), 1);
	CHECK(vz_cg_destroy(cg, &err) < 0); /* it kills nothing */
	CHECK(vz_cg_exists(cg));
	OK(vz_cg_kill(cg, 5000, &err));
	/* nobody has reaped the first: a zombie is dead */
	CHECK_INT(vz_cg_populated(cg), 0);
	OK(vz_cg_destroy(cg, &err));
	CHECK(!vz_cg_exists(cg));
	while (waitpid(-1, NULL, 0) > 0)
		;
	vz_cg_close(cg);
}

/* Where what joins is born; init 0: as in the last call. */
static int beside(struct vz_cg *cg, pid_t init)
{
	if (init)
		vz_cg_find(cg, init);
	return vz_cg_join_fd(cg);
}

/* A process beside init, as vz_join_start() makes it; 0: beside that of the last call. */
static pid_t join(struct vz_cg *cg, pid_t init)
{
	int fd = beside(cg, init), ready[2];
	char c;
	pid_t pid;

	CHECK(fd >= 0 && !pipe(ready));
	pid = vz_clone3(0, NULL, fd);
	if (!pid) {
		OK(vz_cg_join(cg, &err));
		close(ready[0]);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK_INT(read(ready[0], &c, 1), 0);
	close(ready[0]);
	return pid;
}

/* 0 or the errno of opening a device inside the group. */
static int try_device(struct vz_cg *cg, pid_t init, const char *path)
{
	int st, fd = beside(cg, init);
	pid_t pid = vz_clone3(0, NULL, fd);

	if (!pid) {
		if (fd < 0 || vz_cg_join(cg, &err) < 0)
			_exit(99);
		fd = open(path, O_RDWR | O_CLOEXEC);
		_exit(fd < 0 ? errno : 0);
	}
	waitpid(pid, &st, 0);
	return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

static void test_devices(void)
{
	struct vz_cg *cg = open_group(CG_TEST_CTID);
	const struct vz_cg_dev null = { .type = 'c', .major = 1, .minor = 3, .r = 1, .w = 1, .m = 1 };
	const struct vz_cg_dev zero = { .type = 'c', .major = 1, .minor = 5, .r = 1, .w = 1 };
	const struct vz_cg_dev full = { .type = 'c', .major = 1, .minor = 7, .r = 1 };
	const struct vz_cg_dev first[] = { null, zero }, second[] = { null, full };
	const struct vz_bpfdev_rule rule = { 'c', 1, 5, VZ_BPFDEV_READ | VZ_BPFDEV_WRITE };
	const struct vz_bpfdev_rule all[] = { { 'c', -1, -1, 7 }, { 'b', -1, -1, 7 } };
	bool hybrid = !strcmp(vz_cg_backend(cg), "v1");
	pid_t init;

	OK(vz_cg_create(cg, 0, 0, &err));
	OK(vz_cg_devices(cg, first, 2, &err));
	init = start_guest(cg, 0, NULL);
	CHECK_INT(try_device(cg, init, "/dev/null"), 0);
	CHECK_INT(try_device(cg, init, "/dev/zero"), 0);
	CHECK_INT(try_device(cg, init, "/dev/full"), EPERM);
	vz_cg_close(cg); /* as "set" does it, long after the start */
	cg = open_group(CG_TEST_CTID);
	OK(vz_cg_devices(cg, second, 2, &err));
	CHECK_INT(try_device(cg, init, "/dev/null"), 0);
	CHECK_INT(try_device(cg, init, "/dev/zero"), EPERM);
	CHECK_INT(try_device(cg, init, "/dev/full"), EPERM); /* for writing */
	if (hybrid) { /* the other filter, beside the first */
		OK(vz_cg_devices(cg, first, 2, &err));
		CHECK_INT(vz_bpfdev_attach(vz_cg_clone_fd(cg), &rule, 1), 0);
		CHECK_INT(try_device(cg, init, "/dev/null"), EPERM);
		CHECK_INT(try_device(cg, init, "/dev/zero"), 0);
		CHECK_INT(vz_bpfdev_attach(vz_cg_clone_fd(cg), all, 2), 0);
		CHECK_INT(try_device(cg, init, "/dev/null"), 0);
		CHECK_INT(vz_bpfdev_attach(vz_cg_clone_fd(cg), NULL, 0), 0);
		CHECK_INT(try_device(cg, init, "/dev/zero"), EPERM);
	}
	OK(vz_cg_kill(cg, 5000, &err));
	waitpid(init, NULL, 0);
	OK(vz_cg_destroy(cg, &err));
	vz_cg_close(cg);
}

static void test_later_limits(void)
{
	struct vz_cg *cg = open_group(CG_TEST_CTID);
	struct vz_cg_limits l = { .has = VZ_CG_CPUS, .cpus = "0" };
	struct vz_cg_usage u;
	cpu_set_t set;
	pid_t init;
	int r;

	OK(vz_cg_create(cg, 0, 0, &err));
	init = start_guest(cg, CLONE_NEWUSER | CLONE_NEWPID, body_count);
	test_membership(init, "900001");
	r = vz_cg_apply(cg, &l, &err);
	if (r != -EOPNOTSUPP) {
		CHECK_OK(r, "cpus");
		CHECK_INT(sched_getaffinity(init, sizeof(set), &set), 0);
		CHECK(CPU_COUNT(&set) == 1 && CPU_ISSET(0, &set));
		l.cpus = "all";
		OK(vz_cg_apply(cg, &l, &err));
		CHECK_INT(sched_getaffinity(init, sizeof(set), &set), 0);
		CHECK_INT(CPU_COUNT(&set), sysconf(_SC_NPROCESSORS_ONLN));
	} else {
		printf("note: no cpuset here\n");
	}
	l = (struct vz_cg_limits){ .has = VZ_CG_IOLIMIT | VZ_CG_IOPS, .io_bps = 10 * MIB,
				   .io_iops = 1000 };
	r = vz_cg_apply(cg, &l, &err);
	if (r != -EOPNOTSUPP)
		CHECK_OK(r, "io limits");
	else
		printf("note: no I/O limits here: %s\n", err.msg);
	l.io_bps = l.io_iops = 0;
	r = vz_cg_apply(cg, &l, &err);
	CHECK(r == 0 || r == -EOPNOTSUPP);
	/* what cannot be must not keep the rest from being set */
	l = (struct vz_cg_limits){ .has = VZ_CG_IOPRIO | VZ_CG_MEMS | VZ_CG_PIDS, .io_prio = 7,
				   .mems = "0", .pids = 77 };
	r = vz_cg_apply(cg, &l, &err);
	CHECK(r == 0 || (r == -EOPNOTSUPP && err.exit == VZ_SET_IO));
	OK(vz_cg_read(cg, &u, &err));
	CHECK_INT(u.pids_max, 77);
	l = (struct vz_cg_limits){ .has = VZ_CG_CPUS, .cpus = "4000" };
	r = vz_cg_apply(cg, &l, &err);
	CHECK(r < 0);
	CHECK_INT(err.exit, VZ_SETFSHD);

	test_membership(init, "900001");
	OK(vz_cg_freeze(cg, true, &err));
	r = (int)shared[1];
	usleep(30000);
	CHECK_INT(shared[1], r);
	OK(vz_cg_freeze(cg, false, &err));
	usleep(30000);
	CHECK((int)shared[1] > r);
	OK(vz_cg_freeze(cg, true, &err));
	OK(vz_cg_kill(cg, 5000, &err)); /* frozen or not */
	waitpid(init, NULL, 0);
	OK(vz_cg_destroy(cg, &err));
	vz_cg_close(cg);
}

static void dig(int fd, unsigned depth)
{
	autoclose int at = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (unsigned i = 0; i < depth; i++) {
		int next;

		CHECK(!mkdirat(at, "side", 0755));
		CHECK(!mkdirat(at, "down", 0755));
		next = openat(at, "down", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = next;
	}
}

static void test_tree(void)
{
	struct vz_cg *cg = open_group(CG_TEST_CTID), *other = open_group(CG_TEST_CTID);
	autoclose int deep = -EBADF;
	pid_t init, pid;
	struct stat st;
	double t;

	OK(vz_cg_create(cg, OWNER, OWNER, &err));
	CHECK(!fstatat(vz_cg_clone_fd(cg), "cgroup.procs", &st, 0));
	CHECK_INT(st.st_uid, OWNER);
	CHECK(!fstatat(vz_cg_clone_fd(cg), "cgroup.events", &st, 0));
	CHECK_INT(st.st_uid, 0);
	dig(vz_cg_clone_fd(cg), 60);
	/* an empty group of an earlier life is no obstacle, with all that is below it */
	vz_cg_close(cg);
	cg = other;
	OK(vz_cg_create(cg, OWNER, OWNER, &err));
	CHECK(faccessat(vz_cg_clone_fd(cg), "down", F_OK, 0) < 0);
	init = start_guest(cg, 0, body_storm);
	CHECK(!mkdirat(vz_cg_clone_fd(cg), "init.scope", 0755));
	deep = openat(vz_cg_clone_fd(cg), "init.scope", O_PATH | O_DIRECTORY | O_CLOEXEC);
	pid = join(cg, init);
	test_membership(pid, "900001");
	other = open_group(CG_TEST_CTID);
	CHECK(vz_cg_create(other, 0, 0, &err) == -EBUSY);
	CHECK_INT(vz_cg_populated(cg), 1);
	vz_cg_close(other);
	{
		char text[16];

		snprintf(text, sizeof(text), "%d", init);
		CHECK_INT(vz_file_write(deep, "cgroup.procs", text), 0);
		/* beside an init that is in a group of its own */
		pid = join(cg, init);
		test_membership(pid, "/init.scope");
		/* the same one again, and another group of his */
		CHECK(beside(cg, 0) >= 0);
		CHECK_INT(vz_file_write(vz_cg_clone_fd(cg), "cgroup.procs", text), 0);
		pid = join(cg, 0);
		test_membership(pid, "900001");
	}
	t = now_us();
	OK(vz_cg_kill(cg, 10000, &err));
	printf("kill of a fork storm: %.0f us\n", now_us() - t);
	while (waitpid(-1, NULL, 0) > 0)
		;
	OK(vz_cg_destroy(cg, &err));
	CHECK(!vz_cg_exists(cg));
	OK(vz_cg_destroy(cg, &err));
	OK(vz_cg_kill(cg, 100, &err));
	vz_cg_close(cg);
}

static void test_guest_mount(void)
{
	struct vz_cg *cg = open_group(CG_TEST_CTID);
	pid_t pid;
	int st;

	OK(vz_cg_create(cg, 0, 0, &err));
	pid = vz_clone3(0, NULL, vz_cg_clone_fd(cg));
	if (!pid) {
		struct statfs fs;
		struct stat a, b;
		int fd = -1;

		if (vz_cg_attach(cg, 0, true, &err) < 0 || unshare(CLONE_NEWCGROUP) < 0 ||
		    vz_cg_guest_mount(&fd, &err) < 0)
			_exit(1);
		if (fstatfs(fd, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
			_exit(2);
		/* its root is our group */
		_exit(fstat(fd, &a) < 0 || fstat(vz_cg_clone_fd(cg), &b) < 0 ||
		      a.st_ino != b.st_ino ? 3 : 0);
	}
	waitpid(pid, &st, 0);
	CHECK_INT(st, 0);
	OK(vz_cg_kill(cg, 1000, &err));
	OK(vz_cg_destroy(cg, &err));
	vz_cg_close(cg);
}

/* ---- bench ---- */

#define ROUNDS 40
enum { B_OPEN, B_CREATE, B_APPLY, B_DEVICES, B_CLONE, B_SELF, B_JOINFD, B_KILL, B_READ, B_DESTROY,
       B_PARENT, B_N };
static const char *const what[B_N] = {
	"open", "create", "apply (ram, swap, pids, cpu)", "devices (12 rules)", "clone3 into",
	"attach, by itself", "join fd", "kill and wait", "read", "destroy", "attach, by another",
};
static double cost[B_N][ROUNDS];
static unsigned quiet_us = 60000; /* none with "bench busy" */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#define TIME(i, call)                               \
	do {                                        \
		double _t = now_us();               \
		call;                               \
		cost[i][round] = now_us() - _t;     \
	} while (0)

static void bench_round(int round)
{
	struct vz_cg_limits l = {
		.has = VZ_CG_MEMORY | VZ_CG_PIDS | VZ_CG_CPUUNITS | VZ_CG_CPULIMIT,
		.ram = 256 * MIB, .swap = 64 * MIB, .pids = 500, .cpuunits = 1000, .cpu_percent = 100,
	};
	struct vz_cg_dev d[12];
	struct vz_cg_usage u;
	struct vz_cg *cg = NULL;
	double *slot = (double *)(uintptr_t)(shared + 16);
	pid_t pid, other;

	for (unsigned i = 0; i < 12; i++)
		d[i] = (struct vz_cg_dev){ .type = 'c', .major = 1, .minor = i, .r = 1, .w = 1, .m = 1 };
	TIME(B_OPEN, OK(vz_cg_open(CG_TEST_CTID, NULL, &cg, &err)));
	TIME(B_CREATE, OK(vz_cg_create(cg, OWNER, OWNER, &err)));
	TIME(B_APPLY, OK(vz_cg_apply(cg, &l, &err)));
	TIME(B_DEVICES, OK(vz_cg_devices(cg, d, 12, &err)));
	shared[0] = 0;
	TIME(B_CLONE, pid = vz_clone3(0, NULL, vz_cg_clone_fd(cg)));
	if (!pid) {
		double t = now_us();

		(void)vz_cg_attach(cg, 0, true, NULL);
		*slot = now_us() - t;
		shared[0] = 1;
		for (;;)
			pause();
	}
	while (!shared[0])
		usleep(200);
	cost[B_SELF][round] = *slot;
	vz_cg_attached(cg);
	TIME(B_JOINFD, (void)beside(cg, pid));
	TIME(B_READ, OK(vz_cg_read(cg, &u, &err)));
	other = fork();
	if (!other)
		for (;;)
			pause();
	usleep(quiet_us); /* the grace period of the last writer is over, as on a quiet host */
	TIME(B_PARENT, OK(vz_cg_attach(cg, other, false, &err)));
	TIME(B_KILL, OK(vz_cg_kill(cg, 5000, &err)));
	waitpid(pid, NULL, 0);
	waitpid(other, NULL, 0);
	TIME(B_DESTROY, OK(vz_cg_destroy(cg, &err)));
	vz_cg_close(cg);
	usleep(quiet_us);
}

static void bench(void)
{
	for (int round = 0; round < ROUNDS; round++)
		bench_round(round);
	printf("%-30s %9s %9s %9s  (us)\n", "", "median", "p90", "max");
	for (int i = 0; i < B_N; i++) {
		qsort(cost[i], ROUNDS, sizeof(double), by_value);
		printf("%-30s %9.1f %9.1f %9.1f\n", what[i], cost[i][ROUNDS / 2],
		       cost[i][ROUNDS * 9 / 10], cost[i][ROUNDS - 1]);
	}
}

/* ---- the holder of a scope ---- */

/* A host that systemd seems to rule: for us alone, and it makes scopes as systemd does. */
static bool seem_systemd(void)
{
	static const char run[] = "#!/bin/sh\n"
		"for a; do case $a in --unit=*) unit=${a#*=} ;; esac; done\n"
		"d=/sys/fs/cgroup; [ -e $d/cgroup.controllers ] || d=$d/unified\n"
		"[ -d $d ] || exit 1\n"
		"mkdir -p $d/vz.slice/$unit && echo $$ >$d/vz.slice/$unit/cgroup.procs && exec sleep 1000\n";
	autoclose int sbin = -EBADF, file = -EBADF;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/run", "tmpfs", 0, NULL) < 0 || mkdir("/run/systemd", 0755) < 0 ||
	    mkdir("/run/systemd/system", 0755) < 0 ||
	    mount("none", "/usr/local/sbin", "tmpfs", 0, NULL) < 0)
		return false;
	sbin = open("/usr/local/sbin", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	file = openat(sbin, "systemd-run", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	return !vz_write_all(file, run, sizeof(run) - 1) && !symlinkat("/bin/true", sbin, "systemctl");
}

static int note_pid(pid_t pid, void *arg)
{
	*(pid_t *)arg = pid;
	return 0;
}

/* A process that has this number, which is free. */
static pid_t born_as(pid_t pid)
{
	struct clone_args a = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid, .set_tid_size = 1 };
	pid_t got = (pid_t)syscall(SYS_clone3, &a, sizeof(a));

	if (!got)
		for (;;)
			pause();
	return got;
}

/* It died, was reaped by who reaps what guests leave to us, and its number is somebody else's. */
static void test_scope_holder(void)
{
	struct vz_cg *cg;
	pid_t holder = 0;
	struct pollfd f;

	if (!access("/run/systemd/system", F_OK)) {
		printf("SKIPPED: the holder of a scope: a real systemd is here\n");
		return;
	}
	CHECK(seem_systemd());
	cg = open_group(CG_TEST_CTID + 5);
	OK(vz_cg_create(cg, OWNER, OWNER, &err));
	OK(vz_cg_each(cg, note_pid, &holder));
	CHECK(holder > 0);
	f = (struct pollfd){ .fd = vz_pidfd_open(holder), .events = POLLIN };
	CHECK(!kill(holder, SIGKILL));
	CHECK_INT(poll(&f, 1, 10000), 1);
	close(f.fd);
	CHECK(!vz_reap_some(-1, NULL, NULL));
	CHECK_INT(born_as(holder), holder);
	vz_cg_attached(cg);
	CHECK_INT(waitpid(holder, NULL, WNOHANG), 0);
	CHECK(!kill(holder, SIGKILL));
	CHECK_INT(waitpid(holder, NULL, 0), holder);
	OK(vz_cg_destroy(cg, &err));
	/* one that lives is ended */
	OK(vz_cg_create(cg, OWNER, OWNER, &err));
	CHECK(vz_cg_populated(cg) == 1);
	vz_cg_attached(cg);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	OK(vz_cg_destroy(cg, &err));
	vz_cg_close(cg);
	/* empty, so nothing stays of a scope in any hierarchy */
	CHECK(!system("set -e; for d in /sys/fs/cgroup/vz.slice /sys/fs/cgroup/*/vz.slice; do\n"
		      "[ ! -d $d ] || rmdir $d; done"));
}

int main(int argc, char **argv)
{
	if (geteuid() != 0) {
		printf("SKIPPED: cgroup-test needs root\n");
		return 77;
	}
	setvbuf(stdout, NULL, _IONBF, 0);
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (argc > 1 && !strcmp(argv[1], "bench")) {
		if (argc > 2 && !strcmp(argv[2], "busy"))
			quiet_us = 0;
		bench();
		return done();
	}
	{
		struct vz_cg *cg = open_group(CG_TEST_CTID);

		printf("back-end: %s\n", vz_cg_backend(cg));
		OK(vz_cg_kill(cg, 5000, &err)); /* what a run that was broken off left */
		OK(vz_cg_destroy(cg, &err));
		vz_cg_close(cg);
	}
	test_limits();
	test_devices();
	test_later_limits();
	test_tree();
	test_guest_mount();
	test_scope_holder();
	return done();
}
