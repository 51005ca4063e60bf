// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The side of a migration that a VPS leaves: a plan whose way back is "it runs here again". Up to the step "hand" the
 * VPS is here, whatever dies; after "accept" it is there. In between its configuration is on neither side, so
 * nobody can start it, and the other side says whose it is.
 */
#include "move/migrate.h"
#include "apply/network.h"
#include "base/context.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "move/leave-internal.h"
#include "move/memory.h"
#include "move/passes.h"
#include "move/postcopy.h"
#include "ops/dump.h"
#include "ops/ops.h"
#include "ops/plan.h"
#include "ops/session.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/urgent.h"

#include <fcntl.h>
#include <dirent.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#define SCRIPT_MAX (1u << 20)
#define STILL_MOST_S 600

/* -t */
static void lap(struct vz_leaving *m, const char *what)
{
	int64_t now = vz_now_ms(), took = now - m->since;

	m->since = now;
	if (m->o->times)
		vz_log(0, "\t%s: %lld.%03lld seconds", what, (long long)took / 1000, (long long)took % 1000);
}

static int record_do(void *ctx, struct vz_err *e)
{
	struct vz_leaving *m = ctx;
	/* with a dump, to run again is to be resumed */
	const char *was = m->running ? VZ_MOVING_RUNNING : m->mounted ? VZ_MOVING_MOUNTED : VZ_MOVING_STOPPED;

	lap(m, "checks");
	snprintf(m->record.host, sizeof(m->record.host), "%s", m->o->host);
	snprintf(m->record.stage, sizeof(m->record.stage), "%s", was);
	return vz_moving_write(m->ct->id, &m->record, e);
}

static void record_undo(void *ctx)
{
	struct vz_leaving *m = ctx;

	if (!m->arrived && !m->in_doubt)
		vz_moving_remove(m->ct->id);
}

static int prepare_do(void *ctx, struct vz_err *e)
{
	struct vz_leaving *m = ctx;
	autofree char *facts = NULL;
	int r;

	vz_log(0, "Preparing remote node");
	r = vz_remote_ask(&m->remote, &facts, e, "prepare %d %d %llu", m->o->keep_dst, m->o->online,
			  (unsigned long long)(m->o->keep_images || m->o->no_start ? 0 : m->bytes));
	if (r < 0)
		return r;
	m->to = vz_remote_fact(facts, "dir");
	m->dump_there = vz_remote_fact(facts, "dump");
	return m->to ? 0 : vz_fail(e, AS(REMOTE), 0, "%s does not say where to copy", m->o->host);
}

static void prepare_undo(void *ctx)
{
	struct vz_leaving *m = ctx;
	struct vz_err e = { 0 };

	/* where the connection is lost it has seen that too */
	if (!m->arrived && !m->in_doubt && !m->remote.lost)
		(void)vz_remote_ask(&m->remote, NULL, &e, "undo");
}

static int send_script(struct vz_leaving *m, const char *suffix, struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/%u.%s", VZ_CT_CONF_DIR, m->ct->id, suffix);
	autofree char *verb = vz_fmt("script %s", suffix);
	autoclose int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -EBADF;
	struct stat st;

	if (!path || !verb)
		return vz_oom(e);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)SCRIPT_MAX)
		return vz_fail(e, AS(COPY), errno, "cannot read %s", path);
	return vz_remote_put_fd(&m->remote, verb, fd, (uint64_t)st.st_size, e);
}

static int scripts_do(void *ctx, struct vz_err *e)
{
	static const char *const suffixes[] = { "mount", "umount", "premount", "postumount", "start", "stop" };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(suffixes); i++)
		r = send_script(ctx, suffixes[i], e);
	return r;
}

static int template_do(void *ctx, struct vz_err *e)
{
	struct vz_leaving *m = ctx;
	autofree char *id = vz_area_has_base(&m->area) ? vz_area_base(&m->area) : NULL;
	autofree char *facts = NULL, *dir = NULL, *from = NULL;
	struct vz_pass pass = { .opts = m->o->rsync };
	int r;

	if (!id)
		return 0;
	r = vz_remote_ask(&m->remote, &facts, e, "base %s", id);
	dir = r < 0 ? NULL : vz_remote_fact(facts, "dir");
	if (!dir)
		return r;
	vz_log(0, "Syncing template");
	from = vz_fmt("%s/base/%s/tree", m->area.template, id);
	if (!from)
		return vz_oom(e);
	pass.from = from;
	pass.to = dir;
	r = vz_pass_run(&m->remote, &pass, e);
	if (r >= 0)
		r = vz_remote_ask(&m->remote, NULL, e, "base-is %s", id);
	lap(m, "template");
	return r;
}

