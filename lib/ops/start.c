// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * start: a plan of coarse steps on the host; what happens inside is lib/launch. The same list read
 * upwards is what a failed start, a stop and healing after a crash do.
 */
#include "ops/start.h"
#include "base/log.h"
#include "base/own.h"
#include "ops/check-ceilings.h"
#include "ops/start-fate.h"
#include "ops/steps.h"
#include "sys/clock.h"
#include "sys/inherit.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <poll.h>

#define REAP_MS 500      /* how soon what scripts inside left to us is reaped */

/* The same list read upwards is what a failed start, a stop and healing do. */
const struct vz_step *const vz_op_start_plan[] = {
	&vz_step_journal,
	&vz_step_ids,      /* before anything is made that belongs to them */
	&vz_step_dump,
	&vz_step_features,
	&vz_step_probe,
	&vz_step_remount,
	&vz_step_premount,
	&vz_step_close,
	&vz_step_base,
	&vz_step_mount_area,
	&vz_step_mount_script,
	&vz_step_cgroup,
	&vz_step_policy,
	&vz_step_limits,   /* in force before init exists */
	&vz_step_prestart,
	&vz_step_pci,
	&vz_step_lan,
	&vz_step_init,
	&vz_step_net,      /* while the child builds its tree */
	&vz_step_ready,
	&vz_step_conntrack,
	&vz_step_dist,     /* from here to script: inside, before init runs */
	&vz_step_names,
	&vz_step_script,
	&vz_step_go,
	&vz_step_state,    /* whoever reads it may rely on all above */
	&vz_step_done,
	NULL,
};

/* Only --skiplock comes so far, most likely in a script that the other command runs: that one goes on to start
 * the VPS a second time, or to unmount what runs. */
static int check_alone(const struct vz_ct *ct, struct vz_err *e)
{
	autofree char *verb = vz_journal_is_at_work(ct->id) ? vz_journal_read(ct->id) : NULL;

	return verb ? vz_fail(e, VZ_LOCKED, 0, "Unable to start: vzctl %s is at work on the container; start it when "
			      "that has ended", verb) : 0;
}

int vz_start_check(struct vz_ct *ct, const struct vz_start_opts *o, bool again, struct vz_err *e)
{
	struct vz_state st;
	int r;

	/* in this order: scripts know which answer wins (INTERFACE 1.5) */
	if (ct->conf.disabled.set && ct->conf.disabled.v && !o->force)
		return vz_fail(e, VZ_VE_START_DISABLED, 0, "Container start disabled");
	if (!ct->private)
		return vz_fail(e, VZ_VE_PRIVATE_NOTSET, 0, "VE_PRIVATE is not set");
	if (!again && vz_state_read(ct->id, &st) > 0)
		return vz_fail(e, VZ_VE_RUNNING, 0, "Container is already running");
	r = check_alone(ct, e);
	if (r < 0)
		return r;
	if (!ct->root)
		return vz_fail(e, VZ_VE_ROOT_NOTSET, 0, "VE_ROOT is not set");
	if (access(ct->private, F_OK) < 0)
		return vz_fail(e, VZ_FS_NOPRVT, 0, "Container private area %s does not exist",
			       ct->private);
	return vz_inherit_refused(e);
}

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
			if (vz_start_fate_init(&s->env, s->console_mark, 0, e) < 0)
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

int vz_op_start(struct vz_ct *ct, const struct vz_start_opts *o, struct vz_err *e)
{
	struct vz_start s = { .opts = *o, .verb = VZ_JOURNAL_START, .net = VZ_NETWORK_INIT };
	int r = vz_start_check(ct, o, false, e);

	if (r < 0)
		return r;
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
