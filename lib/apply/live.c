// SPDX-License-Identifier: GPL-2.0-or-later
/* Parameters of a running VPS; see live.h. */
#include "apply/live.h"
#include "apply/conntrack-limit.h"
#include "apply/devnodes.h"
#include "apply/terminals.h"
#include "base/log.h"
#include "cgroup/cgroup.h"
#include "guard/rate.h"
#include "res/res.h"

#include <errno.h>

int vz_apply_live(struct vz_ct *ct, const struct vz_conf *conf, unsigned bits, struct vz_err *e)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	int r;

	if (bits == APPLY_RATE)
		return vz_rate_set(ct->id, conf, e);
	r = vz_cg_open(ct->id, NULL, &cg, e);
	if (r >= 0)
		r = vz_res_apply(cg, conf, bits, e);
	if (r >= 0 && bits & APPLY_UBC)
		r = vz_terminals_set(ct, conf, e);
	if (r >= 0 && bits & APPLY_CONNTRACK)
		r = vz_conntrack_set(ct, cg, conf, e);
	if (r >= 0 && bits & APPLY_DEVICES)
		r = vz_devnodes_set(ct, conf, e);
	if (r >= 0 && bits & APPLY_DEVICES)
		r = vz_pci_scripts(ct, &ct->conf.pci, &conf->pci, false, e);
	if (r >= 0 && bits & APPLY_DEVICES)
		r = vz_pci_scripts(ct, &conf->pci, &ct->conf.pci, true, e);
	if (r == -EOPNOTSUPP) { /* what the kernel can do is done */
		vz_log(-1, "Warning: %s, skipping", e->msg);
		r = 0;
	}
	return r;
}
