/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers and ranges of them, "0-3,6": CPUMASK and NODEMASK, and how the kernel writes such lists; and the
 * one range of VE_ID_RANGE.
 */
#ifndef VZ_PARAM_RANGES_H
#define VZ_PARAM_RANGES_H

#include <stddef.h>
#include <stdint.h>

struct vz_range {
	uint32_t first, last;
};
#define VZ_ID_MAX (UINT32_MAX - 1) /* the top id is (uid_t)-1 and means "no id" to the kernel */
/* "N" or "N-M" with N <= M <= max. -EINVAL. */
int vz_range_parse(const char *text, uint32_t max, struct vz_range *ret);

/* In the order in which they came. */
struct vz_ranges {
	struct vz_range *v;
	size_t n;
};
void vz_ranges_free(struct vz_ranges *l);
#define autoranges __attribute__((cleanup(vz_ranges_free))) struct vz_ranges

/* -EINVAL for a word that stands in the place of a list ("all", "auto") as for any other; -ENOMEM. */
int vz_ranges_read(const char *text, struct vz_ranges *ret);
/* The greatest number of all; 0 for an empty list. */
uint32_t vz_ranges_last(const struct vz_ranges *l);

#endif
