// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * exec, exec2, exec3, enter, runscript and scripts run inside. The command gets pipes or a
 * terminal of the VPS, never a descriptor of ours: what is left running inside holds nothing of
 * the host, and no terminal of ours can be typed into.
 */
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "fs/dev.h"
#include "launch/policy.h"
#include "ops/start.h"
#include "sys/file.h"
#include "sys/pty.h"
#include "sys/relay.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <sys/wait.h>

#define SCRIPT_MAX (16u << 20)
/* Of N.start and N.stop; what a guest's shell does with them is the guest's. */
#define SCRIPT_TIMEOUT_S 600

#define ALONE_LOCK VZ_RUNDIR "/inside.lck" /* of each VPS one byte: scripts that run one after the other */

#define W(s) ((char[]){ s })
#define EXEC_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Everything one run inside needs; the pipes are [0] read, [1] write. */
struct inside {
	struct vz_join join;
	struct vz_cg *cg;
	struct vz_relay relay;
	int pipe[3][2];
};

static void inside_close(struct inside *in)
{
	for (int i = 0; i < 3; i++) {
		vz_closep(&in->pipe[i][0]);
		vz_closep(&in->pipe[i][1]);
	}
	vz_filter_free(&in->join.filter);
	vz_cg_close(TAKE_PTR(in->cg));
}

static int inside_open(struct inside *in, const struct vz_ct *ct, const struct vz_state *st,
		       struct vz_err *e)
{
	int r;

	*in = (struct inside){ .relay = VZ_RELAY_INIT,
			       .pipe = { { -1, -1 }, { -1, -1 }, { -1, -1 } },
			       .join = { .id = ct->id, .state = st, .stdio = { -1, -1, -1 } } };
	r = vz_cg_open(ct->id, NULL, &in->cg, e);
	if (r >= 0)
		r = vz_policy_filter(st->features, &in->join.filter, e);
	in->join.cg = in->cg;
	return r;
}

struct owner {
	uint32_t uid, gid;
};

/* Pipes for 0, 1 and 2; ours are the far ends. They belong to the VPS's root, who could not open
 * /dev/stdout otherwise. stdin_fd >= 0 is handed on instead of a pipe. */
static int inside_pipes(struct inside *in, int stdin_fd, struct owner root, struct vz_err *e)
{
	for (int i = stdin_fd >= 0; i < 3; i++)
		if (pipe2(in->pipe[i], O_CLOEXEC) < 0 ||
		    fchown(in->pipe[i][0], root.uid, root.gid) < 0)
			return vz_fail(e, VZ_RESOURCE, errno, "cannot make a pipe");
	in->join.stdio[0] = stdin_fd >= 0 ? stdin_fd : in->pipe[0][0];
	in->join.stdio[1] = in->pipe[1][1];
	in->join.stdio[2] = in->pipe[2][1];
	if (stdin_fd < 0) {
		in->relay.in[0] = 0;
		in->relay.in[1] = in->pipe[0][1];
	}
	in->relay.out[0] = in->pipe[1][0];
	in->relay.out[1] = 1;
	in->relay.err[0] = in->pipe[2][0];
	in->relay.err[1] = 2;
	return 0;
}

/* Why a wait for the command ended without its end. */
static int not_ended(int r, struct vz_err *e)
{
	if (r == -ECANCELED)
		return vz_fail(e, VZ_SYSTEM, 0, "Interrupted: the command inside the container was killed"),
		       r;
	if (r == -ETIMEDOUT)
		return vz_fail(e, VZ_EXEC_TIMEOUT, 0, "The command inside the container did not end in time, "
			       "or is traced there; it was killed"), r;
	return vz_fail(e, VZ_SYSTEM, -r, "cannot wait for the command inside the container");
}

/* Closes the child's ends, copies until it ended. */
static int inside_relay(struct inside *in, int pidfd, int *ret_code, struct vz_err *e)
{
	int status, r;

	for (int i = 0; i < 3; i++) {
		int theirs = i ? 1 : 0;

		vz_closep(&in->pipe[i][theirs]);
		in->pipe[i][0] = in->pipe[i][1] = -1; /* ours are the relay's now */
	}
	in->relay.pidfd = pidfd;
	r = vz_relay_run(&in->relay, &status);
	if (r < 0)
		return not_ended(r, e);
	if (WIFEXITED(status))
		*ret_code = WEXITSTATUS(status);
	else
		*ret_code = VZ_SIGNALLED + WTERMSIG(status);
	/* who ran `| head` knows why the command ended, and cron would send a mail */
	if (WIFSIGNALED(status) && !in->relay.ours &&
	    !(in->relay.unread && WTERMSIG(status) == SIGPIPE))
		vz_log(-1, "Got signal %d", WTERMSIG(status));
	return 0;
}

