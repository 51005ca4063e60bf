// SPDX-License-Identifier: GPL-2.0-or-later
/* What of a VPS is counted elsewhere than in its group. */
#include "res/res.h"
#include "base/num.h"
#include "sys/user-counts.h"

#include <string.h>

/* All of a VPS is charged to the first of its ids. Without a user namespace that is the host's root. */
void vz_res_beside(const struct vz_state *s, uint64_t group, struct vz_res_beside *ret)
{
	memset(ret, 0xff, sizeof(*ret)); /* all VZ_UNLIMITED */
	if (s && s->uid)
		(void)vz_user_signals(s->uid, &ret->signals);
	(void)vz_res_sockets_read(group, &ret->tcp, &ret->tcp_peak, &ret->tcp_failed);
}
