// SPDX-License-Identifier: GPL-2.0-or-later
/* status --verbose: what the guard has dropped of what a VPS sent, by reason. Apart from the rest
 * of it because the guard's maps have an address of their own kind. */
#include "base/context.h"
#include "guard/meter.h"
#include "ops/status-internal.h"

void vz_status_drops(unsigned ctid)
{
	struct vz_counters c;

	if (vz_meter_read(ctid, &c, NULL) < 0)
		return;
	for (unsigned i = 0; i < VZ_DROPS; i++)
		if (c.drops[i])
			vz_result("dropped: %llu packets by the guard, %s",
				  (unsigned long long)c.drops[i], vz_guard_drop_name((enum vz_drop)i));
}
