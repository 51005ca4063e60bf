// SPDX-License-Identifier: GPL-2.0-or-later
/* Units; see unit.h. Ranges: Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/blkio-controller. */
#include "cgroup/unit.h"

#define UNITS_DEFAULT 1000u
#define PERCENT_MAX 10000000u /* a hundred thousand CPUs: the kernel's quota has room for more */

static uint64_t clamp(uint64_t v, uint64_t min, uint64_t max)
{
	return v < min ? min : v > max ? max : v;
}

/* units * scale / 1000, rounded; units are cut first so that nothing wraps. */
static uint64_t share(uint64_t units, uint64_t scale)
{
	return (clamp(units, 0, UINT32_MAX) * scale + UNITS_DEFAULT / 2) / UNITS_DEFAULT;
}

uint64_t cg_units_to_shares(uint64_t units)
{
	return clamp(share(units, 1024), 2, 262144);
}

uint64_t cg_units_to_weight(uint64_t units)
{
	return clamp(share(units, 100), 1, 10000);
}

uint64_t cg_percent_to_quota(uint64_t percent)
{
	return clamp(percent, 1, PERCENT_MAX) * (CG_PERIOD_USEC / 100);
}

uint64_t cg_ioprio_to_weight(uint64_t prio)
{
	return 20 + 20 * clamp(prio, 0, 7);
}

uint64_t cg_shares_to_units(uint64_t shares)
{
	return (clamp(shares, 0, UINT32_MAX) * UNITS_DEFAULT + 512) / 1024;
}

uint64_t cg_weight_to_units(uint64_t weight)
{
	return clamp(weight, 0, UINT32_MAX) * UNITS_DEFAULT / 100;
}

uint64_t cg_weight_to_ioprio(uint64_t weight)
{
	return (clamp(weight, 20, 160) - 20) / 20;
}
