// SPDX-License-Identifier: GPL-2.0-or-later
/* What is refused before a start or a resume does anything; see start.h. */
#include "ops/start.h"
#include "sys/inherit.h"

#include <unistd.h>

int vz_start_check(struct vz_ct *ct, const struct vz_start_opts *o, bool again, struct vz_err *e)
{
	struct vz_state st;

	/* in this order: scripts know which answer wins (INTERFACE 1.5) */
	if (ct->conf.disabled.set && ct->conf.disabled.v && !o->force)
		return vz_fail(e, VZ_VE_START_DISABLED, 0, "Container start disabled");
	if (!ct->private)
		return vz_fail(e, VZ_VE_PRIVATE_NOTSET, 0, "VE_PRIVATE is not set");
	if (!again && vz_state_read(ct->id, &st) > 0)
		return vz_fail(e, VZ_VE_RUNNING, 0, "Container is already running");
	if (!ct->root)
		return vz_fail(e, VZ_VE_ROOT_NOTSET, 0, "VE_ROOT is not set");
	if (access(ct->private, F_OK) < 0)
		return vz_fail(e, VZ_FS_NOPRVT, 0, "Container private area %s does not exist",
			       ct->private);
	return vz_inherit_refused(e);
}
