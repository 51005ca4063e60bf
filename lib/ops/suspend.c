// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * suspend: the VPS becomes a dump. From the moment that CRIU has all of it until the end it is frozen, so at every
 * instant it is the VPS that goes on, or the dump, and never both: before the journal says "suspended" a crash leaves
 * a frozen VPS, which healing lets go on, and afterwards a dump and what is left to be killed.
 */
#include "ops/suspend.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/cgtree.h"
#include "cpt/creds.h"
#include "cpt/external.h"
#include "cpt/frozen.h"
#include "cpt/netsys.h"
#include "cpt/nfrules.h"
#include "cpt/ramdir.h"
#include "cpt/sockopts.h"
#include "cpt/stage.h"
#include "cpt/stray.h"
#include "cpt/threads.h"
#include "cpt/verdict.h"
#include "fs/layout.h"
#include "ops/dump.h"
#include "ops/steps.h"
#include "ops/suspend-internal.h"
#include "ops/suspend-look.h"
#include "sys/file.h"
#include "sys/grace.h"

#include <fcntl.h>

#define GIVE_UP_S 20
#define KILL_MS 30000
#define BYTES_A_SECOND (20u << 20)
#define LEAST_S 60
#define TRIES 3
#define CRIU_PARENT "parent" /* a link to the pre-dump before; it leads nowhere where the dump goes */
#define AWAY_BYTES_A_SECOND (2u << 20)
#define MOST_S (24 * 3600)
#define SLACK (64u << 20) /* of what is not its memory */

#define SUSPENDING_INIT                                                                            \
	{ .stage = VZ_STAGE_INIT, .s.net = VZ_NETWORK_INIT, .ram = -EBADF,                          \
	  .looking = VZ_CPT_LOOKING_INIT, .grace = VZ_GRACE_INIT }

int vz_suspend_seconds(uint64_t bytes)
{
	uint64_t s = LEAST_S + bytes / BYTES_A_SECOND;

	return s > MOST_S ? MOST_S : (int)s;
}

static int write_journal(struct vz_suspending *u, const char *verb, struct vz_err *e)
{
	/* what is in memory has gone with its maker */
	autofree char *line = vz_fmt("%s %s", verb, u->ram >= 0 ? "" : u->path);

	return line ? vz_journal_begin(vz_suspending_ct(u)->id, line, e) : vz_oom(e);
}

static int journal_do(void *ctx, struct vz_err *e)
{
	return write_journal(ctx, VZ_JOURNAL_SUSPEND, e);
}

static void journal_undo(void *ctx)
{
	vz_journal_end(vz_suspending_ct(ctx)->id);
}

static int image_do(void *ctx, struct vz_err *e)
{
	struct vz_suspending *u = ctx;

	return vz_image_begin(u->path, &u->image, e);
}

static void image_undo(void *ctx)
{
	struct vz_suspending *u = ctx;

	vz_image_abort(&u->image);
}

/* The kernel names those that somebody has used. */
static bool has_iptables(pid_t init)
{
	static const char *const files[] = { "ip_tables_names", "ip6_tables_names" };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char path[sizeof("/proc//net/ip6_tables_names") + 10], text[64];

		snprintf(path, sizeof(path), "/proc/%d/net/%s", init, files[i]);
		if (vz_file_read_buf(AT_FDCWD, path, text, sizeof(text)) > 0)
			return true;
	}
	return false;
}

static int stage_do(void *ctx, struct vz_err *e)
{
	struct vz_suspending *u = ctx;
	const struct vz_suspend_away *away = u->opts->away;
	const struct vz_stage_spec spec = { .rules = u->rules = vz_nfrules_netns(u->s.state.init),
					    .ctid = vz_suspending_ct(u)->id,
					    .uid = u->s.state.uid,
					    .gid = u->s.state.gid,
					    .criu = &u->criu,
					    .iptables = has_iptables(u->s.state.init),
					    .images = vz_image_criu_dir(u->image),
					    .pages = away ? away->sock : 0,
					    .lazy = away && away->lazy };

	return vz_stage_begin(&spec, &u->stage, e);
}

static void stage_undo(void *ctx)
{
	struct vz_suspending *u = ctx;

	vz_stage_end(&u->stage);
}

/* It goes on where it was stopped: CRIU lets go of the network and of the processes, then the group is let go; what
 * CRIU could not put back any more, since it was killed, is put back by us. */
