/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan of start, which stop and heal read upwards. */
#ifndef VZ_OPS_START_H
#define VZ_OPS_START_H

#include "apply/network.h"
#include "ops/env.h"
#include "ops/plan.h"

struct vz_start {
	struct vz_env env;
	struct vz_net net;
	struct vz_start_opts opts;
	struct vz_state state;
	off_t console_mark;       /* where its console's log ended before init ran */
	uint64_t killed;          /* by the kernel, for lack of memory, up to the last step */
	bool keep_mount;          /* undo leaves VE_ROOT mounted (stop --skip-umount) */
	int umount_result;        /* what undoing "mount" came to */
	struct vz_err umount_err;
};

/* What can be refused before anything is done. `again`: it runs still, and is about to be stopped
 * for that. */
int vz_start_check(struct vz_ct *ct, const struct vz_start_opts *o, bool again, struct vz_err *e);

#endif
