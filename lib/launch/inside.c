// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands and scripts inside a running VPS; see inside.h. */
#include "launch/inside.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "launch/policy.h"
#include "sys/file.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <sys/wait.h>

/* Of N.start and N.stop; what a guest's shell does with them is the guest's. */
#define SCRIPT_TIMEOUT_S 600
#define EXCLUSIVE_LOCK VZ_RUNDIR "/inside.lck" /* of each VPS one byte: scripts that run one after the other */

void vz_inside_close(struct vz_inside *in)
{
	for (int i = 0; i < 3; i++) {
		vz_closep(&in->pipe[i][0]);
		vz_closep(&in->pipe[i][1]);
	}
	vz_filter_free(&in->join.filter);
	vz_cg_close(TAKE_PTR(in->cg));
}

int vz_inside_open(struct vz_inside *in, const struct vz_ct *ct, const struct vz_state *st,
		       struct vz_err *e)
{
	int r;

	*in = (struct vz_inside){ .relay = VZ_RELAY_INIT,
			       .pipe = { { -1, -1 }, { -1, -1 }, { -1, -1 } },
			       .join = { .id = ct->id, .state = st, .stdio = { -1, -1, -1 } } };
	r = vz_cg_open(ct->id, NULL, &in->cg, e);
	if (r >= 0)
		r = vz_policy_filter(st->features, &in->join.filter, e);
	in->join.cg = in->cg;
	return r;
}

int vz_inside_pipes(struct vz_inside *in, int stdin_fd, struct vz_inside_owner root, struct vz_err *e)
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

int vz_inside_not_ended(int r, struct vz_err *e)
{
	if (r == -ECANCELED)
		return vz_fail(e, VZ_SYSTEM, 0, "Interrupted: the command inside the container was killed"),
		       r;
	if (r == -ETIMEDOUT)
		return vz_fail(e, VZ_EXEC_TIMEOUT, 0, "The command inside the container did not end in time, "
			       "or is traced there; it was killed"), r;
	return vz_fail(e, VZ_SYSTEM, -r, "cannot wait for the command inside the container");
}

int vz_inside_relay(struct vz_inside *in, int pidfd, int *ret_code, struct vz_err *e)
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
		return vz_inside_not_ended(r, e);
	if (in->relay.error && !in->relay.ours)
		return vz_fail(e, VZ_SYSTEM, in->relay.error, "cannot write the output");
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

int vz_inside_command(struct vz_ct *ct, const struct vz_state *st, const struct vz_inside_cmd *what,
		      int *ret_code, struct vz_err *e)
{
	autoclose int pidfd = -EBADF;
	struct vz_inside in;
	int r = vz_inside_open(&in, ct, st, e);

	in.join.cmds = what->cmds;
	in.join.env = what->env;
	in.relay.ours = what->ours;
	if (what->timeout_s)
		in.relay.end = in.join.end = vz_end_in(what->timeout_s);
	if (r >= 0)
		r = vz_inside_pipes(&in, what->stdin_fd, (struct vz_inside_owner){ st->uid, st->gid }, e);
	if (r >= 0)
		r = vz_join_start(&in.join, &pidfd, NULL, e);
	if (r >= 0)
		r = vz_inside_relay(&in, pidfd, ret_code, e);
	vz_inside_close(&in);
	return r;
}

/* The LAN of a neighbour changes whatever holds the VPS's own lock. */
static int exclusive_lock(unsigned ctid, int64_t end, struct vz_err *e)
{
	int fd = vz_wait_lock_at(EXCLUSIVE_LOCK, ctid, end);

	return fd < 0 ? vz_wait_lock_fail(e, fd, EXCLUSIVE_LOCK) : fd;
}

int vz_inside_run(struct vz_ct *ct, const struct vz_state *st, const struct vz_script *script,
		  int *ret_code, struct vz_err *e)
{
	char *const *env = script->env;
	char *bash[] = { VZ_WORD("bash"), NULL }, *sh[] = { VZ_WORD("sh"), NULL }, *all[36];
	const struct vz_cmd shell[] = VZ_SHELLS(bash, sh);
	autoclose int in = vz_file_sealed(script->text, strlen(script->text));
	autoclose int lock = -EBADF;
	struct vz_inside_cmd what = { script->posix ? shell + 1 : shell, all, in, script->timeout_s,
			    !script->users };
	size_t n = 3;

	if (in < 0)
		return vz_fail(e, VZ_RESOURCE, -in, "cannot keep the script");
	all[0] = VZ_WORD("HOME=/");
	all[1] = VZ_WORD("TERM=linux");
	all[2] = VZ_WORD(VZ_INSIDE_PATH);
	for (; env && *env && n < ARRAY_LEN(all) - 1; env++)
		all[n++] = *env;
	all[n] = NULL;
	if (script->exclusive) {
		lock = exclusive_lock(ct->id, vz_end_in(script->timeout_s), e);
		if (lock < 0)
			return lock;
	}
	return vz_inside_command(ct, st, &what, ret_code, e);
}

int vz_inside_script(struct vz_ct *ct, const struct vz_state *st, const char *which,
		     struct vz_err *e)
{
	autofree char *path = vz_fmt(VZ_CT_CONF_DIR "/%u.%s", ct->id, which), *text = NULL;
	ssize_t n = path ? vz_file_read(AT_FDCWD, path, VZ_SCRIPT_MAX, &text) : -ENOMEM;
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
