/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When memory is copied once more while the VPS runs, and when what is left is sent while it stands still. */
#ifndef VZ_MOVE_ROUNDS_H
#define VZ_MOVE_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

/* What came of the rounds so far. */
struct vz_rounds {
	unsigned n;
	uint64_t before, bytes; /* of the one before the last, and of the last */
	int64_t ms;             /* that the last took */
};

void vz_rounds_add(struct vz_rounds *r, uint64_t bytes, int64_t ms);
/* Whether another one makes the stop shorter. What is left is known by nobody; it was written during the last one. */
bool vz_rounds_go_on(const struct vz_rounds *r);

#endif
