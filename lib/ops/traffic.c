// SPDX-License-Identifier: GPL-2.0-or-later
/* Traffic of VPSes; see traffic.h. */
#include "ops/traffic.h"
#include "base/num.h"
#include "base/own.h"
#include "ct/ct.h"
#include "guard/classes.h"
#include "guard/meter.h"

#include <string.h>

_Static_assert(VZ_TRAFFIC_CLASSES == VZ_CLASSES, "as many classes as the kernel counts");

static struct vz_traffic_way way_of(const struct vz_count *c)
{
	return (struct vz_traffic_way){ .in = { c[VZ_IN].bytes, c[VZ_IN].packets },
					.out = { c[VZ_OUT].bytes, c[VZ_OUT].packets } };
}

int vz_op_traffic(unsigned ctid, struct vz_traffic *ret, struct vz_err *e)
{
	struct vz_counters c;
	int r = vz_meter_read(ctid, &c, e);

	if (r < 0)
		return r;
	*ret = (struct vz_traffic){ .ctid = ctid };
	for (int i = 0; i < VZ_CLASSES; i++) {
		ret->v4[i] = way_of(c.traffic[i][VZ_V4]);
		ret->v6[i] = way_of(c.traffic[i][VZ_V6]);
	}
	for (int i = 0; i < VZ_DROPS; i++)
		ret->drops[ret->ndrops++] =
			(struct vz_traffic_drop){ vz_guard_drop_name((enum vz_drop)i), c.drops[i] };
	return 0;
}

static int running_ids(unsigned **ret, size_t *ret_n, struct vz_err *e)
{
	autofree unsigned *ids = NULL;
	size_t n = 0, k = 0;
	int r = vz_state_list(&ids, &n);

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot read " VZ_RUNDIR);
	for (size_t i = 0; i < n; i++) {
		struct vz_state s;

		if (vz_state_read(ids[i], &s) > 0)
			ids[k++] = ids[i];
	}
	*ret = TAKE_PTR(ids);
	*ret_n = k;
	return 0;
}

int vz_op_traffic_ids(bool all, unsigned **ret, size_t *ret_n, struct vz_err *e)
{
	autofree unsigned *run = NULL, *known = NULL, *both = NULL;
	size_t n = 0, more = 0, k = 0;
	int r = running_ids(&run, &n, e);

	if (r >= 0 && all)
		r = vz_meter_ids(&known, &more, e);
	if (r < 0)
		return r;
	both = calloc(n + more + 1, sizeof(*both));
	if (!both)
		return vz_oom(e);
	if (n)
		memcpy(both, run, n * sizeof(*both));
	if (more)
		memcpy(both + n, known, more * sizeof(*both));
	qsort(both, n + more, sizeof(*both), vz_num_compare);
	for (size_t i = 0; i < n + more; i++)
		if (!k || both[k - 1] != both[i])
			both[k++] = both[i];
	*ret = TAKE_PTR(both);
	*ret_n = k;
	return 0;
}

int vz_op_traffic_reset(unsigned ctid, struct vz_err *e)
{
	return vz_meter_reset(ctid, e);
}

int vz_op_traffic_reload(struct vz_err *e)
{
	return vz_classes_reload(e);
}