/* What the user's program exits with: death by a signal, which was told, becomes 3 (reference 1.6). */
static int exit_code(int code)
{
	return code < VZ_SIGNALLED ? code : VZ_SYSTEM;
}

/* What to run: the commands, the environment, and stdin when it is not the caller's. ours: not the
 * user's command, see relay.h. */
struct run {
	const struct vz_cmd *cmds;
	char *const *env;
	int stdin_fd, timeout_s;
	bool ours;
};

static int run_inside(struct vz_ct *ct, const struct vz_state *st, const struct run *what,
		      int *ret_code, struct vz_err *e)
{
	autoclose int pidfd = -EBADF;
	struct inside in;
	int r = inside_open(&in, ct, st, e);

	in.join.cmds = what->cmds;
	in.join.env = what->env;
	in.relay.ours = what->ours;
	if (what->timeout_s)
		in.relay.end = in.join.end = vz_end_in(what->timeout_s);
	if (r >= 0)
		r = inside_pipes(&in, what->stdin_fd, (struct owner){ st->uid, st->gid }, e);
	if (r >= 0)
		r = vz_join_start(&in.join, &pidfd, NULL, e);
	if (r >= 0)
		r = inside_relay(&in, pidfd, ret_code, e);
	inside_close(&in);
	return r;
}

/* argv joined by single blanks; an empty argument becomes '' (reference 1.6). */
static char *join_words(char **argv)
{
	autostr b = { 0 };

	for (; *argv; argv++) {
		vz_str_add(&b, **argv ? *argv : "''");
		if (argv[1])
			vz_str_add(&b, " ");
	}
	return vz_str_take(&b);
}

static int not_running(struct vz_err *e)
{
	vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Container is not running");
	return -ESRCH;
}

int vz_op_exec(struct vz_ct *ct, enum vz_exec_kind kind, char **argv, int *ret_code,
	       struct vz_err *e)
{
	autofree char *line = join_words(argv);
	char *bash[] = { W("bash"), W("-c"), line, NULL }, *sh[] = { W("sh"), W("-c"), line, NULL };
	char *env[] = { W("HOME=/"), W("TERM=linux"), W(EXEC_PATH), NULL };
	const struct vz_cmd shell[] = { { "/bin/bash", bash }, { "/bin/sh", sh }, { 0 } };
	const struct vz_cmd direct[] = { { argv[0], argv }, { 0 } };
	struct run what = { kind == VZ_EXEC3 ? direct : shell, env, -1, 0, false };
	struct vz_state st;
	int r;

	if (!line)
		return vz_fail(e, VZ_RESOURCE, ENOMEM, "Not enough memory");
	if (kind != VZ_EXEC3 && !strcmp(line, "-"))
		bash[1] = sh[1] = NULL; /* the shell reads stdin */
	vz_log(1, "Executing command: %s", line);
	r = vz_state_read(ct->id, &st) > 0 ? run_inside(ct, &st, &what, ret_code, e) :
					     not_running(e);
	*ret_code = exit_code(*ret_code);
	if (kind == VZ_EXEC) {
		if (r < 0 && e)
			e->exit = VZ_COMMAND_EXECUTION;
		if (!r && *ret_code)
			*ret_code = VZ_COMMAND_EXECUTION;
	}
	return r;
}

/* The LAN of a neighbour changes whatever holds the VPS's own lock. */
static int alone_lock(unsigned ctid, int64_t end, struct vz_err *e)
{
	int fd = vz_wait_lock_at(ALONE_LOCK, ctid, end);

	return fd < 0 ? vz_fail_lock(e, fd, ALONE_LOCK) : fd;
}

int vz_inside_run(struct vz_ct *ct, const struct vz_state *st, const struct vz_script *script,
		  int *ret_code, struct vz_err *e)
{
	char *const *env = script->env;
	char *bash[] = { W("bash"), NULL }, *sh[] = { W("sh"), NULL }, *all[36];
	const struct vz_cmd shell[] = { { "/bin/bash", bash }, { "/bin/sh", sh }, { 0 } };
	autoclose int in = vz_file_sealed(script->text, strlen(script->text));
	autoclose int lock = -EBADF;
	struct run what = { script->posix ? shell + 1 : shell, all, in, script->timeout_s,
			    !script->users };
	size_t n = 3;

	if (in < 0)
		return vz_fail(e, VZ_RESOURCE, -in, "cannot keep the script");
	all[0] = W("HOME=/");
	all[1] = W("TERM=linux");
	all[2] = W(EXEC_PATH);
	for (; env && *env && n < ARRAY_LEN(all) - 1; env++)
		all[n++] = *env;
	all[n] = NULL;
	if (script->alone) {
		lock = alone_lock(ct->id, vz_end_in(script->timeout_s), e);
		if (lock < 0)
			return lock;
	}
	return run_inside(ct, st, &what, ret_code, e);
}

