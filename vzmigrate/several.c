// SPDX-License-Identifier: GPL-2.0-or-later
/* Moves what the command line names. Each container is moved by a process of its own, so that somebody is there to take
 * back what one left that was killed. */
#include "vzmigrate/vzmigrate.h"
#include "base/context.h"
#include "base/log.h"
#include "base/near.h"
#include "base/own.h"
#include "base/process.h"
#include "ops/session.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* A signal handler has no other way to reach them. */
static struct vz_context context;
static volatile sig_atomic_t worker;

static void on_signal(int sig)
{
	(void)sig;
	vz_cancel(&context);
}

/* Of the process that waits. The terminal's signals reach the worker without us. */
static void pass_on(int sig)
{
	if (sig == SIGTERM && worker > 0)
		kill((pid_t)worker, SIGTERM);
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

static int move(const struct vz_migrate_opts *o, const char *which, bool recover)
{
	const struct vz_session_want want = { .flags = VZ_SESSION_CHANGES, .verb = "migrate",
					      .verbose = o->verbose };
	struct vz_session session = { 0 };
	struct vz_err e = { 0 };
	int r;

	vz_process_context(&context, "vzmigrate");
	if (recover)
		context.fault = NULL;
	if (vz_cancel_open(&context) >= 0)
		vz_process_signals(on_signal);
	r = vz_session_find(&session, which, &e);
	if (r >= 0)
		r = vz_session_open(&session, &want, &e);
	if (r < 0)
		return session_failed(&session, &e);
	vz_log(1, "Locked CT %u", session.id);
	r = recover ? vz_migrate_recover(&session.ct, o, &e) : vz_migrate(&session.ct, o, &e);
	r = r < 0 ? failed(&e) : r;
	vz_session_close(&session);
	return vz_process_end(r, VZ_MIGRATE_REMOTE);
}

/* Its exit code, or minus the signal that killed it. */
static int in_a_process(const struct vz_migrate_opts *o, const char *which, bool recover)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		fprintf(stderr, "Error: cannot make a process\n");
		return VZ_MIGRATE_REMOTE;
	}
	if (!pid)
		exit(move(o, which, recover));
	worker = pid;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	worker = 0;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int move_one(const struct vz_migrate_opts *o, const char *which)
{
	int code = in_a_process(o, which, false);

	if (code >= 0)
		return code;
	fprintf(stderr, "Error: the migration of CT %s was killed by signal %d; taking it back\n", which, -code);
	/* 1: it had arrived */
	code = in_a_process(o, which, true);
	return code == 1 ? 0 : code ? code : VZ_MIGRATE_STOP;
}

/* They come from scripts for hosts of both kinds. */
static void tell_of_ploop(const struct request *r)
{
	if (r->compact)
		fprintf(stderr, "Warning: no container here is kept in a ploop image, so there is nothing to compact (-c)\n");
	if (r->snapshot)
		fprintf(stderr, "Warning: no container here is kept in a ploop image, so no snapshot is made (-s); its files "
				"are copied while it runs. To leave it stopped there is --nostart\n");
}

int move_all(const struct request *r)
{
	int code = 0;

	if (geteuid()) {
		fprintf(stderr, "This program can only be run under root.\n");
		return VZ_MIGRATE_USAGE;
	}
	tell_of_ploop(r);
	vz_process_signals(pass_on);
	for (size_t i = 0; i < r->n; i++) {
		struct vz_migrate_opts o = r->o;
		int now;

		o.renew = r->items[i].renew;
		now = move_one(&o, r->items[i].which);
		code = code ? code : now;
	}
	return code;
}
