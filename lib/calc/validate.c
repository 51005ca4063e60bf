// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Do the beancounters of a configuration agree with each other? The rules of INTERFACE 5.5 as rows, in the order of
 * the legacy tool, whose words are kept. Asks for each finding whether to mend it, prints nothing.
 */
#include "calc/calc.h"
#include "base/own.h"

#include <stdlib.h>

typedef unsigned __int128 u128;

#define PER_PROCESS 40960 /* kernel memory of one */
#define PER_SOCKET 2560
#define PER_FILE 384      /* of the directory cache */
#define TCP_LEAST 65536
#define OTHER_LEAST 32768
#define OTHER_WELL 132096

struct check {
	struct vz_conf *c, *changed;
	const struct vz_node *node;
	const struct vz_calc_ask *ask;
	int standing; /* findings, but recommendations */
	bool failed;  /* no memory */
};

/* ---- values ---- */

/* Both words for "no limit", which 32-bit tools and 64-bit ones wrote, are one. */
static uint64_t plain(uint64_t v)
{
	return v == INT32_MAX ? VZ_UNLIMITED : v;
}

static uint64_t at_most(u128 v)
{
	return v > VZ_UNLIMITED ? VZ_UNLIMITED : (uint64_t)v;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return at_most((u128)plain(a) + plain(b));
}

static uint64_t product(uint64_t a, uint64_t b)
{
	return at_most((u128)plain(a) * b);
}

bool vz_calc_is_vswap(const struct vz_conf *c)
{
	return c->physpages.set && plain(c->physpages.lim) != VZ_UNLIMITED;
}

/* ---- findings ---- */

static void mend(struct check *k, const char *key, struct vz_ppair *v, struct vz_ppair to)
{
	const struct vz_param *p = vz_param_by_key(key);

	to.set = true;
	*v = to;
	*(struct vz_ppair *)vz_param_at(p, k->changed) = to;
}

/* How what is found is said and mended. */
enum say { SAY_ONE, SAY_BOTH };

struct finding {
	const char *key;
	struct vz_ppair *v, to;
	enum say say;
	bool advice;
	char *text;
};

static char *mend_text(const struct finding *f)
{
	/* of one that changes, the one that the text is about: the barrier, if it changes */
	uint64_t one = f->to.bar != f->v->bar ? f->to.bar : f->to.lim;

	if (f->say == SAY_ONE)
		return vz_fmt("set to %llu", (unsigned long long)one);
	return vz_fmt("set to %llu:%llu", (unsigned long long)f->to.bar, (unsigned long long)f->to.lim);
}

/* Takes f->text. */
static void found(struct check *k, const struct finding *f)
{
	autofree char *text = f->text;
	autofree char *how = f->v ? mend_text(f) : NULL;

	if (!text || (f->v && !how)) {
		k->failed = true;
		return;
	}
	if (!k->ask->hear(k->ask->arg, text, how))
		k->standing += !f->advice;
	else if (f->v)
		mend(k, f->key, f->v, f->to);
	else
		k->standing++;
}

static void missing(struct check *k, const char *name)
{
	found(k, &(struct finding){ .text = vz_fmt("Error: parameter %s not found", name) });
}

/* ---- barrier and limit of one ---- */

enum kind {
	EQUAL,    /* barrier and limit are one */
	ORDER,    /* the barrier is not above */
	NO_LIMIT, /* the limit says nothing */
	ZERO,     /* the barrier is 0 */
};

struct pair_rule {
	const char *key, *name;
	size_t at;
	enum kind kind;
};
#define PAIR(KEY, f, k) { #KEY, #f, AT(f), k }