int vz_op_run_inside(struct vz_ct *ct, const struct vz_script *script, int *ret_code,
		     struct vz_err *e)
{
	struct vz_state st;

	if (vz_state_read(ct->id, &st) <= 0)
		return not_running(e);
	return vz_inside_run(ct, &st, script, ret_code, e);
}

int vz_inside_script(struct vz_ct *ct, const struct vz_state *st, const char *which,
		     struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/conf/%u.%s", VZ_CONFDIR, ct->id, which), *text = NULL;
	ssize_t n = path ? vz_file_read(AT_FDCWD, path, SCRIPT_MAX, &text) : -ENOMEM;
	int code = 0, r;

	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return vz_fail(e, VZ_ACTIONSCRIPT_ERROR, (int)-n, "cannot read %s", path);
	r = vz_inside_run(ct, st,
			  &(struct vz_script){ .text = text, .timeout_s = SCRIPT_TIMEOUT_S }, &code, e);
	if (r == -ECANCELED)
		return r;
	if (r == -ETIMEDOUT)
		return vz_within(e, r, "%s script %s", which, path);
	if (r < 0 || code)
		return vz_fail(e, VZ_ACTIONSCRIPT_ERROR, 0, "Error executing %s script %s", which,
			       path);
	return 0;
}

/* ---- enter ---- */

/* With a terminal of the host where the guest has none left, or something else in its place: it must
 * not keep us out. As for the console, nothing of the host is reached through it but itself; it has
 * no name inside. */
static int session_on_host_tty(struct inside *in, int *ret_pidfd, int *ret_tty, struct vz_err *e)
{
	const struct vz_state *st = in->join.state;
	autoclose int master = -EBADF, slave = -EBADF;
	int r = vz_pty_open(st->uid, 80, 24, &master, &slave);

	if (r >= 0 && fchown(slave, st->uid, st->gid + VZ_DEV_TTY_GROUP) < 0)
		r = -errno;
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot make a terminal of the host");
	in->join.tty = false;
	in->join.ctty = true;
	for (int i = 0; i < 3; i++)
		in->join.stdio[i] = slave;
	r = vz_join_start(&in->join, ret_pidfd, NULL, e);
	if (r >= 0)
		*ret_tty = TAKE_FD(master);
	return r;
}

static int session_start(struct inside *in, int *ret_pidfd, int *ret_tty, struct vz_err *e)
{
	struct vz_err why = { 0 };
	int r;

	in->join.tty = true;
	r = vz_join_start(&in->join, ret_pidfd, ret_tty, &why);
	if (r != -ENOTTY) {
		if (r < 0 && e)
			*e = why;
		return r;
	}
	vz_log(-1, "Warning: %s; this one is the host's", why.msg);
	return session_on_host_tty(in, ret_pidfd, ret_tty, e);
}

static int session(struct inside *in, char **argv, struct vz_err *e)
{
	struct termios saved;
	autoclose int tty = -EBADF, pidfd = -EBADF;
	autofree char *words = argv && *argv ? join_words(argv) : NULL;
	autofree char *line = words ? vz_fmt("%s\n", words) : NULL;
	int status, r;
	bool raw;

	r = session_start(in, &pidfd, &tty, e);
	if (r < 0)
		return r;
	vz_tty_copy_size(0, tty);
	raw = vz_tty_raw(0, &saved) >= 0;
	in->relay.pidfd = pidfd;
	in->relay.first = line;
	in->relay.in[0] = 0;
	in->relay.in[1] = fcntl(tty, F_DUPFD_CLOEXEC, 3);
	in->relay.in_eof = 4; /* ^D */
	in->relay.out[0] = TAKE_FD(tty);
	in->relay.out[1] = 1;
	in->relay.winch_from = 0;
	r = vz_relay_run(&in->relay, &status);
	if (raw)
		vz_tty_restore(0, &saved);
	return r < 0 ? not_ended(r, e) : 0;
}

