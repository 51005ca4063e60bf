// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * resume: a dump becomes the VPS. The steps of start around CRIU, in the stage (cpt/stage.h). The processes that CRIU
 * makes are frozen before it lets go of them, and run only when all else is in force and the state is written: until
 * then a failure or a crash leaves the dump as it was.
 */
#include "ops/suspend.h"
#include "apply/signals.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/fate.h"
#include "cpt/cgtree.h"
#include "cpt/devtree.h"
#include "cpt/external.h"
#include "cpt/idimage.h"
#include "cpt/netkept.h"
#include "cpt/netsys.h"
#include "cpt/nfrules.h"
#include "cpt/pidrefs.h"
#include "cpt/pressure.h"
#include "cpt/sockets.h"
#include "cpt/sockopts.h"
#include "cpt/stage.h"
#include "cpt/threads.h"
#include "cpt/userlimits.h"
#include "fs/layout.h"
#include "ops/dump.h"
#include "ops/since.h"
#include "ops/start.h"
#include "ops/steps.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/grace.h"
#include "sys/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define MQUEUE_MAGIC 0x19800202

struct resuming {
	struct vz_start s;
	const struct vz_resume_opts *opts;
	const char *path; /* of the dump */
	struct vz_image *image;
	const struct vz_image_facts *facts; /* the image's */
	struct vz_criu criu;
	struct vz_stage stage;
	struct vz_since since;
	struct vz_grace grace;
	int seconds;
	bool has_iptables;
};

static struct vz_ct *ct_of(const struct resuming *u)
{
	return u->s.env.ct;
}

static int come_into_force(struct resuming *u, enum vz_start_phase phase, struct vz_err *e)
{
	struct vz_starting at = vz_env_starting(&u->s.env);

	at.net = &u->s.net;
	at.state = &u->s.state;
	return vz_effects_start(&at, phase, e);
}

static int journal_do(void *ctx, struct vz_err *e)
{
	struct resuming *u = ctx;
	autofree char *line = vz_fmt("%s %s", VZ_JOURNAL_RESUME, u->opts->keep ? "" : u->path);

	return line ? vz_start_journal(ct_of(u), line, e) : vz_oom(e);
}

static void journal_undo(void *ctx)
{
	vz_journal_end(ct_of(ctx)->id);
}

static int same_ids_do(void *ctx, struct vz_err *e)
{
	struct resuming *u = ctx;
	struct vz_spec *s = &u->s.env.spec;
	struct vz_idimage was; /* of a dump that came from another host, other ones than in its state */
	int r = vz_env_ids(ct_of(u), &s->uid, &s->gid, e);

	if (r >= 0)
		r = vz_idimage_get(vz_image_criu_dir(u->image), &was, e);
	if (r >= 0 && (s->uid != was.uid || s->gid != was.gid))
		return vz_fail(e, VZ_RESTORE, 0, "the dump is of host ids from %u on, and the container has those "
			       "from %u on now (LOCAL_UID)", was.uid, s->uid);
	return r;
}

static int groups_do(void *ctx, struct vz_err *e)
{
	struct resuming *u = ctx;

	return vz_cgtree_make(u->s.env.cg, u->image, e);
}

static int make_stage(struct resuming *u, struct vz_err *e)
{
	struct vz_spec *s = &u->s.env.spec;
	const struct vz_stage_spec spec = { .ctid = ct_of(u)->id,
					    .uid = s->uid,
					    .gid = s->gid,
					    .criu = &u->criu,
					    .images = vz_image_criu_dir(u->image),
					    .iptables = u->has_iptables,
					    .restore = true,
					    .lazy = u->opts->lazy,
					    .root = s->root,
					    .dev = s->dev,
					    .console = u->facts->tty ? s->console : -1,
					    .image = u->image,
					    .signals = vz_signals(&ct_of(u)->conf) };
	int r = vz_devtree_load(s->dev, u->image, e);

	if (r >= 0 && u->facts->tty && s->console < 0)
		return vz_fail(e, VZ_RESTORE, 0, "the container has a console, and vzeventd, which keeps it, does not "
			       "run: start it, then resume again");
	if (r >= 0)
		r = vz_stage_begin(&spec, &u->stage, e);
	u->stage.turn = u->opts->turn;
	u->stage.turn_arg = u->opts->arg;
	return r;
}

