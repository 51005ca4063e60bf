// SPDX-License-Identifier: GPL-2.0-or-later
/* check: what the kernel lets a host's root do, each by doing it once. */
#include "ops/check-internal.h"
#include "base/own.h"
#include "launch/policy.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/idmap.h"
#include "sys/landlock.h"

#include <poll.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

/* Ids of a probe: no VPS has them (VE_ID_RANGE begins far above), and nothing is written. */
#define PROBE_ID 1000000u
#define MINIMUM "5.12" /* as README.md has it; what counts is tried by the other rows */

enum vz_check_verdict check_kernel(struct check *c)
{
	struct utsname u;

	if (uname(&u) < 0)
		return check_call(c, -errno, "uname");
	if (strverscmp(u.release, MINIMUM) < 0)
		return check_say(c, VZ_CHECK_DEGRADED, "Linux %s, older than " MINIMUM, u.release);
	return check_say(c, VZ_CHECK_OK, "Linux %s", u.release);
}

enum vz_check_verdict check_userns(struct check *c)
{
	autoclose int fd = vz_idmap_userns(PROBE_ID, PROBE_ID);

	return check_call(c, fd, "a user namespace with 65536 ids");
}

static enum vz_check_verdict try_unshare(struct check *c, int flag, const char *name)
{
	return unshare(flag) < 0 ? check_call(c, -errno, name) : VZ_CHECK_OK;
}

enum vz_check_verdict check_namespaces(struct check *c)
{
	static const struct {
		int flag;
		const char *name;
	} kinds[] = {
		{ CLONE_NEWNS, "mount namespace" },   { CLONE_NEWPID, "pid namespace" },
		{ CLONE_NEWNET, "network namespace" }, { CLONE_NEWUTS, "uts namespace" },
		{ CLONE_NEWIPC, "ipc namespace" },     { CLONE_NEWCGROUP, "cgroup namespace" },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (try_unshare(c, kinds[i].flag, kinds[i].name) != VZ_CHECK_OK)
			return VZ_CHECK_MISSING;
	return VZ_CHECK_OK;
}

enum vz_check_verdict check_timens(struct check *c)
{
	return try_unshare(c, CLONE_NEWTIME, "time namespace");
}

/*
 * A user of the guest who makes a user namespace and is root in it: what browsers, podman and
 * systemd units do inside. AppArmor's kernel.apparmor_restrict_unprivileged_userns and
 * kernel.unprivileged_userns_clone stand in the way of nobody else.
 */
enum vz_check_verdict check_nested(struct check *c)
{
	autoclose int ns = vz_idmap_userns(PROBE_ID, PROBE_ID);
	int r = ns < 0 ? ns : vz_setns(ns, CLONE_NEWUSER);

	if (r < 0)
		return check_call(c, r, "a user namespace with 65536 ids");
	if (setresgid(1000, 1000, 1000) < 0 || setresuid(1000, 1000, 1000) < 0)
		return check_call(c, -errno, "becoming a user in it");
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return check_call(c, -errno, "a user namespace in it, by a user");
	return check_call(c, mount("vz-check", "/", "tmpfs", 0, NULL) < 0 ? -errno : 0,
			  "a mount in a user namespace that a user made");
}

/* Ends it; it does nothing but wait for that. */
static void reap(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

enum vz_check_verdict check_pidfd(struct check *c)
{
	pid_t pid = fork();
	struct pollfd f = { .events = POLLIN };
	autoclose int fd = -EBADF;
	siginfo_t si;
	int r;

	if (!pid)
		for (;;)
			pause();
	if (pid < 0)
		return check_call(c, -errno, "fork");
	f.fd = fd = vz_pidfd_open(pid);
	r = fd < 0 ? fd : vz_pidfd_signal(fd, SIGKILL);
	if (r >= 0 && (poll(&f, 1, -1) < 0 || waitid(P_PIDFD, (id_t)fd, &si, WEXITED) < 0))
		r = -errno;
	if (r < 0)
		reap(pid);
	return check_call(c, r, "pidfd");
}

enum vz_check_verdict check_close_range(struct check *c)
{
	return check_call(c, vz_close_range(1000000, 1000001, 0), "close_range");
}

enum vz_check_verdict check_openat2(struct check *c)
{
	autoclose int fd = vz_openat2(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);

	return check_call(c, fd, "openat2");
}

enum vz_check_verdict check_mount_api(struct check *c)
{
	static const char *const options[] = { "mode=0755", NULL };
	autoclose int mnt = vz_mount_new("tmpfs", options, MOUNT_ATTR_NODEV), copy = -EBADF;
	int r;

	if (mnt < 0)
		return check_call(c, mnt, "fsopen, fsconfig, fsmount");
	r = vz_mount_setattr(mnt, "", AT_EMPTY_PATH, MOUNT_ATTR_NOSUID, 0, MS_PRIVATE, -1);
	if (r < 0)
		return check_call(c, r, "mount_setattr");
	copy = vz_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE);
	return check_call(c, copy, "open_tree");
}

/* The real filter, of a VPS with no features. */
enum vz_check_verdict check_seccomp(struct check *c)
{
	struct vz_filter f = { 0 };
	struct vz_err e = { 0 };
	int r = vz_policy_filter(0, &f, &e);

	if (r < 0)
		return check_say(c, VZ_CHECK_MISSING, "%s", e.msg);
	r = vz_filter_load(&f);
	vz_filter_free(&f);
	return check_call(c, r, "loading the filter");
}

enum vz_check_verdict check_landlock(struct check *c)
{
	autoclose int dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : vz_landlock_only(dir);

	if (!r)
		return check_say(c, VZ_CHECK_MISSING, "the kernel has none, or one that allows no links");
	return check_call(c, r, "landlock");
}