static void dump_undo(void *ctx)
{
	struct vz_suspending *u = ctx;
	struct vz_err e = { 0 };

	vz_cpt_frozen_stop(&u->looking);
	vz_stage_give_up(&u->stage, GIVE_UP_S);
	vz_stage_end(&u->stage);
	if (vz_suspend_let_go(u->s.env.cg, &u->s.state, &e) < 0 ||
	    (u->was_frozen && vz_cg_freeze(u->s.env.cg, true, &e) < 0))
		vz_log(-1, "Warning: %s, ignoring", e.msg);
}

static int name_external(struct vz_suspending *u, struct vz_swrk_job *job, struct vz_err *e)
{
	int r = vz_creds_find(&u->s.state, &u->creds, e);

	if (r >= 0)
		r = vz_external_dump(&u->s.state, &u->creds, job, e);
	vz_stray_free(&u->stray);
	if (r >= 0)
		r = vz_stray_find(u->s.env.cg, &u->s.state, &u->stray, e);
	if (r >= 0)
		r = vz_stray_name(&u->stray, job, e);
	if (r < 0 || !*job->tty)
		return r;
	u->facts.tty = strdup(job->tty);
	return u->facts.tty ? 0 : vz_oom(e);
}

/* A session of exec is none of CRIU's processes, and goes on: what it freezes now would keep CRIU's code, and CRIU, for a minute. */
static int keep_thawed(void *arg)
{
	vz_cg_below_thaw(arg);
	return 0;
}

/* Until all are stopped, and CRIU has run none of its code in them yet, which in a frozen one would never end: nobody
 * inside can freeze a group any more. */
static int stop_all(struct vz_suspending *u, struct vz_swrk_job *job, struct vz_err *e)
{
	int r = vz_stage_run(&u->stage, job, e);

	if (r >= 0)
		r = vz_stage_until(&u->stage, "network-lock", u->seconds, e);
	if (r >= 0)
		r = vz_cgtree_check(u->s.env.cg, e);
	if (r == -EBUSY)
		return -EAGAIN;
	u->stage.turn = keep_thawed;
	u->stage.turn_arg = u->s.env.cg;
	return r >= 0 && u->opts->stopped ? u->opts->stopped(u->opts->arg, e) : r;
}

static int run_criu(struct vz_suspending *u, struct vz_err *e)
{
	struct vz_swrk_job job = { .pid = u->s.state.init, .by_path = u->opts->elsewhere };
	int r = name_external(u, &job, e);

	if (u->opts->away)
		job.parent = u->opts->away->parent;
	job.track = job.parent;
	if (r >= 0)
		r = stop_all(u, &job, e);
	if (r >= 0) {
		vz_threads_raise(vz_suspending_ct(u)->id, u->s.env.cg, &u->raised);
		vz_fault_kill("kill:", "lent");
		r = vz_stage_until(&u->stage, "post-dump", u->seconds, e);
		vz_threads_lower(&u->raised);
	}
	/* a program has now had the time to read them; what is there again may be of CRIU's own look at files */
	if (r >= 0 && !u->again && vz_criu_dropped(u->stage.work, u->stage.log) > u->unread)
		r = -EAGAIN;
	(void)unlinkat(vz_image_criu_dir(u->image), CRIU_PARENT, 0);
	vz_swrk_job_free(&job);
	return r;
}

static int dump_do(void *ctx, struct vz_err *e)
{
	struct vz_suspending *u = ctx;
	int r = u->was_frozen ? vz_suspend_let_go(u->s.env.cg, &u->s.state, e) : 0; /* CRIU stops them itself */

	if (r >= 0)
		r = run_criu(u, e);
	/* all are stopped by CRIU at this moment, and stay so when it is no more */
	if (r >= 0)
		r = vz_cg_freeze(u->s.env.cg, true, e);
	if (r >= 0)
		r = vz_cpt_frozen_begin(vz_suspending_ct(u), &u->s.state, u->stage.pid, &u->looking, e);
	if (r < 0) /* a step that fails leaves nothing behind */
		dump_undo(u);
	return r;
}

static int save_do(void *ctx, struct vz_err *e)
{
	return vz_suspend_save(ctx, e);
}

