// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * start: a plan of coarse steps on the host; what happens inside is lib/launch. The same list read
 * upwards is what a failed start, a stop and healing after a crash do.
 */
#include "ops/start.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "ops/ceilings.h"
#include "ops/dist.h"
#include "ops/lan.h"
#include "ops/fate.h"
#include "ops/features.h"
#include "ops/plan.h"
#include "ops/private.h"
#include "sys/clock.h"
#include "sys/inherit.h"
#include "sys/proc.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>

#define WAIT_TIMEOUT_S 300 /* --wait */
#define REAP_MS 500      /* how soon what scripts inside left to us is reaped */
#define SURVIVES_MS 100 /* under --wait: an init that cannot run ends in less */

static struct vz_start *ctx_of(void *ctx)
{
	return ctx;
}

static int journal_do(void *ctx, struct vz_err *e)
{
	return vz_journal_begin(ctx_of(ctx)->env.ct->id, "start", e);
}

static void journal_undo(void *ctx)
{
	vz_journal_end(ctx_of(ctx)->env.ct->id);
}

static int mount_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	struct vz_ct *ct = s->env.ct;
	int r;

	if (vz_ct_is_mounted(ct)) {
		if (s->opts.skip_remount)
			return 0;
		r = vz_umount_steps(ct, true, e);
		if (r < 0)
			return r;
	}
	return vz_mount_steps(ct, true, e);
}

static void mount_undo(void *ctx)
{
	struct vz_start *s = ctx;

	if (!s->keep_mount && vz_ct_is_mounted(s->env.ct))
		s->umount_result = vz_umount_steps(s->env.ct, true, &s->umount_err);
}

static int cgroup_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	int r = vz_env_cgroup(&s->env, e);

	if (r < 0) /* a step that fails leaves nothing behind */
		vz_env_cgroup_gone(&s->env);
	else if (!s->env.bare)
		vz_log(0, "Setting CPU units: %llu",
		       (unsigned long long)(s->env.ct->conf.cpuunits.set ?
						    s->env.ct->conf.cpuunits.v : 1000));
	return r;
}

static void cgroup_undo(void *ctx)
{
	vz_env_cgroup_gone(&ctx_of(ctx)->env);
}

static int prestart_do(void *ctx, struct vz_err *e)
{
	struct vz_ct *ct = ctx_of(ctx)->env.ct;
	int r = vz_hook_run(ct, VZ_LIBEXECDIR "/scripts/vps-prestart", NULL, "prestart", e);

	return r < 0 ? r : vz_pci_scripts(ct, &ct->conf.pci, NULL, true, e);
}

static int lan_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;

	return s->opts.skip_setup ? 0 : vz_lan_before_start(s->env.ct, e);
}

static int init_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	int r = vz_env_spec(&s->env, true, e);

	s->env.spec.notify = s->opts.wait;
	s->killed = vz_fate_killed(&s->env);
	if (r >= 0)
		r = vz_launch_begin(&s->env.spec, &s->env.launch, e);
	return vz_fate_step(&s->env, &s->killed, r, e);
}

static void init_undo(void *ctx)
{
	vz_launch_abort(&ctx_of(ctx)->env.launch);
}

static int probe_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;

	return s->env.bare ? 0 : vz_net_probe(&s->net, s->env.ct, e);
}

static int ready_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;

	return vz_fate_step(&s->env, &s->killed, vz_launch_ready(&s->env.spec, &s->env.launch, e), e);
}

static void net_undo(void *ctx)
{
	vz_net_stop(ctx_of(ctx)->env.ct);
}

static int net_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	struct vz_err child = { 0 };
	int r;

	if (s->env.bare)
		return 0;
	r = vz_net_start(&s->net, s->env.ct, s->env.launch.pid, e);
	/* a child that could not build its tree takes its namespaces along: that is the reason then */
	if (r < 0 && ready_do(s, &child) < 0)
		*e = child;
	return r;
}

/* What the VPS is, once it runs; also what the N.start script needs to be run inside before. */
static int describe(const struct vz_env *env, struct vz_state *st, struct vz_err *e)
{
	struct vz_proc p;
	struct stat dev;
	int r = vz_proc_stat(env->launch.pid, &p);

	*st = (struct vz_state){ .init = env->launch.pid,
				 .started_at = (uint64_t)time(NULL),
				 .uid = env->spec.uid,
				 .gid = env->spec.gid,
				 .features = env->spec.features,
				 .caps = env->spec.caps,
				 .dev = fstat(env->spec.dev, &dev) < 0 ? 0 : dev.st_dev };
	if (r >= 0)
		r = vz_proc_boot_id(st->boot_id, sizeof(st->boot_id));
	st->start_time = r < 0 ? 0 : p.start_time;
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot look at the container's init") : 0;
}

static int script_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	int r = describe(&s->env, &s->state, e);

	if (r >= 0)
		r = vz_conntrack_apply(s->env.ct, &s->env.ct->conf, &s->state, e);
	if (r >= 0 && !s->opts.skip_setup)
		r = vz_dist_apply(s->env.ct, &s->state,
				  &(struct vz_dist_change){ .ve_state = "starting",
							    .what = VZ_DIST_ALL,
							    .conf = &s->env.ct->conf }, e);
	if (r >= 0 && !s->opts.skip_setup)
		vz_lan_tell_names(s->env.ct, &s->state, false);
	if (r >= 0)
		r = vz_inside_script(s->env.ct, &s->state, "start", e);
	return vz_fate_step(&s->env, &s->killed, r, e);
}

