// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of vzubc; see ubctable.h. Without floating point: what is shown is cut from whole numbers. */
#include "vzubc/ubctable.h"
#include "base/num.h"
#include "base/own.h"

#include <errno.h>
#include <stdio.h>

#define DASHES "-------------------------------------------------------------------"
#define MORE_DASHES "-------"

static const char head_color[] = "\033[1;32m", bad_color[] = "\033[1;31m", near_color[] = "\033[1;33m",
		  no_color[] = "\033[0;39m";

/* ---- numbers ---- */

static bool is_none(uint64_t n)
{
	return !n || n == VZ_UNCOUNTED || n == VZ_UNLIMITED;
}

int vu_share(const char *text, uint32_t *ret)
{
	static const uint32_t tens[] = { VU_WHOLE, 100000, 10000, 1000, 100, 10, 1 };
	const char *point = strchr(text, '.');
	size_t digits = point ? strlen(point + 1) : 0;
	autofree char *whole = point ? vz_fmt("%.*s", (int)(point - text), text) : strdup(text);
	uint64_t n = 0, part = 0;

	if (!whole || digits > 6 || (point && (!digits || vz_num_u64(point + 1, VU_WHOLE - 1, &part) < 0)) ||
	    (*whole && vz_num_u64(whole, 100, &n) < 0) || (!*whole && !point))
		return -EINVAL;
	n = n * VU_WHOLE + part * tens[digits];
	if (n > VU_WHOLE)
		n /= 100;
	if (n > VU_WHOLE)
		return -EINVAL;
	*ret = (uint32_t)n;
	return 0;
}

/* Three significant digits of n/1000, without zeros at the end. */
static void put_thousandths(uint64_t n, char unit, char buf[VU_TEXT])
{
	unsigned places = n < 9995 ? 2 : n < 99950 ? 1 : 0;
	uint64_t step = places == 2 ? 10 : places == 1 ? 100 : 1000;

	n = (n + step / 2) / step; /* in units of the last place */
	for (; places && n % 10 == 0; places--)
		n /= 10;
	if (places)
		snprintf(buf, VU_TEXT, "%u.%0*u%c", (unsigned)(n / (places == 2 ? 100 : 10)), (int)places,
			 (unsigned)(n % (places == 2 ? 100 : 10)), unit);
	else
		snprintf(buf, VU_TEXT, "%u%c", (unsigned)n, unit);
}

const char *vu_number(const char *counter, uint64_t n, char buf[VU_TEXT])
{
	static const char units[] = " KMGTPEZY";
	uint64_t part = 0; /* of one, in 1024ths of 1024ths */
	unsigned unit = 0;

	if (is_none(n))
		return memcpy(buf, "- ", sizeof("- "));
	if (vz_str_suffix(counter, "pages")) {
		n *= vz_page_size() / 1024;
		unit = 1;
	}
	for (; n >= 1024; n /= 1024, unit++)
		part = (n % 1024 << 10) + (part >> 10);
	if (n >= 100)
		snprintf(buf, VU_TEXT, "%u%c", (unsigned)n, units[unit]);
	else
		put_thousandths(n * 1000 + (part * 1000 >> 20), units[unit], buf);
	return buf;
}

/* n/of in millionths, which may be more than all of it. */
static uint64_t share_of(uint64_t n, uint64_t of)
{
	while (n > UINT64_MAX / VU_WHOLE) {
		n >>= 1;
		of >>= 1;
	}
	return of ? n * VU_WHOLE / of : VZ_UNLIMITED;
}

const char *vu_percent(uint64_t n, uint64_t of, char buf[VU_TEXT])
{
	uint64_t tenths = is_none(of) || is_none(n) ? 0 : (share_of(n, of) + 500) / 1000;

	if (!tenths)
		return memcpy(buf, "- ", sizeof("- "));
	if (tenths < 10)
		snprintf(buf, VU_TEXT, "0.%u%%", (unsigned)tenths);
	else if (tenths < 100)
		snprintf(buf, VU_TEXT, "%u%%", (unsigned)(tenths + 5) / 10);
	else
		snprintf(buf, VU_TEXT, "%u%%", tenths < 1000000 ? (unsigned)(tenths / 10) : 99999);
	return buf;
}

/* ---- rows ---- */

enum interest { NONE, NEAR, BAD };

/* What a row is compared with: VSwap's have a limit alone. */
static uint64_t bound_of(const struct vz_bc_row *row)
{
	return row->barrier ? row->barrier : row->limit;
}

static bool is_beyond(uint64_t n, uint64_t bound, uint32_t share)
{
	return n != VZ_UNCOUNTED && n && share_of(n, bound) > share;
}

static enum interest interest_of(const struct vu_report *r, const struct vz_bc_row *row, uint64_t failcnt)
{
	uint64_t bound = bound_of(row);

	if ((failcnt && failcnt != VZ_UNCOUNTED) || is_beyond(row->use.held, bound, VU_WHOLE))
		return BAD;
	return is_beyond(row->use.held, bound, r->held_share) ||
		       is_beyond(row->use.maxheld, bound, r->maxheld_share) ? NEAR : NONE;
}

