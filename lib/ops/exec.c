// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * exec, exec2, exec3, enter and runscript; how a command runs inside a running VPS is
 * launch/inside.h, in one that is stopped ops/run-stopped.h.
 */
#include "base/context.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "fs/dev.h"
#include "launch/inside.h"
#include "ops/dump.h"
#include "ops/ops.h"
#include "ops/run-stopped.h"
#include "sys/file.h"
#include "sys/pty.h"
#include "sys/relay.h"

#include <fcntl.h>
#include <sys/wait.h>

/* What the user's program exits with: death by a signal, which was told, becomes 3 (INTERFACE 1.6). */
static int exit_code(int code)
{
	return code < VZ_SIGNALLED ? code : VZ_SYSTEM;
}

/* argv joined by single blanks; an empty argument becomes '' (INTERFACE 1.6). */
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
	char *bash[] = { VZ_WORD("bash"), VZ_WORD("-c"), line, NULL }, *sh[] = { VZ_WORD("sh"), VZ_WORD("-c"), line, NULL };
	char *env[] = { VZ_WORD("HOME=/"), VZ_WORD("TERM=linux"), VZ_WORD(VZ_INSIDE_PATH), NULL };
	const struct vz_cmd shell[] = VZ_SHELLS(bash, sh);
	const struct vz_cmd direct[] = { { argv[0], argv }, { 0 } };
	struct vz_inside_cmd what = { kind == VZ_EXEC3 ? direct : shell, env, -1, 0, false };
	struct vz_state st;
	int r;

	if (!line)
		return vz_oom(e);
	if (kind != VZ_EXEC3 && !strcmp(line, "-"))
		bash[1] = sh[1] = NULL; /* the shell reads stdin */
	vz_log(1, "Executing command: %s", line);
	r = vz_state_read(ct->id, &st) > 0 ? vz_inside_command(ct, &st, &what, ret_code, e) :
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

int vz_op_run_inside(struct vz_ct *ct, const struct vz_script *script, int *ret_code,
		     struct vz_err *e)
{
	struct vz_state st;

	if (vz_state_read(ct->id, &st) <= 0)
		return not_running(e);
	return vz_inside_run(ct, &st, script, ret_code, e);
}

/* ---- enter ---- */

/* With a terminal of the host where the guest has none left, or something else in its place: it must
 * not keep us out. As for the console, nothing of the host is reached through it but itself; it has
 * no name inside. */
static int session_on_host_tty(struct vz_inside *in, int *ret_pidfd, int *ret_tty, struct vz_err *e)
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

static int session_start(struct vz_inside *in, int *ret_pidfd, int *ret_tty, struct vz_err *e)
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

static int session(struct vz_inside *in, char **argv, struct vz_err *e)
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
	vz_unwritten(in->relay.error); /* as those of the lines around it, and once with them */
	return r < 0 ? vz_inside_not_ended(r, e) : 0;
}

int vz_op_enter(struct vz_ct *ct, char **argv, int *ret_code, struct vz_err *e)
{
	char *bash[] = { VZ_WORD("-bash"), NULL }, *sh[] = { VZ_WORD("-sh"), NULL };
	const struct vz_cmd shell[] = VZ_SHELLS(bash, sh);
	const char *term_name = getenv("TERM");
	autofree char *term = vz_fmt("TERM=%s", term_name ? term_name : "linux");
	char *env[] = { VZ_WORD(VZ_INSIDE_PATH), VZ_WORD("HISTFILE=/dev/null"), VZ_WORD("USER=root"), VZ_WORD("HOME=/root"),
			VZ_WORD("LOGNAME=root"), term, NULL };
	struct vz_state st;
	struct vz_inside in;
	int r;

	if (vz_state_read(ct->id, &st) <= 0)
		return not_running(e);
	r = vz_inside_open(&in, ct, &st, e);
	in.join.cmds = shell;
	in.join.env = env;
	if (r >= 0) {
		vz_log_close();
		vz_result("entered into CT %u", ct->id);
		r = session(&in, argv, e);
		vz_result(in.relay.pidfd < 0 ? "enter into CT %u failed" : "exited from CT %u", ct->id);
	}
	vz_inside_close(&in);
	*ret_code = 0; /* the shell's code is not handed on (INTERFACE 1.6) */
	return r;
}

/* ---- runscript ---- */

int vz_op_run_anyway(struct vz_ct *ct, const struct vz_script *script, int *ret_code,
		     struct vz_err *e)
{
	char *bash[] = { VZ_WORD("bash"), NULL }, *sh[] = { VZ_WORD("sh"), NULL };
	const struct vz_cmd shell[] = VZ_SHELLS(bash, sh);
	struct vz_inside_cmd what = { shell, NULL, -1, script->timeout_s, !script->users };
	autoclose int in = -EBADF;
	struct vz_state st;
	int r;

	if (vz_state_read(ct->id, &st) > 0)
		return vz_inside_run(ct, &st, script, ret_code, e);
	r = vz_dump_check_files(ct, e);
	if (r < 0)
		return r;
	in = what.stdin_fd = vz_file_sealed(script->text, strlen(script->text));
	if (in < 0)
		return vz_fail(e, VZ_RESOURCE, -in, "cannot keep the script");
	return vz_run_stopped(ct, &what, ret_code, e);
}

int vz_op_runscript(struct vz_ct *ct, const char *path, int *ret_code, struct vz_err *e)
{
	autofree char *text = NULL;
	ssize_t n = vz_file_read(AT_FDCWD, path, VZ_SCRIPT_MAX, &text);
	int r;

	if (n < 0)
		return vz_fail(e, VZ_NOSCRIPT, 0, "Script not found: %s", path);
	r = vz_op_run_anyway(ct, &(struct vz_script){ .text = text, .users = true }, ret_code, e);
	*ret_code = exit_code(*ret_code);
	return r;
}
