// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The counts of a VPS; see counts.h.
 *
 * The file has the sums over the groups that are gone, and which group was added last, by a number that no other
 * group has until the next boot. So whoever is killed between the adding and the removal of the group, nothing is
 * counted twice.
 */
#include "res/counts.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "res/res.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <fcntl.h>

#define COUNTS_DIR VZ_STATEDIR "/counts"
#define COUNTS_MAX 8192

/* Which numbers of the kernel make a counter, by the offset of each in its struct. */
enum reading { UNREAD, USAGE, KINDS, LINE, BESIDE };

struct count_row {
	const char *name;
	enum reading from;
	size_t to; /* in struct vz_counts */
	size_t held, peak, failcnt;
	enum vz_cg_limit limit; /* of LINE: all three are in struct vz_cg_count */
	bool pages;
};

static const struct count_row rows[] = {
#define COUNTER(place, KEY, word, letter, unit, title, holder, reading, ...)                      \
	{ .name = #word, .to = offsetof(struct vz_counts, word), .pages = IN_##unit,              \
	  .from = FROM_##reading },
#define IN_bytes false
#define IN_items false
#define IN_pages true
#define FROM_UNREAD UNREAD
#define FROM_USAGE(h, p, f) USAGE, THE_OFFSETS(vz_cg_usage, h, p, f)
#define FROM_KINDS(h, p, f) KINDS, THE_OFFSETS(vz_cg_kinds, h, p, f)
#define FROM_LINE(word) LINE, .limit = VZ_CG_LIMIT_##word, THE_OFFSETS(vz_cg_count, held, peak, failcnt)
#define FROM_BESIDE(h, p, f) BESIDE, THE_OFFSETS(vz_res_beside, h, p, f)
#define THE_OFFSETS(type, h, p, f)                                                            \
	.held = offsetof(struct type, h), .peak = offsetof(struct type, p),                   \
	.failcnt = offsetof(struct type, f)
#include "param/counters.def"
};

static struct vz_counted *counted(struct vz_counts *c, const struct count_row *row)
{
	return (void *)((char *)c + row->to);
}

void vz_counts_none(struct vz_counts *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		*counted(ret, &rows[i]) = (struct vz_counted){ VZ_UNCOUNTED, VZ_UNCOUNTED, VZ_UNCOUNTED };
}

/* ---- the group ---- */

static uint64_t number_at(const void *from, size_t at, uint64_t unit)
{
	uint64_t v = *(const uint64_t *)(const void *)((const char *)from + at);

	return v == VZ_UNLIMITED ? VZ_UNCOUNTED : v / unit;
}

/* The larger one of those that are known. */
static uint64_t most(uint64_t a, uint64_t b)
{
	if (a == VZ_UNCOUNTED || b == VZ_UNCOUNTED)
		return a == VZ_UNCOUNTED ? b : a;
	return a > b ? a : b;
}

/* Where the kernel keeps no peak, or what is held grew after it was read: never below what is held. */
static void take_one(struct vz_counts *c, const struct count_row *row, const void *from)
{
	uint64_t unit = row->pages ? vz_page_size() : 1, held = number_at(from, row->held, unit);

	*counted(c, row) = (struct vz_counted){ held, most(held, number_at(from, row->peak, unit)),
						number_at(from, row->failcnt, 1) };
}

/* Fills the counters that come out of `from`, a struct of cgroup.h or res.h. */
static void take_all(struct vz_counts *c, enum reading what, const void *from)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].from == what)
			take_one(c, &rows[i], from);
}

static void take_lines(struct vz_counts *c, const struct vz_cg *cg)
{
	struct vz_cg_count n;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].from != LINE)
			continue;
		vz_cg_count(cg, rows[i].limit, &n);
		take_one(c, &rows[i], &n);
	}
}

static int read_group(const struct vz_cg *cg, unsigned kinds, struct vz_counts *ret, struct vz_err *e)
{
	struct vz_cg_usage u;
	struct vz_cg_kinds k;
	int r = vz_cg_read(cg, &u, e);

	vz_counts_none(ret);
	if (r < 0)
		return r;
	if (kinds & VZ_COUNTS_USAGE)
		take_all(ret, USAGE, &u);
	if (kinds & VZ_COUNTS_KINDS) {
		vz_cg_read_kinds(cg, &k);
		take_all(ret, KINDS, &k);
	}
	if (kinds & VZ_COUNTS_LINES)
		take_lines(ret, cg);
	return 0;
}

/* ---- the file ---- */

struct kept {
	char boot[40];   /* of the host */
	uint64_t group;  /* added last, vz_cg_id() */
	struct vz_counts sum; /* held is nothing */
};

static char *counts_path(unsigned id)
{
	return vz_fmt(COUNTS_DIR "/%u", id);
}

/* "MAXHELD FAILCNT", "-" for what nobody counted. */
static void parse_counts(char *text, struct vz_counted *c)
{
	char *failcnt = strchr(text, ' ');

	if (!failcnt)
		return;
	*failcnt++ = 0;
	(void)vz_num_u64(text, UINT64_MAX, &c->maxheld); /* "-" leaves it */
	(void)vz_num_u64(failcnt, UINT64_MAX, &c->failcnt);
}

static void parse_kept(const char *key, char *value, struct kept *k)
{
	if (!strcmp(key, "boot"))
		snprintf(k->boot, sizeof(k->boot), "%s", value);
	else if (!strcmp(key, "group"))
		(void)vz_num_u64(value, UINT64_MAX, &k->group); /* 0 is no group */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(key, rows[i].name))
			parse_counts(value, counted(&k->sum, &rows[i]));
}

