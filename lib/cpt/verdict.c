// SPDX-License-Identifier: GPL-2.0-or-later
/* The child that looks, and what its parent takes from it; see verdict.h. */
#include "cpt/verdict-internal.h"
#include "base/escape.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "cpt/criu.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/inherit.h"
#include "sys/wait.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

/* ---- the child ---- */

static int note_pid(pid_t pid, void *arg)
{
	struct cpt_look *l = arg;

	(void)cpt_seen_new(&l->group, (uint64_t)pid);
	return 0;
}

static int look_at_pid(pid_t pid, void *arg)
{
	struct cpt_look *l = arg;
	struct cpt_task t;
	int r = cpt_task_open(pid, &t);

	(void)note_pid(pid, l);
	if (r == -ESRCH)
		return 0;
	if (r < 0)
		return r;
	if (l->sockets_again) {
		cpt_files_look(l, &t);
	} else if (cpt_task_look(l, &t)) {
		cpt_mounts_read(l, &t);
		cpt_net_note(l, &t);
		cpt_files_look(l, &t);
		cpt_memory_look(l, &t);
	}
	close(t.dir);
	return 0;
}

static int look_at_stranger(struct cpt_look *l, pid_t pid)
{
	struct cpt_task t;
	int r = cpt_seen_has(&l->group, (uint64_t)pid) ? -ESRCH : cpt_task_open(pid, &t);

	if (r < 0)
		return r == -ESRCH ? 0 : r;
	close(t.dir);
	if (t.state == 'Z' || t.state == 'X') /* the group does not count it any more */
		return 0;
	cpt_say(l, CPT_GROUP, &t.who, "host process %d", pid);
	return look_at_pid(pid, l);
}

static void note_stranger(struct cpt_look *l, pid_t pid)
{
	pid_t *one = cpt_seen_has(&l->group, (uint64_t)pid) ? NULL : cpt_more(l, &l->strangers, &l->strangers_n, sizeof(*one));

	if (one)
		*one = pid;
}

/* What somebody brought in by setns(2) and left to init. Who was born since the group was read is in it by now. */
static int look_for_strangers(struct cpt_look *l)
{
	int r = 0;

	cpt_tree_walk(l, note_stranger);
	if (l->strangers_n)
		r = vz_cg_each(l->cg, note_pid, l);
	for (size_t i = 0; r >= 0 && i < l->strangers_n; i++)
		r = look_at_stranger(l, l->strangers[i]);
	return r;
}

static int look_at_all(struct cpt_look *l)
{
	return vz_cg_each(l->cg, look_at_pid, l);
}

static int look_again(struct cpt_look *l)
{
	free(TAKE_PTR(l->sockets));
	l->sockets_n = 0;
	l->sockets_again = true;
	return look_at_all(l);
}

static int look(struct cpt_look *l, const struct vz_state *state)
{
	int r = vz_cg_open(l->ct->id, NULL, &l->cg, NULL);

	if (r < 0)
		return r;
	r = cpt_task_open(state->init, &l->init);
	if (r >= 0)
		r = cpt_task_open(getpid(), &l->self);
	if (r < 0)
		return r;
	l->stand = l->criu || vz_cg_check_frozen(l->cg, state->init, NULL) < 0;
	if (state->features & VZ_FEAT_LANDLOCK)
		cpt_say(l, CPT_LANDLOCK, NULL, "the feature is on");
	cpt_mounts_read(l, &l->init); /* before all others: the first table is taken for that of the VPS */
	cpt_ipc_look(l);
	r = look_at_all(l);
	if (r >= 0)
		r = look_for_strangers(l);
	if (r < 0)
		return r;
	cpt_kin_judge(l);
	cpt_shared_look(l);
	cpt_mounts_judge(l);
	cpt_files_judge(l);
	cpt_epoll_judge(l);
	cpt_net_judge(l, look_again);
	cpt_address_judge(l);
	cpt_senders_judge(l);
	return 0;
}

