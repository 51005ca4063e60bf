// SPDX-License-Identifier: GPL-2.0-or-later
/* CPU and I/O parameters into limits (INTERFACE 6), and the one call that applies them all. */
#include "res/res-internal.h"
#include "base/own.h"
#include "base/str.h"
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

/* CPULIMIT and CPUS are one bandwidth on mainline, which cannot show fewer CPUs by a number: the
 * smaller of the two. 0 is no limit in both. */
static uint64_t cpu_percent(const struct vz_conf *conf)
{
	uint64_t limit = conf->cpulimit.set ? conf->cpulimit.v : 0;
	uint64_t cpus = conf->cpus.set ? conf->cpus.v : 0, all;

	if (!cpus || __builtin_mul_overflow(cpus, 100, &all))
		return limit;
	return limit && limit < all ? limit : all;
}

void vz_res_cpu(const struct vz_conf *conf, struct vz_cg_limits *l)
{
	if (conf->cpuunits.set || conf->cpuweight.set) {
		l->has |= VZ_CG_CPUUNITS;
		l->cpuunits = conf->cpuunits.set ? conf->cpuunits.v :
						   units_of_weight(conf->cpuweight.v);
	}
	if (conf->cpulimit.set || conf->cpus.set) {
		l->has |= VZ_CG_CPULIMIT;
		l->cpu_percent = cpu_percent(conf);
	}
	if (conf->cpumask.set) {
		l->has |= VZ_CG_CPUS;
		l->cpus = conf->cpumask.v;
	}
	if (conf->nodemask.set) {
		l->has |= VZ_CG_MEMS;
		l->mems = conf->nodemask.v;
	}
}

void vz_res_io(const struct vz_conf *conf, struct vz_cg_limits *l)
{
	if (conf->iolimit.set) {
		l->has |= VZ_CG_IOLIMIT;
		l->io_bps = conf->iolimit.v;
	}
	if (conf->iopslimit.set) {
		l->has |= VZ_CG_IOPS;
		l->io_iops = conf->iopslimit.v;
	}
	if (conf->ioprio.set) {
		l->has |= VZ_CG_IOPRIO;
		l->io_prio = conf->ioprio.v;
	}
}

/* CPUMASK="auto": the CPUs of the nodes of NODEMASK, "0-1,3", in fresh memory. */
static int cpus_of_nodes(const char *nodes, char **ret, struct vz_err *e)
{
	autostr list = { 0 };
	const char *p = nodes;
	autofree char *range = NULL;

	while ((range = vz_str_word(&p, ","))) {
		char *end;
		unsigned long first = strtoul(range, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (unsigned long n = first; n <= last; n++) {
			char file[sizeof("/sys/devices/system/node/node/cpulist") + 20], cpus[1024];
			ssize_t r;

			snprintf(file, sizeof(file), "/sys/devices/system/node/node%lu/cpulist", n);
			r = vz_file_read_buf(AT_FDCWD, file, cpus, sizeof(cpus));
			if (r < 0)
				return vz_fail(e, VZ_SETFSHD, (int)-r, "no NUMA node %lu", n);
			vz_str_addf(&list, "%s%s", r && list.len ? "," : "", cpus);
		}
		free(TAKE_PTR(range));
	}
	*ret = vz_str_take(&list);
	return *ret ? 0 : vz_fail(e, VZ_RESOURCE, ENOMEM, "CPUs of nodes %s", nodes);
}

int vz_res_apply(struct vz_cg *cg, const struct vz_cg_limits *limits, struct vz_err *e)
{
	struct vz_cg_limits l = *limits;
	autofree char *cpus = NULL;
	int r;

	if (l.cpus && !strcmp(l.cpus, "auto")) {
		r = l.mems && strcmp(l.mems, "all") ? cpus_of_nodes(l.mems, &cpus, e) : 0;
		if (r < 0)
			return r;
		l.cpus = cpus ? cpus : "all";
	}
	return vz_cg_apply(cg, &l, e);
}
