// SPDX-License-Identifier: GPL-2.0-or-later
/* What of a VPS is counted elsewhere than in its group. */
#include "res/res.h"
#include "base/num.h"
#include "sys/user-counts.h"

/* All of a VPS is charged to the first of its ids. Without a user namespace that is the host's root. */
void vz_res_beside(const struct vz_state *s, struct vz_res_beside *ret)
{
	*ret = (struct vz_res_beside){ VZ_UNLIMITED, VZ_UNLIMITED };
	if (s->uid)
		(void)vz_user_signals(s->uid, &ret->signals);
}
