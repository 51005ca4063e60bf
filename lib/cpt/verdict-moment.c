// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a process may be in for a moment, and must not stay in. One that sleeps uninterruptibly cannot be stopped: a
 * vfork(2) does until its child has called exec, and shares its memory with it meanwhile. Any other who shares memory,
 * or the current directory, with a process that is none of its threads has no image. kcmp(2)
 */
#include "cpt/verdict-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/file.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

/* The disk may take as long for a page. */
#define ASLEEP_MS 300
#define PAUSE_MS 20
#define STATUS_MAX (2u << 20)

struct cpt_sleeper {
	struct cpt_who who;
	pid_t pid, tid; /* host's */
	unsigned long long switches;
	bool awake;
};

struct cpt_pair {
	struct cpt_one one, other;
	int type;
};

/* Its status; NULL: it has ended. The caller's to free. */
static char *status_of(pid_t pid, pid_t tid)
{
	char path[sizeof("/proc//task//status") + 20], *text;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
	return vz_file_read(AT_FDCWD, path, STATUS_MAX, &text) < 0 ? NULL : text;
}

/* ---- asleep ---- */

/* How often it gave up the processor by itself; 0: it is not asleep now. */
static unsigned long long switches_of(pid_t pid, pid_t tid)
{
	static const char key[] = "\nvoluntary_ctxt_switches:\t";
	autofree char *text = status_of(pid, tid);
	const char *at;

	if (!text || !strstr(text, "\nState:\tD"))
		return 0;
	at = strstr(text, key);
	return at ? strtoull(at + strlen(key), NULL, 10) + 1 : 0;
}

void cpt_sleep_note(struct cpt_look *l, const struct cpt_task *t, pid_t tid)
{
	unsigned long long switches = l->stand ? 0 : switches_of(t->pid, tid);
	struct cpt_sleeper *s = switches ? cpt_more(l, &l->sleepers, &l->sleepers_n, sizeof(*s)) : NULL;

	if (s)
		*s = (struct cpt_sleeper){ t->who, t->pid, tid, switches, false };
}

/* How many are in the same sleep as before. */
static size_t count_asleep(struct cpt_look *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->sleepers_n; i++) {
		struct cpt_sleeper *s = &l->sleepers[i];

		s->awake |= switches_of(s->pid, s->tid) != s->switches;
		n += !s->awake;
	}
	return n;
}

static void judge_sleepers(struct cpt_look *l)
{
	int64_t end = vz_now_ms() + ASLEEP_MS;

	while (count_asleep(l) && vz_now_ms() < end)
		(void)poll(NULL, 0, PAUSE_MS);
	for (size_t i = 0; i < l->sleepers_n; i++) {
		const struct cpt_sleeper *s = &l->sleepers[i];
		char path[sizeof("/proc//task//wchan") + 20], where[64] = "";

		if (s->awake)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%d/wchan", s->pid, s->tid);
		(void)vz_file_read_buf(AT_FDCWD, path, where, sizeof(where));
		cpt_say(l, CPT_ASLEEP, &s->who, "host thread %d%s%s", s->tid, *where && strcmp(where, "0") ? ", in " : "",
			strcmp(where, "0") ? where : "");
	}
}

/* ---- shared ---- */

static int compare_ones(const void *a, const void *b, void *type)
{
	const struct cpt_one *x = a, *y = b;

	return vz_kcmp_order(x->pid, y->pid, *(const int *)type);
}

static bool is_alive(const struct cpt_one *one)
{
	autofree char *text = status_of(one->pid, one->pid);

	return text && !strstr(text, "\nState:\tZ");
}

/* The dead have no memory, and that in common. */
static bool share(const struct cpt_one *one, const struct cpt_one *other, int type)
{
	return vz_kcmp(one->pid, other->pid, type) == 1 && is_alive(one) && is_alive(other);
}

static void find_pairs(struct cpt_look *l, int type)
{
	qsort_r(l->alive, l->alive_n, sizeof(*l->alive), compare_ones, &type);
	for (size_t i = 1; i < l->alive_n; i++) {
		const struct cpt_one *one = &l->alive[i - 1], *other = &l->alive[i];
		struct cpt_pair *p = share(one, other, type) ? cpt_more(l, &l->pairs, &l->pairs_n, sizeof(*p)) : NULL;

		if (p)
			*p = (struct cpt_pair){ *one, *other, type };
	}
}

void cpt_shared_look(struct cpt_look *l)
{
	if (!l->alive_n || l->criu) /* CRIU refuses it itself */
		return;
	find_pairs(l, KCMP_VM);
	find_pairs(l, KCMP_FS);
}

static void judge_pairs(struct cpt_look *l)
{
	for (size_t i = 0; i < l->pairs_n; i++) {
		const struct cpt_pair *p = &l->pairs[i];

		if (share(&p->one, &p->other, p->type))
			cpt_say(l, CPT_SHARED, &p->one.who, "%s, with process %d (%s)",
				p->type == KCMP_VM ? "memory" : "current directory", p->other.who.inside, p->other.who.command);
	}
}

bool cpt_moment_is_over(const struct cpt_look *l)
{
	return !l->sleepers_n && !l->pairs_n;
}

void cpt_moment_judge(struct cpt_look *l)
{
	judge_sleepers(l);
	judge_pairs(l);
}