/* Of a copy while it stands still: what is changed to the last between the two takes as long as the first one did. */
static int patience_s(const struct vz_leaving *m)
{
	int64_t s = m->copy_ms / 1000;

	return m->o->silence_s + (int)(s < STILL_MOST_S ? s : STILL_MOST_S);
}

static int copy(struct vz_leaving *m, struct vz_passing *wait, struct vz_err *e)
{
	/* VE_PRIVATE may be a link, of the host's own */
	autofree char *from = realpath(m->area.private, NULL);
	const struct vz_pass pass = { .from = from, .to = m->to, .opts = m->o->rsync,
				      .seconds = wait || m->held ? patience_s(m) : 0 };

	if (!from)
		return vz_fail(e, AS(COPY), errno, "cannot find %s", m->area.private);
	return wait ? vz_pass_begin(&m->remote, &pass, wait, e) : vz_pass_run(&m->remote, &pass, e);
}

/* From when on a file that is written has a newer time, for certain (arrive-flush.c); 0: never, since nothing of it goes to a disk. */
static int settle_times(struct vz_leaving *m, struct vz_err *e)
{
	autoclose int fd = open(m->area.private, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	time_t now = time(NULL);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || syncfs(fd) < 0)
		return vz_fail(e, AS(COPY), errno, "cannot write %s to the disk", m->area.private);
	m->files_since = fs.f_type == TMPFS_MAGIC ? 0 : now;
	return 0;
}

/* A copy has come that another one follows. */
static int doubt_times(struct vz_leaving *m, struct vz_err *e)
{
	return vz_remote_ask(&m->remote, NULL, e, "flush %lld", (long long)m->files_since);
}

static int sync_do(void *ctx, struct vz_err *e)
{
	struct vz_leaving *m = ctx;
	bool again = m->running || m->mounted; /* resync_do() */
	int64_t begin = vz_now_ms();
	int r;

	vz_log(0, "Syncing private");
	r = again ? settle_times(m, e) : 0;
	if (r >= 0)
		r = copy(m, NULL, e);
	m->copy_ms = vz_now_ms() - begin;
	if (r >= 0 && again)
		r = doubt_times(m, e);
	else if (r >= 0)
		r = vz_remote_ask(&m->remote, NULL, e, "flush");
	lap(m, "first copy");
	return r;
}

/* A dump that is tried again: what was copied while all stood still is older. It ends by itself, since one that is ended
 * may still write there when the next one does. */
static int stands_still(void *arg, struct vz_err *e)
{
	struct vz_leaving *m = arg;
	int r = 0;

	m->frozen_at = time(NULL);
	if (m->pass.list < 0) {
		r = vz_passing_end(&m->pass, e);
		if (r >= 0)
			r = doubt_times(m, e);
		if (r >= 0)
			r = copy(m, &m->pass, e);
	}
	if (r >= 0)
		vz_passing_go(&m->pass);
	return r;
}

static int hold(struct vz_leaving *m, struct vz_err *e)
{
	const struct vz_suspend_opts suspend = { .elsewhere = true, .stopped = stands_still, .arg = m };
	int r;

	m->urgent = true;
	m->nice = vz_urgent_begin(0);
	m->ssh_nice = vz_urgent_begin(m->remote.pid);
	r = vz_remote_ask(&m->remote, NULL, e, "hurry"); /* before the second copy has its process there */
	if (r >= 0)
		r = copy(m, &m->pass, e);
	if (r < 0)
		return r;
	r = vz_memory_hold(m, &suspend, e);
	if (r < 0)
		vz_passing_stop(&m->pass);
	return r;
}

static int precopy_do(void *ctx, struct vz_err *e)
{
	return vz_memory_rounds(ctx, e);
}

static int halt(struct vz_leaving *m, struct vz_err *e)
{
	const struct vz_stop_opts stop = { 0 };

	if (m->o->online)
		return hold(m, e);
	return m->running ? vz_op_stop(m->ct, &stop, e) : vz_op_umount(m->ct, e);
}

static void halt_undo(void *ctx)
{
	struct vz_leaving *m = ctx;
	struct vz_err e = { 0 };

	vz_passing_stop(&m->pass);
	if (m->arrived || m->in_doubt)
		return;
	if (vz_leave_go_on(m, &e) < 0)
		vz_log(-1, "Error: the container could not be started here again: %s", e.msg);
}

/* One that was asked to stop, and may do so at any moment from now: it can only be started again. */
static int end_now(struct vz_leaving *m, struct vz_err *e)
{
	const struct vz_stop_opts stop = { .fast = true };
	struct vz_state st;

	return vz_state_read(m->ct->id, &st) > 0 ? vz_op_stop(m->ct, &stop, e) : 0;
}

