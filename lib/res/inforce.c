// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Limits in force back into parameters: what a running VPS really has, whatever its configuration
 * has become since, or was left behind by a `set` without --save.
 */
#include "res/res-internal.h"
#include "base/num.h"

#include <unistd.h>

static void pair(struct vz_ppair *own, const struct vz_ppair *conf, bool is_conf, uint64_t now)
{
	if (is_conf && conf->set)
		*own = *conf;
	else
		*own = (struct vz_ppair){ true, now, now };
}

/* Pages, in the form of VSwap: its barrier is 0. */
static void memory(struct vz_ppair *own, const struct vz_ppair *conf, bool is_conf, uint64_t now)
{
	uint64_t pages = now == VZ_UNLIMITED ? now : now / (uint64_t)sysconf(_SC_PAGESIZE);

	pair(own, conf, is_conf, pages);
	if (!(is_conf && conf->set) && pages != VZ_UNLIMITED)
		own->bar = 0;
}

static void number(struct vz_pu64 *own, const struct vz_pu64 *conf, bool is_conf, uint64_t now)
{
	*own = is_conf ? *conf : (struct vz_pu64){ true, now };
}

void vz_res_in_force(const struct vz_cg *cg, const struct vz_conf *conf, struct vz_conf *own)
{
	struct vz_cg_limits want, now;

	vz_res_limits(conf, APPLY_UBC | APPLY_CPU | APPLY_IO, &want);
	if (vz_cg_in_force(cg, &want, &now, NULL) < 0)
		return;
	if (now.has & VZ_CG_PIDS)
		pair(&own->numproc, &conf->numproc, want.pids == now.pids, now.pids);
	if (now.has & VZ_CG_MEMORY) {
		memory(&own->physpages, &conf->physpages, want.ram == now.ram, now.ram);
		memory(&own->swappages, &conf->swappages, want.swap == now.swap, now.swap);
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
