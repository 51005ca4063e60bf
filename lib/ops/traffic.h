/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traffic of VPSes for a front-end that shows it. Collects, resets and reloads; prints nothing. */
#ifndef VZ_OPS_TRAFFIC_H
#define VZ_OPS_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define VZ_TRAFFIC_CLASSES 16

struct vz_traffic_count {
	uint64_t bytes, packets;
};

/* To and from the VPS. */
struct vz_traffic_way {
	struct vz_traffic_count in, out;
};

struct vz_traffic_drop {
	const char *name; /* for ever */
	uint64_t packets;
};

struct vz_traffic {
	unsigned ctid;
	struct vz_traffic_way v4[VZ_TRAFFIC_CLASSES], v6[VZ_TRAFFIC_CLASSES]; /* by class */
	struct vz_traffic_drop drops[32]; /* since its last start; ndrops of them, all reasons */
	size_t ndrops;
};

/* One VPS; all zero when nothing was ever counted. */
int vz_op_traffic(unsigned ctid, struct vz_traffic *ret, struct vz_err *e);
/* Ids of VPSes that run and, with `all`, of those for which anything was counted; ascending. The
 * caller frees *ret. */
int vz_op_traffic_ids(bool all, unsigned **ret, size_t *ret_n, struct vz_err *e);
/* Counting of this VPS begins at 0. */
int vz_op_traffic_reset(unsigned ctid, struct vz_err *e);
/* The table of network classes is read anew; VZ_INVALID_PARAMETER_VALUE for a bad one. */
int vz_op_traffic_reload(struct vz_err *e);

#endif
