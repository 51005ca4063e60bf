// SPDX-License-Identifier: GPL-2.0-or-later
/* Rounds of memory; see rounds.h. Each costs a stop of its own, and the start of CRIU on both sides. */
#include "move/rounds.h"

#define MOST 6
#define FEW_BYTES (16u << 20) /* on a wire that carries them in */
#define FEW_MS 1000           /* this time; CRIU alone takes some 300 */
#define LEAST_BYTES (1u << 20) /* on any wire */
#define SHRINKS_TO 75         /* percent of the round before, or another one is of no use */

void vz_rounds_add(struct vz_rounds *r, uint64_t bytes, int64_t ms)
{
	r->before = r->n ? r->bytes : UINT64_MAX;
	r->bytes = bytes;
	r->ms = ms;
	r->n++;
}

bool vz_rounds_go_on(const struct vz_rounds *r)
{
	if (r->n >= MOST || r->bytes <= LEAST_BYTES)
		return false;
	if (r->bytes <= FEW_BYTES && r->ms <= FEW_MS)
		return false;
	return r->bytes / 100 * 100 <= r->before / 100 * SHRINKS_TO;
}
