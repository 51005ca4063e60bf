// SPDX-License-Identifier: GPL-2.0-or-later
/* The end of a migration on the side that a VPS leaves: it goes on here, or what is here goes. Also of a migration that
 * was killed, by its record. */
#include "base/context.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "move/leave-internal.h"
#include "move/memory.h"
#include "move/postcopy.h"
#include "ops/ops.h"
#include "ops/private.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/urgent.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <time.h>

#define SETTLE_TRIES 5 /* without an answer */
#define SETTLE_AGAIN 2 /* of a command that was given again, and can be once more */
#define SETTLE_S 300

void vz_leave_open(struct vz_leaving *m, struct vz_ct *ct, const struct vz_migrate_opts *o)
{
	*m = (struct vz_leaving){ .ct = ct, .o = o, .remote = VZ_REMOTE_INIT, .pages = VZ_REMOTE_INIT, .pump = VZ_PUMP_INIT,
				  .pass = VZ_PASSING_INIT, .since = vz_now_ms() };
	if (o->report && o->report->progress) {
		m->progress.tell = o->report->progress;
		m->progress.arg = o->report->arg;
		m->progress.fd = o->report->fd;
	}
	m->wire = (struct vz_remote_opts){
		.progress = &m->progress, .bwlimit = o->bwlimit, .squeeze = o->squeeze,
		.host = o->host, .ssh = o->ssh, .verbose = o->verbose, .silence_s = o->silence_s,
	};
}

void vz_leave_close(struct vz_leaving *m)
{
	if (m->held) /* in doubt: whose it is, is told later */
		vz_suspended_leave(TAKE_PTR(m->held));
	vz_passing_stop(&m->pass);
	vz_memory_close(m);
	vz_remote_close(&m->remote);
	free(m->to);
	free(m->dump_there);
}

static int ask_owner(struct vz_leaving *m, struct vz_err *e)
{
	autofree char *facts = NULL, *owner = NULL;
	int r;

	vz_remote_close(&m->remote);
	r = vz_remote_open(&m->remote, &m->wire, e);
	if (r >= 0)
		r = vz_remote_ask(&m->remote, &facts, e, "settle %u %s", m->record.there, m->record.token);
	if (r < 0)
		return r;
	owner = vz_remote_fact(facts, "owner");
	m->arrived = vz_str_eq(owner, "here");
	return owner ? 0 : vz_fail(e, AS(REMOTE), 0, "%s does not say whose the container is", m->wire.host);
}

static void settle(struct vz_leaving *m, int tries)
{
	struct vz_err e = { 0 };
	int64_t end = vz_end_in(SETTLE_S);
	int unheard = 0;

	do {
		const struct timespec pause = { .tv_sec = unheard };

		nanosleep(&pause, NULL);
		m->in_doubt = ask_owner(m, &e) < 0;
		if (!m->in_doubt)
			return;
		/* as long as it is at work on what it was asked it has the lock */
		unheard += e.exit == VZ_MIGRATE_LOCKED && unheard ? 0 : 1;
	} while (unheard < tries && vz_now_ms() < end);
	vz_log(-1, "Error: %s", e.msg);
}

void vz_leave_settle(struct vz_leaving *m)
{
	settle(m, SETTLE_TRIES);
}

int vz_leave_quietly(struct vz_leaving *m, int (*verb)(struct vz_leaving *m, struct vz_err *e), struct vz_err *e)
{
	struct vz_context *ours = vz_context(), its = *ours;
	int r;

	if (!m->o->verbose)
		its.verbosity = -1;
	if (ours->undoing) { /* the user has had his way, and now it runs on */
		its.cancelled = 0;
		its.cancel_fd = -1;
		its.undoing = false;
	}
	(void)vz_context_use(&its);
	r = verb(m, e);
	(void)vz_context_use(ours);
	return r;
}

static int go_on(struct vz_leaving *m, struct vz_err *e)
{
	const struct vz_start_opts start = { 0 };
	struct vz_state st;

	vz_postcopy_went_back(m);

	if (m->held)
		vz_suspended_let_go(TAKE_PTR(m->held));
	vz_leave_calm(m);
	vz_op_heal(m->ct, true); /* a stop that was interrupted, or a frozen one whose migration was killed */
	if (m->running && vz_state_read(m->ct->id, &st) <= 0)
		return vz_op_start(m->ct, &start, e);
	if (m->mounted && !vz_ct_is_mounted(m->ct))
		return vz_op_mount(m->ct, e);
	return 0;
}

