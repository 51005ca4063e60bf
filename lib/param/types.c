// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scalar kinds of values: numbers, words, texts, paths, names. Sizes are in size.c, lists in
 * lists.c. A kind parses, prints, copies and drops; it knows nothing of files and options.
 */
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "param/ranges.h"
#include "param/types-internal.h"

#include <ctype.h>

/* ---- what the kinds share ---- */

void vz_drop_plain(void *val)
{
	*(bool *)val = false; /* presence is the first member of every value */
}

static void drop_str(void *val)
{
	struct vz_pstr *s = val;

	free(s->v);
	*s = (struct vz_pstr){ 0 };
}

int vz_copy_u64(void *to, const void *from)
{
	*(struct vz_pu64 *)to = *(const struct vz_pu64 *)from;
	return 0;
}

int vz_copy_pair(void *to, const void *from)
{
	*(struct vz_ppair *)to = *(const struct vz_ppair *)from;
	return 0;
}

static int copy_bool(void *to, const void *from)
{
	*(struct vz_pbool *)to = *(const struct vz_pbool *)from;
	return 0;
}

static int copy_double(void *to, const void *from)
{
	*(struct vz_pdouble *)to = *(const struct vz_pdouble *)from;
	return 0;
}

static int copy_str(void *to, const void *from)
{
	const struct vz_pstr *s = from;
	char *v = strdup(s->v);

	if (!v)
		return -ENOMEM;
	*(struct vz_pstr *)to = (struct vz_pstr){ true, v };
	return 0;
}

static void print_str(const struct vz_param *p, const void *val, FILE *f)
{
	(void)p;
	fputs(((const struct vz_pstr *)val)->v, f);
}

/* Replaces a text that was checked before. */
static int put_str(void *val, const char *text, size_t n)
{
	char *v = strndup(text, n);

	if (!v)
		return -ENOMEM;
	drop_str(val);
	*(struct vz_pstr *)val = (struct vz_pstr){ true, v };
	return 0;
}

bool vz_words_have(const char *words, const char *word, size_t n)
{
	for (const char *w = words; *w; w += strspn(w, "|")) {
		size_t k = strcspn(w, "|");

		if (n && k == n && !memcmp(w, word, n))
			return true;
		w += k;
	}
	return false;
}

/* ---- numbers ---- */

static int u64_parse(const struct vz_param *p, const char *text, bool cli, void *val,
		     struct vz_err *e)
{
	uint64_t v, max = p->max ? p->max : INT32_MAX;
	int r = vz_num_u64(text, max, &v);

	(void)e;
	if (!r && v < p->min)
		return -EINVAL;
	if (r == -ERANGE && !cli && max >= INT32_MAX) {
		/* a bound of the representation is cut to, one with a meaning is kept */
		v = max;
		r = VZ_TAKEN_PARTLY;
	}
	if (r >= 0)
		*(struct vz_pu64 *)val = (struct vz_pu64){ true, v };
	return r;
}

void vz_print_u64(const struct vz_param *p, const void *val, FILE *f)
{
	(void)p;
	fprintf(f, "%llu", (unsigned long long)((const struct vz_pu64 *)val)->v);
}

/* Digits with at most one point; six decimals count, more are refused. */
static int ratio_parse(const struct vz_param *p, const char *text, bool cli, void *val,
		       struct vz_err *e)
{
	const char *point = strchr(text, '.');
	autofree char *whole = strndup(text, point ? (size_t)(point - text) : strlen(text));
	uint64_t w, part = 0;
	double scale = 1;
	int r;

	(void)p;
	(void)cli;
	(void)e;
	if (!whole)
		return -ENOMEM;
	r = vz_num_u64(whole, 1000000, &w);
	if (!r && point)
		r = strlen(point + 1) > 6 ? -EINVAL : vz_num_u64(point + 1, 999999, &part);
	if (r)
		return r;
	for (const char *s = point ? point + 1 : ""; *s; s++)
		scale *= 10;
	*(struct vz_pdouble *)val = (struct vz_pdouble){ true, (double)w + (double)part / scale };
	return 0;
}

