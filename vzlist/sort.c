// SPDX-License-Identifier: GPL-2.0-or-later
/* The order of -s: by the value of one column, then by id, so that it never depends on luck. */
#include "vzlist/vzlist.h"
#include "base/own.h"

struct sorted {
	struct vz_list_item item;
	struct vl_value value;
};

static int compare_words(const struct vl_value *a, const struct vl_value *b)
{
	size_t i;

	for (i = 0; i < a->n && i < b->n; i++) {
		int r = strcmp(a->words[i], b->words[i]);

		if (r)
			return r;
	}
	return (a->n > b->n) - (a->n < b->n);
}

/* Absent values come first, numbers before texts (smart_name has both). */
static int compare(const struct vl_value *a, const struct vl_value *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	switch (a->kind) {
	case VL_ABSENT:
		return 0;
	case VL_NUMBER:
	case VL_UPTIME:
		return (a->number > b->number) - (a->number < b->number);
	case VL_RATIO:
		return (a->ratio > b->ratio) - (a->ratio < b->ratio);
	case VL_YESNO:
		return a->yes - b->yes;
	case VL_TEXT:
		if (a->rank != b->rank)
			return a->rank < b->rank ? -1 : 1;
		return strcmp(a->text, b->text);
	case VL_WORDS:
	case VL_SWITCHES:
		return compare_words(a, b);
	}
	return 0;
}

static int compare_items(const void *pa, const void *pb, void *arg)
{
	const struct sorted *a = pa, *b = pb;
	unsigned flags = *(const unsigned *)arg;
	int r = compare(&a->value, &b->value);

	/* absent stays first where the largest leads */
	if (flags & VL_SORT_DOWN && a->value.kind == b->value.kind)
		r = -r;
	if (r)
		return r;
	r = (a->item.id > b->item.id) - (a->item.id < b->item.id);
	return flags & VL_TIES_DOWN ? -r : r;
}

int vl_sort(struct vz_list *l, const struct vl_column *by, bool reverse, struct vz_err *e)
{
	autofree struct sorted *s = calloc(l->n + 1, sizeof(*s));
	unsigned flags = by->row->flags;

	if (!s)
		return vz_oom(e);
	for (size_t i = 0; i < l->n; i++) {
		s[i].item = l->items[i];
		if (!(flags & VL_NO_SORT))
			vl_value(by, &s[i].item, &s[i].value);
	}
	qsort_r(s, l->n, sizeof(*s), compare_items, &flags);
	for (size_t i = 0; i < l->n; i++)
		l->items[i] = s[reverse ? l->n - 1 - i : i].item;
	return 0;
}