/* At whom is looked, and how. */
struct order {
	const struct vz_ct *ct;
	const struct vz_state *state;
	pid_t criu; /* as in struct cpt_look */
};

_Noreturn static void run_child(const struct order *o, int to)
{
	struct cpt_look l = { .ct = o->ct, .state = o->state, .to = 3, .criu = o->criu };
	struct cpt_told end = { .kind = CPT_KINDS };
	int r;

	/* given up when it hangs, which must not keep who reads what the command prints */
	if (dup2(to, 3) < 0)
		_exit(1);
	vz_let_go(4);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	vz_inherit_open_limits(); /* each network namespace takes three descriptors */
	r = look(&l, o->state);
	if (r < 0)
		cpt_say(&l, CPT_UNKNOWN, NULL, "the processes of the container: %s", strerror(-r));
	cpt_tell(&l, &end);
	_exit(0);
}

/* ---- the parent ---- */

static int add_finding(struct vz_cpt_verdict *v, struct cpt_told *t)
{
	struct vz_cpt_finding *more = realloc(v->all, (v->n + 1) * sizeof(*more));
	struct vz_cpt_finding *f;

	if (!more)
		return -ENOMEM;
	v->all = more;
	f = &more[v->n++];
	*f = (struct vz_cpt_finding){ .kind = vz_cpt_kind(t->kind), .pid = t->who.inside };
	memcpy(f->command, t->who.command, sizeof(f->command));
	memcpy(f->object, t->object, sizeof(f->object));
	f->command[sizeof(f->command) - 1] = f->object[sizeof(f->object) - 1] = 0;
	vz_escape_plain(f->command);
	vz_escape_plain(f->object);
	return 0;
}

/* Why the child did not come to its end. */
static int add_unknown(struct vz_cpt_verdict *v, int r, int ms)
{
	struct cpt_told t = { .kind = CPT_UNKNOWN };

	if (r == -ETIMEDOUT)
		snprintf(t.object, sizeof(t.object), "not all could be looked at in %d milliseconds", ms);
	else
		snprintf(t.object, sizeof(t.object), "whoever looked ended before the end");
	return add_finding(v, &t);
}

static int add_criu(struct vz_cpt_verdict *v)
{
	struct cpt_told t = { .kind = CPT_CRIU };
	struct vz_err e = { 0 };
	struct vz_criu c;
	int r = vz_criu_find(0, &c, &e);

	if (r >= 0 || r == -ECANCELED)
		return r < 0 ? r : 0;
	snprintf(t.object, sizeof(t.object), "%.*s", (int)sizeof(t.object) - 1, e.msg);
	return add_finding(v, &t);
}

/* Until the child has said that it saw all. */
static int take_all(int from, int64_t end, struct vz_cpt_verdict *v)
{
	for (;;) {
		struct cpt_told t;
		int r = vz_wait_fd(from, POLLIN, end);

		if (r < 0)
			return r;
		if (read(from, &t, sizeof(t)) != sizeof(t))
			return -ECHILD;
		if (t.kind == CPT_KINDS)
			return 0;
		if (t.kind == CPT_TOLD_CUT)
			v->cut = true;
		else if (t.kind < CPT_KINDS)
			r = add_finding(v, &t);
		if (r < 0)
			return r;
	}
}

static int compare(const void *a, const void *b)
{
	const struct vz_cpt_finding *x = a, *y = b;

	if (x->kind->weight != y->kind->weight)
		return x->kind->weight < y->kind->weight ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->pid != y->pid ? (x->pid < y->pid ? -1 : 1) : strcmp(x->object, y->object);
}

static void put_in_order(struct vz_cpt_verdict *v)
{
	if (v->n)
		qsort(v->all, v->n, sizeof(*v->all), compare);
	for (v->refusing = 0; v->refusing < v->n; v->refusing++)
		if (v->all[v->refusing].kind->weight != VZ_CPT_REFUSES)
			break;
}

