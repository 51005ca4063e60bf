// SPDX-License-Identifier: GPL-2.0-or-later
/* Nobody inside can open the program's own file when it enters a VPS; see sys/exe.h. */
#include "ops/ops.h"
#include "sys/exe.h"

int vz_op_hide_program(const struct vz_ct *ct, char *const argv[], struct vz_err *e)
{
	struct vz_state st;
	bool privileged = !ct || vz_ct_features(ct) & VZ_FEAT_PRIVILEGED;

	/* the configuration may have changed since it was started */
	if (!privileged && vz_state_read(ct->id, &st) > 0)
		privileged = !st.uid;
	return vz_exe_hide(privileged, argv, e);
}
