// SPDX-License-Identifier: GPL-2.0-or-later
/* The distance of two words in letters put in, left out, changed, or swapped; see near.h. */
#include "base/near.h"

#include <limits.h>
#include <string.h>

#define WORD_MAX 40

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned distance(const char *a, const char *b)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > WORD_MAX || m > WORD_MAX)
		return UINT_MAX;
	for (unsigned i = 0; i <= n; i++)
		d[i][0] = i;
	for (unsigned j = 0; j <= m; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n; i++)
		for (size_t j = 1; j <= m; j++) {
			d[i][j] = least(d[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
					least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[n][m];
}

void vz_near_try(struct vz_near *n, const char *candidate)
{
	unsigned d, most = (unsigned)(strlen(n->word) + 2) / 4; /* a slip in four letters */

	if (!candidate || !most)
		return;
	d = distance(n->word, candidate);
	if (d <= most && (!n->best || d < n->best_at)) {
		n->best = candidate;
		n->best_at = d;
	}
}
