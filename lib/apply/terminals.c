// SPDX-License-Identifier: GPL-2.0-or-later
/* NUMPTY; see terminals.h. */
#include "apply/terminals.h"
#include "fs/guest-mounts.h"
#include "launch/launch.h"

#include <sched.h>

#define TERMINALS_MAX (1u << 20) /* NR_UNIX98_PTY_MAX */

/* devpts takes max=0 for no bound at all. */
unsigned vz_terminals(const struct vz_conf *c)
{
	uint64_t n = c->numpty.set ? c->numpty.lim : vz_param_default("NUMPTY");

	return n < 1 ? 1 : n > TERMINALS_MAX ? 0 : (unsigned)n;
}

static int set_terminals(void *arg)
{
	return vz_guest_mounts_terminals(*(const unsigned *)arg);
}

int vz_terminals_set(const struct vz_ct *ct, const struct vz_conf *conf, struct vz_err *e)
{
	unsigned max = vz_terminals(conf);
	struct vz_state st;
	int r;

	if (vz_state_read(ct->id, &st) <= 0)
		return vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Container is not running");
	r = vz_join_call(&st, CLONE_NEWNS | CLONE_NEWUSER, set_terminals, &max);
	if (r >= 0 || max == vz_terminals(&ct->conf))
		return 0;
	return vz_fail(e, VZ_SETUBC, -r, "Unable to set NUMPTY");
}
