// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * start: a plan of coarse steps on the host; what happens inside is lib/launch. The same list read
 * upwards is what a failed start, a stop and healing after a crash do.
 */
#include "ops/start.h"
#include "base/log.h"
#include "base/own.h"
#include "ops/check-ceilings.h"
#include "ops/dump.h"
#include "ops/start-fate.h"
#include "ops/steps.h"
#include "sys/clock.h"
#include "sys/inherit.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <poll.h>

#define REAP_MS 500      /* how soon what scripts inside left to us is reaped */

/* Until a systemd guest says READY=1 (sd_notify(3)); other inits have no such word, and are taken
 * as started once they run. */
static int wait_ready(struct vz_start *s, struct vz_err *e)
{
	struct pollfd f[3] = { { .fd = s->env.launch.ready, .events = POLLIN },
			       { .fd = s->env.launch.pidfd, .events = POLLIN },
			       { .fd = vz_cancel_fd(), .events = POLLIN } };
	int64_t end = vz_env_end(&s->env.ct->conf.start_timeout, "START_TIMEOUT");
	bool more;
	int wait;
	char c;

	vz_log(0, "Container start in progress, waiting ...");
	if (!vz_env_is_systemd(s->state.init))
		return 0;
	while ((wait = vz_poll_ms(end)) > 0) {
		more = vz_reap_some(-1, NULL, NULL);
		if (poll(f, 3, more ? 0 : wait < REAP_MS ? wait : REAP_MS) < 0 && errno != EINTR)
			break;
		if (f[1].revents) {
			if (vz_start_fate_init(&s->env, s->console_mark, false, e) < 0)
				vz_log(-1, "%s", e->msg);
			return vz_fail(e, VZ_WAIT_FAILED, 0, "Container wait failed - its init has ended");
		}
		if (f[2].revents) /* the user has had enough of waiting; the VPS goes on */
			return vz_fail(e, VZ_WAIT_FAILED, 0, "Container wait failed - interrupted, "
				       "the container goes on starting");
		if (f[0].revents)
			return read(f[0].fd, &c, 1) == 1 ? 0 :
				vz_fail(e, VZ_WAIT_FAILED, 0, "Container wait failed - the process that "
					"listens to it has ended, the container goes on starting");
	}
	return vz_fail(e, VZ_WAIT_FAILED, 0, "Container wait failed - timeout expired, the container "
		       "goes on starting");
}

static int run_plan(struct vz_start *s, struct vz_err *e)
{
	int r = vz_plan_run(vz_op_start_plan, s, e);

	if (r < 0) {
		vz_log(-1, "%s", e->msg);
		vz_start_say_umount(s);
		vz_ceilings_explain();
		snprintf(e->msg, sizeof(e->msg), "Container start failed");
		return r;
	}
	if (!s->opts.wait) {
		vz_log(0, "Container start in progress...");
		return 0;
	}
	r = wait_ready(s, e);
	vz_launch_notified(&s->state);
	if (!r)
		vz_log(0, "Container started successfully");
	return r;
}

static void say_stuck(void)
{
	const char *text;

	for (size_t i = 0; (text = vz_inherit_stuck(i)); i++)
		vz_log(-1, "Warning: %s", text);
}

static int resume(struct vz_ct *ct, const struct vz_start_opts *o, struct vz_err *e)
{
	autofree char *own = vz_ct_dump_path(ct);
	int r = vz_op_resume(ct, &(struct vz_resume_opts){ .skip_remount = o->skip_remount }, e);

	if (r < 0 && own)
		vz_log(-1, "What ran in the container is kept in %s; to start it afresh, move that away", own);
	return r;
}

int vz_op_start(struct vz_ct *ct, const struct vz_start_opts *o, struct vz_err *e)
{
	struct vz_start s = { .opts = *o, .verb = VZ_JOURNAL_START, .net = VZ_NETWORK_INIT };
	int r = vz_start_check(ct, o, false, e);

	if (r < 0)
		return r;
	if (vz_dump_is_due(ct))
		return resume(ct, o, e);
	vz_log(0, "Starting container...");
	say_stuck();
	vz_ceilings_warn();
	r = vz_env_open(&s.env, ct, e);
	s.env.bare = o->skip_setup;
	if (r >= 0)
		r = run_plan(&s, e);
	vz_network_close(&s.net);
	vz_env_close(&s.env);
	return r;
}