static int seal_do(void *ctx, struct vz_err *e)
{
	struct vz_suspending *u = ctx;
	const struct vz_suspend_away *away = u->opts->away;
	int r = away && away->came ? away->came(away->arg, u->image, e) : 0;

	return r < 0 ? r : vz_image_seal(u->image, &u->facts, !u->held, e);
}

static int place_do(void *ctx, struct vz_err *e)
{
	struct vz_suspending *u = ctx;

	return vz_image_commit(&u->image, e);
}

static void place_undo(void *ctx)
{
	struct vz_suspending *u = ctx;
	struct vz_err e = { 0 };

	if (vz_image_remove(u->path, &e) < 0)
		vz_log(-1, "Warning: %s, ignoring", e.msg);
}

static int commit_do(void *ctx, struct vz_err *e)
{
	struct vz_suspending *u = ctx;

	return u->opts->phase == VZ_SUSPEND_ALL ? write_journal(u, VZ_JOURNAL_SUSPENDED, e) : 0;
}

/* A CRIU that is killed where it waits leaves them as they are: frozen, and their network held back. */
static int kill_do(void *ctx, struct vz_err *e)
{
	struct vz_suspending *u = ctx;
	struct vz_err why = { 0 };

	(void)e;
	if (u->opts->phase == VZ_SUSPEND_DUMP) {
		vz_stage_end(&u->stage);
		vz_journal_end(vz_suspending_ct(u)->id);
		return 0;
	}
	vz_log(0, "\tkill...");
	if (vz_cg_kill(u->s.env.cg, KILL_MS, &why) < 0)
		vz_log(-1, "Warning: %s, ignoring", why.msg);
	vz_stage_end(&u->stage);
	return 0;
}

void vz_suspend_give_back(const struct vz_ct *ct)
{
	autofree char *own = vz_ct_dump_path(ct);
	struct vz_err e = { 0 };

	if (own && vz_image_give_back(own, &e) < 0)
		vz_log(-1, "Warning: %s, ignoring", e.msg);
}

void vz_suspend_keep(const struct vz_ct *ct)
{
	autofree char *own = vz_ct_dump_path(ct), *kept = own ? vz_fmt("%s.kept", own) : NULL;
	struct vz_err e = { 0 };

	vz_suspend_give_back(ct);
	if (!kept || access(own, F_OK) < 0)
		return;
	if (vz_image_remove(kept, &e) < 0)
		vz_log(-1, "Warning: %s, ignoring", e.msg);
	else if (rename(own, kept) < 0)
		vz_log(-1, "Warning: cannot rename %s: %m, ignoring", own);
	else
		vz_log(0, "The dump is kept as %s", kept);
}

static const struct vz_step journal = { "journal", journal_do, journal_undo },
			    image = { "image", image_do, image_undo },
			    stage = { "stage", stage_do, stage_undo },
			    dump = { "dump", dump_do, dump_undo }, /* from here on it is frozen */
			    save = { "save", save_do, NULL },      /* into the image, which is taken back */
			    seal = { "seal", seal_do, NULL };      /* the same */

const struct vz_step *const vz_op_suspend_plan[] = {
	&journal,
	&image,
	&stage,
	&dump,
	&save,
	&seal,
	VZ_STEP("place", place_do, place_undo),
	VZ_STEP("commit", commit_do, NULL),  /* from here on it is the dump that counts */
	VZ_STEP("kill", kill_do, NULL),      /* what does not die now is healing's to kill; --dump: it stays frozen */
	NULL,
};

/* Read upwards it is let go. */
static const struct vz_step *const hold_plan[] = { &journal, &image, &stage, &dump, &save, &seal, NULL };

/* ---- before anything is done ---- */

static int may_be_dumped(struct vz_suspending *u, struct vz_err *e)
{
	int r = vz_suspend_look(vz_suspending_ct(u), &u->s.state, &u->unread, e);

	if (r >= 0)
		r = vz_cgtree_check(u->s.env.cg, e);
	return r < 0 ? r : vz_frozen_bounds(&u->s.state, e);
}

static int away_seconds(const struct vz_suspend_away *away, uint64_t bytes)
{
	uint64_t s = bytes / (away->per_s && away->per_s < AWAY_BYTES_A_SECOND ? away->per_s : AWAY_BYTES_A_SECOND);

	return s > MOST_S ? MOST_S : (int)s;
}