static const struct pair_rule ubc_rules[] = {
	PAIR(NUMPROC, numproc, EQUAL),
	PAIR(NUMTCPSOCK, numtcpsock, EQUAL),
	PAIR(NUMOTHERSOCK, numothersock, EQUAL),
	PAIR(VMGUARPAGES, vmguarpages, NO_LIMIT),
	PAIR(KMEMSIZE, kmemsize, ORDER),
	PAIR(TCPSNDBUF, tcpsndbuf, ORDER),
	PAIR(TCPRCVBUF, tcprcvbuf, ORDER),
	PAIR(OTHERSOCKBUF, othersockbuf, ORDER),
	PAIR(DGRAMRCVBUF, dgramrcvbuf, ORDER),
	PAIR(OOMGUARPAGES, oomguarpages, NO_LIMIT),
	PAIR(PRIVVMPAGES, privvmpages, ORDER),
	PAIR(LOCKEDPAGES, lockedpages, ORDER),
	PAIR(SHMPAGES, shmpages, EQUAL),
	PAIR(PHYSPAGES, physpages, ZERO),
	PAIR(PHYSPAGES, physpages, NO_LIMIT),
	PAIR(NUMFILE, numfile, EQUAL),
	PAIR(NUMFLOCK, numflock, ORDER),
	PAIR(NUMPTY, numpty, EQUAL),
	PAIR(NUMSIGINFO, numsiginfo, EQUAL),
	PAIR(DCACHESIZE, dcachesize, ORDER),
	PAIR(NUMIPTENT, numiptent, EQUAL),
};
static const struct pair_rule disk_rules[] = {
	PAIR(DISKSPACE, diskspace, ORDER),
	PAIR(DISKINODES, diskinodes, ORDER),
};
static const struct pair_rule vswap_rules[] = {
	PAIR(PHYSPAGES, physpages, ZERO),
	PAIR(SWAPPAGES, swappages, ZERO),
};

static struct vz_ppair *pair_at(struct check *k, size_t at)
{
	return (struct vz_ppair *)(void *)((char *)k->c + at);
}

#define NUM(v) ((unsigned long long)(v))

static void check_pair(struct check *k, const struct pair_rule *r)
{
	struct vz_ppair *v = pair_at(k, r->at);
	uint64_t bar = plain(v->bar), lim = plain(v->lim), most = bar > lim ? v->bar : v->lim;
	struct finding f = { .key = r->key, .v = v, .to = *v };

	switch (r->kind) {
	case EQUAL:
		if (bar == lim)
			return;
		f.to = (struct vz_ppair){ .bar = most, .lim = most };
		f.say = SAY_BOTH;
		f.text = vz_fmt("Error: barrier should be equal to limit for %s (currently, %llu:%llu)", r->name,
				NUM(v->bar), NUM(v->lim));
		break;
	case ORDER:
		if (bar <= lim)
			return;
		f.to.lim = v->bar;
		f.say = SAY_BOTH;
		f.text = vz_fmt("Error: barrier should be <= limit for %s (currently, %llu:%llu)", r->name,
				NUM(v->bar), NUM(v->lim));
		break;
	case NO_LIMIT:
		if (lim == VZ_UNLIMITED)
			return;
		f.to.lim = VZ_UNLIMITED;
		f.text = vz_fmt("Error: limit should be = %llu for %s (currently, %llu)", NUM(VZ_UNLIMITED),
				r->name, NUM(v->lim));
		break;
	case ZERO:
		if (!bar)
			return;
		f.to.bar = 0;
		f.text = vz_fmt("Error: barrier should be = 0 for %s (currently, %llu)", r->name, NUM(v->bar));
		break;
	}
	found(k, &f);
}

static bool check_there(struct check *k, const struct pair_rule *r, size_t n)
{
	bool all = true;

	for (size_t i = 0; i < n; i++) {
		if (pair_at(k, r[i].at)->set || (i && r[i].at == r[i - 1].at))
			continue;
		missing(k, r[i].name);
		all = false;
	}
	return all;
}

static void check_pairs(struct check *k, const struct pair_rule *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pair_at(k, r[i].at)->set)
			check_pair(k, &r[i]);
}

/* ---- equations between several ---- */