static void ratio_print(const struct vz_param *p, const void *val, FILE *f)
{
	(void)p;
	fprintf(f, "%.6g", ((const struct vz_pdouble *)val)->v);
}

/* ---- words ---- */

static int yesno_parse(const struct vz_param *p, const char *text, bool cli, void *val,
		       struct vz_err *e)
{
	bool yes = !strcmp(text, "yes");

	(void)p;
	(void)cli;
	(void)e;
	if (!yes && strcmp(text, "no"))
		return -EINVAL;
	*(struct vz_pbool *)val = (struct vz_pbool){ true, yes };
	return 0;
}

static void yesno_print(const struct vz_param *p, const void *val, FILE *f)
{
	(void)p;
	fputs(((const struct vz_pbool *)val)->v ? "yes" : "no", f);
}

static int word_parse(const struct vz_param *p, const char *text, bool cli, void *val,
		      struct vz_err *e)
{
	(void)cli;
	if (!vz_words_have(p->words, text, strlen(text)))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Incorrect %s value: %s",
			       p->opt ? p->opt : p->key, text);
	return put_str(val, text, strlen(text));
}

/* "ploop:expanded": the mode after the colon is for the moment of creation only, never saved. */
static int layout_parse(const struct vz_param *p, const char *text, bool cli, void *val,
			struct vz_err *e)
{
	size_t n = strcspn(text, ":");

	(void)cli;
	(void)e;
	if (!vz_words_have(p->words, text, n))
		return -EINVAL;
	if (text[n] && (strncmp(text, "ploop", n) ||
			!vz_words_have("expanded|plain|raw", text + n + 1, strlen(text + n + 1))))
		return -EINVAL;
	return put_str(val, text, n);
}

/* ---- texts ---- */

static int text_parse(const struct vz_param *p, const char *text, bool cli, void *val,
		      struct vz_err *e)
{
	(void)p;
	(void)cli;
	(void)e;
	if (vz_str_has_control(text))
		return -EINVAL;
	return put_str(val, text, strlen(text));
}

/* An absolute path. Scripts source the file with sh, so nothing may stand in it that sh would
 * expand, but "$VEID" and "${VEID}", which both readers replace alike. */
static int path_parse(const struct vz_param *p, const char *text, bool cli, void *val,
		      struct vz_err *e)
{
	(void)p;
	(void)cli;
	(void)e;
	if (*text != '/' || vz_str_has_control(text) || strpbrk(text, "\"`\\"))
		return -EINVAL;
	for (const char *s = text; (s = strchr(s, '$')); s++)
		if (!vz_str_prefix(s, "$VEID", NULL) && !vz_str_prefix(s, "${VEID}", NULL))
			return -EINVAL;
	return put_str(val, text, strlen(text));
}

static bool all_of(const char *text, const char *more)
{
	for (; *text; text++)
		if (!(*text > 0 && isalnum((unsigned char)*text)) && !strchr(more, *text))
			return false;
	return true;
}

/* 64 is what the kernel's UTS namespace holds. */
static int hostname_parse(const struct vz_param *p, const char *text, bool cli, void *val,
			  struct vz_err *e)
{
	(void)p;
	(void)cli;
	(void)e;
	if (!*text || strlen(text) > 64 || *text == '-' || *text == '.' || !all_of(text, "-._"))
		return -EINVAL;
	return put_str(val, text, strlen(text));
}

/* INTERFACE 3.6; a number is a CTID, and whether it is the VPS's own is seen where the name is given
 * (lib/ct/names.c). "" takes the name away. */
static int name_parse(const struct vz_param *p, const char *text, bool cli, void *val,
		      struct vz_err *e)
{
	(void)p;
	(void)cli;
	if (!all_of(text, " -+_.") || strlen(text) > 255 || (*text && !vz_str_is_component(text)))
		return -EINVAL;
	if (*text == '-') /* commands would take it for an option */
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "a name may not begin with a hyphen");
	return put_str(val, text, strlen(text));
}

/* The name of a file in a directory we choose: a template, a sample. */
static int component_parse(const struct vz_param *p, const char *text, bool cli, void *val,
			   struct vz_err *e)
{
	(void)p;
	(void)cli;
	(void)e;
	if (!vz_str_is_component(text) || !all_of(text, "-_.+:@~,") || strlen(text) > 200)
		return -EINVAL;
	return put_str(val, text, strlen(text));
}

