/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean ...?": the word of a table that is nearest to what was typed. */
#ifndef VZ_BASE_NEAR_H
#define VZ_BASE_NEAR_H

#include <stddef.h>

/* { .word = typed } before the first try; `best` is then the nearest so far, or NULL when none is
 * near enough to be meant. The strings stay the caller's. */
struct vz_near {
	const char *word, *best;
	unsigned best_at;
};

/* Offers a word of the table; NULL is none. */
void vz_near_try(struct vz_near *n, const char *candidate);

#endif
