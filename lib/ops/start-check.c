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
	autofree char *command = vz_journal_command_at_work(ct->id);

	return command ? vz_fail(e, VZ_LOCKED, 0, "Unable to start: %s is at work on the container; start it when "
				 "that has ended", command) : 0;
}

/* Who was so, too, when both looked, has begun: the second one finds the journal of the first. */
int vz_start_journal(const struct vz_ct *ct, const char *line, struct vz_err *e)
{
	int r = vz_journal_begin(ct->id, line, e);

	while (r > 0) {
		r = check_alone(ct, e);
		if (r >= 0)
			r = vz_journal_begin(ct->id, line, e);
	}
	return r;
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
