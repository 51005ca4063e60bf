// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Joining a running VPS: the file set, order and messages of a launch, but into namespaces that
 * exist. The child is born inside the VPS's pid namespace and cgroup, so it is the VPS's process
 * from its first instruction, yet a child of ours that we can wait for.
 *
 * May be hostile: everything inside. Until exec the child is non-dumpable and its memory belongs
 * to the host's user namespace, so the guest can neither trace it nor open its /proc/PID/exe; no
 * guest file is read by host code, and no descriptor but 0, 1, 2 is left open at exec.
 */
#include "launch/launch-internal.h"
#include "launch/sync.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/pty.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <linux/magic.h>

#define JOIN_NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME)

static int join_namespaces(const struct vz_state *s, int pidfd)
{
	int all = JOIN_NAMESPACES | (s->uid ? CLONE_NEWUSER : 0);
	int r = vz_setns(pidfd, all);

	if (r == -EINVAL) /* a kernel without time namespaces */
		r = vz_setns(pidfd, all & ~CLONE_NEWTIME);
	if (r < 0)
		return r;
	if (chdir("/") < 0)
		return -errno;
	return s->uid ? vz_child_become_root() : 0;
}

/* A new terminal of the VPS's own devpts: its slave becomes 0, 1, 2 and the controlling terminal,
 * its master goes to the parent. A devpts under that name is checked for, not assumed. */
static int open_tty(int sock, struct vz_err *e)
{
	autoclose int master = -EBADF, slave = -EBADF;
	int zero = 0, stdio[3], r;
	struct statfs fs;

	r = vz_openat2(AT_FDCWD, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, 0, RESOLVE_NO_SYMLINKS);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot open a terminal inside");
	master = r;
	if (fstatfs(master, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return vz_fail(e, VZ_SYSTEM, ENOTTY, "/dev/pts inside is not a devpts");
	if (ioctl(master, TIOCSPTLCK, &zero) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot unlock the terminal");
	r = slave = vz_pty_peer(master);
	if (r >= 0 && ioctl(slave, TIOCSCTTY, 0) < 0)
		r = -errno;
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot take the terminal");
	vz_sync_send(sock, TTY, NULL, master);
	if (vz_sync_wait(sock, GO, NULL, e) < 0)
		return -ECHILD;
	stdio[0] = stdio[1] = stdio[2] = slave;
	r = vz_child_stdio(stdio);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot set up the terminal") : 0;
}

/* beside: the cgroup it was born in, or -1. */
static void child_steps(const struct vz_join *j, int pidfd, int beside, int sock,
			struct vz_err *e)
{
	int r;

	prctl(PR_SET_DUMPABLE, 0);
	vz_child_reset();
	/* still with the host's rights, and by itself: see child.c */
	if (vz_cg_join(j->cg, 0, beside >= 0 ? 0 : j->state->init, e) < 0)
		return;
	r = join_namespaces(j->state, pidfd);
	if (r < 0) {
		vz_fail(e, VZ_SYSTEM, -r, "cannot enter the container's namespaces");
		return;
	}
	if (j->tty) {
		if (open_tty(sock, e) < 0)
			return;
	} else {
		r = vz_child_stdio(j->stdio);
		if (r < 0) {
			vz_fail(e, VZ_SYSTEM, -r, "cannot set up stdin, stdout and stderr");
			return;
		}
	}
	if (vz_child_confine(j->state->caps, &j->filter, e) < 0)
		return;
	/* libc searches the PATH of environ: the VPS's, not the caller's */
	environ = (char **)(uintptr_t)j->env;
	for (const struct vz_cmd *c = j->cmds; c->path; c++)
		execvp(c->path, c->argv);
	vz_fail(e, VZ_COMMAND_EXECUTION, errno, "cannot run %s%s%s", j->cmds[0].path,
		j->cmds[1].path ? " nor " : "", j->cmds[1].path ? j->cmds[1].path : "");
}

/* Birth inside the pid namespace: only children of the one who joined it are born there, so the
 * parent joins for the moment of the fork and goes back. */
static pid_t clone_inside(const struct vz_join *j, int pidfd, const int sock[2])
{
	autoclose int own = open("/proc/self/ns/pid_for_children", O_RDONLY | O_CLOEXEC);
	int beside = vz_cg_join_fd(j->cg, j->state->init), r;
	pid_t pid;

	if (own < 0)
		return -errno;
	r = vz_setns(pidfd, CLONE_NEWPID);
	if (r < 0)
		return r;
	pid = vz_clone3(0, NULL, beside);
	if (pid < 0 && beside >= 0) { /* the guest has removed that group since we looked */
		beside = -1;
		pid = vz_clone3(0, NULL, beside);
	}
	if (!pid) {
		struct vz_err e = { 0 };

		close(sock[0]);
		child_steps(j, pidfd, beside, sock[1], &e);
		vz_sync_send(sock[1], FAILED, &e, -1);
		_exit(255);
	}
	(void)vz_setns(own, CLONE_NEWPID);
	return pid;
}

static int parent_steps(const struct vz_join *j, int sock, int *ret_tty, struct vz_err *e)
{
	if (j->tty) {
		int r = vz_sync_wait(sock, TTY, ret_tty, e);

		if (r < 0)
			return r;
		vz_sync_send(sock, GO, NULL, -1);
	}
	return vz_sync_wait_end(sock, e);
}

int vz_join_start(const struct vz_join *j, pid_t *ret_pid, int *ret_tty, struct vz_err *e)
{
	autoclose int pidfd = vz_state_pidfd(j->state), mine = -EBADF;
	int sock[2], tty = -1, r;
	pid_t pid;

	if (pidfd < 0)
		return vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Container is not running");
	r = vz_sync_pair(sock);
	if (r < 0)
		return vz_fail(e, VZ_RESOURCE, -r, "cannot make a socket pair");
	mine = sock[0];
	pid = clone_inside(j, pidfd, sock);
	close(sock[1]);
	if (pid < 0)
		return vz_fail(e, VZ_SYSTEM, -pid, "cannot enter the container's pid namespace");
	r = parent_steps(j, mine, &tty, e);
	if (r < 0) {
		if (tty >= 0)
			close(tty);
		kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return r;
	}
	*ret_pid = pid;
	if (ret_tty)
		*ret_tty = tty;
	return 0;
}

int vz_join_call(const struct vz_state *state, int namespaces, int (*fn)(void *), void *arg)
{
	autoclose int pidfd = vz_state_pidfd(state);
	int st;
	pid_t pid;

	if (pidfd < 0)
		return pidfd;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		int r;

		prctl(PR_SET_DUMPABLE, 0);
		r = vz_setns(pidfd, namespaces);
		if (r >= 0)
			r = fn(arg);
		_exit(r < 0 ? (-r & 0xff) : 0);
	}
	while (waitpid(pid, &st, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(st) ? -WEXITSTATUS(st) : -ECHILD;
}
