// SPDX-License-Identifier: GPL-2.0-or-later
/* Open addressing, at most half full; see seen.h. */
#include "cpt/seen.h"

#include <stdlib.h>

static size_t place(const struct cpt_seen *s, uint64_t number)
{
	size_t at = (number * 0x9e3779b97f4a7c15ull) >> 20;

	for (;; at++)
		if (!s->slot[at & (s->size - 1)] || s->slot[at & (s->size - 1)] == number)
			return at & (s->size - 1);
}

bool cpt_seen_has(const struct cpt_seen *s, uint64_t number)
{
	return s->size && number && s->slot[place(s, number)] == number;
}

static bool grow(struct cpt_seen *s)
{
	struct cpt_seen more = { .size = s->size ? s->size * 2 : 256 };

	more.slot = calloc(more.size, sizeof(*more.slot));
	if (!more.slot)
		return false;
	for (size_t i = 0; i < s->size; i++)
		if (s->slot[i])
			more.slot[place(&more, s->slot[i])] = s->slot[i];
	more.n = s->n;
	free(s->slot);
	*s = more;
	return true;
}

bool cpt_seen_new(struct cpt_seen *s, uint64_t number)
{
	if (!number || cpt_seen_has(s, number))
		return false;
	if (s->n * 2 >= s->size && !grow(s))
		return true;
	s->slot[place(s, number)] = number;
	s->n++;
	return true;
}