static int stage_do(void *ctx, struct vz_err *e)
{
	struct resuming *u = ctx;
	int r = vz_since_devices(&u->since, ct_of(u), e);

	if (r >= 0)
		r = vz_env_spec(&u->s.env, true, e);
	return r < 0 ? r : make_stage(u, e);
}

static void stage_undo(void *ctx)
{
	struct resuming *u = ctx;

	vz_stage_end(&u->stage);
}

static void devices_undo(void *ctx)
{
	vz_network_stop(ct_of(ctx));
}

static int devices_do(void *ctx, struct vz_err *e)
{
	struct resuming *u = ctx;
	int r = vz_network_enter(&u->s.net, u->stage.pid, e);

	if (r >= 0)
		r = come_into_force(u, VZ_START_DEVICES, e);
	if (r >= 0)
		r = vz_since_stand_ins(&u->since, u->s.net.netns, e);
	if (r < 0) /* a step that fails leaves nothing behind */
		devices_undo(u);
	return r;
}

static int know_init(struct resuming *u, struct vz_err *e)
{
	struct vz_launch *l = &u->s.env.launch;
	struct vz_proc p;
	int r = u->stage.init ? vz_pidfd_open(u->stage.init) : -ESRCH;

	if (r < 0)
		return vz_fail(e, VZ_RESTORE, -r, "cannot look at the container's init");
	l->pidfd = r;
	l->pid = u->stage.init;
	r = vz_cg_holds(u->s.env.cg, l->pid);
	if (r < 0)
		return vz_fail(e, VZ_RESTORE, -r, "init came into no group of the container");
	r = vz_proc_stat(l->pid, &p);
	u->s.state = u->facts->state;
	u->s.state.uid = u->s.env.spec.uid;
	u->s.state.gid = u->s.env.spec.gid;
	u->s.state.init = l->pid;
	u->s.state.start_time = p.start_time;
	if (r >= 0)
		r = vz_proc_boot_id(u->s.state.boot_id, sizeof(u->s.state.boot_id));
	return r < 0 ? vz_fail(e, VZ_RESTORE, -r, "cannot look at the container's init") : 0;
}

/* The namespaces are there, and no process but init is. */
static int fill_namespaces(struct resuming *u, struct vz_err *e)
{
	int r = vz_network_enter(&u->s.net, u->stage.init, e);

	/* init has gone to its place: what kept the group alive would be a process in an inner node */
	vz_cg_attached(u->s.env.cg);
	if (r >= 0)
		r = vz_cgtree_enable(u->s.env.cg, u->image, e);
	if (r >= 0)
		r = vz_netkept_load(u->s.net.netns, u->image, e);
	return r < 0 ? r : vz_nfrules_load(&u->s.state, u->s.net.netns, u->image, e);
}

static int run_criu(struct resuming *u, struct vz_err *e)
{
	struct vz_swrk_job job = { 0 };
	int r;

	snprintf(job.tty, sizeof(job.tty), "%s", u->facts->tty ? u->facts->tty : "");
	r = vz_external_restore(VZ_STAGE_DIR, u->facts->netdevs, u->stage.creds, &job, e);
	if (r >= 0)
		r = vz_stage_run(&u->stage, &job, e);
	if (r >= 0)
		r = vz_stage_until(&u->stage, "post-setup-namespaces", u->seconds, e);
	vz_swrk_job_free(&job);
	return r;
}

/* CRIU sees only that a process was killed. */
static int of_memory(const struct resuming *u, int r, struct vz_err *e)
{
	char why[200];

	if (r < 0 && vz_fate_oom(u->s.env.cg, why, sizeof(why)))
		vz_fail(e, VZ_RESTORE, 0, "what the dump holds does not fit into the container any more: %s", why);
	return r;
}

