// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Limits in force back into parameters: what a running VPS really has, whatever its configuration
 * has become since, or was left behind by a `set` without --save.
 */
#include "res/res-internal.h"
#include "base/num.h"

/* What is in force is what the configuration asked for, or else the number itself; that of pages in
 * the form of VSwap, whose barrier is 0. */
static void counter(const struct res_ubc *row, bool same, uint64_t now, const struct vz_conf *conf,
		    struct vz_conf *own)
{
	const struct vz_ppair *asked = (const void *)((const char *)conf + row->at);
	struct vz_ppair *ret = (void *)((char *)own + row->at);

	if (same && asked->set) {
		*ret = *asked;
		return;
	}
	if (row->pages && now != VZ_UNLIMITED)
		now /= vz_page_size();
	*ret = (struct vz_ppair){ true, row->pages && now != VZ_UNLIMITED ? 0 : now, now };
}

static void number(struct vz_pu64 *own, const struct vz_pu64 *conf, bool is_conf, uint64_t now)
{
	*own = is_conf ? *conf : (struct vz_pu64){ true, now };
}

void res_limits_back(const struct vz_conf *conf, const struct vz_cg_limits *limits,
		     const struct vz_cg_limits *in_force, struct vz_conf *own)
{
	struct vz_cg_limits want = *limits, now = *in_force;

	for (size_t i = 0; i < res_nubc; i++) {
		const struct res_ubc *row = &res_ubc[i];
		uint64_t v = row->bit ? *res_limit(row, &now) : 0;

		if (now.has & row->bit)
			counter(row, v == *res_limit(row, &want), v, conf, own);
	}
	if (now.has & VZ_CG_CPUUNITS)
		own->cpuunits = (struct vz_pu64){ true, now.cpuunits };
	if (now.has & VZ_CG_CPULIMIT) {
		bool same = want.cpu_percent == now.cpu_percent;

		/* one bandwidth serves both; which of them another one came from nobody knows */
		number(&own->cpulimit, &conf->cpulimit, same, now.cpu_percent);
		number(&own->cpus, &conf->cpus, same, 0);
	}
	if (now.has & VZ_CG_IOLIMIT)
		number(&own->iolimit, &conf->iolimit, want.io_bps == now.io_bps, now.io_bps);
	if (now.has & VZ_CG_IOPS)
		number(&own->iopslimit, &conf->iopslimit, want.io_iops == now.io_iops,
		       now.io_iops);
	if (now.has & VZ_CG_IOPRIO && conf->ioprio.set)
		own->ioprio = (struct vz_pu64){ true, now.io_prio };
}

void vz_res_in_force(const struct vz_cg *cg, const struct vz_conf *conf, bool dear,
		     struct vz_conf *own)
{
	struct vz_cg_limits want = { 0 }, now;

	vz_res_counters(conf, &want);
	vz_res_cpu(conf, &want);
	vz_res_io(conf, &want);
	for (size_t i = 0; dear && i < res_nubc; i++)
		want.has |= res_ubc[i].bit; /* none was asked for: no limit */
	if (vz_cg_in_force(cg, &want, &now, NULL) >= 0)
		res_limits_back(conf, &want, &now, own);
}
