/* SPDX-License-Identifier: GPL-2.0-or-later */
/* why: what stopped a VPS, or was refused to it. The events are ct/why.h. */
#ifndef VZ_OPS_CULPRIT_H
#define VZ_OPS_CULPRIT_H

#include "ct/ct.h"

struct vz_culprit {
	const char *kind, *when, *sentence;
	int64_t from, to;     /* seconds since the epoch; 0 not known */
	uint64_t count;
	uint64_t held, limit; /* VZ_UNLIMITED: not known, none */
	pid_t pid;            /* 0: not known */
	const char *command;
};

/* Calls fn for each event, the last one last; those that the kernel has counted and nobody has written are behind. No
 * lock, and nothing is written. How many there are; VZ_SYSTEM: the journal cannot be read. */
int vz_op_why(const struct vz_ct *ct, void (*fn)(const struct vz_culprit *c, void *arg), void *arg, struct vz_err *e);

#endif
