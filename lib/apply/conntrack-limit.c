// SPDX-License-Identifier: GPL-2.0-or-later
/* NUMCONNTRACK; see conntrack-limit.h. */
#include "apply/conntrack-limit.h"
#include "cgroup/cgroup.h"
#include "ct/once.h"
#include "launch/conntrack.h"
#include "launch/netpolicy.h"

#include <errno.h>

int vz_tracking_apply(const struct vz_ct *ct, const struct vz_conf *conf,
		      const struct vz_state *st, struct vz_err *e)
{
	int r;

	if (!conf->numconntrack.set)
		return 0;
	r = vz_conntrack_limit(ct->id, st, conf->numconntrack.v, e);
	if (r != -EOPNOTSUPP)
		return r;
	vz_say_once(-1, "Warning: %s", e->msg);
	return 0;
}

int vz_tracking_set(struct vz_ct *ct, const struct vz_conf *conf, struct vz_err *e)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	struct vz_state st;
	int r = vz_cg_open(ct->id, NULL, &cg, e);

	if (r < 0)
		return r;
	if (vz_state_read(ct->id, &st) <= 0)
		return vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Container is not running");
	r = vz_tracking_apply(ct, conf, &st, e);
	st.features &= ~VZ_FEAT_CT_LIMIT;
	if (conf->numconntrack.v)
		st.features |= VZ_FEAT_CT_LIMIT;
	if (r >= 0) /* a kernel without the programs has been told of at the start */
		(void)vz_netpolicy_set(vz_cg_id(cg), st.features, NULL);
	return r;
}
