// SPDX-License-Identifier: GPL-2.0-or-later
/* Rate and traffic of a VPS; see rate.h. How either is done: shape.c, meter.c. */
#include "guard/rate.h"
#include "base/own.h"
#include "guard/guard.h"
#include "guard/meter.h"
#include "guard/shape.h"
#include "sys/nl.h"

int vz_rate_set(unsigned ctid, const struct vz_conf *conf, struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e);
	autofree int *index = NULL;
	struct vz_shape s = { .ctid = ctid };
	int r = rtnl < 0 ? rtnl : vz_guard_devs(ctid, &index, &s.n, e);

	if (r < 0)
		return r;
	s.ifindex = index;
	s.in = conf->rate.set ? conf->rate.bar : 0;
	s.out = conf->rate.set ? conf->rate.lim : 0;
	return vz_shape_set(rtnl, &s, e);
}

int vz_rate_start(unsigned ctid, const struct vz_conf *conf, struct vz_err *e)
{
	if (!conf->rate.set || !(conf->rate.bar | conf->rate.lim))
		return 0;
	return vz_rate_set(ctid, conf, e);
}

int vz_rate_stop(unsigned ctid, struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e);
	int r = rtnl < 0 ? rtnl : vz_shape_gone(rtnl, ctid, e), folded;

	folded = vz_meter_fold(ctid, true, r < 0 ? NULL : e); /* the first sentence stays */
	return r < 0 ? r : folded;
}

void vz_rate_forget(unsigned ctid)
{
	vz_meter_forget(ctid);
}
