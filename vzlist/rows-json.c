// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON in the layout of the legacy tool: one field a line. Unlike there, every string is escaped and
 * valid UTF-8, whatever a configuration file holds.
 */
#include "vzlist/vzlist.h"
#include "base/own.h"
#include "param/switches.h"
#include "show/json.h"

#include <ctype.h>

static void put_words(struct vz_json *j, const struct vl_value *v)
{
	vz_json_array(j, VZ_JSON_TIGHT);
	for (size_t i = 0; i < v->n; i++)
		vz_json_text(j, v->words[i]);
	vz_json_end(j);
}

/* "NAME:on" words as an object of booleans. */
static void put_switches(struct vz_json *j, const struct vl_value *v)
{
	struct vz_switches l;

	vz_switches_of(&(struct vz_plist){ true, v->words, v->n }, &l);
	vz_json_object(j, VZ_JSON_LINES);
	for (size_t i = 0; i < l.n; i++) {
		for (char *s = l.v[i].name; *s; s++)
			*s = (char)tolower((unsigned char)*s);
		vz_json_key(j, l.v[i].name);
		vz_json_bool(j, l.v[i].on);
	}
	vz_json_end(j);
}

static void put_value(struct vz_json *j, const struct vl_value *v, const char *none)
{
	char text[40];

	switch (v->kind) {
	case VL_ABSENT:
		vz_json_literal(j, none ? none : "null");
		break;
	case VL_NUMBER:
		vz_json_number(j, v->number);
		break;
	case VL_RATIO:
		snprintf(text, sizeof(text), "%g", v->ratio);
		vz_json_literal(j, text);
		break;
	case VL_YESNO:
		vz_json_bool(j, v->yes);
		break;
	case VL_UPTIME:
		snprintf(text, sizeof(text), "%llu.%03llu", (unsigned long long)v->number / 1000,
			 (unsigned long long)v->number % 1000);
		vz_json_literal(j, text);
		break;
	case VL_TEXT:
		vz_json_text(j, v->text);
		break;
	case VL_WORDS:
		put_words(j, v);
		break;
	case VL_SWITCHES:
		put_switches(j, v);
		break;
	}
}

static bool has_part(const struct vl_column *c, const struct vz_list_item *it)
{
	for (struct vl_column m = *c; m.part < vl_nparts(c->row); m.part++) {
		struct vl_value v;

		vl_value(&m, it, &v);
		if (v.kind != VL_ABSENT)
			return true;
	}
	return false;
}

/* A field with parts is an object of numbers, as clients of the legacy tool expect; 0 is what text
 * shows as "-". A quota that nobody set is null, as ever. */
static void put_parts(struct vz_json *j, const struct vl_column *c, const struct vz_list_item *it)
{
	if (c->row->flags & VL_NULL_PARTS && !has_part(c, it)) {
		vz_json_literal(j, "null");
		return;
	}
	vz_json_object(j, VZ_JSON_LINES);
	for (struct vl_column m = *c; m.part < vl_nparts(c->row); m.part++) {
		struct vl_value v;

		vl_value(&m, it, &v);
		vz_json_key(j, c->row->parts[m.part].json);
		put_value(j, &v, "0");
	}
	vz_json_end(j);
}

static void put_item(struct vz_json *j, const struct vl_columns *cs, const struct vz_list_item *it)
{
	vz_json_object(j, VZ_JSON_LINES);
	for (size_t i = 0; i < cs->n; i++) {
		const struct vl_column *c = &cs->v[i];
		struct vl_value v;

		vz_json_key(j, c->row->field);
		if (c->row->parts) {
			put_parts(j, c, it);
			continue;
		}
		vl_value(c, it, &v);
		put_value(j, &v, c->row->json_none);
	}
	vz_json_end(j);
}

void vl_json(const struct vl_columns *cs, const struct vz_list *l, struct vz_str *out)
{
	struct vz_json j = { .out = out };

	vz_json_array(&j, VZ_JSON_LINES);
	for (size_t i = 0; i < l->n; i++)
		put_item(&j, cs, &l->items[i]);
	vz_json_end(&j);
}