/* 0: nothing is kept. */
static int read_kept(unsigned id, struct kept *ret)
{
	autofree char *path = counts_path(id), *text = NULL;
	ssize_t n = path ? vz_file_read(AT_FDCWD, path, COUNTS_MAX, &text) : -ENOMEM;
	char *line, *rest = text;

	*ret = (struct kept){ 0 };
	vz_counts_none(&ret->sum);
	if (n < 0)
		return n == -ENOENT ? 0 : (int)n;
	while ((line = strsep(&rest, "\n"))) {
		char *eq = strchr(line, '=');

		if (!eq)
			continue;
		*eq++ = 0;
		parse_kept(line, eq, ret);
	}
	return 1;
}

static void print_number(struct vz_str *to, uint64_t n, char end)
{
	if (n == VZ_UNCOUNTED)
		vz_str_addf(to, "-%c", end);
	else
		vz_str_addf(to, "%llu%c", (unsigned long long)n, end);
}

static int write_kept(unsigned id, struct kept *k, struct vz_err *e)
{
	autofree char *path = counts_path(id);
	autostr text = { 0 };
	int r = vz_mkdir_p(COUNTS_DIR, 0700);

	vz_str_addf(&text, "boot=%s\ngroup=%llu\n", k->boot, (unsigned long long)k->group);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct vz_counted *c = counted(&k->sum, &rows[i]);

		if (c->maxheld == VZ_UNCOUNTED && c->failcnt == VZ_UNCOUNTED)
			continue;
		vz_str_addf(&text, "%s=", rows[i].name);
		print_number(&text, c->maxheld, ' ');
		print_number(&text, c->failcnt, '\n');
	}
	if (r >= 0)
		r = !path || text.failed ? -ENOMEM : vz_file_replace(path, text.s, text.len, 0600, false);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot keep the counts of CT %u", id) : 0;
}

/* ---- both ---- */

static bool is_added(const struct kept *k, const struct vz_cg *cg)
{
	char boot[40];

	return k->group && k->group == vz_cg_id(cg) && vz_proc_boot_id(boot, sizeof(boot)) >= 0 &&
	       !strcmp(boot, k->boot);
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > VZ_UNLIMITED - b ? VZ_UNLIMITED : a + b;
}

/* What a life cannot tell, `now` has not, and what earlier ones could not is none. */
static void add_earlier(struct vz_counted *now, const struct vz_counted *earlier)
{
	if (now->maxheld != VZ_UNCOUNTED)
		now->maxheld = most(now->maxheld, earlier->maxheld);
	if (now->failcnt != VZ_UNCOUNTED && earlier->failcnt != VZ_UNCOUNTED)
		now->failcnt = sum(now->failcnt, earlier->failcnt);
}

static void read_beside(const struct vz_cg *cg, const struct vz_state *s, struct vz_counts *ret)
{
	struct vz_res_beside beside;

	vz_res_beside(s, vz_cg_id(cg), &beside);
	take_all(ret, BESIDE, &beside);
}

void vz_counts_read(unsigned id, const struct vz_cg *cg, const struct vz_state *s, unsigned kinds,
		    struct vz_counts *ret)
{
	struct kept k;

	if (read_group(cg, kinds, ret, NULL) < 0)
		return;
	if (kinds & VZ_COUNTS_BESIDE)
		read_beside(cg, s, ret);
	if (read_kept(id, &k) <= 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct vz_counted *c = counted(ret, &rows[i]);

		if (is_added(&k, cg))
			*c = (struct vz_counted){ c->held, counted(&k.sum, &rows[i])->maxheld,
						  counted(&k.sum, &rows[i])->failcnt };
		else
			add_earlier(c, counted(&k.sum, &rows[i]));
	}
}

/* What this life could not tell leaves what earlier ones did. */
static void add_life(struct vz_counted *into, struct vz_counted life)
{
	add_earlier(&life, into);
	if (life.maxheld != VZ_UNCOUNTED)
		into->maxheld = life.maxheld;
	if (life.failcnt != VZ_UNCOUNTED)
		into->failcnt = life.failcnt;
}

int vz_counts_keep(unsigned id, const struct vz_cg *cg, struct vz_err *e)
{
	struct vz_counts life;
	struct kept k;
	int r = read_kept(id, &k);

	if (r > 0 && is_added(&k, cg))
		return 0;
	if (r >= 0)
		r = vz_proc_boot_id(k.boot, sizeof(k.boot));
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot keep the counts of CT %u", id);
	r = read_group(cg, VZ_COUNTS_USAGE | VZ_COUNTS_KINDS | VZ_COUNTS_LINES, &life, e);
	if (r < 0)
		return r;
	read_beside(cg, NULL, &life);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		add_life(counted(&k.sum, &rows[i]), *counted(&life, &rows[i]));
	k.group = vz_cg_id(cg);
	return write_kept(id, &k, e);
}

int vz_counts_begin(unsigned id, bool resumed, struct vz_err *e)
{
	char boot[40];
	struct kept k;
	int r = vz_proc_boot_id(boot, sizeof(boot));

	if (r < 0 || read_kept(id, &k) <= 0 || !strcmp(boot, k.boot))
		return 0;
	if (!resumed) {
		vz_counts_forget(id);
		return 0;
	}
	snprintf(k.boot, sizeof(k.boot), "%s", boot);
	k.group = 0; /* a number of that boot */
	return write_kept(id, &k, e);
}

void vz_counts_forget(unsigned id)
{
	autofree char *path = counts_path(id);

	if (path)
		(void)unlink(path);
}