static uint64_t average(const struct vz_conf *c)
{
	return c->avnumproc.set ? c->avnumproc.bar : c->numproc.bar / 2;
}

static uint64_t need_dcache(const struct vz_conf *c)
{
	return product(c->numfile.bar, PER_FILE);
}

static uint64_t need_kmem(const struct vz_conf *c)
{
	return sum(product(average(c), PER_PROCESS), c->dcachesize.lim);
}

static uint64_t need_privvm(const struct vz_conf *c)
{
	return c->vmguarpages.bar;
}

static uint64_t need_tcp(const struct vz_conf *c)
{
	return product(c->numtcpsock.bar, PER_SOCKET);
}

static uint64_t need_other(const struct vz_conf *c)
{
	return product(c->numothersock.bar, PER_SOCKET);
}

static uint64_t need_files(const struct vz_conf *c)
{
	uint64_t processes = product(average(c), 32);
	uint64_t sockets = sum(sum(c->numtcpsock.bar, c->numothersock.bar), c->numpty.bar);

	return sockets > processes ? sockets : processes;
}

static uint64_t tcp_least(const struct vz_conf *c)
{
	(void)c;
	return TCP_LEAST;
}

static uint64_t other_least(const struct vz_conf *c)
{
	(void)c;
	return OTHER_LEAST;
}

static uint64_t other_well(const struct vz_conf *c)
{
	(void)c;
	return OTHER_WELL;
}

enum part {
	BARRIER,      /* the limit moves along */
	BARRIER_ONLY, /* the limit only where it would be passed */
	LIMIT,
	ROOM,         /* between barrier and limit */
};

struct need_rule {
	const char *word, *key, *name; /* "Error", "Warning", "Recommendation" */
	size_t at;
	enum part part;
	uint64_t (*least)(const struct vz_conf *c);
};
#define NEED(w, KEY, f, what, p, least) { w, #KEY, what, AT(f), p, least }

/* A rule sees what those before it mended. A recommendation is left out where the rule before it has spoken. */
static const struct need_rule need_rules[] = {
	NEED("Warning", DCACHESIZE, dcachesize, "dcachesize.lim", LIMIT, need_dcache),
	NEED("Error", KMEMSIZE, kmemsize, "kmemsize.bar", BARRIER, need_kmem),
	NEED("Warning", PRIVVMPAGES, privvmpages, "privvmpages.bar", BARRIER_ONLY, need_privvm),
	NEED("Error", TCPSNDBUF, tcpsndbuf, "tcpsndbuf", ROOM, need_tcp),
	NEED("Error", OTHERSOCKBUF, othersockbuf, "othersockbuf", ROOM, need_other),
	NEED("Warning", TCPRCVBUF, tcprcvbuf, "tcprcvbuf", ROOM, need_tcp),
	NEED("Warning", TCPRCVBUF, tcprcvbuf, "tcprcvbuf.bar", BARRIER, tcp_least),
	NEED("Warning", TCPSNDBUF, tcpsndbuf, "tcpsndbuf.bar", BARRIER, tcp_least),
	NEED("Warning", DGRAMRCVBUF, dgramrcvbuf, "dgramrcvbuf.bar", BARRIER, other_least),
	NEED("Recommendation", DGRAMRCVBUF, dgramrcvbuf, "dgramrcvbuf.bar", BARRIER, other_well),
	NEED("Warning", OTHERSOCKBUF, othersockbuf, "othersockbuf.bar", BARRIER, other_least),
	NEED("Recommendation", OTHERSOCKBUF, othersockbuf, "othersockbuf.bar", BARRIER, other_well),
	NEED("Warning", NUMFILE, numfile, "numfile", BARRIER, need_files),
};

static char *need_text(const struct need_rule *r, const struct vz_ppair *v, uint64_t have, uint64_t need)
{
	if (r->part == ROOM)
		return vz_fmt("%s: %s.lim-%s.bar should be > %llu (currently, %llu-%llu=%llu)", r->word, r->name,
			      r->name, NUM(need), NUM(v->lim), NUM(v->bar), NUM(have));
	return vz_fmt("%s: %s should be > %llu (currently, %llu)", r->word, r->name, NUM(need), NUM(have));
}

