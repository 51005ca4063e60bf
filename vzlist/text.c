// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows of text: values as words. Texts are cut to their column, numbers never.
 *
 * May be hostile: host names and descriptions come from files that panels fill with what
 * customers typed, and the reader is a terminal; therefore nothing but printable UTF-8 goes out.
 */
#include "vzlist/vzlist.h"
#include "base/escape.h"
#include "show/table.h"

#include <ctype.h>

static void add_words(const struct vl_value *v, bool all, struct vz_str *out)
{
	const char *between = v->kind == VL_SWITCHES ? "," : " ";

	for (size_t i = 0; i < v->n; i++) {
		autostr word = { 0 };

		if (i && !all)
			break;
		vz_str_add(out, i ? between : "");
		vz_utf8_clean(v->words[i], "?", &word);
		if (word.s)
			vz_str_add(out, word.s);
		out->failed = out->failed || word.failed;
	}
}

static void add_uptime(uint64_t ms, struct vz_str *out)
{
	unsigned long long s = ms / 1000;

	vz_str_addf(out, "%03llud%02lluh:%02llum:%02llus", s / 86400, s / 3600 % 24, s / 60 % 60,
		    s % 60);
}

/* The value as text; returns whether it may be cut. */
static bool add_value(const struct vl_value *v, bool all, struct vz_str *out)
{
	switch (v->kind) {
	case VL_ABSENT:
		break;
	case VL_NUMBER:
		vz_str_addf(out, "%llu", (unsigned long long)v->number);
		break;
	case VL_RATIO:
		vz_str_addf(out, "%g", v->ratio);
		break;
	case VL_YESNO:
		vz_str_add(out, v->yes ? "yes" : "no");
		break;
	case VL_UPTIME:
		add_uptime(v->number, out);
		break;
	case VL_TEXT:
		vz_utf8_clean(v->text, "?", out);
		return true;
	case VL_WORDS:
		add_words(v, all, out);
		return true;
	case VL_SWITCHES:
		add_words(v, true, out);
		for (char *s = out->s; s && *s; s++)
			*s = (char)tolower((unsigned char)*s);
		return true;
	}
	return false;
}

void vl_text_header(const struct vl_columns *cs, struct vz_str *out)
{
	struct vz_table t = { .out = out };

	for (size_t i = 0; i < cs->n; i++) {
		int width = vl_width(&cs->v[i]);
		char title[64];

		vl_title(&cs->v[i], title, sizeof(title));
		if (cs->v[i].row->flags & VL_HEAD_RIGHT && width < 0)
			width = -width;
		vz_table_cell(&t, title, width, false);
	}
	vz_table_end_line(&t);
}

void vl_text_row(const struct vl_columns *cs, const struct vz_list_item *it, bool trim,
		 struct vz_str *out)
{
	struct vz_table t = { .out = out };

	for (size_t i = 0; i < cs->n; i++) {
		bool all = !trim || i + 1 == cs->n, may_cut;
		const char *none = cs->v[i].row->none;
		autostr text = { 0 };
		struct vl_value v;

		vl_value(&cs->v[i], it, &v);
		may_cut = add_value(&v, all, &text);
		vz_table_cell(&t, text.len ? text.s : none ? none : "-", vl_width(&cs->v[i]),
			      may_cut && !all);
		out->failed = out->failed || text.failed;
	}
	vz_table_end_line(&t);
}
