/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of vzlist share: columns, the value of a column for one VPS, and the ways to
 * show it. The table of columns is in columns.c; a plain configured value takes its title and
 * width from the parameter's row, so that they are written once.
 */
#ifndef VZLIST_VZLIST_H
#define VZLIST_VZLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "ops/list.h"
#include "param/param.h"

enum vl_kind {
	VL_ABSENT,
	VL_NUMBER,
	VL_RATIO,
	VL_YESNO,
	VL_UPTIME,   /* number: milliseconds */
	VL_TEXT,
	VL_WORDS,    /* a list; text shows the first word only where columns are trimmed */
	VL_SWITCHES, /* a list of "name:on" and "name:off" */
};

/* Borrowed from the item. An empty list is VL_WORDS with n = 0. */
struct vl_value {
	enum vl_kind kind;
	uint64_t number;
	double ratio;
	bool yes;
	const char *text;
	unsigned rank; /* of texts that have an order of their own */
	char **words;
	size_t n;
};

struct vl_column;
typedef void vl_get(const struct vl_column *, const struct vz_list_item *, struct vl_value *ret);

/* The members of a field that is one object in JSON and several columns in text. */
struct vl_part {
	const char *suffix; /* of the field's name; upper case in the title */
	const char *json;
};

enum vl_flag {
	VL_HEAD_RIGHT = 1 << 0, /* title right-justified over left-justified values */
	VL_NO_SORT = 1 << 1,    /* -s keeps the order of ids */
	VL_SORT_DOWN = 1 << 2,  /* largest first */
	VL_TIES_DOWN = 1 << 3,  /* equal values by descending id */
	VL_NULL_PARTS = 1 << 4, /* null in JSON when no part is known */
	VL_DEAR = 1 << 5,       /* only where it is asked for by name */
};

/* One field of the list, with all its parts. */
struct vl_row {
	const char *field;
	const char *title; /* NULL: the parameter's */
	int width;         /* negative: left-justified; 0: the parameter's */
	const char *key;   /* of the parameter; NULL: the one that has this column, if any */
	const struct vl_part *parts; /* ends with a NULL suffix; NULL: a single column */
	vl_get *get;
	unsigned flags;    /* enum vl_flag */
	unsigned need;     /* enum vz_list_need */
	size_t live;       /* offset of what is shown in an item; 0: none */
	const char *none;  /* what stands for an absent value; NULL: "-" */
	const char *json_none; /* and in JSON; NULL: null */
	const char *text;  /* for the manual; NULL: the parameter's */
};

extern const struct vl_row vl_rows[];
extern const size_t vl_nrows;

/* A row, one of its parts (0 is the plain field), and the parameter it shows, if any. */
struct vl_column {
	const struct vl_row *row;
	unsigned part;
	const struct vz_param *param;
};

struct vl_columns {
	struct vl_column *v;
	size_t n;
};

/* ---- columns.c ---- */
struct vl_column vl_column_of(const struct vl_row *row, unsigned part);
/* False when there is no such field. */
bool vl_find(const char *name, struct vl_column *ret);
unsigned vl_nparts(const struct vl_row *row); /* at least 1 */
/* "numproc.b", "NPROC.B" in buf. */
void vl_name(const struct vl_column *c, char *buf, size_t size);
void vl_title(const struct vl_column *c, char *buf, size_t size);
int vl_width(const struct vl_column *c);
void vl_value(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *ret);

/* ---- fields.c: lists of fields ---- */
/* "f,f..." of -o. The sentence of *e is the legacy tool's. Caller frees ret->v. */
int vl_parse_fields(const char *list, bool json, struct vl_columns *ret, struct vz_err *e);
/* Every field without its parts but those that are dear, in table order. */
int vl_all_fields(struct vl_columns *ret, struct vz_err *e);
/* What has to be collected to show these. */
unsigned vl_needs(const struct vl_columns *cs);
void vl_names(struct vz_str *out); /* -L */

/* ---- filter.c ---- */
struct vl_filter {
	const char *hostname, *name, *description; /* fnmatch(3) patterns; NULL: any */
};
/* Keeps the items of *l that match every pattern, in their order. */
void vl_apply_filter(const struct vl_filter *f, struct vz_list *l);

/* ---- sort.c ---- */
/* By column, ties by id; reverse turns the whole order round. */
int vl_sort(struct vz_list *l, const struct vl_column *by, bool reverse, struct vz_err *e);

/* ---- text.c ---- */
void vl_text_header(const struct vl_columns *cs, struct vz_str *out);
void vl_text_row(const struct vl_columns *cs, const struct vz_list_item *it, bool trim,
		 struct vz_str *out);

/* ---- rows-json.c ---- */
void vl_json(const struct vl_columns *cs, const struct vz_list *l, struct vz_str *out);

#endif
