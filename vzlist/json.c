// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON in the layout of the legacy tool: one field a line, objects by two blanks, fields by four,
 * members by six. Unlike there, every string is escaped and valid UTF-8, whatever a configuration
 * file holds.
 */
#include "vzlist/vzlist.h"
#include "base/own.h"

#include <ctype.h>
#include <json.h>

/* Replacement character of Unicode, for bytes that are not UTF-8. */
#define REPLACEMENT "\xef\xbf\xbd"

static void add_string(const char *s, struct vz_str *out)
{
	autostr clean = { 0 };
	struct json_object *o;

	vl_clean(s, false, REPLACEMENT, &clean);
	o = json_object_new_string(clean.s ? clean.s : "");
	if (o && !clean.failed)
		vz_str_add(out, json_object_to_json_string_ext(
					o, JSON_C_TO_STRING_PLAIN |
						   JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		out->failed = true;
	json_object_put(o);
}

static void add_array(const struct vl_value *v, struct vz_str *out)
{
	vz_str_add(out, "[");
	for (size_t i = 0; i < v->n; i++) {
		vz_str_add(out, i ? ", " : "");
		add_string(v->words[i], out);
	}
	vz_str_add(out, "]");
}

/* "NAME:on" words as an object of booleans. */
static void add_switches(const struct vl_value *v, struct vz_str *out)
{
	vz_str_add(out, "{");
	for (size_t i = 0; i < v->n; i++) {
		const char *colon = strrchr(v->words[i], ':');
		size_t len = colon ? (size_t)(colon - v->words[i]) : strlen(v->words[i]);
		autofree char *name = strndup(v->words[i], len);

		for (char *s = name; s && *s; s++)
			*s = (char)tolower((unsigned char)*s);
		vz_str_add(out, i ? ",\n      " : "\n      ");
		add_string(name ? name : "", out);
		vz_str_addf(out, ": %s", colon && !strcmp(colon, ":on") ? "true" : "false");
	}
	vz_str_add(out, "\n    }");
}

static void add_value(const struct vl_value *v, const char *none, struct vz_str *out)
{
	switch (v->kind) {
	case VL_ABSENT:
		vz_str_add(out, none ? none : "null");
		break;
	case VL_NUMBER:
		vz_str_addf(out, "%llu", (unsigned long long)v->number);
		break;
	case VL_RATIO:
		vz_str_addf(out, "%g", v->ratio);
		break;
	case VL_YESNO:
		vz_str_add(out, v->yes ? "true" : "false");
		break;
	case VL_UPTIME:
		vz_str_addf(out, "%llu.%03llu", (unsigned long long)v->number / 1000,
			    (unsigned long long)v->number % 1000);
		break;
	case VL_TEXT:
		add_string(v->text, out);
		break;
	case VL_WORDS:
		add_array(v, out);
		break;
	case VL_SWITCHES:
		add_switches(v, out);
		break;
	}
}

static void add_key(struct vz_str *out, const char *before, const char *key)
{
	vz_str_add(out, before);
	vz_str_add(out, key);
	vz_str_add(out, "\": ");
}

/* A field with parts is an object of numbers, as clients of the legacy tool expect; 0 is what text
 * shows as "-". A quota that nobody set is null, as ever. */
static void add_parts(const struct vl_column *c, const struct vz_list_item *it,
		      struct vz_str *out)
{
	bool any = !(c->row->flags & VL_NULL_PARTS);
	autostr members = { 0 };

	for (struct vl_column m = *c; m.part < vl_nparts(c->row); m.part++) {
		struct vl_value v;

		vl_value(&m, it, &v);
		any = any || v.kind != VL_ABSENT;
		add_key(&members, m.part ? ",\n      \"" : "\n      \"",
			c->row->parts[m.part].json);
		add_value(&v, "0", &members);
	}
	if (!any) {
		vz_str_add(out, "null");
		return;
	}
	vz_str_add(out, "{");
	vz_str_add(out, members.s ? members.s : "");
	vz_str_add(out, "\n    }");
	out->failed = out->failed || members.failed;
}

static void add_object(const struct vl_columns *cs, const struct vz_list_item *it,
		       struct vz_str *out)
{
	for (size_t i = 0; i < cs->n; i++) {
		const struct vl_column *c = &cs->v[i];
		struct vl_value v;

		add_key(out, i ? ",\n    \"" : "\n    \"", c->row->field);
		if (c->row->parts) {
			add_parts(c, it, out);
			continue;
		}
		vl_value(c, it, &v);
		add_value(&v, c->row->json_none, out);
	}
}

void vl_json(const struct vl_columns *cs, const struct vz_list *l, struct vz_str *out)
{
	vz_str_add(out, "[");
	for (size_t i = 0; i < l->n; i++) {
		vz_str_add(out, i ? ",\n  {" : "\n  {");
		add_object(cs, &l->items[i], out);
		vz_str_add(out, "\n  }");
	}
	vz_str_add(out, "\n]\n");
}
