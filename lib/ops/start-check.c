// SPDX-License-Identifier: GPL-2.0-or-later
/* What is refused before a start or a resume does anything; see start.h. */
#include "ops/start.h"
#include "base/own.h"
#include "sys/inherit.h"

#include <unistd.h>

/* Only --skiplock comes so far, most likely in a script that the other command runs: that one goes on to start
 * the VPS a second time, or to unmount what runs. */
static int check_alone(const struct vz_ct *ct, struct vz_err *e)
{
	autofree char *verb = vz_journal_verb_at_work(ct->id);

	return verb ? vz_fail(e, VZ_LOCKED, 0, "Unable to start: vzctl %s is at work on the container; start it when "
			      "that has ended", verb) : 0;
}

int vz_start_check(struct vz_ct *ct, const struct vz_start_opts *o, bool again, struct vz_err *e)
{
	struct vz_state st;
	int r;

	/* in this order: scripts know which answer wins (INTERFACE 1.5) */
	if (ct->conf.disabled.set && ct->conf.disabled.v && !o->force)
		return vz_fail(e, VZ_VE_START_DISABLED, 0, "Container start disabled");
	if (!ct->private)
		return vz_fail(e, VZ_VE_PRIVATE_NOTSET, 0, "VE_PRIVATE is not set");
	if (!again && vz_state_read(ct->id, &st) > 0)
		return vz_fail(e, VZ_VE_RUNNING, 0, "Container is already running");
	r = check_alone(ct, e);
	if (r < 0)
		return r;
	if (!ct->root)
		return vz_fail(e, VZ_VE_ROOT_NOTSET, 0, "VE_ROOT is not set");
	if (access(ct->private, F_OK) < 0)
		return vz_fail(e, VZ_FS_NOPRVT, 0, "Container private area %s does not exist",
			       ct->private);
	return vz_inherit_refused(e);
}
