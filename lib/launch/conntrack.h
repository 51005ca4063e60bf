/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NUMCONNTRACK: how many entries of connection tracking a VPS may have. What holds it is
 * bpf/conntrack.bpf.c, in the hooks of the VPS's network namespace. */
#ifndef VZ_LAUNCH_CONNTRACK_H
#define VZ_LAUNCH_CONNTRACK_H

#include <stdint.h>

#include "base/err.h"
#include "ct/ct.h"

/* Puts the limit in force on a VPS that runs or is about to, or changes it; 0 takes it away.
 * -EOPNOTSUPP: this kernel cannot, *e says what holds instead. */
int vz_conntrack_limit(unsigned ctid, const struct vz_state *st, uint64_t limit, struct vz_err *e);
/* Takes the programs of a VPS that has ended; they would keep its network namespace. */
void vz_conntrack_clear(unsigned ctid);

#endif
