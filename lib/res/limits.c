// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CPU and I/O parameters into limits (INTERFACE 6), one row each, and the one call that applies them all. A
 * start, a change of a running VPS, and inforce.c, which reads them again, are loops over these rows.
 */
#include "res/res-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "param/ranges.h"
#include "sys/file.h"

#include <fcntl.h>

#define UNITS_MIN 8u
#define UNITS_MAX 500000u

/* CPUUWEIGHT is the scheduler's inverse of units: weight = 500000 / units. */
static uint64_t units_of_weight(uint64_t weight)
{
	uint64_t units = UNITS_MAX / (weight ? weight : 1);

	return units < UNITS_MIN ? UNITS_MIN : units;
}

static uint64_t percent_of_cpus(uint64_t cpus)
{
	uint64_t percent;

	return __builtin_mul_overflow(cpus, 100, &percent) ? 0 : percent;
}

#define TO(name, field) .bit = VZ_CG_##name, .to = offsetof(struct vz_cg_limits, field)

/* clang-format off */
const struct res_param res_params[] = {
	{ APPLY_CPU, AT(cpuunits),  TO(CPUUNITS, cpuunits), .back = RES_NOW },
	{ APPLY_CPU, AT(cpuweight), TO(CPUUNITS, cpuunits), .into = units_of_weight,
	  .join = RES_UNLESS_SET, .back = RES_KEPT },
	/* one bandwidth: the CPUs that CPUS also holds the VPS on may be fewer one day than it asks for, and
	 * are not held by every host; once another is in force, nobody knows which of them it came from */
	{ APPLY_CPU, AT(cpulimit),  TO(CPULIMIT, cpu_percent), .back = RES_NOW_IF_OTHER },
	{ APPLY_CPU, AT(cpus),      TO(CPULIMIT, cpu_percent), .into = percent_of_cpus,
	  .join = RES_LEAST, .back = RES_0_IF_OTHER },
	{ APPLY_CPU, AT(cpuburst),  TO(CPULIMIT, cpu_burst), .back = RES_NOW_IF_OTHER },
	{ APPLY_CPU, AT(cpumask),   TO(CPUS, cpus), .text = true },
	{ APPLY_CPU, AT(nodemask),  TO(MEMS, mems), .text = true },
	{ APPLY_IO,  AT(iolimit),   TO(IOLIMIT, io_bps), .back = RES_NOW_IF_OTHER },
	{ APPLY_IO,  AT(iopslimit), TO(IOPS, io_iops), .back = RES_NOW_IF_OTHER },
	{ APPLY_IO,  AT(ioprio),    TO(IOPRIO, io_prio), .back = RES_NOW_IF_SET },
};
/* clang-format on */
const size_t res_nparams = ARRAY_LEN(res_params);

/* What a row adds to limits that those above it have made; 0 is no limit to RES_LEAST. */
static void add_number(const struct res_param *row, const struct vz_pu64 *v, struct vz_cg_limits *l)
{
	uint64_t *to = res_limit(row->to, l), n = row->into ? row->into(v->v) : v->v;

	if (l->has & row->bit && row->join == RES_UNLESS_SET)
		return;
	if (l->has & row->bit && *to && (!n || *to < n))
		return;
	*to = n;
}

static void add_limits(const struct vz_conf *conf, unsigned apply, struct vz_cg_limits *l)
{
	for (size_t i = 0; i < res_nparams; i++) {
		const struct res_param *row = &res_params[i];
		const void *v = (const char *)conf + row->at;
		const bool *is_set = v; /* the first of either kind */

		if (row->apply != apply || !*is_set)
			continue;
		if (row->text)
			*(const char **)((char *)l + row->to) = ((const struct vz_pstr *)v)->v;
		else
			add_number(row, v, l);
		l->has |= row->bit;
	}
}

void vz_res_cpu(const struct vz_conf *conf, struct vz_cg_limits *l)
{
	add_limits(conf, APPLY_CPU, l);
	if (!conf->cpus.set)
		return;
	l->has |= VZ_CG_CPUS; /* seen inside, too: by which CPUs there are */
	l->ncpus = conf->cpus.v;
}

void vz_res_io(const struct vz_conf *conf, struct vz_cg_limits *l)
{
	add_limits(conf, APPLY_IO, l);
}

static int add_cpus(uint32_t node, struct vz_str *list, struct vz_err *e)
{
	char file[sizeof("/sys/devices/system/node/node/cpulist") + 10], cpus[1024];
	ssize_t n;

	snprintf(file, sizeof(file), "/sys/devices/system/node/node%u/cpulist", node);
	n = vz_file_read_buf(AT_FDCWD, file, cpus, sizeof(cpus));
	if (n < 0)
		return vz_fail(e, VZ_SETFSHD, (int)-n, "no NUMA node %u", node);
	vz_str_addf(list, "%s%s", n && list->len ? "," : "", cpus);
	return 0;
}

/* CPUMASK="auto": the CPUs of the nodes of NODEMASK, "0-1,3", in fresh memory. */
static int cpus_of_nodes(const char *nodes, char **ret, struct vz_err *e)
{
	autoranges l = { 0 };
	autostr list = { 0 };
	int r = vz_ranges_read(nodes, &l);

	for (size_t i = 0; r >= 0 && i < l.n; i++)
		for (uint32_t n = l.v[i].first; r >= 0 && n <= l.v[i].last; n++)
			r = add_cpus(n, &list, e);
	if (r < 0 && r != -ENOMEM)
		return r;
	*ret = r < 0 ? NULL : vz_str_take(&list);
	return *ret ? 0 : vz_fail(e, VZ_RESOURCE, ENOMEM, "CPUs of nodes %s", nodes);
}

int vz_res_apply(struct vz_cg *cg, const struct vz_cg_limits *limits, struct vz_err *e)
{
	struct vz_cg_limits l = *limits;
	autofree char *cpus = NULL, *some = NULL;
	int r;

	if (l.cpus && !strcmp(l.cpus, "auto")) {
		r = l.mems && strcmp(l.mems, "all") ? cpus_of_nodes(l.mems, &cpus, e) : 0;
		if (r < 0)
			return r;
		l.cpus = cpus ? cpus : "all";
	}
	if (l.has & VZ_CG_CPUS && l.ncpus) {
		r = res_cpus_choose(cg, &l, &some, e);
		if (r < 0)
			return r;
		l.cpus = some ? some : l.cpus;
	}
	return vz_cg_apply(cg, &l, e);
}
