/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What suspending and resuming share. */
#ifndef VZ_OPS_SUSPEND_H
#define VZ_OPS_SUSPEND_H

#include <stdint.h>

#include "ops/ops.h"

struct vz_cg;

/* A criu whose vzctl was killed holds the processes until it has put everything back. */
void vz_suspend_wait_for_criu(pid_t init);
/* Lets a VPS go on that was frozen for a dump: without CRIU's lock on its network, and not frozen. */
int vz_suspend_let_go(struct vz_cg *cg, const struct vz_state *st, struct vz_err *e);
/* FREEZE: freezes. RESUME, KILL: of one that is frozen, by that or by another command; killed it stays mounted. What fails
 * has the words and the code of `how`, VZ_CHKPNT or VZ_RESTORE. */
int vz_suspend_do_phase(struct vz_ct *ct, enum vz_suspend_phase phase, enum vz_exit how, struct vz_err *e);
/* Gives the own dump, also one that a resume has taken, another name than the one that the next start looks for. */
void vz_suspend_keep(const struct vz_ct *ct);
/* The own dump that a resume had taken counts again: it did not come to run. */
void vz_suspend_give_back(const struct vz_ct *ct);
/* How long CRIU may take over so many bytes of memory: at 20 MB a second, a minute at least. */
int vz_suspend_seconds(uint64_t bytes);

#endif
