/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of numbers that only grows: inodes that were looked at. */
#ifndef VZ_CPT_SEEN_H
#define VZ_CPT_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpt_seen { /* begins as { 0 } */
	uint64_t *slot; /* 0: free */
	size_t n, size;
};

/* Adds it; true when it was not there. 0 is never new. Without memory everything is new. */
bool cpt_seen_new(struct cpt_seen *s, uint64_t number);
bool cpt_seen_has(const struct cpt_seen *s, uint64_t number);

#endif