static void restore_undo(void *ctx)
{
	struct resuming *u = ctx;

	/* the connections live on where the dump came from, and are not to be reset from here */
	if (u->s.net.netns >= 0 && u->stage.init)
		(void)vz_netsys_lock(u->s.net.netns, NULL);
	vz_stage_end(&u->stage);
	vz_launch_abort(&u->s.env.launch);
}

static int restore_do(void *ctx, struct vz_err *e)
{
	struct resuming *u = ctx;
	int r = run_criu(u, e);

	if (r >= 0)
		r = know_init(u, e);
	if (r >= 0)
		r = fill_namespaces(u, e);
	if (r >= 0)
		r = vz_stage_until(&u->stage, "network-unlock", u->seconds, e);
	(void)of_memory(u, r, e);
	if (r < 0) /* a step that fails leaves nothing behind */
		restore_undo(u);
	return r;
}

static int net_do(void *ctx, struct vz_err *e)
{
	struct resuming *u = ctx;
	int r = vz_network_enter(&u->s.net, u->stage.init, e);

	if (r >= 0)
		r = come_into_force(u, VZ_START_NET, e);
	return r < 0 ? r : vz_since_drop(&u->since, &u->s.net, e);
}

/* CRIU makes the file system of message queues as the host's root. May be hostile: what lies on the way; therefore
 * no link is followed, and it must be one. */
static int own_mqueue(void *arg)
{
	const struct vz_state *st = arg;
	autoclose int fd = vz_openat2(AT_FDCWD, "/dev/mqueue", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
				      RESOLVE_NO_SYMLINKS);
	struct statfs fs;

	if (fd < 0)
		return 0; /* the guest has taken it away */
	if (fstatfs(fd, &fs) < 0 || fs.f_type != MQUEUE_MAGIC)
		return 0;
	return fchown(fd, st->uid, st->gid) < 0 ? -errno : 0;
}

/* Which processes CRIU had of its own is over: what is in the group now is the VPS's, and held by its limits. On v1 the
 * kernel refuses a limit below what is used, on v2 it kills for it. */
static int hold(struct resuming *u, struct vz_err *e)
{
	uint64_t killed = vz_fate_killed(u->s.env.cg);
	int r = come_into_force(u, VZ_START_ALONE, e);

	if (r == -EBUSY)
		return vz_fail(e, VZ_RESTORE, 0, "what the dump holds does not fit into the container any more: it is more "
			       "memory than it may have; give it more with --ram");
	return r >= 0 && vz_fate_killed(u->s.env.cg) > killed ? -ENOMEM : r;
}

/* What CRIU leaves out of what descriptors lead to. */
static int load_fds(struct resuming *u, struct vz_err *e)
{
	int r = vz_sockets_load(&u->s.state, u->image, e);

	if (r >= 0)
		r = vz_sockopts_load(u->s.env.cg, u->image, e);
	if (r >= 0)
		r = vz_pidrefs_load(u->s.env.cg, u->image, e);
	return r < 0 ? r : vz_pressure_load(u->s.env.cg, u->image, e);
}

static int settle(struct resuming *u, struct vz_err *e)
{
	struct stat dev;
	int r = vz_join_call(&u->s.state, CLONE_NEWNS, own_mqueue, &u->s.state);

	if (r < 0)
		return vz_fail(e, VZ_RESTORE, -r, "cannot give /dev/mqueue to the container");
	r = load_fds(u, e);
	if (r >= 0)
		r = vz_threads_load(u->s.env.cg, u->image, e);
	if (r >= 0)
		r = vz_userlimits_load(&u->s.state, u->image, e);
	if (r < 0)
		return r;
	vz_signals_restored(u->s.env.cg, u->s.state.init, &ct_of(u)->conf);
	u->s.state.dev = fstat(u->s.env.spec.dev, &dev) < 0 ? 0 : dev.st_dev;
	r = vz_netsys_unlock(u->s.net.netns, e);
	return r < 0 ? r : hold(u, e);
}

static int finish_do(void *ctx, struct vz_err *e)
{
	struct resuming *u = ctx;
	int r = vz_stage_until(&u->stage, "pre-resume", u->seconds, e);

	/* CRIU lets go of processes that do not run yet */
	if (r >= 0)
		r = vz_cg_freeze(u->s.env.cg, true, e);
	if (r >= 0)
		r = vz_stage_finish(&u->stage, u->seconds, e);
	return of_memory(u, r < 0 ? r : settle(u, e), e);
}

