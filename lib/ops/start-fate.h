/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a start failed: ct/fate.h, and how its init went. For messages only; nothing is decided by it. */
#ifndef VZ_OPS_START_FATE_H
#define VZ_OPS_START_FATE_H

#include "ct/fate.h"
#include "ops/env.h"

/* The end of a step of the start, r its result. Where it failed and processes were killed for lack of
 * memory since the step before, *e says that first and is VZ_RESOURCE. *killed is vz_fate_killed() at the
 * end of the step before, and then of this one. Returns r. */
int vz_start_fate_step(const struct vz_env *env, uint64_t *killed, int r, struct vz_err *e);

/* 0 while init runs; `wait`: and has shown that it can. Else it is reaped, the failure says how it ended, and
 * the log gets what the console said since the mark. */
int vz_start_fate_init(struct vz_env *env, off_t mark, bool wait, struct vz_err *e);

#endif