static int go_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	int r;

	s->console_mark = vz_fate_mark(s->env.ct->id);
	r = vz_launch_go(&s->env.launch, e);
	/* its status tells more than that it died before it ran: whether a signal ended it, and which */
	if (r == -ECHILD && vz_fate_init(&s->env, s->console_mark, SURVIVES_MS, e) < 0)
		return r;
	return vz_fate_step(&s->env, &s->killed, r, e);
}

static int state_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	int r = vz_state_write(s->env.ct->id, &s->state, e);

	/* nobody waits for an init to live on unless asked to: what ends later vzeventd tells, or
	 * the next command */
	if (r >= 0)
		r = vz_fate_init(&s->env, s->console_mark, s->opts.wait ? SURVIVES_MS : 0, e);
	if (r < 0)
		vz_state_remove(s->env.ct->id);
	return r;
}

static void state_undo(void *ctx)
{
	vz_state_remove(ctx_of(ctx)->env.ct->id);
}

static int done_do(void *ctx, struct vz_err *e)
{
	(void)e;
	vz_journal_end(ctx_of(ctx)->env.ct->id);
	return 0;
}

const struct vz_step vz_start_plan[] = {
	{ "journal", journal_do, journal_undo },
	{ "probe", probe_do, NULL },          /* asks for doubles of the addresses, early */
	{ "mount", mount_do, mount_undo },    /* action scripts, the area on VE_ROOT */
	{ "cgroup", cgroup_do, cgroup_undo }, /* limits are in force before init exists */
	{ "prestart", prestart_do, NULL },
	{ "lan", lan_do, NULL },              /* the bridges that its devices will be on */
	{ "init", init_do, init_undo },       /* two processes: see launch/launch.h */
	{ "net", net_do, net_undo },          /* while the child builds its tree */
	{ "ready", ready_do, NULL },          /* it stands */
	{ "script", script_do, NULL },        /* distribution, N.start: inside, before init runs */
	{ "go", go_do, NULL },
	{ "state", state_do, state_undo },    /* whoever reads it may rely on all above */
	{ "done", done_do, NULL },
	{ 0 },
};

/* `again`: it runs still, and is about to be stopped for that. */
static int check(struct vz_ct *ct, const struct vz_start_opts *o, bool again, struct vz_err *e)
{
	struct vz_state st;

	/* in this order: scripts know which answer wins (reference 1.5) */
	if (ct->conf.disabled.set && ct->conf.disabled.v && !o->force)
		return vz_fail(e, VZ_VE_START_DISABLED, 0, "Container start disabled");
	if (!ct->private)
		return vz_fail(e, VZ_VE_PRIVATE_NOTSET, 0, "VE_PRIVATE is not set");
	if (!again && vz_state_read(ct->id, &st) > 0)
		return vz_fail(e, VZ_VE_RUNNING, 0, "Container is already running");
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
	int64_t end = vz_env_end(&s->env.ct->conf.start_timeout, WAIT_TIMEOUT_S);
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
			if (vz_fate_init(&s->env, s->console_mark, 0, e) < 0)
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
	int r = vz_plan_run(vz_start_plan, s, e);

	if (r < 0) {
		vz_log(-1, "%s", e->msg);
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

/* A memory image of an older disk must never be restored later: it is put aside, not lost. */
static void put_dump_aside(const struct vz_ct *ct)
{
	autofree char *from = NULL, *to = NULL;

	if (!vz_ct_has_dump(ct))
		return;
	from = vz_fmt("%s/Dump.%u", ct->conf.dumpdir.v, ct->id);
	to = vz_fmt("%s/Dump.%u.stale", ct->conf.dumpdir.v, ct->id);
	if (from && to && rename(from, to) == 0)
		vz_log(-1, "Warning: dump file %s cannot be restored by this version, starting "
			   "afresh; it is kept as %s", from, to);
}

static void say_stuck(void)
{
	const char *text;

	for (size_t i = 0; (text = vz_inherit_stuck(i)); i++)
		vz_log(-1, "Warning: %s", text);
}

int vz_op_start(struct vz_ct *ct, const struct vz_start_opts *o, struct vz_err *e)
{
	struct vz_start s = { .opts = *o, .net = VZ_NET_INIT };
	int r = check(ct, o, false, e);

	if (r < 0)
		return r;
	vz_log(0, "Starting container...");
	say_stuck();
	vz_ceilings_warn();
	r = vz_env_open(&s.env, ct, e);
	s.env.bare = o->skip_setup;
	if (r >= 0)
		r = vz_env_ids(ct, &s.env.spec.uid, &s.env.spec.gid, e);
	if (r >= 0 && !s.env.spec.uid)
		vz_log(-1, "WARNING: Running container privileged: its root is the host's root");
	if (r >= 0) {
		put_dump_aside(ct);
		vz_features_warn(ct);
		vz_features_modules(ct);
	}
	if (r >= 0)
		r = run_plan(&s, e);
	vz_net_close(&s.net);
	vz_env_close(&s.env);
	return r;
}

int vz_op_restart(struct vz_ct *ct, const struct vz_start_opts *so, const struct vz_stop_opts *po,
		  struct vz_err *e)
{
	struct vz_state st;
	int r;

	vz_log(0, "Restarting container");
	if (vz_state_read(ct->id, &st) > 0) {
		/* what could not start again goes on running */
		r = check(ct, so, true, e);
		if (r >= 0)
			r = vz_mount_check(ct, e);
		if (r >= 0)
			r = vz_op_stop(ct, po, e);
		if (r < 0)
			return r;
	}
	return vz_op_start(ct, so, e);
}