int vz_op_enter(struct vz_ct *ct, char **argv, int *ret_code, struct vz_err *e)
{
	char *bash[] = { W("-bash"), NULL }, *sh[] = { W("-sh"), NULL };
	const struct vz_cmd shell[] = { { "/bin/bash", bash }, { "/bin/sh", sh }, { 0 } };
	const char *term_name = getenv("TERM");
	autofree char *term = vz_fmt("TERM=%s", term_name ? term_name : "linux");
	char *env[] = { W(EXEC_PATH), W("HISTFILE=/dev/null"), W("USER=root"), W("HOME=/root"),
			W("LOGNAME=root"), term, NULL };
	struct vz_state st;
	struct inside in;
	int r;

	if (vz_state_read(ct->id, &st) <= 0)
		return not_running(e);
	r = inside_open(&in, ct, &st, e);
	in.join.cmds = shell;
	in.join.env = env;
	if (r >= 0) {
		vz_log_close();
		printf("entered into CT %u\n", ct->id);
		fflush(stdout);
		r = session(&in, argv, e);
		printf(in.relay.pidfd < 0 ? "enter into CT %u failed\n" : "exited from CT %u\n", ct->id);
	}
	inside_close(&in);
	*ret_code = 0; /* the shell's code is not handed on (reference 1.6) */
	return r;
}

/* ---- runscript on a stopped VPS ---- */

/* An environment of its own without init, network or action scripts: the shell is its PID 1. */
static int run_alone(struct vz_ct *ct, const struct run *what, int *ret_code, struct vz_err *e)
{
	struct inside in = { .relay = VZ_RELAY_INIT,
			     .pipe = { { -1, -1 }, { -1, -1 }, { -1, -1 } } };
	bool mounted = vz_ct_is_mounted(ct);
	struct vz_env env;
	int r = vz_env_open(&env, ct, e);

	if (r >= 0)
		r = vz_env_ids(ct, &env.spec.uid, &env.spec.gid, e);
	if (r >= 0)
		r = vz_journal_begin(ct->id, "runscript", e);
	if (r >= 0 && !mounted)
		r = vz_mount_steps(ct, false, e);
	if (r >= 0)
		r = vz_env_cgroup(&env, e);
	if (r >= 0)
		r = vz_env_spec(&env, false, e);
	if (r >= 0)
		r = inside_pipes(&in, what->stdin_fd, (struct owner){ env.spec.uid, env.spec.gid }, e);
	memcpy(env.spec.stdio, in.join.stdio, sizeof(env.spec.stdio));
	env.spec.cmds = what->cmds;
	in.relay.ours = what->ours;
	if (r >= 0)
		r = vz_launch_prepare(&env.spec, &env.launch, e);
	if (r >= 0)
		r = vz_launch_go(&env.launch, e);
	if (r >= 0) {
		if (what->timeout_s)
			in.relay.end = vz_end_in(what->timeout_s);
		r = inside_relay(&in, env.launch.pidfd, ret_code, e);
		env.launch.pid = 0;
	}
	vz_launch_abort(&env.launch);
	vz_env_cgroup_gone(&env);
	if (!mounted && vz_ct_is_mounted(ct))
		(void)vz_umount_steps(ct, false, NULL);
	vz_journal_end(ct->id);
	inside_close(&in);
	vz_env_close(&env);
	return r < 0 ? r : 0;
}

int vz_op_run_anyway(struct vz_ct *ct, const struct vz_script *script, int *ret_code,
		     struct vz_err *e)
{
	char *bash[] = { W("bash"), NULL }, *sh[] = { W("sh"), NULL };
	const struct vz_cmd shell[] = { { "/bin/bash", bash }, { "/bin/sh", sh }, { 0 } };
	struct run what = { shell, NULL, -1, script->timeout_s, !script->users };
	autoclose int in = -EBADF;
	struct vz_state st;

	if (vz_state_read(ct->id, &st) > 0)
		return vz_inside_run(ct, &st, script, ret_code, e);
	in = what.stdin_fd = vz_file_sealed(script->text, strlen(script->text));
	if (in < 0)
		return vz_fail(e, VZ_RESOURCE, -in, "cannot keep the script");
	return run_alone(ct, &what, ret_code, e);
}

int vz_op_runscript(struct vz_ct *ct, const char *path, int *ret_code, struct vz_err *e)
{
	autofree char *text = NULL;
	ssize_t n = vz_file_read(AT_FDCWD, path, SCRIPT_MAX, &text);
	int r;

	if (n < 0)
		return vz_fail(e, VZ_NOSCRIPT, 0, "Script not found: %s", path);
	r = vz_op_run_anyway(ct, &(struct vz_script){ .text = text, .users = true }, ret_code, e);
	*ret_code = exit_code(*ret_code);
	return r;
}
