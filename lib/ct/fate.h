/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a VPS ended: what its group counted and what its console said last. For messages only;
 * nothing is decided by it.
 */
#ifndef VZ_CT_FATE_H
#define VZ_CT_FATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup/cgroup.h"

/* What vzeventd writes of consoles: a directory, and the name of a file in it. */
#define VZ_CONSOLE_LOGS VZ_LOGDIR "/vzctl-console"
#define VZ_CONSOLE_LOG "%u.log"

/* Were processes of the group killed for lack of memory? Then a sentence without subject, with the
 * remedy, is in buf. */
bool vz_fate_oom(const struct vz_cg *cg, char *buf, size_t size);
/* How many processes of the group were killed for lack of memory; 0 when it cannot be told. */
uint64_t vz_fate_killed(const struct vz_cg *cg);

/* How long the console's log of VPS `id` is: taken before a start. */
off_t vz_fate_mark(unsigned id);
/* What the console said since the mark, as vz_fate_lines(). False when the log has nothing behind
 * the mark (yet). A log that is shorter than it was has been begun anew. */
bool vz_fate_say_since(unsigned id, off_t mark);

/* The last lines of text[0..n) into the log, as errors. May be hostile: a guest wrote them;
 * therefore few, short and escaped. */
void vz_fate_lines(const char *text, size_t n);

#endif
