// SPDX-License-Identifier: GPL-2.0-or-later
/* check: a group as a VPS gets one, with each limit put on it once. */
#include "ops/check-internal.h"
#include "base/own.h"
#include "cgroup/cgroup.h"
#include "ct/ct.h"
#include "sys/call.h"

#include <sys/wait.h>

#define RAM (64ull << 20)
#define KILL_MS 1000

/* A group that no VPS has: ids from the end down, by the process that tries. */
static unsigned probe_id(int pid)
{
	return VZ_CTID_MAX - (unsigned)pid;
}

typedef int with_group(struct vz_cg *cg, struct check *c, struct vz_err *e);

static enum vz_check_verdict in_group(struct check *c, with_group *fn)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	struct vz_err e = { 0 };
	int r = vz_cg_open(probe_id(getpid()), NULL, &cg, &e), gone;

	if (r >= 0)
		r = vz_cg_create(cg, 0, 0, &e);
	if (r < 0)
		return check_say(c, VZ_CHECK_MISSING, "%s", e.msg);
	r = fn(cg, c, &e);
	gone = vz_cg_destroy(cg, r < 0 ? NULL : &e);
	return r < 0 || gone < 0 ? check_say(c, VZ_CHECK_MISSING, "%s", e.msg) : VZ_CHECK_OK;
}

void check_cgroup_clean(int pid)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;

	if (vz_cg_open(probe_id(pid), NULL, &cg, NULL) < 0 || !vz_cg_exists(cg))
		return;
	(void)vz_cg_kill(cg, KILL_MS, NULL);
	(void)vz_cg_destroy(cg, NULL);
}

static int nothing(struct vz_cg *cg, struct check *c, struct vz_err *e)
{
	(void)e;
	(void)check_say(c, VZ_CHECK_OK, "%s", vz_cg_backend(cg));
	return 0;
}

enum vz_check_verdict check_cgroup(struct check *c)
{
	return in_group(c, nothing);
}

/* Born in the group, and found there by what ends all of it. */
static int clone_into(struct vz_cg *cg, struct check *c, struct vz_err *e)
{
	autoclose int pidfd = -EBADF;
	pid_t pid = vz_clone3(0, &pidfd, vz_cg_clone_fd(cg));
	int r;

	(void)c;
	if (!pid)
		for (;;)
			pause();
	if (pid < 0)
		return vz_fail(e, VZ_BAD_KERNEL, -pid, "clone3");
	r = vz_cg_kill(cg, KILL_MS, e);
	(void)kill(pid, SIGKILL); /* born elsewhere where the kernel cannot do it */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

enum vz_check_verdict check_clone(struct check *c)
{
	return in_group(c, clone_into);
}

static int limit(struct vz_cg *cg, struct check *c, struct vz_err *e)
{
	struct vz_cg_limits l = { .has = c->bit,
				  .ram = RAM,
				  .swap = RAM,
				  .cpuunits = 2000,
				  .cpu_percent = 50,
				  .pids = 100,
				  .io_bps = 10 << 20,
				  .io_iops = 100,
				  .io_prio = 5,
				  .cpus = "0",
				  .mems = "0" };

	return vz_cg_apply(cg, &l, e);
}

enum vz_check_verdict check_limit(struct check *c)
{
	return in_group(c, limit);
}

static int burst(struct vz_cg *cg, struct check *c, struct vz_err *e)
{
	const struct vz_cg_limits l = { .has = VZ_CG_CPULIMIT, .cpu_percent = 50, .cpu_burst = 10 };

	(void)c;
	return vz_cg_apply(cg, &l, e);
}

enum vz_check_verdict check_burst(struct check *c)
{
	return in_group(c, burst);
}

/* Without putting one: the first limit of such a controller enables it for all containers. */
enum vz_check_verdict check_can(struct check *c)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	struct vz_err e = { 0 };
	int r = vz_cg_open(probe_id(getpid()), NULL, &cg, &e);

	if (r >= 0)
		r = vz_cg_can(cg, c->bit, &e);
	return r < 0 ? check_say(c, VZ_CHECK_MISSING, "%s", e.msg) : VZ_CHECK_OK;
}

static int devices(struct vz_cg *cg, struct check *c, struct vz_err *e)
{
	static const struct vz_cg_dev null = { .type = 'c', .major = 1, .minor = 3, .r = true, .w = true };

	(void)c;
	return vz_cg_devices(cg, &null, 1, e);
}

enum vz_check_verdict check_devices(struct check *c)
{
	return in_group(c, devices);
}

static int freezer(struct vz_cg *cg, struct check *c, struct vz_err *e)
{
	int r = vz_cg_freeze(cg, true, e);

	(void)c;
	return r < 0 ? r : vz_cg_freeze(cg, false, e);
}

enum vz_check_verdict check_freezer(struct check *c)
{
	return in_group(c, freezer);
}
