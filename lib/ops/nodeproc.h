/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that the legacy kernel had in the host's /proc (INTERFACE 5.3, 5.4), for clients that read nothing else:
 * user_beancounters, bc and vz. Made when they are opened (sys/fuse.h). A number that mainline does not
 * count is 0, and a limit of it is none: their readers know no word for it.
 */
#ifndef VZ_OPS_NODEPROC_H
#define VZ_OPS_NODEPROC_H

#include "base/err.h"
#include "base/str.h"
#include "ops/bc.h"

#define VZ_NODEPROC_DIR VZ_RUNDIR "/proc"

/* Puts the caller, of one thread and with root's rights, into a mount namespace whose /proc has these names too: the
 * others are links into the kernel's, which is /proc/.host there. A process of its own answers until the
 * last one has left the namespace; it has nothing of the caller's. */
int vz_op_nodeproc_enter(struct vz_err *e);
/* Has these names in VZ_NODEPROC_DIR, until vz_cancel(): -ECANCELED, and they are gone. -EBUSY: another does it. */
int vz_op_nodeproc_serve(struct vz_err *e);

/* The texts of /proc/vz, for unit tests. */
void vz_nodeproc_veinfo(const struct vz_list *l, uint64_t host_tasks, struct vz_str *to);
void vz_nodeproc_veip(const struct vz_list *l, struct vz_str *to);
/* vestat: the head, and a line for each VPS. Times in milliseconds and microseconds. */
void vz_nodeproc_vestat_head(struct vz_str *to);
void vz_nodeproc_vestat_line(unsigned id, uint64_t uptime_ms, const struct vz_cg_usage *u, struct vz_str *to);
void vz_nodeproc_ioacct(uint64_t read, uint64_t written, struct vz_str *to);

#endif
