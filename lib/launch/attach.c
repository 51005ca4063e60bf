// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Joining a running VPS: the file set, order and messages of a launch, but into namespaces that
 * exist. Two processes. The joiner stays in the host's pid namespace and groups, with the host's ids:
 * the guest can neither see, signal nor freeze it. It enters the other namespaces and opens what is to be
 * opened. Its last act is the clone of the runner, a child of ours too, into the pid namespace and
 * the cgroup of the VPS's init; which only has its ids, capabilities and filter to change before its
 * exec, and is the VPS's process from its first instruction. (A process that moves itself into a v2
 * group waits for an RCU grace period of the host; a clone into it does not.)
 *
 * Who stands in the guest's pid namespace has no namespace of the host's but cgroup and user: the
 * kernel shows the mount table and the network of a process (/proc/PID/mountinfo, net) to
 * everybody who sees it, and whoever has opened these files keeps them.
 *
 * May be hostile: everything inside. Until exec both are non-dumpable and their memory belongs to
 * the host's user namespace, so the guest can neither trace them nor open their /proc/PID/exe; no
 * guest file is read by host code, and no descriptor but 0, 1, 2 is left open at exec. In its last
 * steps the runner can be stopped or frozen, and what is opened or executed may lie in a file
 * system of the guest's own; therefore one deadline covers all until exec, and a process that does
 * not keep it is killed by its pidfd and never waited for.
 */
#include "launch/launch-internal.h"
#include "launch/sync.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/pty.h"
#include "sys/spawn.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <linux/magic.h>

/* Until exec: milliseconds, unless the host is overloaded or the guest wants us to wait. */
#define JOIN_TIMEOUT_S 15

/* The pid namespace is that of the joiner's children, never its own. */
#define JOINER_NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWTIME | CLONE_NEWPID)
#define GROUP_LOOKS 10

/* A new terminal of the VPS's own devpts: both sides of it. A devpts under that name is checked
 * for, not assumed. By the ids of root inside, whose terminal it is to be. */
