// SPDX-License-Identifier: GPL-2.0-or-later
/* restart: stop and start, where what could not start again goes on running. */
#include "base/log.h"
#include "ops/mount.h"
#include "ops/start.h"

int vz_op_restart(struct vz_ct *ct, const struct vz_start_opts *so, const struct vz_stop_opts *po,
		  struct vz_err *e)
{
	struct vz_state st;
	int r;

	vz_log(0, "Restarting container");
	if (vz_state_read(ct->id, &st) > 0) {
		/* what could not start again goes on running */
		r = vz_start_check(ct, so, true, e);
		if (r >= 0)
			r = vz_private_mount_check(ct, e);
		if (r >= 0)
			r = vz_op_stop(ct, po, e);
		if (r < 0)
			return r;
	}
	return vz_op_start(ct, so, e);
}
