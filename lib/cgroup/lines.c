// SPDX-License-Identifier: GPL-2.0-or-later
/* Limits put in force, one after another, and what is said of one that the kernel refuses. */
#include "cgroup/cgroup-internal.h"

#include <errno.h>

/* The user knows the limit by its option; the exit code stays. */
static void refused(unsigned limit, int r, struct vz_err *e)
{
	/* in the order of the bits */
	static const char *const option[CG_NLIMITS] = {
		"--ram or --swap", "--cpuunits", "--cpulimit", "--numproc", "--iolimit", "--iopslimit",
		"--ioprio", "--cpumask", "--nodemask", "--numcgroups or --cgroupdepth"
	};

	if (r == -EBUSY && 1u << limit == VZ_CG_MEMORY)
		(void)vz_fail(e, e->exit, 0, "Unable to set %s: the container uses more than that, and the kernel "
			      "cannot take it back; give it more, or end processes inside", option[limit]);
	else if (r == -EBUSY || r == -EINVAL || r == -ERANGE)
		(void)vz_fail(e, e->exit, -r, "Unable to set %s: the kernel does not take this value",
			      option[limit]);
}

int vz_cg_apply(struct vz_cg *cg, const struct vz_cg_limits *l, struct vz_err *e)
{
	struct vz_err later;
	int unsupported = 0;

	for (unsigned i = 0; i < CG_NLIMITS; i++) {
		int r = l->has & 1u << i ? cg->ops->set[i](cg, l, unsupported ? &later : e) : 0;

		if (r == -EOPNOTSUPP) {
			unsupported = r; /* the kernel cannot: the others still hold */
		} else if (r < 0) {
			if (e && unsupported)
				*e = later;
			if (e)
				refused(i, r, e);
			return r;
		}
	}
	return unsupported;
}