static int halt_do(void *ctx, struct vz_err *e)
{
	struct vz_leaving *m = ctx;
	struct vz_err why = { 0 }, ended = { 0 };
	int r;

	if (!m->running && !m->mounted)
		return 0;
	vz_log(0, m->o->online ? "Live migrating container..." :
		  m->running ? "Stopping container" : "Unmounting container");
	m->halted = vz_now_ms();
	r = vz_leave_quietly(m, halt, &why);
	lap(m, m->o->online ? "suspend" : "stop");
	vz_memory_tell_packed(m);
	if (r >= 0)
		return 0;
	vz_cancel_undoing(true);
	if (r == -ECANCELED && m->running && !m->o->online)
		(void)vz_leave_quietly(m, end_now, &ended);
	halt_undo(m);
	vz_cancel_undoing(false);
	if (r != -ECANCELED && vz_remote_is_why(&m->remote, e)) /* that of memory may have been the first to end */
		return r;
	return vz_fail(e, AS(STOP), 0, "%s", why.msg), r;
}

static int resync_do(void *ctx, struct vz_err *e)
{
	struct vz_leaving *m = ctx;
	int r;

	if (!m->running && !m->mounted)
		return 0;
	vz_log(0, "Syncing private (second pass)");
	r = m->held ? vz_passing_end(&m->pass, e) : copy(m, NULL, e);
	if (r >= 0 && m->held && vz_suspended_has_links(m->held))
		r = copy(m, NULL, e);
	lap(m, "second copy");
	return r;
}

static int send_file(struct vz_leaving *m, const char *path, const char *name, struct vz_err *e)
{
	autoclose int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	autofree char *verb = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return vz_fail(e, AS(COPY), errno, "cannot read %s", path);
	verb = vz_fmt("dump %s %u", name, st.st_mode & 0644u);
	if (!verb)
		return vz_oom(e);
	return vz_remote_send_fd(&m->remote, verb, fd, (uint64_t)st.st_size, e);
}

/* The files of a directory of the dump; `below` has the directories in it. */
static int send_files(struct vz_leaving *m, const char *path, const char *below, struct vz_err *e)
{
	autoclosedir DIR *d = opendir(path);
	struct dirent *de;
	int r = d ? 0 : vz_fail(e, AS(COPY), errno, "cannot read %s", path);

	while (r >= 0 && (de = vz_dir_next(d))) {
		autofree char *file = vz_fmt("%s/%s", path, de->d_name), *name = vz_fmt("%s%s", below, de->d_name);
		autofree char *dir = vz_fmt("%s%s/", below, de->d_name);

		if (!file || !name || !dir)
			return vz_oom(e);
		if (vz_str_is_component(de->d_name))
			r = de->d_type == DT_DIR ? send_files(m, file, dir, e) : send_file(m, file, name, e);
	}
	return r >= 0 && errno ? vz_fail(e, AS(COPY), errno, "cannot read %s", path) : r;
}

static int memory_do(void *ctx, struct vz_err *e)
{
	struct vz_leaving *m = ctx;
	autofree char *own = vz_ct_dump_path(m->ct);
	const char *path = m->held ? vz_suspended_dump(m->held) : m->suspended ? own : NULL;
	int r;

	if (!path)
		return 0;
	vz_log(0, "Copying dump");
	vz_progress_begin(&m->progress, "memory", m->progress.tell ? vz_report_size(path) : 0);
	r = send_files(m, path, "", e);
	if (r >= 0)
		r = vz_remote_answers(&m->remote, e);
	vz_progress_end(&m->progress);
	lap(m, "dump");
	return r;
}

static int hand_do(void *ctx, struct vz_err *e)
{
	struct vz_leaving *m = ctx;
	int r;

	if (m->held) /* on the other one they are announced when it goes on */
		vz_network_silence(m->ct);
	r = vz_moving_rename(m->ct->id, "conf", VZ_MOVING_LEFT, e);
	if (r < 0 && m->held)
		vz_network_answer(m->ct);
	return r;
}

static void hand_undo(void *ctx)
{
	struct vz_leaving *m = ctx;
	struct vz_err e = { 0 };

	if (m->arrived)
		return;
	/* it may run there with a part of its memory, and is to end first: with the connection it does */
	if (m->remote.lost || m->record.frozen) {
		vz_postcopy_stop(m);
		vz_leave_settle(m);
	}
	if (m->arrived || m->in_doubt || !vz_moving_has(m->ct->id, VZ_MOVING_LEFT))
		return;
	if (vz_moving_rename(m->ct->id, VZ_MOVING_LEFT, "conf", &e) < 0)
		vz_log(-1, "Error: %s", e.msg);
	if (m->held)
		vz_network_answer(m->ct);
}

