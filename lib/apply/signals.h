/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many signals may be queued in a VPS. */
#ifndef VZ_APPLY_SIGNALS_H
#define VZ_APPLY_SIGNALS_H

#include "cgroup/cgroup.h"
#include "ct/ct.h"

/* What NUMSIGINFO asks for. Not set: the ordinary bound of the host's, which is also the most. */
struct vz_pu64 vz_signals(const struct vz_conf *c);
/* After a restore: who had the bound of the dump as his own limit has that of now. */
void vz_signals_restored(const struct vz_cg *cg, pid_t init, const struct vz_conf *conf);
/* On a running VPS: -EOPNOTSUPP when what `conf` asks for is not what it was started with. */
int vz_signals_set(const struct vz_ct *ct, const struct vz_conf *conf, struct vz_err *e);
/* As vz_res_in_force(): what the running VPS was started with, where that is not what `conf` asks for. */
void vz_signals_in_force(const struct vz_state *st, const struct vz_conf *conf, struct vz_conf *own);

#endif
