// SPDX-License-Identifier: GPL-2.0-or-later
/* The steps of a VPS's start; what each promises stands in steps.h, their order in the plans. */
#include "ops/steps.h"
#include "apply/modules.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "lan/lan-member.h"
#include "launch/inside.h"
#include "ops/dump.h"
#include "ops/start-fate.h"
#include "ops/start.h"
#include "sys/proc.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

static struct vz_start *ctx_of(void *ctx)
{
	return ctx;
}

/* What parameters do in one phase: lib/apply. */
static int come_into_force(struct vz_start *s, enum vz_start_phase phase, struct vz_err *e)
{
	struct vz_starting at = vz_env_starting(&s->env);

	at.net = &s->net;
	at.state = &s->state;
	return vz_effects_start(&at, phase, e);
}

static int journal_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;

	/* a script of another command may call others */
	return !strcmp(s->verb, VZ_JOURNAL_START) ? vz_start_journal(s->env.ct, s->verb, e) :
						    vz_journal_begin(s->env.ct->id, s->verb, e);
}

static void journal_undo(void *ctx)
{
	vz_journal_end(ctx_of(ctx)->env.ct->id);
}

const struct vz_step vz_step_journal = { "journal", journal_do, journal_undo };

static int ids_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;

	return vz_env_ids(s->env.ct, &s->env.spec.uid, &s->env.spec.gid, e);
}

/* No undo: from here on they are the VPS's as if create had given them, the next start takes the same,
 * and its files may belong to them already. Destroy gives them back. */
const struct vz_step vz_step_ids = { "ids", ids_do, NULL };

/* A memory image of an older disk must never be restored later: it is put aside, not lost. */
static int dump_do(void *ctx, struct vz_err *e)
{
	autofree char *path = vz_ct_dump_path(ctx_of(ctx)->env.ct);
	struct vz_err why = { 0 };

	(void)e;
	if (path && vz_dump_put_aside(path, "cannot be restored by this version, starting afresh", &why) < 0)
		vz_log(-1, "Warning: %s, ignoring", why.msg);
	return 0;
}

/* No undo: what a start did before it failed, its action scripts too, may have changed the disk. */
const struct vz_step vz_step_dump = { "dump", dump_do, NULL };

static int features_do(void *ctx, struct vz_err *e)
{
	const struct vz_ct *ct = ctx_of(ctx)->env.ct;

	(void)e;
	vz_env_say_privileged(&ctx_of(ctx)->env);
	vz_features_warn(ct);
	vz_features_modules(ct);
	return 0;
}

/* No undo: a loaded module is the host's, and others may have come to use it. */
const struct vz_step vz_step_features = { "features", features_do, NULL };

static int probe_do(void *ctx, struct vz_err *e)
{
	return come_into_force(ctx, VZ_START_PROBE, e);
}

/* No undo: it only asks, and its socket is closed with vz_start.net. */
const struct vz_step vz_step_probe = { "probe", probe_do, NULL };

int vz_start_umounted(const struct vz_start *s, struct vz_err *e)
{
	if (s->umount_result < 0 && e)
		*e = s->umount_err;
	return s->umount_result;
}

void vz_start_say_umount(const struct vz_start *s)
{
	if (s->umount_result < 0)
		vz_log(-1, "Warning: %s, ignoring", s->umount_err.msg);
}

static void cgroup_undo(void *ctx)
{
	vz_env_cgroup_gone(&ctx_of(ctx)->env);
}

static int cgroup_do(void *ctx, struct vz_err *e)
{
	int r = vz_env_cgroup(&ctx_of(ctx)->env, e);

	if (r < 0) /* a step that fails leaves nothing behind */
		cgroup_undo(ctx);
	return r;
}

const struct vz_step vz_step_cgroup = { "cgroup", cgroup_do, cgroup_undo };

static int policy_do(void *ctx, struct vz_err *e)
{
	return vz_env_policy(&ctx_of(ctx)->env, e);
}

static void policy_undo(void *ctx)
{
	vz_env_policy_gone(&ctx_of(ctx)->env);
}

const struct vz_step vz_step_policy = { "policy", policy_do, policy_undo };

static int limits_do(void *ctx, struct vz_err *e)
{
	const struct vz_starting at = vz_env_starting(&ctx_of(ctx)->env);
	int r = vz_env_limits(&ctx_of(ctx)->env, e);

	if (r >= 0)
		vz_effects_say_start(&at);
	return r;
}

/* No undo: they go with the group. */
const struct vz_step vz_step_limits = { "limits", limits_do, NULL };

static int prestart_do(void *ctx, struct vz_err *e)
{
	return vz_hook_run(ctx_of(ctx)->env.ct, VZ_SCRIPTS_DIR "/vps-prestart", NULL, "prestart", e);
}

/* No undo: the administrator's, and 4.x has no script to take back what it did. */
const struct vz_step vz_step_prestart = { "prestart", prestart_do, NULL };