int vz_leave_go_on(struct vz_leaving *m, struct vz_err *e)
{
	return vz_leave_quietly(m, go_on, e);
}

void vz_leave_calm(struct vz_leaving *m)
{
	if (m->urgent && m->remote.pid)
		vz_urgent_end(m->remote.pid, m->ssh_nice);
	if (m->urgent)
		vz_urgent_end(0, m->nice);
	m->urgent = false;
}

static int end_here(struct vz_leaving *m, struct vz_err *e)
{
	int r = m->held ? vz_suspended_end(TAKE_PTR(m->held), e) : vz_op_suspend_end(m->ct, e);

	vz_leave_calm(m);
	return r;
}

static int destroy(struct vz_leaving *m, struct vz_err *e)
{
	return vz_op_destroy(m->ct, e);
}

/* The configuration goes last: with it the VPS would be one of this host again. */
static int clean_up(struct vz_leaving *m, struct vz_err *e)
{
	autofree char *dump = vz_ct_dump_path(m->ct);
	int r = 0;

	vz_log(0, "Cleaning up");
	if (!m->o->keep_area)
		r = vz_leave_quietly(m, destroy, e);
	if (r < 0)
		return r;
	if (dump)
		(void)vz_remove_tree(AT_FDCWD, dump);
	vz_name_keep(m->ct->id, NULL);
	return vz_moving_rename(m->ct->id, VZ_MOVING_LEFT, m->o->keep_area ? "conf.migrated" : "conf.destroyed", e);
}

/* Its files are on the disk there; by a new connection, where the old one has broken since. */
static int flush_there(struct vz_leaving *m, struct vz_err *e)
{
	int r = vz_remote_ask(&m->remote, NULL, e, "flush");

	if (r >= 0 || !m->remote.lost)
		return r;
	vz_leave_settle(m);
	return m->arrived && !m->in_doubt ? vz_remote_ask(&m->remote, NULL, e, "flush") : r;
}

static int remove_here(struct vz_leaving *m, struct vz_err *e)
{
	/* first of all: what is frozen has the addresses; but where only its dump is there, that is on the disk before */
	int r = m->o->no_start ? flush_there(m, e) : 0;

	if (r >= 0)
		r = vz_leave_quietly(m, end_here, e);
	if (r >= 0)
		r = flush_there(m, e);
	return r < 0 ? r : clean_up(m, e);
}

int vz_leave_finish(struct vz_leaving *m, struct vz_err *e)
{
	struct vz_err why = { 0 };
	int r;

	(void)e;
	vz_cancel_undoing(true); /* there is no way back, so nobody's signal leaves half of it */
	r = remove_here(m, &why);
	vz_cancel_undoing(false);
	if (r < 0) {
		vz_log(-1, "Warning: CT %u has arrived at %s, but its copy here could not be removed: %s; run the same "
			   "command again", m->ct->id, m->o->host, why.msg);
		return 0;
	}
	vz_moving_remove(m->ct->id);
	/* only now: until then the other side is asked by it */
	(void)vz_remote_ask(&m->remote, NULL, &why, "done");
	return 0;
}

/* ct was read while its configuration had another name. */
static int load_again(struct vz_ct *ct, struct vz_err *e)
{
	struct vz_ct now = { 0 };
	int r = vz_ct_load(ct->host, ct->id, &now, NULL, e);

	if (r < 0)
		return r;
	now.lock_path = TAKE_PTR(ct->lock_path);
	vz_ct_free(ct);
	*ct = now;
	return 0;
}

static int undo_killed(struct vz_leaving *m, struct vz_err *e)
{
	int r = 0;

	if (vz_moving_has(m->ct->id, VZ_MOVING_LEFT))
		r = vz_moving_rename(m->ct->id, VZ_MOVING_LEFT, "conf", e);
	if (r >= 0)
		r = load_again(m->ct, e);
	if (r >= 0)
		r = vz_leave_go_on(m, e);
	if (r < 0)
		return r;
	vz_moving_remove(m->ct->id);
	vz_log(0, "An interrupted migration of CT %u was taken back", m->ct->id);
	return 0;
}

/* Frozen it is what was handed over; one that runs somebody has let go, and it is not ours to end. */
static bool runs_here(unsigned id)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	struct vz_state st;

	return vz_state_read(id, &st) > 0 && vz_cg_open(id, NULL, &cg, NULL) >= 0 &&
	       vz_cg_check_frozen(cg, st.init, NULL) >= 0;
}