static int open_tty(const struct vz_state *st, int *ret_master, int *ret_slave, struct vz_err *e)
{
	autoclose int master = -EBADF;
	struct statfs fs;
	int zero = 0, r;

	setfsgid(st->gid);
	setfsuid(st->uid);
	prctl(PR_SET_DUMPABLE, 0); /* a change of ids may have set it */
	r = vz_openat2(AT_FDCWD, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK, 0,
		       RESOLVE_NO_SYMLINKS);
	setfsuid(0);
	setfsgid(0);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot open a terminal inside");
	master = r;
	if (fstatfs(master, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return vz_fail(e, VZ_SYSTEM, ENOTTY, "/dev/pts inside is not a devpts");
	if (ioctl(master, TIOCSPTLCK, &zero) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot unlock the terminal");
	r = vz_pty_peer(master);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot take the terminal");
	*ret_slave = r;
	*ret_master = TAKE_FD(master);
	return 0;
}

/* The steps that must follow the clone: the groups of the v1 controllers, which a process enters by
 * itself and with the host's rights (see child.c); then what gives these up. */
static void runner_steps(const struct vz_join *j, int pidfd, int *sock, struct vz_err *e)
{
	int r;

	setsid();
	if (vz_cg_join(j->cg, e) < 0)
		return;
	if ((j->tty || j->ctty) && ioctl(j->stdio[0], TIOCSCTTY, 0) < 0) {
		vz_fail(e, VZ_SYSTEM, errno, "cannot take the terminal");
		return;
	}
	r = vz_setns(pidfd, CLONE_NEWCGROUP | (j->state->uid ? CLONE_NEWUSER : 0));
	if (r >= 0 && j->state->uid)
		r = vz_child_become_root();
	if (r < 0) {
		vz_fail(e, VZ_SYSTEM, -r, "cannot enter the container's namespaces");
		return;
	}
	r = vz_child_stdio(j->stdio, sock);
	if (r < 0) {
		vz_fail(e, VZ_SYSTEM, -r, "cannot set up stdin, stdout and stderr");
		return;
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

static _Noreturn void end(int sock, const struct vz_err *e)
{
	vz_sync_send(sock, FAILED, e, -1);
	_exit(255);
}

/* Beside init, in whatever group that is now. The guest may remove it between our look and the
 * clone, and do so for ever; then in the VPS's own group, unless that is an inner node of a v2 tree. */
static pid_t clone_into_group(struct vz_cg *cg, int *ret_pidfd)
{
	pid_t pid = -ENOENT;

	for (int i = 0; i <= GROUP_LOOKS; i++) {
		int group = i < GROUP_LOOKS ? vz_cg_join_fd(cg) : vz_cg_clone_fd(cg);

		if (group < 0) /* not without one: that would be the caller's */
			continue;
		pid = vz_clone3(CLONE_PARENT, ret_pidfd, group);
		if (pid != -ENOENT && pid != -ENODEV && pid != -EBUSY && pid != -EOPNOTSUPP)
			return pid;
	}
	return pid;
}

/* The runner's pidfd, in the joiner. */
static int clone_runner(const struct vz_join *j, int pidfd, int sock, struct vz_err *e)
{
	int runner = -EBADF;
	pid_t pid = clone_into_group(j->cg, &runner);

	if (!pid) {
		runner_steps(j, pidfd, &sock, e);
		end(sock, e);
	}
	if (pid == -EBUSY)
		return vz_fail(e, VZ_SYSTEM, 0, "The container's init is moved from group to group inside, "
			       "so nothing can join it: try again"), pid;
	return pid < 0 ? vz_fail(e, VZ_SYSTEM, -pid, "cannot make a process in the container") : runner;
}

static int enter_namespaces(int pidfd)
{
	int r = vz_setns(pidfd, JOINER_NAMESPACES);

	if (r == -EINVAL) /* a kernel without time namespaces */
		r = vz_setns(pidfd, JOINER_NAMESPACES & ~CLONE_NEWTIME);
	return r < 0 || chdir("/") == 0 ? r : -errno;
}

static _Noreturn void joiner_main(const struct vz_join *j, int pidfd, int sock)
{
	struct vz_join mine = *j;
	struct vz_err e = { 0 };
	int master = -EBADF, r;

	prctl(PR_SET_DUMPABLE, 0);
	vz_child_drop_inherited(j->cg);
	vz_child_reset();
	vz_cg_find(j->cg, j->state->init); /* while there are the host's /proc and mount table */
	r = enter_namespaces(pidfd);
	if (r < 0) {
		vz_fail(&e, VZ_SYSTEM, -r, "cannot enter the container's namespaces");
		end(sock, &e);
	}
	if (j->tty) {
		if (open_tty(j->state, &master, &mine.stdio[0], &e) < 0)
			end(sock, &e);
		mine.stdio[1] = mine.stdio[2] = mine.stdio[0];
		vz_sync_send(sock, TTY, NULL, master);
		close(master);
	}
	r = clone_runner(&mine, pidfd, sock, &e);
	if (r < 0)
		end(sock, &e);
	vz_sync_send(sock, CLONED, NULL, r);
	_exit(0);
}

static int parent_steps(const struct vz_join *j, int sock, int *ret_runner, int *ret_tty,
			struct vz_err *e)
{
	int64_t end = vz_end_in(JOIN_TIMEOUT_S);
	int r = 0;

	if (j->end && j->end < end)
		end = j->end;
	if (j->tty)
		r = vz_sync_wait(sock, TTY, end, ret_tty, e);
	if (r < 0) /* the caller may have another terminal */
		return r == -ETIMEDOUT || r == -ECANCELED ? r : -ENOTTY;
	r = vz_sync_wait(sock, CLONED, end, ret_runner, e);
	return r < 0 ? r : vz_sync_wait_end(sock, end, e);
}

/* The remedy of one that is frozen for good would break what is done to this one. */
static int check_frozen(const struct vz_join *j, struct vz_err *e)
{
	autofree char *command = vz_journal_command_at_work(j->id);
	int r = vz_cg_check_frozen(j->cg, j->state->init, e);

	if (r < 0 && command)
		vz_fail(e, VZ_SYSTEM, 0, "The container is frozen while %s is at work on it: try again when that "
			"has ended", command);
	return r;
}

int vz_join_start(const struct vz_join *j, int *ret_pidfd, int *ret_tty, struct vz_err *e)
{
	autoclose int init = vz_state_pidfd(j->state), mine = -EBADF, joiner = -EBADF;
	autoclose int runner = -EBADF, tty = -EBADF;
	int sock[2], r;
	pid_t pid;

	if (init < 0)
		return vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Container is not running");
	r = check_frozen(j, e);
	if (r < 0)
		return r;
	r = vz_sync_pair(sock);
	if (r < 0)
		return vz_fail(e, VZ_RESOURCE, -r, "cannot make a socket pair");
	mine = sock[0];
	pid = vz_clone3(0, &joiner, -1);
	if (!pid) {
		close(mine);
		joiner_main(j, init, sock[1]);
	}
	close(sock[1]);
	if (pid < 0)
		return vz_fail(e, VZ_RESOURCE, -pid, "cannot make a process");
	r = parent_steps(j, mine, &runner, &tty, e);
	vz_give_up(joiner); /* its work is done, or must be */
	if (r < 0) {
		vz_give_up(runner);
		if (r == -ETIMEDOUT) /* the cause, where it can be seen */
			(void)check_frozen(j, e);
		return r;
	}
	*ret_pidfd = TAKE_FD(runner);
	if (ret_tty)
		*ret_tty = TAKE_FD(tty);
	return 0;
}

int vz_join_call(const struct vz_state *state, int namespaces, int (*fn)(void *), void *arg)
{
	autoclose int init = vz_state_pidfd(state), pidfd = -EBADF;
	int st, r;
	pid_t pid;

	if (init < 0)
		return init;
	if (!state->uid)
		namespaces &= ~CLONE_NEWUSER;
	pid = vz_clone3(0, &pidfd, -1);
	if (pid < 0)
		return pid;
	if (!pid) {
		prctl(PR_SET_DUMPABLE, 0);
		vz_reset_signals();
		r = vz_setns(init, namespaces);
		if (r >= 0 && namespaces & CLONE_NEWUSER)
			r = vz_child_become_root();
		if (r >= 0)
			r = fn(arg);
		_exit(r < 0 ? (-r & 0xff) : 0);
	}
	r = vz_wait_child(pidfd, vz_end_in(JOIN_TIMEOUT_S), &st);
	if (r < 0) {
		vz_give_up(pidfd);
		return r;
	}
	return WIFEXITED(st) ? -WEXITSTATUS(st) : -ECHILD;
}