static int start_child(const struct order *o, int *ret_from, int *ret_pidfd)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = vz_clone3(0, ret_pidfd, -1);
	if (!pid)
		run_child(o, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return pid;
	}
	*ret_from = fds[0];
	return 0;
}

static int cannot_look(const struct vz_ct *ct, int r, struct vz_err *e)
{
	return vz_fail(e, VZ_SYSTEM, -r, "cannot look at the processes of CT %u", ct->id);
}

static int begin_look(const struct order *o, int ms, struct vz_cpt_looking *ret, struct vz_err *e)
{
	int r;

	ret->end = vz_now_ms() + ms;
	r = start_child(o, &ret->from, &ret->pidfd);
	return r < 0 ? cannot_look(o->ct, r, e) : 0;
}

void vz_cpt_frozen_stop(struct vz_cpt_looking *l)
{
	vz_give_up(l->pidfd);
	vz_closep(&l->pidfd);
	vz_closep(&l->from);
}

/* `runs`: as long as nothing stands still CRIU can be looked for. */
static int end_look(const struct vz_ct *ct, struct vz_cpt_looking *l, bool runs, struct vz_cpt_verdict *ret, struct vz_err *e)
{
	int ms = vz_poll_ms(l->end), r;
	struct vz_cpt_verdict v = { 0 };

	r = take_all(l->from, l->end, &v);
	vz_cpt_frozen_stop(l);
	if (r == -ETIMEDOUT || r == -ECHILD)
		r = add_unknown(&v, r, ms);
	if (r >= 0 && runs)
		r = add_criu(&v);
	if (r < 0) {
		vz_cpt_verdict_free(&v);
		return cannot_look(ct, r, e);
	}
	put_in_order(&v);
	*ret = v;
	return 0;
}

int vz_cpt_verdict(const struct vz_ct *ct, const struct vz_state *state, int ms, struct vz_cpt_verdict *ret,
		   struct vz_err *e)
{
	struct vz_cpt_looking l = VZ_CPT_LOOKING_INIT;
	int r = begin_look(&(struct order){ .ct = ct, .state = state }, ms, &l, e);

	return r < 0 ? r : end_look(ct, &l, true, ret, e);
}

int vz_cpt_frozen_begin(const struct vz_ct *ct, const struct vz_state *state, pid_t criu, struct vz_cpt_looking *ret,
			struct vz_err *e)
{
	return begin_look(&(struct order){ ct, state, criu }, VZ_CPT_VERDICT_MS, ret, e);
}

int vz_cpt_frozen_end(const struct vz_ct *ct, struct vz_cpt_looking *l, struct vz_cpt_verdict *ret, struct vz_err *e)
{
	return end_look(ct, l, false, ret, e);
}

void vz_cpt_verdict_free(struct vz_cpt_verdict *v)
{
	free(v->all);
	*v = (struct vz_cpt_verdict){ 0 };
}

int vz_cpt_verdict_refuse(const struct vz_ct *ct, const struct vz_cpt_verdict *v, struct vz_err *e)
{
	const struct vz_cpt_finding *f = v->all;
	char who[80] = "", more[80] = "";

	if (!v->refusing)
		return 0;
	if (f->pid)
		snprintf(who, sizeof(who), "process %d (%s), ", f->pid, f->command);
	if (v->refusing > 1)
		snprintf(more, sizeof(more), "; %zu more: vzctl check-migrate %u", v->refusing - 1, ct->id);
	return vz_fail(e, VZ_CHKPNT, 0, "CT %u cannot be checkpointed: %s%s: %s; remedy: %s%s", ct->id, who,
		       f->kind->name, f->object, f->kind->remedy, more);
}

size_t vz_cpt_verdict_count(const struct vz_cpt_verdict *v, const char *kind)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		n += !strcmp(v->all[i].kind->name, kind);
	return n;
}
