// SPDX-License-Identifier: GPL-2.0-or-later
/* Moves one container, in a process of its own. */
#include "vzmigrate/vzmigrate.h"
#include "base/context.h"
#include "base/log.h"
#include "base/process.h"
#include "ops/session.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

/* A signal handler has no other way to reach it. */
static struct vz_context context;

static void on_signal(int sig)
{
	(void)sig;
	vz_cancel(&context);
}

static int failed(const struct vz_err *e)
{
	if (*e->msg)
		vz_log(-1, "Error: %s", e->msg);
	return e->exit ? e->exit : VZ_MIGRATE_REMOTE;
}

/* What vzctl and vzmigrate have different numbers for. */
static int session_failed(const struct vz_session *s, const struct vz_err *e)
{
	pid_t pid = e->exit == VZ_LOCKED ? vz_migrate_lock_holder(s->id) : 0;

	if (e->exit == VZ_LOCKED && pid)
		vz_log(-1, "Error: CT %u already locked by PID %d", s->id, (int)pid);
	else if (e->exit == VZ_LOCKED)
		vz_log(-1, "Error: CT %u already locked", s->id);
	else
		vz_log(-1, "Error: %s", e->msg);
	return e->exit == VZ_LOCKED ? VZ_MIGRATE_LOCKED : VZ_MIGRATE_MISSING;
}

/* One that is suspended: with its dump. One that CRIU cannot move: by stop and start, where the user takes that too. */
static void choose_way(struct vz_migrate_opts *o, const struct vz_ct *ct)
{
	struct vz_err e = { 0 };

	if (o->online && vz_migrate_is_suspended(ct)) {
		vz_log(0, "CT %u is suspended: it moves with its dump, and stays suspended", ct->id);
		o->online = false;
	}
	if (!o->online || !o->cold || vz_migrate_can_go_on(ct, &e) >= 0)
		return;
	vz_log(0, "It is stopped and started there (--cold): %s", e.msg);
	o->online = false;
}

/* Whoever ended it wants to know what became of it, and not in which step it was. */
static void say_cancelled(int r, unsigned id, struct vz_err *e)
{
	if (r == -ECANCELED && e->exit != VZ_MIGRATE_DOUBT)
		(void)vz_fail(e, (enum vz_exit)VZ_MIGRATE_STOP, 0, "Interrupted by a signal; CT %u stays here", id);
}

static int open_and_move(struct vz_migrate_opts *o, const char *which, struct show *show, bool recover)
{
	const struct vz_session_want want = { .flags = VZ_SESSION_CHANGES | VZ_SESSION_GIVEN_AWAY |
						   (o->check_only ? VZ_SESSION_LOOKS : 0), .verb = "migrate",
					      .verbose = o->verbose };
	struct vz_session session = { 0 };
	struct vz_err e = { 0 };
	int r = vz_session_find(&session, which, &e);

	show->id = session.id;
	if (r >= 0)
		r = vz_session_open(&session, &want, &e);
	if (r < 0)
		return session_failed(&session, &e);
	vz_log(1, "Locked CT %u", session.id);
	choose_way(o, &session.ct);
	r = recover ? vz_migrate_recover(&session.ct, o, &e) : vz_migrate(&session.ct, o, &e);
	say_cancelled(r, session.id, &e);
	r = r < 0 ? failed(&e) : r;
	vz_session_close(&session);
	return r;
}

/* Whoever kills the command wants it to end. What takes one back goes on to its end. */
static void end_with(pid_t command)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != command)
		vz_cancel(&context);
}

int move_one(struct vz_migrate_opts *o, const char *which, enum show_how how, bool recover, pid_t command)
{
	struct show show;
	int r;

	vz_process_context(&context, "vzmigrate");
	if (recover)
		context.fault = NULL;
	if (vz_cancel_open(&context) >= 0) {
		vz_process_signals(on_signal);
		if (!recover)
			end_with(command);
	}
	show_begin(&show, how, which, &context);
	o->report = &show.report;
	r = open_and_move(o, which, &show, recover);
	show_end(&show, recover && r == 1 ? 0 : r);
	return vz_process_end(r, VZ_MIGRATE_REMOTE);
}