static int fill_facts(struct vz_suspending *u, struct vz_err *e)
{
	struct vz_cg_usage use;
	int r = vz_image_facts_of(vz_suspending_ct(u), &u->s.state, &u->facts, e);

	if (r < 0)
		return r;
	u->facts.criu = u->criu.version;
	u->facts.layout = strdup(vz_suspending_ct(u)->own.ve_layout.set ? vz_suspending_ct(u)->own.ve_layout.v : vz_layout_plain->name);
	u->was_frozen = vz_cg_check_frozen(u->s.env.cg, u->s.state.init, NULL) < 0;
	u->bytes = vz_cg_read(u->s.env.cg, &use, NULL) < 0 ? 0 : use.ram;
	u->seconds = vz_suspend_seconds(u->bytes);
	if (u->opts->away)
		u->seconds += away_seconds(u->opts->away, u->bytes);
	return u->facts.layout ? 0 : vz_oom(e);
}

static int prepare(struct vz_suspending *u, struct vz_ct *ct, struct vz_err *e)
{
	int r = vz_env_open(&u->s.env, ct, e);

	if (r >= 0)
		r = vz_criu_find(0, &u->criu, e);
	if (r >= 0)
		r = may_be_dumped(u, e);
	return r < 0 ? r : fill_facts(u, e);
}

static void release(struct vz_suspending *u)
{
	vz_cpt_frozen_stop(&u->looking);
	vz_stage_end(&u->stage);
	vz_grace_end(&u->grace);
	vz_image_abort(&u->image);
	vz_closep(&u->ram);
	vz_image_facts_free(&u->facts);
	vz_creds_free(&u->creds);
	vz_stray_free(&u->stray);
	vz_threads_free(&u->raised);
	vz_network_close(&u->s.net);
	vz_env_close(&u->s.env);
}

/* Credentials that came or went between the look and the stop are named wrongly to CRIU; and what a program was just
 * doing, such as reading a socket, may be done the next time. */
static int run_plan(const struct vz_step *const *plan, struct vz_suspending *u, struct vz_err *e)
{
	int r = -EAGAIN;

	vz_grace_begin(&u->grace);
	for (int i = u->opts->away ? TRIES - 1 : 0; i < TRIES && r == -EAGAIN; i++) {
		u->again = u->opts->again || u->again;
		vz_creds_free(&u->creds);
		vz_threads_free(&u->raised);
		free(TAKE_PTR(u->facts.tty));
		free(TAKE_PTR(u->facts.netdevs));
		r = vz_plan_run(plan, u, e);
		u->again = true;
	}
	return r;
}

static int suspend(struct vz_suspending *u, struct vz_ct *ct, struct vz_err *e)
{
	int r;

	vz_log(0, "Setting up checkpoint...");
	r = prepare(u, ct, e);
	if (r >= 0) {
		if (u->opts->phase == VZ_SUSPEND_ALL)
			vz_log(0, "\tsuspend...");
		vz_log(0, "\tdump...");
		r = run_plan(vz_op_suspend_plan, u, e);
	}
	if (r < 0) {
		vz_log(-1, "%s", e->msg);
		return vz_fail(e, VZ_CHKPNT, 0, "Checkpointing failed"), r;
	}
	vz_log(0, "Checkpointing completed successfully");
	if (u->opts->phase == VZ_SUSPEND_ALL) {
		vz_plan_undo(vz_op_start_plan, SIZE_MAX, &u->s);
		vz_start_say_umount(&u->s);
	}
	return 0;
}

int vz_op_suspend(struct vz_ct *ct, const struct vz_suspend_opts *o, struct vz_err *e)
{
	struct vz_suspending u = SUSPENDING_INIT;
	autofree char *path = NULL;
	int r;

	if (vz_state_read(ct->id, &u.s.state) <= 0)
		return vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Unable to setup checkpointing: container is %s",
			       vz_ct_has_dump(ct) ? "suspended already" : "not running");
	if (o->phase != VZ_SUSPEND_ALL && o->phase != VZ_SUSPEND_DUMP)
		return vz_suspend_do_phase(ct, o->phase, VZ_CHKPNT, e);
	r = vz_dump_path(ct, o->dumpfile, &path, e);
	if (r < 0)
		return r;
	u.opts = o;
	u.path = path;
	r = suspend(&u, ct, e);
	release(&u);
	return r;
}