static int state_do(void *ctx, struct vz_err *e)
{
	struct resuming *u = ctx;

	return vz_state_write(ct_of(u)->id, &u->s.state, e);
}

static void state_undo(void *ctx)
{
	vz_state_remove(ct_of(ctx)->id);
}

/* What a start would resume once more, over newer files, is out of its way before anything runs, whichever dump this
 * is made of. */
static int take_do(void *ctx, struct vz_err *e)
{
	struct resuming *u = ctx;
	autofree char *own = vz_ct_dump_path(ct_of(u));

	return own && u->opts->phase == VZ_SUSPEND_ALL ? vz_image_take(own, e) : 0;
}

static void take_undo(void *ctx)
{
	vz_suspend_give_back(ct_of(ctx));
}

static int go_do(void *ctx, struct vz_err *e)
{
	struct resuming *u = ctx;
	int r;

	if (u->opts->phase == VZ_SUSPEND_UNDUMP)
		return 0;
	r = u->opts->ready ? u->opts->ready(u->opts->arg, e) : 0;
	if (r < 0)
		return r;
	vz_log(0, "\tresume...");
	return vz_cg_freeze(u->s.env.cg, false, e);
}

static int done_do(void *ctx, struct vz_err *e)
{
	struct resuming *u = ctx;
	struct vz_err why = { 0 };

	(void)e;
	vz_image_close(TAKE_PTR(u->image));
	if (!u->opts->keep && u->opts->phase == VZ_SUSPEND_ALL && vz_image_remove(u->path, &why) < 0)
		vz_log(-1, "Warning: %s, ignoring", why.msg);
	if (u->opts->phase == VZ_SUSPEND_ALL) /* also the own one, when it was resumed from another */
		vz_suspend_keep(ct_of(u));
	vz_journal_end(ct_of(u)->id);
	return 0;
}

const struct vz_step *const vz_op_resume_plan[] = {
	VZ_STEP("journal", journal_do, journal_undo),
	VZ_STEP("ids", same_ids_do, NULL), /* as at a start */
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
	&vz_step_limits,                    /* but for what CRIU has some of */
	VZ_STEP("groups", groups_do, NULL), /* they go with the VPS's own */
	&vz_step_prestart,
	&vz_step_pci,
	&vz_step_lan,
	VZ_STEP("stage", stage_do, stage_undo),
	VZ_STEP("devices", devices_do, devices_undo), /* as "net" of a start, in the stage */
	VZ_STEP("restore", restore_do, restore_undo),
	VZ_STEP("net", net_do, NULL),       /* devices' */
	&vz_step_conntrack,
	VZ_STEP("finish", finish_do, NULL), /* restore's */
	VZ_STEP("state", state_do, state_undo),
	VZ_STEP("take", take_do, take_undo),
	VZ_STEP("go", go_do, NULL),         /* from here on it is the VPS that counts; --undump: it stays frozen */
	VZ_STEP("done", done_do, NULL),
	NULL,
};

/* ---- before anything is done ---- */

/* CRIU has these where the packet filter was that of iptables-legacy. */
static bool is_iptables(const char *name)
{
	return !strncmp(name, "iptables-", 9) || !strncmp(name, "ip6tables-", 10);
}

static void look_at_images(struct resuming *u, int dir)
{
	autoclosedir DIR *d = NULL;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *de;

	d = fd < 0 ? NULL : fdopendir(fd);
	while (d && (de = readdir(d)))
		u->has_iptables |= is_iptables(de->d_name);
	u->seconds = vz_suspend_seconds(vz_image_bytes(u->image)); /* what takes time is the memory */
}

static int check_config(const struct resuming *u, struct vz_err *e)
{
	const struct vz_ct *ct = ct_of(u);
	const char *layout = ct->own.ve_layout.set ? ct->own.ve_layout.v : vz_layout_plain->name;

	if (u->facts->ctid != ct->id)
		return vz_fail(e, VZ_RESTORE, 0, "the dump %s is of container %u", u->path, u->facts->ctid);
	if (u->facts->layout && strcmp(u->facts->layout, layout))
		return vz_fail(e, VZ_RESTORE, 0, "the dump %s is of a container with layout %s, not %s", u->path,
			       u->facts->layout, layout);
	return 0;
}

