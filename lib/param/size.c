// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Quantities: the value grammar of INTERFACE 1.7.1 (suffixes, fractions, "unlimited") and the
 * kinds built on it. All arithmetic is in integers; a bare number and a suffixed one may mean
 * different units, which is why each kind states both.
 */
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "param/types-internal.h"

#include <ctype.h>

typedef unsigned __int128 u128;

/* What a text may say and in which unit the value is kept; PAGE stands for the page size. */
struct grammar {
	uint32_t unit;     /* bytes in one unit of the stored value */
	uint32_t bare;     /* bytes meant by a number without suffix, times 1 */
	bool suffix;       /* T G M K P B may follow, and a fraction before it */
	bool unlimited;    /* the word is allowed */
	bool round_up;     /* to whole units; else down */
	bool single;       /* no "barrier:limit" */
	bool both;         /* always saved as two numbers */
};
#define PAGE 0
#define RATE_MAX 1000000000000ull /* bits per second */

static const struct grammar g_bytes = { 1, 1, .suffix = true, .unlimited = true };
static const struct grammar g_pages = { PAGE, PAGE, .suffix = true, .unlimited = true };
static const struct grammar g_items = { 1, 1, .unlimited = true };
static const struct grammar g_memory = { PAGE, 1, .suffix = true, .unlimited = true,
					 .round_up = true, .single = true };
static const struct grammar g_space = { 1024, 1024, .suffix = true, .both = true };
static const struct grammar g_inodes = { 1, 1, .suffix = true, .both = true };
static const struct grammar g_io_cli = { 1, 1 << 20, .suffix = true, .single = true };
static const struct grammar g_io_file = { 1, 1, .suffix = true, .single = true };

static uint64_t in_bytes(uint32_t unit)
{
	return unit == PAGE ? vz_page_size() : unit;
}

static uint64_t suffix_bytes(char c)
{
	switch (toupper((unsigned char)c)) {
	case 'T':
		return 1ull << 40;
	case 'G':
		return 1ull << 30;
	case 'M':
		return 1ull << 20;
	case 'K':
		return 1ull << 10;
	case 'P':
		return in_bytes(PAGE);
	case 'B':
		return 1;
	default:
		return 0;
	}
}

/* One number of exactly n bytes. -ERANGE beyond VZ_UNLIMITED. */
static int amount(const struct grammar *g, const char *s, size_t n, uint64_t *ret)
{
	u128 whole = 0, part = 0, tens = 1, mult = in_bytes(g->bare), unit = in_bytes(g->unit);
	const char *end = s + n;
	bool over = false;

	if (n == 9 && g->unlimited && !memcmp(s, "unlimited", 9)) {
		*ret = (uint64_t)((VZ_UNLIMITED + (u128)(g->round_up ? unit - 1 : 0)) /
				  (g->round_up ? unit : 1));
		return 0;
	}
	if (s == end || !isdigit((unsigned char)*s))
		return -EINVAL;
	for (; s < end && isdigit((unsigned char)*s); s++) {
		whole = whole * 10 + (unsigned)(*s - '0');
		over |= whole > VZ_UNLIMITED;
		if (over)
			whole = VZ_UNLIMITED;
	}
	if (g->suffix && s + 1 < end && *s == '.' && isdigit((unsigned char)s[1]))
		for (s++; s < end && isdigit((unsigned char)*s); s++)
			if (tens < 1000000000) {
				part = part * 10 + (unsigned)(*s - '0');
				tens *= 10;
			}
	if (g->suffix && s + 1 == end && suffix_bytes(*s))
		mult = suffix_bytes(*s++);
	else
		part = 0; /* a fraction of a bare number is cut off */
	if (s != end)
		return -EINVAL;
	whole = (whole * mult + part * mult / tens + (g->round_up ? unit - 1 : 0)) / unit;
	if (over || whole > VZ_UNLIMITED)
		return -ERANGE;
	*ret = (uint64_t)whole;
	return 0;
}

/* In a file a number too large becomes the largest one there is. */
static int amount_or_cut(const struct grammar *g, const char *s, size_t n, bool cli, uint64_t *ret)
{
	int r = amount(g, s, n, ret);

	if (r != -ERANGE || cli)
		return r;
	*ret = VZ_UNLIMITED;
	return VZ_TAKEN_PARTLY;
}

