/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our units into the kernel's: pure arithmetic, tested by table. What none of these may do is
 * leave the range the kernel accepts; a value beyond it becomes the nearest one inside.
 */
#ifndef VZ_CGROUP_UNIT_H
#define VZ_CGROUP_UNIT_H

#include <stdint.h>

#define CG_PERIOD_USEC 100000u /* the kernel's own default period of cpu bandwidth */

/* Every conversion keeps ratios: 1000 units are the kernel's default share, twice the units are
 * twice the share. */
uint64_t cg_units_to_shares(uint64_t units); /* v1: 2..262144, 1024 default */
uint64_t cg_units_to_weight(uint64_t units); /* v2: 1..10000, 100 default */

/* Percent of one CPU to microseconds per period; percent is not 0. */
uint64_t cg_percent_to_quota(uint64_t percent);

/* I/O priority 0..7 to a weight with 100 as the default: 20 % of the default per step, as the
 * time slices of the scheduler for which the legacy priorities were made. */
uint64_t cg_ioprio_to_weight(uint64_t prio);

/* Back again; several of ours may have become one of the kernel's. */
uint64_t cg_shares_to_units(uint64_t shares);
uint64_t cg_weight_to_units(uint64_t weight);
uint64_t cg_weight_to_ioprio(uint64_t weight);

#endif
