// SPDX-License-Identifier: GPL-2.0-or-later
/* Ranges of numbers; see ranges.h. */
#include "param/ranges.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"

#define LISTED_MAX 65535 /* more CPUs and nodes than any kernel has */

int vz_range_parse(const char *text, uint32_t max, struct vz_range *ret)
{
	const char *dash = strchr(text, '-');
	autofree char *first = strndup(text, dash ? (size_t)(dash - text) : strlen(text));
	struct vz_range r;

	if (!first)
		return -ENOMEM;
	if (vz_num_u32(first, max, &r.first) < 0 ||
	    vz_num_u32(dash ? dash + 1 : first, max, &r.last) < 0 || r.last < r.first)
		return -EINVAL;
	*ret = r;
	return 0;
}

/* ---- lists ---- */

void vz_ranges_free(struct vz_ranges *l)
{
	free(l->v);
	*l = (struct vz_ranges){ 0 };
}

static int put_range(struct vz_ranges *l, const struct vz_range *r)
{
	struct vz_range *more = realloc(l->v, (l->n + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	l->v = more;
	more[l->n++] = *r;
	return 0;
}

int vz_ranges_read(const char *text, struct vz_ranges *ret)
{
	autofree char *all = strdup(text);
	autoranges l = { 0 };
	char *word, *rest = all;

	if (!all)
		return -ENOMEM;
	while ((word = strsep(&rest, ","))) {
		struct vz_range one;
		int r = vz_range_parse(word, LISTED_MAX, &one);

		if (r >= 0)
			r = put_range(&l, &one);
		if (r < 0)
			return r;
	}
	*ret = l;
	l = (struct vz_ranges){ 0 };
	return 0;
}

uint32_t vz_ranges_last(const struct vz_ranges *l)
{
	uint32_t last = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].last > last)
			last = l->v[i].last;
	return last;
}
