// SPDX-License-Identifier: GPL-2.0-or-later
/* The host name of a running VPS, in its UTS namespace; none of the guest's files are touched. */
#include "apply/hostname.h"
#include "launch/launch.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

static int set_name(void *name)
{
	return sethostname(name, strlen(name)) < 0 ? -errno : 0;
}

int vz_hostname_set(struct vz_ct *ct, const char *name, struct vz_err *e)
{
	struct vz_state st;
	int r;

	if (vz_state_read(ct->id, &st) <= 0)
		return vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Container is not running");
	r = vz_join_call(&st, CLONE_NEWUTS, set_name, (void *)(uintptr_t)name);
	return r < 0 ? vz_fail(e, VZ_BADHOSTNAME, -r, "Unable to set the host name %s", name) : 0;
}
