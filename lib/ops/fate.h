/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a VPS, or its start, ended: what its group counted, how its init went, what its console said
 * last. For messages only; nothing is decided by it.
 */
#ifndef VZ_OPS_FATE_H
#define VZ_OPS_FATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ops/env.h"

#define VZ_CONSOLE_LOGS VZ_LOGDIR "/vzctl-console" /* N.log, written by vzeventd */

/* Were processes of the group killed for lack of memory? Then a sentence without subject, with the
 * remedy, is in buf. */
bool vz_fate_oom(const struct vz_cg *cg, char *buf, size_t size);
/* How many processes of the group were killed for lack of memory; 0 when it cannot be told. */
uint64_t vz_fate_killed(const struct vz_env *env);
/* The end of a step of the start, r its result. Where it failed and processes were killed for lack of
 * memory since the step before, *e says that first and is VZ_RESOURCE. *killed is vz_fate_killed() at the
 * end of the step before, and then of this one. Returns r. */
int vz_fate_step(const struct vz_env *env, uint64_t *killed, int r, struct vz_err *e);

/* How long the console's log of VPS `id` is: taken before a start. */
off_t vz_fate_mark(unsigned id);
/* 0 while init runs, within `wait_ms` from now. Else it is reaped, the failure says how it ended, and
 * the log gets what the console said since the mark. */
int vz_fate_init(struct vz_env *env, off_t mark, int wait_ms, struct vz_err *e);

/* The last lines of text[0..n) into the log, as errors. May be hostile: a guest wrote them;
 * therefore few, short and escaped. */
void vz_fate_lines(const char *text, size_t n);

#endif