static int pair_parse(const struct grammar *g, const char *text, bool cli, struct vz_ppair *ret)
{
	const char *colon = g->single ? NULL : strchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : strlen(text);
	uint64_t bar, lim;
	int r, k = 0;

	r = amount_or_cut(g, text, n, cli, &bar);
	if (r < 0)
		return r;
	lim = bar;
	if (colon)
		k = amount_or_cut(g, colon + 1, strlen(colon + 1), cli, &lim);
	if (k < 0)
		return k;
	*ret = (struct vz_ppair){ true, bar, lim };
	return r | k;
}

#define PAIR_PARSE(kind)                                                                  \
	static int kind##_parse(const struct vz_param *p, const char *text, bool cli,     \
				void *val, struct vz_err *e)                              \
	{                                                                                 \
		(void)p;                                                                  \
		(void)e;                                                                  \
		return pair_parse(&g_##kind, text, cli, val);                             \
	}
PAIR_PARSE(bytes)
PAIR_PARSE(pages)
PAIR_PARSE(items)
PAIR_PARSE(space)
PAIR_PARSE(inodes)

/* --ram and --swap: views that write only the limit of PHYSPAGES and SWAPPAGES. */
static int memory_parse(const struct vz_param *p, const char *text, bool cli, void *val,
			struct vz_err *e)
{
	struct vz_ppair v;
	int r = pair_parse(&g_memory, text, cli, &v);

	(void)p;
	(void)e;
	if (r >= 0)
		*(struct vz_ppair *)val = (struct vz_ppair){ true, 0, v.lim };
	return r;
}

static void print_amount(uint64_t v, FILE *f)
{
	if (v == VZ_UNLIMITED)
		fputs("unlimited", f);
	else
		fprintf(f, "%llu", (unsigned long long)v);
}

static void pair_print(const struct vz_param *p, const void *val, FILE *f)
{
	const struct vz_ppair *v = val;

	(void)p;
	print_amount(v->bar, f);
	if (v->bar == v->lim)
		return;
	fputc(':', f);
	print_amount(v->lim, f);
}

/* Disk limits are always saved as two numbers, and have no word for "unlimited". */
static void disk_print(const struct vz_param *p, const void *val, FILE *f)
{
	const struct vz_ppair *v = val;

	(void)p;
	fprintf(f, "%llu:%llu", (unsigned long long)v->bar, (unsigned long long)v->lim);
}

static int iolimit_parse(const struct vz_param *p, const char *text, bool cli, void *val,
			 struct vz_err *e)
{
	struct vz_pu64 v = { true, 0 };
	int r = 0;

	if (strcmp(text, "unlimited"))
		r = amount_or_cut(cli ? &g_io_cli : &g_io_file, text, strlen(text), cli, &v.v);
	if (r >= 0 && v.v > p->max) {
		if (cli) {
			(void)vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "%llu MB a second at most, or unlimited",
				      (unsigned long long)p->max >> 20);
			return -ERANGE;
		}
		v.v = p->max;
		r = VZ_TAKEN_PARTLY;
	}
	if (r >= 0)
		*(struct vz_pu64 *)val = v;
	return r;
}

/* "N" percent of one CPU, or "N%" of the whole host. */
static int cpulimit_parse(const struct vz_param *p, const char *text, bool cli, void *val,
			  struct vz_err *e)
{
	autofree char *copy = NULL;
	struct vz_pu64 v = { true, 0 };
	int r;