/* ---- held beside its dump ---- */

struct vz_suspended {
	struct vz_suspending u;
	struct vz_suspend_opts opts;
	char *path, *now;
};

static void free_held(struct vz_suspended *s)
{
	release(&s->u);
	free(s->path);
	free(s->now);
	free(s);
}

/* In memory, if there is so much; else where its dumps are. */
static int choose_place(struct vz_suspended *s, struct vz_err *e)
{
	struct vz_suspending *u = &s->u;
	const struct vz_suspend_away *away = u->opts->away;
	int r = 0;

	u->ram = vz_ramdir_make((away ? away->here : u->bytes) + SLACK);
	if (u->ram >= 0)
		s->path = vz_fmt("/proc/self/fd/%d/Dump.%u", u->ram, vz_suspending_ct(u)->id);
	else
		r = vz_dump_path(vz_suspending_ct(u), NULL, &s->path, e);
	if (r < 0)
		return r;
	s->now = s->path ? vz_fmt("%s.new", s->path) : NULL;
	u->path = s->path;
	return s->now ? 0 : vz_oom(e);
}

int vz_op_suspend_hold(struct vz_ct *ct, const struct vz_suspend_opts *o, struct vz_suspended **ret, struct vz_err *e)
{
	struct vz_suspended *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return vz_oom(e);
	s->u = (struct vz_suspending)SUSPENDING_INIT;
	s->opts = *o;
	s->u.opts = &s->opts;
	s->u.held = true;
	vz_log(0, "Setting up checkpoint...");
	r = vz_state_read(ct->id, &s->u.s.state) > 0 ? prepare(&s->u, ct, e) :
		vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Unable to setup checkpointing: container is not running");
	if (r >= 0)
		r = choose_place(s, e);
	if (r >= 0)
		r = run_plan(hold_plan, &s->u, e);
	vz_grace_end(&s->u.grace);
	if (r < 0)
		return free_held(s), r;
	*ret = s;
	return 0;
}

const char *vz_suspended_dump(const struct vz_suspended *s)
{
	return s->now;
}

bool vz_suspended_has_links(const struct vz_suspended *s)
{
	return faccessat(vz_image_criu_dir(s->u.image), "remap-fpath.img", F_OK, 0) == 0;
}

int vz_suspended_serve(struct vz_suspended *s, struct vz_err *e)
{
	return vz_stage_serve(&s->u.stage, GIVE_UP_S, e);
}

void vz_suspended_let_go(struct vz_suspended *s)
{
	vz_plan_undo(hold_plan, SIZE_MAX, &s->u);
	free_held(s);
}

void vz_suspended_leave(struct vz_suspended *s)
{
	vz_stage_give_up(&s->u.stage, GIVE_UP_S);
	free_held(s);
}

/* What is killed in between is taken back by the next one, which finds the same. */
static int end_it(struct vz_suspending *u, struct vz_err *e)
{
	int r = vz_journal_begin(vz_suspending_ct(u)->id, VZ_JOURNAL_STOP, e);

	if (r >= 0)
		r = vz_cg_kill(u->s.env.cg, KILL_MS, e);
	vz_stage_end(&u->stage);
	vz_image_abort(&u->image);
	if (r < 0)
		return r;
	vz_plan_undo(vz_op_start_plan, SIZE_MAX, &u->s);
	vz_start_say_umount(&u->s);
	return 0;
}

int vz_suspended_end(struct vz_suspended *s, struct vz_err *e)
{
	int r = end_it(&s->u, e);

	free_held(s);
	return r;
}

int vz_op_suspend_end(struct vz_ct *ct, struct vz_err *e)
{
	struct vz_suspending u = SUSPENDING_INIT;
	autofree char *line = vz_journal_read(ct->id);
	const char *path;
	int r = 0;

	if (vz_state_read(ct->id, &u.s.state) > 0)
		vz_suspend_wait_for_criu(u.s.state.init);
	if (line || vz_state_file_exists(ct->id)) {
		r = vz_env_open(&u.s.env, ct, e);
		if (r >= 0 && vz_journal_is(line, VZ_JOURNAL_SUSPEND, &path) && *path)
			(void)vz_image_remove(path, NULL);
		if (r >= 0)
			r = end_it(&u, e);
	}
	release(&u);
	return r;
}
