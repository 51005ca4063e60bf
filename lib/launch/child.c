// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The child's column of a launch; the numbers are those of launch.h.
 *
 * Namespaces it is in: user (unless privileged), pid, mount, net, uts from its first instruction;
 * time, ipc and cgroup from step 6. Until the pivot its root is the launch pad, where nothing of
 * the host is to be found; after it, the guest's tree.
 */
#include "launch/inside.h"
#include "launch/launch-internal.h"
#include "launch/pad.h"
#include "launch/sync.h"
#include "base/own.h"
#include "fs/guest-mounts.h"
#include "sys/call.h"
#include "sys/caps.h"
#include "sys/inherit.h"
#include "sys/nl.h"
#include "sys/spawn.h"
#include "sys/timens.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

void vz_child_reset(void)
{
	vz_reset_signals();
	vz_inherit_limits();
	umask(0022);
	setsid();
}

int vz_child_become_root(void)
{
	/* denied where the map forbids setgroups; then there are none to drop */
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return -errno;
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return -errno;
	/* our memory and /proc/self/exe are the host's until exec: not for the guest's eyes */
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? -errno : 0;
}

int vz_child_stdio(const int stdio[3], int *sock)
{
	for (int i = 0; i < 3; i++)
		if (stdio[i] == i ? fcntl(i, F_SETFD, 0) < 0 : dup2(stdio[i], i) < 0)
			return -errno;
	if (*sock != 3 && dup3(*sock, 3, O_CLOEXEC) < 0)
		return -errno;
	*sock = 3;
	return vz_close_range(4, ~0u, 0);
}

/* What init gets for 0, 1 and 2 where the caller gives nothing. Opened before any program of the
 * guest has run: what lies in its /dev afterwards is its own, and may keep an open waiting. */
static int open_stdio(const struct vz_spec *s, int stdio[3])
{
	const char *path = s->console >= 0 ? "/dev/console" : "/dev/null";

	for (int i = 0; i < 3; i++) {
		stdio[i] = s->stdio[i];
		if (stdio[i] < 0)
			stdio[i] = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (stdio[i] < 0)
			return -errno;
	}
	return 0;
}

int vz_child_confine(uint64_t caps, const struct vz_filter *filter, struct vz_err *e)
{
	int r = vz_caps_bound(caps);

	if (r < 0)
		return vz_fail(e, VZ_SET_CAP, -r, "cannot cut the capabilities");
	/* after the capabilities, before exec: so the filter need not allow what we did above */
	r = vz_filter_load(filter);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot load the seccomp filter") : 0;
}

/* Makes `root` the root, and lets go of the one before. */
static int pivot_into(int root)
{
	int r;

	/* pivot_root(".", ".") puts the old root on top of the new one; "." is then the old
	 * root, and detaching it leaves the new one (pivot_root(2), notes) */
	if (fchdir(root) < 0)
		return -errno;
	r = vz_pivot_root(".", ".");
	if (r < 0)
		return r;
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return -errno;
	/* a mount reaches the namespaces of services, as everywhere where systemd is PID 1: it makes
	 * its credentials in one and expects them in the other, and leaves this to us */
	return vz_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_SHARED, -1);
}

/* Attaches the guest's root inside the pad, mounts the kernel's file systems into it, makes it the
 * root and lets go of the pad. */
