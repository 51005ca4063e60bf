// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Limits in force back into parameters: what a running VPS really has, whatever its configuration
 * has become since, or was left behind by a `set` without --save.
 */
#include "res/res-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"

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

/* By .back of the row; same: as the configuration asks for. */
static void number(const struct res_param *row, bool same, uint64_t now, const struct vz_conf *conf,
		   struct vz_conf *own)
{
	const struct vz_pu64 *asked = (const void *)((const char *)conf + row->at);
	struct vz_pu64 *ret = (void *)((char *)own + row->at);

	if (row->back == RES_KEPT || (row->back == RES_NOW_IF_SET && !asked->set))
		return;
	if (same && (row->back == RES_NOW_IF_OTHER || row->back == RES_0_IF_OTHER))
		*ret = *asked;
	else
		*ret = (struct vz_pu64){ true, row->back == RES_0_IF_OTHER ? 0 : now };
}

void res_limits_back(const struct vz_conf *conf, const struct vz_cg_limits *want,
		     const struct vz_cg_limits *now, struct vz_conf *own)
{
	for (size_t i = 0; i < res_nubc; i++) {
		const struct res_ubc *row = &res_ubc[i];
		uint64_t v;

		if (!(now->has & row->bit))
			continue;
		v = res_limit_of(row->to, now);
		counter(row, v == res_limit_of(row->to, want), v, conf, own);
	}
	for (size_t i = 0; i < res_nparams; i++) {
		const struct res_param *row = &res_params[i];
		uint64_t v;

		if (!(now->has & row->bit) || row->text)
			continue;
		v = res_limit_of(row->to, now);
		number(row, v == res_limit_of(row->to, want), v, conf, own);
	}
}

/* One bandwidth that is as many whole CPUs as the group is held on is what CPUS makes. */
static void cpus_back(const struct vz_cg *cg, const struct vz_conf *conf, struct vz_conf *own)
{
	size_t n;

	if (own->cpus.v || !own->cpulimit.v || own->cpulimit.v % 100 || conf->cpumask.set)
		return;
	n = res_cpus_held(cg);
	if (n != own->cpulimit.v / 100)
		return;
	own->cpus = (struct vz_pu64){ true, n };
	own->cpulimit = conf->cpulimit;
	if (conf->cpulimit.v < n * 100)
		own->cpulimit.v = 0;
}

/* A list that was never given holds nothing, whatever is configured. */
static void list_back(const struct vz_cg *cg, enum vz_cg_limit limit, struct vz_pstr *own)
{
	autofree char *list = NULL;

	if (vz_cg_list(cg, limit, &list) < 0)
		list = own->set ? strdup("all") : NULL;
	if (!list)
		return;
	free(own->v);
	*own = (struct vz_pstr){ true, TAKE_PTR(list) };
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
	cpus_back(cg, conf, own);
	if (!dear)
		return;
	list_back(cg, VZ_CG_LIMIT_CPUS, &own->cpumask);
	list_back(cg, VZ_CG_LIMIT_MEMS, &own->nodemask);
}