	if (!vz_str_suffix(text, "%"))
		return vz_type_u64.parse(p, text, cli, val, e);
	copy = strndup(text, strlen(text) - 1);
	if (!copy)
		return -ENOMEM;
	r = vz_num_u64(copy, 100, &v.v);
	if (r)
		return r;
	v.v *= (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	*(struct vz_pu64 *)val = v;
	return 0;
}

/* ---- rates: bits per second, decimal as in tc(8) ---- */

static int bits_parse(const char *text, size_t len, uint64_t *ret)
{
	static const struct {
		char suffix;
		uint64_t times;
	} units[] = { { 'k', 1000 }, { 'm', 1000000 }, { 'g', 1000000000 } };
	autofree char *s = strndup(text, len);
	uint64_t times = 1;
	int r;

	if (!s)
		return -ENOMEM;
	if (!strcmp(s, "unlimited")) {
		*ret = 0;
		return 0;
	}
	for (size_t i = 0; len && i < ARRAY_LEN(units); i++)
		if ((s[len - 1] | 0x20) == units[i].suffix) {
			times = units[i].times;
			s[len - 1] = 0;
		}
	r = vz_num_u64(s, RATE_MAX / times, ret);
	*ret *= r < 0 ? 1 : times;
	return r;
}

/* "DEV:CLASS:KBITS": class 0 is never limited there, and so says nothing. */
static int virtuozzo_parse(const char *word, uint64_t *ret)
{
	const char *class = strchr(word, ':') + 1, *kbits = strchr(class, ':') + 1;
	autofree char *number = strndup(class, (size_t)(kbits - class - 1));
	uint64_t c, v;
	int r;

	if (!number)
		return -ENOMEM;
	r = class == word + 1 ? -EINVAL : vz_num_u64(number, 15, &c);
	if (r >= 0)
		r = c ? vz_num_u64(kbits, RATE_MAX / 1000, &v) : -EINVAL;
	if (r >= 0)
		*ret = v * 1000;
	return r;
}

/* Of several words of Virtuozzo's the smallest rate counts. */
static int rate_parse(const struct vz_param *p, const char *text, bool cli, void *val,
		      struct vz_err *e)
{
	struct vz_ppair v = { .set = true };
	bool any = false;
	int r = 0;

	(void)p;
	(void)cli;
	(void)e;
	while (r >= 0) {
		autofree char *word = vz_str_word(&text, " ");
		const char *colon = word ? strchr(word, ':') : NULL;
		uint64_t out = 0;

		if (!word)
			break;
		if (colon && strchr(colon + 1, ':')) {
			r = virtuozzo_parse(word, &out);
			v.lim = v.lim && (!out || v.lim < out) ? v.lim : out;
		} else if (any || *text) {
			r = -EINVAL;
		} else {
			r = bits_parse(word, colon ? (size_t)(colon - word) : strlen(word), &v.bar);
			v.lim = v.bar;
			if (r >= 0 && colon)
				r = bits_parse(colon + 1, strlen(colon + 1), &v.lim);
		}
		any = true;
	}
	if (r >= 0 && !any)
		r = -EINVAL;
	if (r >= 0)
		*(struct vz_ppair *)val = v;
	return r;
}

#define PAIR .drop = vz_drop_plain, .copy = vz_copy_pair

const struct vz_ptype vz_type_bytes = {
	.name = "barrier[:limit] in bytes", .parse = bytes_parse, .print = pair_print, PAIR,
	.last_wins = true,
};
const struct vz_ptype vz_type_pages = {
	.name = "barrier[:limit] in pages", .parse = pages_parse, .print = pair_print, PAIR,
	.last_wins = true,
};
const struct vz_ptype vz_type_items = {
	.name = "barrier[:limit]", .parse = items_parse, .print = pair_print, PAIR,
	.last_wins = true,
};
const struct vz_ptype vz_type_memory = {
	.name = "size in bytes", .parse = memory_parse, .print = pair_print, PAIR,
	.last_wins = true,
};
const struct vz_ptype vz_type_diskspace = {
	.name = "soft[:hard] in KiB", .parse = space_parse, .print = disk_print, PAIR,
};
const struct vz_ptype vz_type_diskinodes = {
	.name = "soft[:hard]", .parse = inodes_parse, .print = disk_print, PAIR,
};
const struct vz_ptype vz_type_iolimit = {
	.name = "bytes per second", .parse = iolimit_parse, .print = vz_print_u64,
	.drop = vz_drop_plain, .copy = vz_copy_u64, .last_wins = true,
};
const struct vz_ptype vz_type_cpulimit = {
	.name = "percent", .parse = cpulimit_parse, .print = vz_print_u64,
	.drop = vz_drop_plain, .copy = vz_copy_u64,
};
const struct vz_ptype vz_type_rate = {
	.name = "in[:out] in bits per second", .parse = rate_parse, .print = pair_print, PAIR,
	.last_wins = true,
};

bool vz_param_is_crossed(const struct vz_param *p, const struct vz_conf *c)
{
	const struct vz_ptype *t = p->type;
	const struct vz_ppair *v = vz_param_get(p, c);

	if (t != &vz_type_bytes && t != &vz_type_pages && t != &vz_type_items)
		return false;
	return v->set && v->bar > v->lim;
}