static int accept_do(void *ctx, struct vz_err *e)
{
	struct vz_leaving *m = ctx;
	const char *mode = m->o->no_start ? "none" : m->o->online ? "resume" : m->running ? "start" : m->mounted ? "mount" : "none";
	const bool lazy = m->held && m->memory == VZ_MEMORY_POST;
	int r = lazy ? vz_postcopy_serve(m, e) : 0;

	if (r < 0)
		return r;
	if (m->running && !m->o->no_start)
		vz_log(0, m->o->online ? "Resuming container" : "Starting container");
	r = lazy ? vz_remote_ask(&m->remote, NULL, e, "accept %s lazy %" PRIu64, mode, vz_postcopy_bytes(m)) :
		   vz_remote_ask(&m->remote, NULL, e, "accept %s%s", mode, m->o->keep_images ? " keep" : "");
	if (r < 0 && !m->remote.lost)
		m->record.frozen = 0; /* it never ran there */
	m->arrived = r >= 0 && !lazy;
	lap(m, m->o->online ? "resume" : "start");
	if (r >= 0 && m->halted && m->o->times && !m->o->no_start)
		vz_log(0, "\tIt did not run for %lld ms", (long long)(vz_now_ms() - m->halted));
	return r;
}

static int follow_do(void *ctx, struct vz_err *e)
{
	struct vz_leaving *m = ctx;
	int r;

	if (!m->held || m->memory != VZ_MEMORY_POST)
		return 0;
	r = vz_postcopy_follow(m, e);
	m->arrived = r >= 0;
	lap(m, "memory");
	return r;
}

const struct vz_step *const vz_migrate_plan[] = {
	VZ_STEP("record", record_do, record_undo),
	VZ_STEP("prepare", prepare_do, prepare_undo),
	VZ_STEP("scripts", scripts_do, NULL), /* taken away by the undo of prepare, as is what follows */
	VZ_STEP("base", template_do, NULL),
	VZ_STEP("sync", sync_do, NULL),
	VZ_STEP("precopy", precopy_do, NULL), /* goes with what prepare made */
	VZ_STEP("halt", halt_do, halt_undo),
	VZ_STEP("memory", memory_do, NULL),   /* while the files are under way */
	VZ_STEP("resync", resync_do, NULL),
	VZ_STEP("hand", hand_do, hand_undo),
	VZ_STEP("accept", accept_do, NULL),   /* the other side takes it back itself when it fails */
	VZ_STEP("follow", follow_do, NULL),   /* the same */
	NULL,
};

static int run_plan(struct vz_leaving *m, struct vz_err *e)
{
	struct vz_plan_watch watch;
	int r;

	vz_report_watch(m->o->report, &watch);
	r = vz_plan_run_watched(vz_migrate_plan, m, &watch, e);

	if (r >= 0 || m->arrived)
		return vz_leave_finish(m, e);
	if (m->in_doubt)
		return vz_fail(e, AS(DOUBT), 0, "The connection to %s broke at the end, so nobody knows whether CT %u has arrived: "
			       "here it stands still, and it runs there or nowhere. " VZ_LEAVE_WHAT_NOW, m->o->host, m->ct->id,
			       m->o->host, m->o->host);
	return r;
}

pid_t vz_migrate_lock_holder(unsigned id)
{
	const struct vz_session_want want = { .flags = VZ_SESSION_NO_VPS | VZ_SESSION_NO_LOG };
	struct vz_session session = { 0 };
	struct vz_err e = { 0 };
	pid_t pid = vz_session_open(&session, &want, &e) < 0 ? 0 : vz_ct_lock_holder(&session.host, id);

	vz_session_close(&session);
	return pid;
}

int vz_migrate(struct vz_ct *ct, const struct vz_migrate_opts *o, struct vz_err *e)
{
	struct vz_leaving m;
	int r = vz_migrate_recover(ct, o, e);

	if (r || o->lost)
		return r < 0 ? r : 0;
	if (vz_ct_is_given_away(ct))
		return vz_fail(e, AS(DOUBT), 0, "CT %u was being moved to another host, and the record of that, "
			       VZ_CT_MOVE_DIR "/%u, is not there or not whole", ct->id, ct->id);
	if (!ct->has_conf)
		return vz_fail(e, AS(MISSING), 0, "CT %u does not exist", ct->id);
	vz_leave_open(&m, ct, o);
	r = vz_leave_check(&m, e);
	if (r >= 0 && !o->check_only)
		r = run_plan(&m, e);
	vz_leave_close(&m);
	return r;
}