static int prepare(struct resuming *u, struct vz_ct *ct, struct vz_err *e)
{
	int r = vz_env_open(&u->s.env, ct, e);

	if (r >= 0)
		r = vz_image_open(u->path, &u->image, e);
	if (r < 0)
		return r;
	u->facts = vz_image_facts(u->image);
	r = check_config(u, e);
	if (r >= 0)
		r = vz_image_fits(u->facts, e);
	if (r >= 0)
		r = vz_criu_find(u->facts->criu, &u->criu, e);
	if (r >= 0)
		r = vz_since_begin(&u->since, ct, u->image, e);
	if (r < 0)
		return r;
	u->s.net.venet_is = u->since.has_venet ? 1 : -1;
	look_at_images(u, vz_image_criu_dir(u->image));
	u->s.env.restore = true;
	u->s.env.spec.features = u->facts->state.features;
	return 0;
}

static void release(struct resuming *u)
{
	vz_stage_end(&u->stage);
	vz_image_close(u->image);
	vz_grace_end(&u->grace);
	vz_since_free(&u->since);
	vz_network_close(&u->s.net);
	vz_env_close(&u->s.env);
}

static int resume(struct resuming *u, struct vz_ct *ct, struct vz_err *e)
{
	int r;

	vz_log(0, "Restoring container ...");
	vz_grace_begin(&u->grace);
	r = prepare(u, ct, e);
	if (r >= 0)
		r = vz_plan_run(vz_op_resume_plan, u, e);
	if (r < 0) {
		vz_log(-1, "%s", e->msg);
		vz_start_say_umount(&u->s);
		return vz_fail(e, VZ_RESTORE, 0, "Container restore failed"), r;
	}
	if (u->opts->phase == VZ_SUSPEND_ALL)
		vz_log(0, "Container start in progress...");
	vz_log(0, "Restoring completed successfully");
	if (u->opts->phase == VZ_SUSPEND_ALL)
		vz_since_apply(&u->since, ct);
	else if (u->since.is_any)
		vz_log(-1, "Warning: of what the configuration says since the dump, addresses, network devices and names "
		       "come into force at the next start");
	return 0;
}

/* One that only is frozen looks to its user like a suspended one. */
static int refuse_running(struct vz_ct *ct, const struct vz_state *st, struct vz_err *e)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	bool frozen = vz_cg_open(ct->id, NULL, &cg, NULL) >= 0 && vz_cg_check_frozen(cg, st->init, NULL) < 0;

	return vz_fail(e, VZ_VE_RUNNING, 0, "Unable to perform restore: container already running%s",
		       frozen ? "; it is frozen: let it go on with --resume" : "");
}

int vz_op_resume(struct vz_ct *ct, const struct vz_resume_opts *o, struct vz_err *e)
{
	const struct vz_start_opts so = { .skip_remount = o->skip_remount, .force = true };
	struct resuming u = { .opts = o, .s.opts = so, .s.net = VZ_NETWORK_INIT, .stage = VZ_STAGE_INIT,
				.grace = VZ_GRACE_INIT };
	autofree char *path = NULL;
	struct vz_state st;
	int r;

	if (o->phase == VZ_SUSPEND_RESUME || o->phase == VZ_SUSPEND_KILL)
		return vz_suspend_do_phase(ct, o->phase, VZ_RESTORE, e);
	if (vz_state_read(ct->id, &st) > 0)
		return refuse_running(ct, &st, e);
	r = vz_dump_path(ct, o->dumpfile, &path, e);
	if (r >= 0)
		r = vz_start_check(ct, &so, false, e);
	if (r < 0)
		return r;
	u.path = path;
	if (o->skip_arpdetect)
		ct->conf.skip_arpdetect = (struct vz_pbool){ true, true };
	r = resume(&u, ct, e);
	release(&u);
	return r;
}