static int build_tree(const struct vz_spec *s, struct vz_err *e)
{
	autoclose int root = -EBADF, cgroup = -EBADF, file = -EBADF, dir = -EBADF;
	struct vz_guest_mounts gm = { .dev = s->dev, .console = s->console, .terminals = s->terminals,
				      .privileged = !s->uid, .nesting = s->features & VZ_FEAT_NESTING };
	int r;

	r = vz_move_mount(s->root, AT_FDCWD, VZ_PAD_ROOT);
	if (r < 0)
		return vz_fail(e, VZ_ENVCREATE, -r, "cannot attach the container's root");
	root = open(VZ_PAD_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	file = open(VZ_PAD_FILE, O_PATH | O_CLOEXEC);
	dir = open(VZ_PAD_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || file < 0 || dir < 0)
		return vz_fail(e, VZ_ENVCREATE, errno, "the launch pad is not complete");
	gm.sysfs = !(s->features & VZ_FEAT_NO_SYSFS);
	if (gm.sysfs) {
		r = vz_cg_guest_mount(&cgroup, e);
		if (r < 0)
			return r;
	}
	gm.root = root;
	gm.cgroup = cgroup;
	gm.mask_file = file;
	gm.mask_dir = dir;
	r = vz_guest_mounts_make(&gm, e);
	if (r < 0)
		return r;
	r = pivot_into(root);
	return r < 0 ? vz_fail(e, VZ_ENVCREATE, -r, "cannot pivot to the container's root") : 0;
}

/* Step 6. */
static int enter_guest(const struct vz_spec *s, struct vz_err *e)
{
	/* with the host's id still, which owns /proc/self */
	int r = vz_timens_begin();

	if (r < 0)
		return vz_fail(e, VZ_ENVCREATE, -r, "cannot make a time namespace");
	if (s->uid) {
		r = vz_child_become_root();
		if (r < 0)
			return vz_fail(e, VZ_ENVCREATE, -r, "cannot become root inside");
		/* the change of ids has cleared it */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	} else {
		prctl(PR_SET_DUMPABLE, 0);
	}
	/* Only now: in its final cgroup the namespace's root is the VPS's own group; and the root
	 * of an ipc namespace's mqueue belongs to who makes it, so that must be root inside. */
	if (unshare(CLONE_NEWCGROUP | CLONE_NEWIPC) < 0)
		return vz_fail(e, VZ_ENVCREATE, errno, "cannot make cgroup and ipc namespaces");
	r = build_tree(s, e);
	if (r < 0)
		return r;
	r = vz_rundir_fill(s->features, e);
	if (r < 0)
		return r;
	if (sethostname(s->hostname, strlen(s->hostname)) < 0)
		return vz_fail(e, VZ_BADHOSTNAME, errno, "cannot set the host name %s",
			       s->hostname);
	return vz_nl_loopback_up(e);
}

static const char *const inits[] = { "/sbin/init", "/etc/init", "/bin/init" };

/* Told before any script runs inside: what scripts would say of such a tree misleads. */
static int need_init(const struct vz_spec *s, struct vz_err *e)
{
	struct stat st;

	for (size_t i = 0; i < ARRAY_LEN(inits); i++)
		if (s->cmds || !lstat(inits[i], &st))
			return 0;
	return vz_fail(e, VZ_FS_BAD_TMPL, 0, "Unable to start init, probably incorrect template: there "
		       "is no /sbin/init, /etc/init or /bin/init in it");
}

/* Returns only when there is none to run; the first that is there tells why. */
static void exec_init(const struct vz_spec *s, char *const *argv, char *const *env, struct vz_err *e)
{
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(inits); i++) {
		struct stat st;
		int why;

		execve(inits[i], argv, env);
		why = errno;
		if (found || lstat(inits[i], &st) < 0)
			continue;
		found = true;
		vz_fail(e, VZ_FS_BAD_TMPL, why, "Unable to start init, probably incorrect template: %s%s",
			inits[i], why == ENOENT ? ", or the interpreter it names" : "");
	}
	if (!found)
		(void)need_init(s, e);
}

static void run_init(const struct vz_spec *s, struct vz_err *e)
{
	char *argv[] = { (char[]){ "init" }, NULL };
	char *env[] = {
		(char[]){ "HOME=/" },
		(char[]){ "TERM=linux" },
		(char[]){ VZ_INSIDE_PATH },
		(char[]){ "container=lxc" },
		/* PSI triggers do not survive a checkpoint: systemd >= 254 must not set any */
		(char[]){ "MEMORY_PRESSURE_WATCH=/dev/null" },
		s->notify ? (char[]){ "NOTIFY_SOCKET=" NOTIFY_SOCKET } : NULL,
		NULL,
	};

	if (s->cmds) {
		for (const struct vz_cmd *c = s->cmds; c->path; c++)
			execve(c->path, c->argv, env);
		vz_fail(e, VZ_FS_BAD_TMPL, errno, "cannot run %s", s->cmds[0].path);
		return;
	}
	exec_init(s, argv, env, e);
}

static void child_steps(const struct vz_spec *s, int *sock, struct vz_err *e)
{
	int notify = -EBADF, stdio[3], r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);				/* 3 */
	/* by ourselves: moving another process waits for an RCU grace period, 5 to 20 ms */
	if (vz_cg_attach(s->cg, 0, vz_cg_clone_fd(s->cg) >= 0, e) < 0)
		return;
	if (vz_sync_wait(*sock, MAPPED, VZ_NO_END, NULL, e) < 0)			/* 5 */
		return;
	vz_child_reset();
	if (enter_guest(s, e) < 0 || need_init(s, e) < 0)		/* 6 */
		return;
	if (s->notify && vz_notify_make(&notify, e) < 0)
		return;
	r = open_stdio(s, stdio);
	if (r < 0) {
		vz_fail(e, VZ_SYSTEM, -r, "cannot open the console of init");
		return;
	}
	vz_sync_send(*sock, ROOTED, NULL, notify);			/* 7 */
	if (vz_sync_wait(*sock, GO, VZ_NO_END, NULL, e) < 0)		/* 9 */
		return;
	prctl(PR_SET_PDEATHSIG, 0);					/* 10 */
	r = vz_child_stdio(stdio, sock);
	if (r < 0) {
		vz_fail(e, VZ_SYSTEM, -r, "cannot set up stdin, stdout and stderr");
		return;
	}
	if (vz_child_confine(s->caps, &s->filter, e) < 0)
		return;
	run_init(s, e);
}

_Noreturn void vz_child_main(const struct vz_spec *s, int sock)
{
	struct vz_err e = { 0 };
	char name[16];

	snprintf(name, sizeof(name), "vz:%u:init", s->id);
	prctl(PR_SET_NAME, name);
	child_steps(s, &sock, &e); /* returns only when something failed */
	vz_sync_send(sock, FAILED, &e, -1);				/* 12 */
	_exit(1);
}
