// SPDX-License-Identifier: GPL-2.0-or-later
/* vzcptcheck: the engine's version and the CPU; see cptcheck.h. */
#include "ops/cptcheck.h"
#include "base/own.h"
#include "cpt/cpu.h"
#include "cpt/criu.h"

int vz_op_cpt_version(unsigned *ret, struct vz_err *e)
{
	struct vz_criu c;
	int r = vz_criu_find(0, &c, e);

	if (r >= 0)
		*ret = c.version;
	return r;
}

int vz_op_cpt_accepts(unsigned version, struct vz_err *e)
{
	struct vz_criu c;

	return vz_criu_find(version, &c, e);
}

int vz_op_cpt_caps(uint64_t *ret, struct vz_err *e)
{
	autofree char *flags = NULL;
	int r = vz_cpu_flags(&flags);

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot tell the features of the CPU");
	*ret = vz_cpu_mask(flags);
	return 0;
}