static uint64_t have_of(const struct need_rule *r, const struct vz_ppair *v)
{
	uint64_t bar = plain(v->bar), lim = plain(v->lim);

	switch (r->part) {
	case BARRIER:
	case BARRIER_ONLY:
		return bar;
	case LIMIT:
		return lim;
	case ROOM:
		break;
	}
	if (lim == VZ_UNLIMITED) /* nothing is short of room */
		return VZ_UNLIMITED;
	return lim > bar ? lim - bar : 0;
}

static struct vz_ppair mended(const struct need_rule *r, const struct vz_ppair *v, uint64_t have, uint64_t need)
{
	uint64_t lim = plain(v->lim);

	switch (r->part) {
	case BARRIER:
		return (struct vz_ppair){ .bar = need, .lim = sum(lim, need - have) };
	case BARRIER_ONLY:
		return (struct vz_ppair){ .bar = need, .lim = lim < need ? need : v->lim };
	case LIMIT:
		return (struct vz_ppair){ .bar = v->bar, .lim = need };
	case ROOM:
		break;
	}
	return (struct vz_ppair){ .bar = v->bar, .lim = sum(v->bar, need) };
}

/* True when it was met. */
static bool check_need(struct check *k, const struct need_rule *r)
{
	struct vz_ppair *v = pair_at(k, r->at);
	uint64_t have = have_of(r, v), need = plain(r->least(k->c));

	if (have >= need)
		return true;
	found(k, &(struct finding){ .key = r->key, .v = v, .to = mended(r, v, have, need),
				    .say = r->part == LIMIT || r->part == BARRIER_ONLY ? SAY_ONE : SAY_BOTH,
				    .advice = *r->word == 'R', .text = need_text(r, v, have, need) });
	return false;
}

/* ---- memory that the host has ---- */

static void check_host_has(struct check *k, const char *key, const char *name, struct vz_ppair *v, uint64_t bytes)
{
	uint64_t pages = bytes / vz_page_size();

	if (v->lim <= pages)
		return;
	found(k, &(struct finding){
			 .key = key, .v = v, .to = { .bar = v->bar, .lim = pages },
			 .text = vz_fmt("Error: limit should be <= %llu for %s (currently, %llu)", NUM(pages),
					name, NUM(v->lim)) });
}

static void check_vswap(struct check *k)
{
	if (!check_there(k, vswap_rules, ARRAY_LEN(vswap_rules)))
		return;
	check_pairs(k, vswap_rules, ARRAY_LEN(vswap_rules));
	check_host_has(k, "PHYSPAGES", "physpages", &k->c->physpages, k->node->ram);
	check_host_has(k, "SWAPPAGES", "swappages", &k->c->swappages, k->node->swap);
}

static void check_ubc(struct check *k)
{
	bool met = true;

	if (!check_there(k, ubc_rules, ARRAY_LEN(ubc_rules)))
		return;
	check_pairs(k, ubc_rules, ARRAY_LEN(ubc_rules));
	for (size_t i = 0; i < ARRAY_LEN(need_rules); i++)
		met = (*need_rules[i].word == 'R' && !met) || check_need(k, &need_rules[i]);
}

int vz_calc_validate(struct vz_conf *c, const struct vz_node *node, const struct vz_calc_ask *ask,
		     struct vz_conf *changed)
{
	struct check k = { .c = c, .changed = changed, .node = node, .ask = ask };

	if (ask->vswap)
		check_vswap(&k);
	else
		check_ubc(&k);
	if (c->disk_quota.set && c->disk_quota.v && check_there(&k, disk_rules, ARRAY_LEN(disk_rules)))
		check_pairs(&k, disk_rules, ARRAY_LEN(disk_rules));
	return k.failed ? -ENOMEM : k.standing;
}
