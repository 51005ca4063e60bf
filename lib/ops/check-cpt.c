// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of `vzctl check` about suspend and migration. */
#include "ops/check-internal.h"
#include "cpt/criu.h"
#include "sys/file.h"

/* The reason has its remedy with it. */
static int find_criu(struct check *c, struct vz_criu *ret)
{
	struct vz_err e = { 0 };
	int r = vz_criu_find(0, ret, &e);

	if (r < 0)
		(void)check_say(c, VZ_CHECK_MISSING, "%s", e.msg);
	return r;
}

enum vz_check_verdict check_criu(struct check *c)
{
	struct vz_criu criu;

	if (find_criu(c, &criu) < 0)
		return VZ_CHECK_MISSING;
	return check_say(c, VZ_CHECK_OK, "CRIU %u.%u.%u (%s)", criu.version / 10000,
			 criu.version / 100 % 100, criu.version % 100, criu.path);
}

enum vz_check_verdict check_copy(struct check *c)
{
	uint64_t allowed = 1;
	struct vz_criu criu;

	if (find_criu(c, &criu) < 0)
		return VZ_CHECK_MISSING;
	if (!(criu.features & c->bit))
		return check_say(c, VZ_CHECK_MISSING, "this kernel has no %s", c->what);
	if (c->bit == VZ_CRIU_LAZY)
		(void)vz_file_number("/proc/sys/vm/unprivileged_userfaultfd", UINT64_MAX, &allowed);
	return allowed ? VZ_CHECK_OK : check_say(c, VZ_CHECK_MISSING, "vm.unprivileged_userfaultfd is 0");
}
