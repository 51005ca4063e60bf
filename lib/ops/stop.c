// SPDX-License-Identifier: GPL-2.0-or-later
/* stop: asks init to go, kills what stays, then reads the plan of start upwards. */
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "launch/inside.h"
#include "ops/steps.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/proc.h"
#include "sys/wait.h"

#include <poll.h>
#include <stdio.h>

#define KILL_WAIT_S 30
#define ALONE_MS 500    /* until more than init is killed */
#define GROUP_MS 100    /* to kill the group; init is waited for afterwards */
#define KEEPER_WAIT_S 2 /* until it is looked for who keeps it */
#define HALT_TIMEOUT_S 30
#define LOOK_MS 50    /* nothing tells that init takes more signals than before */
#define AGAIN_MS 1000
/* systemd(1), signals: SIGRTMIN+4 starts poweroff.target */
#define SYSTEMD_POWEROFF (SIGRTMIN + 4)

/* How the asking goes. */
struct asking {
	int pidfd;
	bool asked;     /* init was told when it seemed ready */
	uint64_t takes; /* the signals that it took then */
	int again_ms;   /* when to look again */
	struct vz_err nobody; /* why there is nobody to ask */
};

/*
 * systemd is asked by its signal, which needs no bus. The kernel drops a signal that PID 1 neither
 * catches nor blocks (pid_namespaces(7)): so is one that comes before systemd has set itself up, or
 * while it executes itself anew (daemon-reexec). It is waited for, and asked again until it ends; to
 * systemd a second request is the same job.
 */
static void ask_systemd(struct asking *a, uint64_t takes)
{
	a->again_ms = LOOK_MS;
	if (!(takes & VZ_PROC_SIGNAL(SYSTEMD_POWEROFF)))
		return;
	a->asked = vz_pidfd_signal(a->pidfd, SYSTEMD_POWEROFF) >= 0;
	a->again_ms = AGAIN_MS;
}

/*
 * Any other init is asked by running `halt` inside, as ever. It fails while init does not listen, or
 * sends a signal that is dropped as above, and then it is run again when init takes more signals than
 * before. Never without a reason: to some a second halt during a shutdown is a hard one (sysvinit).
 */
static void ask_by_halt(struct vz_start *s, struct asking *a, uint64_t takes, int64_t end)
{
	struct vz_script halt = { .text = "halt >/dev/null 2>&1\n", .timeout_s = HALT_TIMEOUT_S };
	int left_s = (vz_poll_ms(end) + 999) / 1000, code = 0, r;
	struct vz_err e = { 0 };

	a->again_ms = LOOK_MS;
	if (a->asked && !(takes & ~a->takes))
		return;
	if (left_s < halt.timeout_s)
		halt.timeout_s = left_s ? left_s : 1;
	r = vz_op_run_inside(s->env.ct, &halt, &code, &e);
	if (r < 0 && vz_proc_alive(s->state.init, s->state.start_time))
		a->nobody = e;
	else if (r >= 0 && code == 127)
		(void)vz_fail(&a->nobody, VZ_STOP_ERROR, 0, "there is no program halt in the container");
	a->takes = takes;
	/* halt itself may be killed by the halting */
	a->asked = r >= 0 && (!code || code > 127);
	if (!a->asked)
		a->again_ms = AGAIN_MS;
}

static int interrupted(const char *but, struct vz_err *e)
{
	return vz_fail(e, VZ_STOP_ERROR, 0, "Stop interrupted: %s", but), -ECANCELED;
}

/* 0: it ended. -ETIMEDOUT: it did not in time, or there was nobody to ask. */
static int ask_until(struct vz_start *s, struct asking *a, int64_t end)
{
	int r;

	do {
		uint64_t takes = vz_proc_handled_signals(s->state.init);
		int64_t look;

		if (vz_env_is_systemd(s->state.init))
			ask_systemd(a, takes);
		else
			ask_by_halt(s, a, takes, end);
		if (*a->nobody.msg)
			return vz_cancelled() ? -ECANCELED : -ETIMEDOUT;
		look = vz_now_ms() + a->again_ms;
		r = vz_wait_init(a->pidfd, look < end ? look : end);
	} while (r == -ETIMEDOUT && vz_poll_ms(end));
	return r;
}

/* 0: it ended by itself; -ETIMEDOUT: it did not, which was said, and is to be killed. */
static int end_by_asking(struct vz_start *s, int pidfd, struct vz_err *e)
{
	int64_t begin = vz_now_ms(), end = vz_env_end(&s->env.ct->conf.stop_timeout, "STOP_TIMEOUT");
	struct asking a = { .pidfd = pidfd };
	struct vz_err frozen;
	int r;

	vz_log(0, "Stopping container ...");
	if (vz_cg_check_frozen(s->env.cg, s->state.init, &frozen) < 0) {
		/* its own choice, or thawed by us but in vain */
		vz_log(-1, "%s", frozen.msg);
		return -ETIMEDOUT;
	}
	r = ask_until(s, &a, end);
	if (r == -ECANCELED)
		return interrupted(a.asked ? "the container was asked to stop and may still do so" :
					     "the container is still running", e);
	if (r == -ETIMEDOUT && *a.nobody.msg)
		vz_log(-1, "Warning: the container cannot be asked to stop: %s", a.nobody.msg);
	else if (r == -ETIMEDOUT)
		vz_log(-1, "Warning: the container's init %s within %d s (STOP_TIMEOUT)",
		       a.asked ? "was asked to stop and did not end" : "took no request to stop",
		       (int)((end - begin) / 1000));
	return r;
}

/* Ends a command of ours that is stopped (SIGSTOP): it does not reap what it ran inside, and init does not
 * end before. Of another, which may only be slow, a message tells; *k says who it is. */
