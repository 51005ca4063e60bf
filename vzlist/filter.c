// SPDX-License-Identifier: GPL-2.0-or-later
/* Which of the collected VPSes match the patterns of -h, -N and -d. */
#include "vzlist/vzlist.h"

#include <fnmatch.h>

/* A VPS without the value never matches. */
static bool matches(const char *pattern, const char *value)
{
	return !pattern || (value && fnmatch(pattern, value, 0) == 0);
}

static const char *text_or_null(const struct vz_pstr *s)
{
	return s->set ? s->v : NULL;
}

void vl_apply_filter(const struct vl_filter *f, struct vz_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct vz_list_item *it = &l->items[i];

		if (matches(f->hostname, text_or_null(&it->conf->hostname)) &&
		    matches(f->name, it->name) &&
		    matches(f->description, text_or_null(&it->conf->description)))
			l->items[n++] = *it;
	}
	l->n = n;
}