/* What somebody has made of it here meanwhile is neither overwritten nor ended. */
static int refuse_made_anew(const struct vz_leaving *m, struct vz_err *e)
{
	unsigned id = m->ct->id;

	if (m->ct->has_conf)
		return vz_fail(e, AS(DOUBT), 0, "CT %u was being moved to %s, and there are both " VZ_CT_CONF_FILE
			       " and that file with " VZ_CT_GIVEN_AWAY " behind its name, which is the one that counts: take "
			       "the first one away, and run the same command again", id, m->record.host, id);
	if (runs_here(id))
		return vz_fail(e, AS(DOUBT), 0, "CT %u was being moved to %s, and runs here: somebody has let it go on, so nothing "
			       "of it is removed. If it is to stay, see that it does not run there, give " VZ_CT_CONF_FILE
			       VZ_CT_GIVEN_AWAY " its name without the end, and remove " VZ_CT_MOVE_DIR "/%u", id,
			       m->record.host, id, id);
	return 0;
}

static int finish_left(struct vz_leaving *m, struct vz_err *e)
{
	int r = refuse_made_anew(m, e);

	if (r < 0)
		return r;
	m->wire.host = m->record.host; /* not the one of now */
	settle(m, SETTLE_AGAIN);
	if (m->in_doubt && !m->o->lost)
		return vz_fail(e, AS(DOUBT), 0, "CT %u was being moved to %s, which has to say whether it is there and gives "
			       "no answer: here it stands still, and it runs there or nowhere. " VZ_LEAVE_WHAT_NOW, m->ct->id,
			       m->record.host, m->record.host, m->record.host);
	if (m->in_doubt)
		vz_log(-1, "Warning: %s gives no answer and is lost, as you say: CT %u goes on here, without what it may have done "
			   "there. Remove it there before that host comes back to its network", m->record.host, m->ct->id);
	m->in_doubt = false;
	if (!m->arrived)
		return undo_killed(m, e);
	r = vz_ct_load_given_away(m->ct, e);
	if (r < 0)
		return r;
	vz_log(0, "CT %u had arrived at %s", m->ct->id, m->record.host);
	return vz_leave_finish(m, e) < 0 ? -EIO : 1;
}

/* A rehearsal asks nobody whose it is, since who answers takes back what has not arrived. */
static int would_recover(const struct vz_leaving *m, struct vz_err *e)
{
	const char *host = m->record.host;
	unsigned id = m->ct->id;
	autofree char *line = vz_journal_read(id);

	if (vz_moving_has(id, VZ_MOVING_LEFT))
		return vz_fail(e, AS(DOUBT), 0, "CT %u was being moved to %s: it would be asked whether it has arrived; then what is "
			       "here would be removed, or it would go on here", id, host);
	if (line)
		return vz_fail(e, AS(STOP), 0, "CT %u was left half-way by a command that was killed: that would be taken back first, "
			       "and only then more can be told", id);
	if (!*host)
		return 0;
	vz_log(0, "An interrupted migration of CT %u to %s would be taken back", id, host);
	return 0;
}

static int check_lost(const struct vz_ct *ct, const struct vz_migrate_opts *o, const struct vz_moving *record, struct vz_err *e)
{
	if (!vz_ct_is_given_away(ct))
		return vz_fail(e, AS(MISSING), 0, "CT %u is not in doubt: it is not being handed to another host", ct->id);
	if (strcmp(record->host, o->host))
		return vz_fail(e, AS(MISSING), 0, "CT %u was being moved to %s, not to %s", ct->id, record->host, o->host);
	return 0;
}

int vz_migrate_recover(struct vz_ct *ct, const struct vz_migrate_opts *o, struct vz_err *e)
{
	struct vz_leaving m;
	bool moving;
	int r;

	vz_leave_open(&m, ct, o);
	moving = vz_moving_read(ct->id, &m.record) && *m.record.host;
	r = o->lost ? check_lost(ct, o, &m.record, e) : 0;
	if (r >= 0 && o->check_only)
		return would_recover(&m, e);
	if (r < 0 || !moving)
		return r;
	m.running = !strcmp(m.record.stage, VZ_MOVING_RUNNING);
	m.mounted = !strcmp(m.record.stage, VZ_MOVING_MOUNTED);
	r = vz_moving_has(ct->id, VZ_MOVING_LEFT) ? finish_left(&m, e) : undo_killed(&m, e);
	vz_leave_close(&m);
	return r;
}