static int pci_do(void *ctx, struct vz_err *e)
{
	return come_into_force(ctx, VZ_START_ACTIONS, e);
}

/* No undo: as with prestart; a device is given back by `set --pci_del` only. */
const struct vz_step vz_step_pci = { "pci", pci_do, NULL };

static int lan_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;

	return s->env.bare ? 0 : vz_lan_before_start(s->env.ct, e);
}

/* No undo: a LAN is up for all its members, and its own verbs take it down. */
const struct vz_step vz_step_lan = { "lan", lan_do, NULL };

static int init_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	/* a command in its place has descriptors of its own */
	int r = vz_env_spec(&s->env, !s->env.spec.cmds, e);

	s->env.spec.notify = s->opts.wait;
	s->killed = vz_fate_killed(s->env.cg);
	if (r >= 0)
		r = vz_launch_begin(&s->env.spec, &s->env.launch, e);
	return vz_start_fate_step(&s->env, &s->killed, r, e);
}

static void init_undo(void *ctx)
{
	vz_launch_abort(&ctx_of(ctx)->env.launch);
}

const struct vz_step vz_step_init = { "init", init_do, init_undo };

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

static int ready_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	int r = vz_launch_ready(&s->env.spec, &s->env.launch, e);

	if (r >= 0)
		r = describe(&s->env, &s->state, e);
	return vz_start_fate_step(&s->env, &s->killed, r, e);
}

/* No undo: it only waits; init's ends who was waited for. */
const struct vz_step vz_step_ready = { "ready", ready_do, NULL };

static void net_undo(void *ctx)
{
	vz_network_stop(ctx_of(ctx)->env.ct);
}

static int net_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	struct vz_err child = { 0 };
	int r = vz_network_enter(&s->net, s->env.launch.pid, e);

	if (r >= 0)
		r = come_into_force(s, VZ_START_DEVICES, e);
	if (r >= 0)
		r = come_into_force(s, VZ_START_NET, e);
	if (r < 0) /* a step that fails leaves nothing behind */
		net_undo(s);
	/* a child that could not build its tree takes its namespaces along: that is the reason then */
	if (r < 0 && ready_do(s, &child) < 0)
		*e = child;
	return r;
}

const struct vz_step vz_step_net = { "net", net_do, net_undo };

static int conntrack_do(void *ctx, struct vz_err *e)
{
	return come_into_force(ctx, VZ_START_INSIDE, e);
}

/* No undo: policy's ends it, when nobody is there any more whom it would hold. */
const struct vz_step vz_step_conntrack = { "conntrack", conntrack_do, NULL };

static int dist_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	int r = come_into_force(s, VZ_START_DISTRO, e);

	return vz_start_fate_step(&s->env, &s->killed, r, e);
}

/* No undo, as with all that is done inside: the files are the VPS's, and the next start writes them anew. */
const struct vz_step vz_step_dist = { "dist", dist_do, NULL };

static int names_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;

	(void)e;
	if (!s->env.bare)
		vz_lan_tell_names(s->env.ct, &s->state, false);
	return 0;
}

const struct vz_step vz_step_names = { "names", names_do, NULL }; /* no undo, as with dist */

static int script_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	int r = vz_inside_script(s->env.ct, &s->state, "start", e);

	return vz_start_fate_step(&s->env, &s->killed, r, e);
}

const struct vz_step vz_step_script = { "script", script_do, NULL }; /* no undo, as with dist */

static int go_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	int r;

	s->console_mark = vz_fate_mark(s->env.ct->id);
	r = vz_launch_go(&s->env.launch, e);
	/* its status tells more than that it died before it ran: whether a signal ended it, and which */
	if (r == -ECHILD && vz_start_fate_init(&s->env, s->console_mark, true, e) < 0)
		return r;
	return vz_start_fate_step(&s->env, &s->killed, r, e);
}

/* No undo: init's. */
const struct vz_step vz_step_go = { "go", go_do, NULL };

static int state_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	int r = vz_state_write(s->env.ct->id, &s->state, e);

	/* nobody waits for an init to live on unless asked to: what ends later vzeventd tells, or
	 * the next command */
	if (r >= 0)
		r = vz_start_fate_init(&s->env, s->console_mark, s->opts.wait, e);
	if (r < 0)
		vz_state_remove(s->env.ct->id);
	return r;
}

static void state_undo(void *ctx)
{
	vz_state_remove(ctx_of(ctx)->env.ct->id);
}

const struct vz_step vz_step_state = { "state", state_do, state_undo };

static int done_do(void *ctx, struct vz_err *e)
{
	(void)e;
	vz_journal_end(ctx_of(ctx)->env.ct->id);
	return 0;
}

/* No undo: the last one. */
const struct vz_step vz_step_done = { "done", done_do, NULL };