/* What changed since the last look, which is now. */
struct since {
	uint64_t failcnt; /* new ones, or all where not asked for */
	bool changed;
	char held[VU_TEXT]; /* "+12M", or nothing */
};

static int look_at_failcnt(const struct vu_report *r, unsigned id, const struct vz_bc_row *row, struct since *s,
			   struct vz_err *e)
{
	const struct vz_bc_key key = { id, row->name, VZ_BC_FAILCNT };
	uint64_t last, now = row->use.failcnt;

	s->failcnt = now;
	if (!r->relative || !now || now == VZ_UNCOUNTED)
		return 0;
	/* more than now is of another life */
	if (vz_bc_store_get(r->store, &key, &last) >= 0 && last <= now)
		s->failcnt = now - last;
	return vz_bc_store_put(r->store, &key, now, e);
}

static int look_at_held(const struct vu_report *r, unsigned id, const struct vz_bc_row *row, struct since *s,
			struct vz_err *e)
{
	const struct vz_bc_key key = { id, row->name, VZ_BC_HELD };
	uint64_t last, now = row->use.held;
	char n[VU_TEXT];

	if (!r->incremental || now == VZ_UNCOUNTED)
		return 0;
	if (vz_bc_store_get(r->store, &key, &last) >= 0 && last != now) {
		s->changed = true;
		snprintf(s->held, sizeof(s->held), "%c%.14s", now > last ? '+' : '-',
			 vu_number(row->name, now > last ? now - last : last - now, n));
	}
	return vz_bc_store_put(r->store, &key, now, e);
}

static bool is_row_shown(const struct vu_report *r, const struct vz_bc_row *row, const struct since *s)
{
	if (s->changed)
		return true;
	if (r->quiet && interest_of(r, row, s->failcnt) == NONE)
		return false;
	return r->verbose || bound_of(row) != VZ_UNLIMITED;
}

static void put_head(struct vu_report *r, const struct vz_bc *b, struct vz_str *out)
{
	const char *more = r->incremental ? MORE_DASHES : "";
	char id[16] = "";

	if (!b->unnamed)
		snprintf(id, sizeof(id), "%u", b->id);
	vz_str_addf(out, "%s%s%s%s\n", r->any ? "\n" : "", r->color ? head_color : "", DASHES, more);
	vz_str_addf(out, "CT %-10s| HELD%s  Bar%%  Lim%%| MAXH  Bar%%  Lim%%| BAR | LIM |%cFAIL\n", id,
		    r->incremental ? "  +/-  " : "", r->relative ? '+' : ' ');
	vz_str_addf(out, "-------------+-----------------%s+-----------------+-----+-----+-----%s\n", more,
		    r->color ? no_color : "");
	r->any = true;
}

static const char *color_of(const struct vu_report *r, const struct vz_bc_row *row, const struct since *s)
{
	switch (interest_of(r, row, s->failcnt)) {
	case BAD:
		return bad_color;
	case NEAR:
		return near_color;
	case NONE:
		return no_color;
	}
	return "";
}

static void put_row(const struct vu_report *r, const struct vz_bc_row *row, const struct since *s,
		    struct vz_str *out)
{
	char n[9][VU_TEXT];

	vz_str_addf(out, "%s%13s|%5s", r->color ? color_of(r, row, s) : "", row->name,
		    vu_number(row->name, row->use.held, n[0]));
	if (r->incremental)
		vz_str_addf(out, "%7s", s->held);
	vz_str_addf(out, " %5s %5s|%5s %5s %5s|%5s|%5s| %5s%s\n", vu_percent(row->use.held, row->barrier, n[1]),
		    vu_percent(row->use.held, row->limit, n[2]), vu_number(row->name, row->use.maxheld, n[3]),
		    vu_percent(row->use.maxheld, row->barrier, n[4]),
		    vu_percent(row->use.maxheld, row->limit, n[5]), vu_number(row->name, row->barrier, n[6]),
		    vu_number(row->name, row->limit, n[7]), vu_number("", s->failcnt, n[8]),
		    r->color ? no_color : "");
}

int vu_add(struct vu_report *r, const struct vz_bc *b, struct vz_str *out, struct vz_err *e)
{
	bool headed = false;

	if (b->unnamed && (r->relative || r->incremental))
		return vz_fail(e, VZ_SYSTEM, 0, "can not use relative/incremental modes: BCID is unknown");
	for (size_t i = 0; i < b->n; i++) {
		struct since s = { 0 };
		int k = look_at_failcnt(r, b->id, &b->rows[i], &s, e);

		if (k >= 0)
			k = look_at_held(r, b->id, &b->rows[i], &s, e);
		if (k < 0)
			return k;
		if (!is_row_shown(r, &b->rows[i], &s))
			continue;
		if (!headed)
			put_head(r, b, out);
		headed = true;
		put_row(r, &b->rows[i], &s, out);
	}
	return 0;
}

void vu_end(const struct vu_report *r, struct vz_str *out)
{
	if (r->any)
		vz_str_addf(out, "%s%s\n", DASHES, r->incremental ? MORE_DASHES : "");
}
