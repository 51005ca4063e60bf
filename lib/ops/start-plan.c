// SPDX-License-Identifier: GPL-2.0-or-later
/* The plan of start, which other verbs read upwards; its steps are in ops/steps.h. */
#include "ops/steps.h"

/* The same list read upwards is what a failed start, a stop and healing do. */
const struct vz_step *const vz_op_start_plan[] = {
	&vz_step_journal,
	&vz_step_ids,      /* before anything is made that belongs to them */
	&vz_step_dump,
	&vz_step_features,
	&vz_step_probe,
	&vz_step_remount,
	&vz_step_premount,
	&vz_step_close,
	&vz_step_base,
	&vz_step_mount_area,
	&vz_step_mount_script,
	&vz_step_cgroup,
	&vz_step_policy,
	&vz_step_limits,   /* in force before init exists */
	&vz_step_prestart,
	&vz_step_pci,
	&vz_step_lan,
	&vz_step_init,
	&vz_step_net,      /* while the child builds its tree */
	&vz_step_ready,
	&vz_step_conntrack,
	&vz_step_dist,     /* from here to script: inside, before init runs */
	&vz_step_names,
	&vz_step_script,
	&vz_step_go,
	&vz_step_state,    /* whoever reads it may rely on all above */
	&vz_step_done,
	NULL,
};
