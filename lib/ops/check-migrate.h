/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check-migrate: can a running VPS be checkpointed, and restored on this host or on another one? */
#ifndef VZ_OPS_CHECK_MIGRATE_H
#define VZ_OPS_CHECK_MIGRATE_H

#include <stdbool.h>

#include "ct/ct.h"

/* One thing in the way. Strings are printable and live as long as the call. */
struct vz_obstacle {
	const char *kind;    /* a word for ever: of cpt/verdict.def, or a key of the facts of hosts */
	bool refuses;        /* else it is a warning */
	int pid;             /* inside; 0: the VPS as a whole, or the other host */
	const char *command; /* "" for pid 0 */
	const char *object, *remedy;
};
typedef void vz_obstacle_each(const struct vz_obstacle *o, void *arg);

/* Calls each() for what is in the way of moving the VPS, to `host` (an argument for ssh(1)) unless that is NULL.
 * 0: nothing refuses. VZ_CHKPNT: something does. VZ_VE_NOT_RUNNING: there is nothing to checkpoint. Takes no
 * lock; nothing is frozen. */
int vz_op_check_migrate(const struct vz_ct *ct, const char *host, vz_obstacle_each *each, void *arg,
			struct vz_err *e);
/* All kinds there are, for documents: `object` is what is looked for. */
void vz_obstacle_kinds(vz_obstacle_each *each, void *arg);
/* For lists: 1 it can, 0 it cannot, -errno it does not run or cannot be told. */
int vz_op_is_migratable(const struct vz_ct *ct, const struct vz_state *state);

#endif