static void end_keeper(pid_t init, struct vz_keeper *k, char *cmd, size_t size)
{
	autoclose int keeper = -EBADF;
	struct vz_keeper again;

	vz_proc_keeper(init, k);
	*cmd = 0;
	if (k->pid)
		vz_proc_cmdline(k->pid, cmd, size);
	keeper = k->may_end ? vz_pidfd_open(k->pid) : -ESRCH;
	if (keeper < 0)
		return;
	vz_proc_keeper(init, &again); /* looked after the pidfd exists: it is still the one */
	if (!again.may_end || again.pid != k->pid)
		return;
	vz_log(0, "Ending pid %d (%s), which does not take the end of its command inside", k->pid, cmd);
	(void)vz_pidfd_signal(keeper, SIGKILL);
}

/* What SIGKILL did not end. */
struct remaining {
	pid_t init, pid; /* pid 0: nothing is left but zombies */
	char state;
};

/* Whoever sleeps uninterruptibly is the cause; init may only wait for him. */
static int look_at_remaining(pid_t pid, void *arg)
{
	struct remaining *re = arg;
	struct vz_proc p;

	if (vz_proc_stat(pid, &p) < 0 || p.state == 'Z' || p.state == 'X')
		return 0;
	if (re->pid && (p.state != 'D' || (re->state == 'D' && re->pid != re->init)))
		return 0;
	re->pid = pid;
	re->state = p.state;
	return 0;
}

static int fail_remaining(struct vz_start *s, struct vz_err *e)
{
	struct remaining re = { .init = s->state.init };
	char name[32], place[64];

	(void)vz_cg_each(s->env.cg, look_at_remaining, &re);
	if (!re.pid)
		return vz_fail(e, VZ_STOP_ERROR, 0, "Unable to stop container: operation timed out");
	vz_proc_line(re.pid, "comm", name, sizeof(name));
	vz_proc_line(re.pid, "wchan", place, sizeof(place));
	return vz_fail(e, VZ_STOP_ERROR, 0, "Unable to stop container: process %d (%s) was killed and does not "
		       "die (state %c, in %s); stop again when what it waits for answers or is gone",
		       re.pid, name, re.state, *place ? place : "an unknown place");
}

/*
 * After the kill of init, with which the kernel kills the others when init exits. An init that sleeps
 * uninterruptibly on one of them, a FUSE daemon that does not answer, never gets so far: they are killed
 * without it then.
 */
static int wait_killed(struct vz_start *s, int pidfd, struct vz_err *e)
{
	int64_t end = vz_end_in(KILL_WAIT_S);
	struct vz_keeper k = { 0 };
	char cmd[160] = "";
	int r = vz_wait_init(pidfd, vz_now_ms() + ALONE_MS);

	while (r == -ETIMEDOUT && vz_poll_ms(end)) {
		int64_t look = vz_end_in(KEEPER_WAIT_S);

		(void)vz_cg_kill(s->env.cg, GROUP_MS, NULL);
		r = vz_wait_init(pidfd, look < end ? look : end);
		if (r == -ETIMEDOUT)
			end_keeper(s->state.init, &k, cmd, sizeof(cmd));
	}
	if (r == -ETIMEDOUT && k.pid)
		return vz_fail(e, VZ_STOP_ERROR, 0, "Unable to stop container: process %d (%s) %s; end it, and "
			       "stop again", k.pid, cmd, k.traces ?
			       "traces a process that keeps the container from ending" :
			       "does not take the end of its child inside");
	return r < 0 && r != -ECANCELED ? fail_remaining(s, e) : r;
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
	r = wait_killed(s, pidfd, e);
	if (r == -ECANCELED)
		return interrupted("the container was killed and not cleaned up; stop it again", e);
	return r;
}

struct stopping {
	struct vz_start s; /* for the steps of start, which are read upwards afterwards */
	const struct vz_stop_opts *opts;
};

static int stop_script_do(void *ctx, struct vz_err *e)
{
	struct stopping *st = ctx;

	/* what is to be quick asks nothing of the guest */
	return st->opts->fast ? 0 : vz_inside_script(st->s.env.ct, &st->s.state, "stop", e);
}

static int shutdown_do(void *ctx, struct vz_err *e)
{
	struct stopping *st = ctx;

	return make_it_end(&st->s, st->opts, e);
}

/*
 * The script comes before the journal: it is the guest's, changes nothing of the host's, and one that was
 * killed during it has begun to stop nothing; vzeventd reads a journal of stop as "is not to come back".
 */
const struct vz_step *const vz_op_stop_plan[] = {
	VZ_STEP("script", stop_script_do, NULL),    /* N.stop; nothing of ours to undo */
	&vz_step_journal,
	VZ_STEP("shutdown", shutdown_do, NULL),     /* what has ended has ended */
	NULL,
};

int vz_op_stop(struct vz_ct *ct, const struct vz_stop_opts *o, struct vz_err *e)
{
	struct stopping st = { .s.verb = VZ_JOURNAL_STOP, .opts = o };
	struct vz_start *s = &st.s;
	int r;

	if (vz_state_read(ct->id, &s->state) <= 0) {
		vz_log(-1, "Unable to stop: container is not running");
		return 0;
	}
	r = vz_env_open(&s->env, ct, e);
	if (r >= 0)
		r = vz_plan_run(vz_op_stop_plan, &st, e);
	if (r >= 0) {
		vz_log(0, "Container was stopped");
		s->keep_mount = o->skip_umount;
		vz_plan_undo(vz_op_start_plan, SIZE_MAX, s);
		r = vz_start_umounted(s, e);
	}
	vz_env_close(&s->env);
	return r;
}
