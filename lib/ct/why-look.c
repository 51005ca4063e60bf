// SPDX-License-Identifier: GPL-2.0-or-later
/* What a group has counted since the last event of its VPS; see why.h. The journal knows how far it had come. */
#include "base/num.h"
#include "base/own.h"
#include "ct/why.h"
#include "sys/proc.h"

#include <string.h>
#include <time.h>

#define COUNTS 4

struct hit {
	const char *kind;
	uint64_t total, held, limit;
};

/* A run of the VPS in one boot of the host. */
static uint64_t run_of(const struct vz_cg *cg)
{
	char boot[40] = "";

	(void)vz_proc_boot_id(boot, sizeof(boot));
	return vz_str_hash(boot, strlen(boot), vz_cg_id(cg));
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* What is at a limit was at it when it was refused: by now it may have been let go. */
static uint64_t at_most(uint64_t peak, uint64_t now, uint64_t limit)
{
	return least(peak == VZ_UNLIMITED ? now : peak, limit);
}

static int read_hits(const struct vz_cg *cg, struct hit hits[COUNTS])
{
	struct vz_cg_limits l = { .hugetlb = VZ_UNLIMITED };
	const struct vz_cg_limits want = { .has = VZ_CG_HUGETLB };
	struct vz_cg_count huge;
	struct vz_cg_usage u;
	int r = vz_cg_read(cg, &u, NULL);

	if (r < 0)
		return r;
	vz_cg_count(cg, VZ_CG_LIMIT_HUGETLB, &huge);
	if (huge.failcnt && huge.failcnt != VZ_UNLIMITED)
		(void)vz_cg_in_force(cg, &want, &l, NULL);
	hits[0] = (struct hit){ VZ_WHY_MEMORY, u.oom_kills, at_most(u.ram_peak, u.ram, u.ram_max), u.ram_max };
	/* who has no swap misses none */
	hits[1] = (struct hit){ VZ_WHY_SWAP, u.swap_max ? u.swap_failcnt : 0,
				at_most(u.swap_peak, u.swap, u.swap_max), u.swap_max };
	hits[2] = (struct hit){ VZ_WHY_TASKS, u.pids_failcnt, at_most(u.pids_peak, u.pids, u.pids_max), u.pids_max };
	hits[3] = (struct hit){ "hugetlb", huge.failcnt, at_most(huge.peak, huge.held, l.hugetlb), l.hugetlb };
	return 0;
}

/* Are both counted by the same number of the kernel? */
static bool is_memory(const char *kind)
{
	return vz_str_prefix(kind, VZ_WHY_MEMORY, NULL);
}

static bool is_counted_as(const char *a, const char *b)
{
	return !strcmp(a, b) || (is_memory(a) && is_memory(b));
}

static const struct vz_why_event *last_of(const struct vz_why_events *a, const char *kind)
{
	for (size_t i = a->n; i > 0; i--)
		if (is_counted_as(a->v[i - 1].kind, kind))
			return &a->v[i - 1];
	return NULL;
}

/* True when there is something new; *ret is it, *ret_joined: with the event before. */
static bool make_event(const struct hit *h, const struct vz_why_event *last, struct vz_why_event *ret, bool *ret_joined)
{
	uint64_t base = last && last->group == ret->group ? last->total : 0;

	if (h->total == VZ_UNLIMITED || h->total <= base)
		return false;
	if (!*ret->kind || !is_memory(h->kind)) {
		snprintf(ret->kind, sizeof(ret->kind), "%s", h->kind);
		ret->pid = 0;
		*ret->text = 0;
	}
	ret->count = h->total - base;
	ret->total = h->total;
	ret->held = h->held;
	ret->limit = h->limit;
	*ret_joined = ret->from && last && base && !strcmp(last->kind, ret->kind) && last->from &&
		      ret->to - last->to <= VZ_WHY_JOIN_S;
	if (*ret_joined) {
		ret->from = last->from;
		ret->count += last->count;
	}
	return true;
}

int vz_why_look(const struct vz_cg *cg, int64_t from, const struct vz_why_victim *victim)
{
	unsigned id = vz_cg_ctid(cg);
	uint64_t run = run_of(cg);
	struct hit hits[COUNTS];
	autowhy known = { 0 };
	int n = 0, r = read_hits(cg, hits);

	if (r >= 0)
		r = vz_why_read(id, &known);
	for (size_t i = 0; r >= 0 && i < COUNTS; i++) {
		struct vz_why_event ev = { .from = from, .to = time(NULL), .group = run };
		bool joined;

		if (victim && *victim->kind) {
			memcpy(ev.kind, victim->kind, sizeof(ev.kind));
			memcpy(ev.text, victim->command, sizeof(ev.text));
			ev.pid = victim->pid;
		}
		if (!make_event(&hits[i], last_of(&known, hits[i].kind), &ev, &joined))
			continue;
		r = vz_why_put(id, &ev, joined);
		n++;
	}
	return r < 0 ? r : n;
}

int vz_why_pending(const struct vz_cg *cg, struct vz_why_events *to)
{
	uint64_t run = run_of(cg);
	size_t known = to->n;
	struct hit hits[COUNTS];
	int r = read_hits(cg, hits);

	for (size_t i = 0; r >= 0 && i < COUNTS; i++) {
		struct vz_why_events before = { to->v, known };
		struct vz_why_event ev = { .group = run };
		bool joined;

		if (make_event(&hits[i], last_of(&before, hits[i].kind), &ev, &joined))
			r = vz_why_push(to, &ev);
	}
	return r;
}
