// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sessions as CRIU makes them again: a process is in that of its parent, or of an ancestor that has opened one after
 * the process was forked. An orphan whose leader has ended can be restored below init alone: a dump of one below
 * another subreaper is made, and no restore takes it.
 */
#include "cpt/verdict-internal.h"

#include <stdlib.h>

struct cpt_kin {
	struct cpt_who who;
	pid_t pid, parent; /* host's */
	pid_t session;     /* inside */
	pid_t born;        /* the session it had when it forked another; 0: nothing is known */
};

void cpt_kin_note(struct cpt_look *l, const struct cpt_task *t)
{
	struct cpt_kin *k = l->sockets_again ? NULL : cpt_more(l, &l->kin, &l->kin_n, sizeof(*k));

	if (k)
		*k = (struct cpt_kin){ t->who, t->pid, t->parent, t->session, 0 };
}

static int compare_kin(const void *a, const void *b)
{
	const struct cpt_kin *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static struct cpt_kin *kin_of(const struct cpt_look *l, pid_t pid)
{
	const struct cpt_kin key = { .pid = pid };

	return bsearch(&key, l->kin, l->kin_n, sizeof(key), compare_kin);
}

/* Whether the process can come into its session. */
static bool finds_session(struct cpt_look *l, const struct cpt_kin *k)
{
	struct cpt_kin *up = kin_of(l, k->parent);

	/* below init a helper opens the session, and another is refused by its own row */
	if (k->session == k->who.inside || !k->session || k->parent == l->init.pid || !up || up->session == k->session)
		return true;
	for (; up && up->who.inside != k->session; up = kin_of(l, up->parent)) {
		if (up->born && up->born != k->session)
			return false;
		up->born = k->session;
		if (up->pid == l->init.pid)
			return false;
	}
	return up;
}

void cpt_kin_judge(struct cpt_look *l)
{
	if (l->kin_n)
		qsort(l->kin, l->kin_n, sizeof(*l->kin), compare_kin);
	for (size_t i = 0; i < l->kin_n; i++)
		if (l->kin[i].pid != l->init.pid && !finds_session(l, &l->kin[i]))
			cpt_say(l, CPT_ORPHAN, &l->kin[i].who, "its session %d", l->kin[i].session);
}
