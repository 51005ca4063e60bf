// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Healing: whatever a killed command or a VPS that ended by itself left is taken back by reading
 * the plan of start upwards. Runs with the lock held, before any verb; two look-ups when there is
 * nothing to do.
 */
#include "apply/network.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/image.h"
#include "cpt/threads.h"
#include "ct/fate.h"
#include "ops/steps.h"
#include "ops/suspend.h"

#define KILL_MS 10000

static void write_again(const struct vz_ct *ct, const struct vz_state *st)
{
	struct vz_err e = { 0 };

	if (vz_state_write(ct->id, st, &e) < 0)
		vz_log(-1, "Warning: %s, ignoring", e.msg);
	else
		vz_log(-1, "Warning: %s/%u, the state of this running container, was lost; it is made "
			   "again from its processes", VZ_RUNDIR, ct->id);
}

/* A command that made a dump, or the VPS out of one, was killed: who counts, and the other one goes. 1: the VPS goes
 * on. 0: nothing of it lives any more, and what it had is taken back as always. -errno: the next command tries again. */
static int choose(struct vz_ct *ct, const struct vz_state *st, const char *line)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	const char *dump;
	struct vz_err e = { 0 };
	int r = vz_cg_open(ct->id, NULL, &cg, &e);

	if (r >= 0 && vz_journal_is(line, VZ_JOURNAL_SUSPENDED, &dump)) {
		r = vz_cg_kill(cg, KILL_MS, &e);
		if (r >= 0)
			return 0;
	} else if (r >= 0 && (vz_journal_is(line, VZ_JOURNAL_SUSPEND, &dump) ||
			      vz_journal_is(line, VZ_JOURNAL_RESUME, &dump))) {
		vz_log(-1, "Warning: a command was killed while the container was frozen; it goes on");
		r = vz_suspend_let_go(cg, st, &e);
		vz_threads_heal(ct->id); /* CRIU has ended */
		if (r >= 0) /* a migration may have silenced it */
			vz_network_answer(ct);
		if (r >= 0 && *dump)
			r = vz_image_remove(dump, &e);
		if (r >= 0 && vz_journal_is(line, VZ_JOURNAL_RESUME, &dump))
			vz_suspend_keep(ct);
	}
	if (r < 0)
		vz_log(-1, "Warning: %s; the next command tries again", e.msg);
	return r < 0 ? r : 1;
}

/* A resume was killed, and nothing lives: where the state was written it may have run and changed its files. */
static void not_resumed(const struct vz_ct *ct)
{
	if (vz_state_file_exists(ct->id))
		vz_suspend_keep(ct);
	else
		vz_suspend_give_back(ct);
}

void vz_op_heal(struct vz_ct *ct, bool ended_too)
{
	const char *dump;
	autofree char *verb = vz_journal_read(ct->id);
	struct vz_start s = { 0 };
	struct vz_err e = { 0 };
	char why[200];
	bool alive = vz_state_read(ct->id, &s.state) > 0;
	int r;

	if (verb && vz_journal_is_at_work(ct->id))
		return; /* we are called by a script of its, with --skiplock: what it does is no remainder */
	if (alive && !verb && !vz_state_is_written(ct->id, &s.state))
		write_again(ct, &s.state);
	if (!verb && (alive || !ended_too || !vz_state_file_exists(ct->id)))
		return;
	r = alive ? choose(ct, &s.state, verb) : 0;
	if (r < 0)
		return;
	if (r > 0) {
		/* the state is written last and removed first: start was complete, stop had not
		 * begun to take anything away */
		vz_journal_end(ct->id);
		return;
	}
	if (verb && vz_journal_is(verb, VZ_JOURNAL_RESUME, &dump))
		not_resumed(ct);
	vz_log(1, "Cleaning up what %s left", verb ? "an interrupted command" : "the container");
	if (vz_env_open(&s.env, ct, &e) < 0) {
		vz_log(-1, "Warning: %s, ignoring", e.msg);
		return;
	}
	if (!verb && vz_fate_oom(s.env.cg, why, sizeof(why)))
		vz_log(-1, "Container has ended: %s", why);
	else if (!verb)
		vz_log(0, "Container has ended by itself");
	s.no_hooks = vz_str_eq(verb, VZ_JOURNAL_RUNSCRIPT) || vz_str_eq(verb, VZ_JOURNAL_CREATE);
	s.keep_mount = vz_str_eq(verb, VZ_JOURNAL_RUNSCRIPT_MOUNTED);
	vz_plan_undo(vz_op_start_plan, SIZE_MAX, &s);
	vz_start_say_umount(&s);
	vz_env_close(&s.env);
}
