// SPDX-License-Identifier: GPL-2.0-or-later
/* stop: asks init to go, kills what stays, then reads the plan of start upwards. */
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "ops/start.h"
#include "sys/call.h"
#include "sys/proc.h"
#include "sys/wait.h"

#include <poll.h>
#include <stdio.h>

#define DEFAULT_TIMEOUT_S 120
#define KILL_WAIT_S 30
/* systemd(1), signals: SIGRTMIN+4 starts poweroff.target */
#define SYSTEMD_POWEROFF (SIGRTMIN + 4)

/* Asks politely: systemd by its signal, which needs no bus; any other init by running `halt`
 * inside, as ever. False when there is nobody to ask. */
static bool ask(struct vz_ct *ct, const struct vz_state *st, int pidfd)
{
	const struct vz_script halt = { .text = "halt >/dev/null 2>&1\n", .timeout_s = 30 };
	struct vz_err e = { 0 };
	int code;

	if (vz_env_is_systemd(st->init))
		return vz_pidfd_signal(pidfd, SYSTEMD_POWEROFF) >= 0;
	if (vz_op_run_inside(ct, &halt, &code, &e) < 0)
		return !vz_proc_alive(st->init, st->start_time);
	/* halt itself may be killed by the halting: only "not found" is a no */
	return code != 127;
}

static int interrupted(const char *but, struct vz_err *e)
{
	return vz_fail(e, VZ_STOP_ERROR, 0, "Stop interrupted: %s", but), -ECANCELED;
}

/* 0: it ended by itself; -ETIMEDOUT: it did not, and is to be killed. */
static int end_by_asking(struct vz_start *s, int pidfd, struct vz_err *e)
{
	struct vz_ct *ct = s->env.ct;
	struct vz_err frozen;
	int r;

	vz_log(0, "Stopping container ...");
	if (vz_cg_check_frozen(s->env.cg, s->state.init, &frozen) < 0) {
		/* its own choice, or thawed by us but in vain */
		vz_log(-1, "%s", frozen.msg);
		return -ETIMEDOUT;
	}
	if (!ask(ct, &s->state, pidfd))
		return vz_cancelled() ? interrupted("the container is still running", e) : -ETIMEDOUT;
	r = vz_wait_fd(pidfd, POLLIN, vz_env_end(&ct->conf.stop_timeout, DEFAULT_TIMEOUT_S));
	return r == -ECANCELED ?
		       interrupted("the container was asked to stop and may still do so", e) : r;
}

static int make_it_end(struct vz_start *s, const struct vz_stop_opts *o, struct vz_err *e)
{
	autoclose int pidfd = vz_state_pidfd(&s->state);
	int r = -ETIMEDOUT;

	if (pidfd < 0)
		return 0; /* ended by itself meanwhile */
	/* where the administrator had frozen it; what the guest froze is below and stays */
	(void)vz_cg_freeze(s->env.cg, false, NULL);
	if (!o->fast)
		r = end_by_asking(s, pidfd, e);
	if (r != -ETIMEDOUT)
		return r;
	vz_log(0, "Killing container ...");
	(void)vz_pidfd_signal(pidfd, SIGKILL);
	r = vz_wait_fd(pidfd, POLLIN, vz_end_in(KILL_WAIT_S));
	if (r == -ECANCELED)
		return interrupted("the container was killed and not cleaned up; stop it again", e);
	return r < 0 ? vz_fail(e, VZ_STOP_ERROR, 0, "Unable to stop container: operation timed out") :
		       0;
}

static int stop_steps(struct vz_start *s, const struct vz_stop_opts *o, struct vz_err *e)
{
	/* what is to be quick asks nothing of the guest */
	int r = o->fast ? 0 : vz_inside_script(s->env.ct, &s->state, "stop", e);

	if (r < 0)
		return r;
	r = vz_fault("shutdown", e);
	if (r >= 0)
		r = vz_journal_begin(s->env.ct->id, "stop", e);
	if (r >= 0)
		r = make_it_end(s, o, e);
	if (r < 0) {
		vz_journal_end(s->env.ct->id);
		return r;
	}
	vz_log(0, "Container was stopped");
	s->keep_mount = o->skip_umount;
	vz_plan_undo(vz_start_plan, SIZE_MAX, s);
	if (s->umount_result < 0 && e)
		*e = s->umount_err;
	return s->umount_result;
}

int vz_op_stop(struct vz_ct *ct, const struct vz_stop_opts *o, struct vz_err *e)
{
	struct vz_start s = { 0 };
	int r;

	if (vz_state_read(ct->id, &s.state) <= 0) {
		vz_log(-1, "Unable to stop: container is not running");
		return 0;
	}
	r = vz_env_open(&s.env, ct, e);
	if (r >= 0)
		r = stop_steps(&s, o, e);
	vz_env_close(&s.env);
	return r;
}