/* "first-last" with room for at least one VPS. */
static int idrange_parse(const struct vz_param *p, const char *text, bool cli, void *val,
			 struct vz_err *e)
{
	struct vz_range ids;
	int r = vz_range_parse(text, VZ_ID_MAX, &ids);

	(void)p;
	(void)cli;
	if (r < 0)
		return r;
	if (ids.last - ids.first < 65535)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "the range needs 65536 ids");
	return put_str(val, text, strlen(text));
}

/* "0-3,6"; p->words lists the words that may stand instead. */
static int cpulist_parse(const struct vz_param *p, const char *text, bool cli, void *val,
			 struct vz_err *e)
{
	autoranges l = { 0 };
	int r = vz_words_have(p->words, text, strlen(text)) ? 0 : vz_ranges_read(text, &l);

	(void)cli;
	(void)e;
	return r < 0 ? r : put_str(val, text, strlen(text));
}

static int meminfo_parse(const struct vz_param *p, const char *text, bool cli, void *val,
			 struct vz_err *e)
{
	const char *colon = strchr(text, ':');
	uint64_t n;

	(void)p;
	(void)cli;
	(void)e;
	if (strcmp(text, "none") &&
	    (!colon || !vz_words_have("pages|privvmpages", text, (size_t)(colon - text)) ||
	     vz_num_u64(colon + 1, INT32_MAX, &n) || !n))
		return -EINVAL;
	return put_str(val, text, strlen(text));
}

/* A retired key has no value here: its line stays in the file as it is. */
static int retired_parse(const struct vz_param *p, const char *text, bool cli, void *val,
			 struct vz_err *e)
{
	(void)p;
	(void)text;
	(void)cli;
	(void)val;
	(void)e;
	return 0;
}

#define STR .print = print_str, .drop = drop_str, .copy = copy_str

const struct vz_ptype vz_type_u64 = {
	.name = "number", .parse = u64_parse, .print = vz_print_u64,
	.drop = vz_drop_plain, .copy = vz_copy_u64,
};
const struct vz_ptype vz_type_u64_last = {
	.name = "number", .parse = u64_parse, .print = vz_print_u64,
	.drop = vz_drop_plain, .copy = vz_copy_u64, .last_wins = true,
};
const struct vz_ptype vz_type_ratio = {
	.name = "ratio", .parse = ratio_parse, .print = ratio_print,
	.drop = vz_drop_plain, .copy = copy_double,
};
const struct vz_ptype vz_type_yesno = {
	.name = "yes|no", .offers = "yes|no", .parse = yesno_parse, .print = yesno_print,
	.drop = vz_drop_plain, .copy = copy_bool,
};
const struct vz_ptype vz_type_word = {
	.name = "word", .parse = word_parse, STR, .last_wins = true,
};
const struct vz_ptype vz_type_layout = {
	.name = "layout", .parse = layout_parse, STR, .last_wins = true,
};
const struct vz_ptype vz_type_text = { .name = "text", .parse = text_parse, STR };
const struct vz_ptype vz_type_path = { .name = "path", .parse = path_parse, STR };
const struct vz_ptype vz_type_hostname = { .name = "host name", .parse = hostname_parse, STR };
const struct vz_ptype vz_type_name = {
	.name = "name of letters, digits, blanks and -+_.", .parse = name_parse, STR,
};
const struct vz_ptype vz_type_component = { .name = "file name", .parse = component_parse, STR };
const struct vz_ptype vz_type_template = {
	.name = "file name", .offers = "@templates", .parse = component_parse, STR,
};
const struct vz_ptype vz_type_idrange = { .name = "first-last", .parse = idrange_parse, STR };
const struct vz_ptype vz_type_cpulist = { .name = "list of ranges", .parse = cpulist_parse, STR };
const struct vz_ptype vz_type_meminfo = {
	.name = "none|pages:N|privvmpages:N", .parse = meminfo_parse, STR, .last_wins = true,
};
const struct vz_ptype vz_type_retired = { .name = "retired", .parse = retired_parse };
