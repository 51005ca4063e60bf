/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many connections the kernel tracks for a VPS. */
#ifndef VZ_APPLY_CONNTRACK_LIMIT_H
#define VZ_APPLY_CONNTRACK_LIMIT_H

#include "ct/ct.h"

/* NUMCONNTRACK of conf on a VPS that runs, or is about to. A kernel that cannot hold it is warned of. */
int vz_tracking_apply(const struct vz_ct *ct, const struct vz_conf *conf, const struct vz_state *st,
		      struct vz_err *e);
/* On a running VPS: the limit, and that nothing goes round it by netlink. */
int vz_tracking_set(struct vz_ct *ct, const struct vz_conf *conf, struct vz_err *e);

#endif
