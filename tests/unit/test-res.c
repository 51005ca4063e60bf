// SPDX-License-Identifier: GPL-2.0-or-later
/* lib/res: which limit a configuration asks for. */
#include "apply/effects.h"
#include "base/num.h"
#include "base/own.h"
#include "res/res-internal.h"
#include "unit.h"

#include <unistd.h>

#define PAIR(b, l) { .set = true, .bar = (b), .lim = (l) }
#define NUM(x) { .set = true, .v = (x) }

static struct vz_cg_limits limits(const struct vz_conf *c, unsigned apply)
{
	struct vz_cg_limits l = { 0 };

	for (const struct vz_effect *row = vz_effects; row->bit; row++)
		if (row->bit & apply && row->limits)
			row->limits(c, &l);
	return l;
}

static void ubc(void)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const struct vz_conf vswap = { .physpages = PAIR(0, 65536), .swappages = PAIR(0, 0),
				       .numproc = PAIR(240, 240), .privvmpages = PAIR(1, 2) };
	const struct vz_conf old = { .privvmpages = PAIR(100, 200),
				     .physpages = PAIR(0, VZ_UNLIMITED), .kmemsize = PAIR(1, 2) };
	const struct vz_conf huge = { .physpages = PAIR(0, 2251799813685248) };
	const struct vz_conf int32 = { .physpages = PAIR(0, INT32_MAX), .swappages = PAIR(0, 5) };
	const struct vz_conf none = { .privvmpages = PAIR(100, 200) };
	const struct vz_conf open = { .numproc = PAIR(0, VZ_UNLIMITED),
				      .numcgroups = PAIR(0, VZ_UNLIMITED),
				      .cgroupdepth = PAIR(0, VZ_UNLIMITED) };
	const struct vz_conf huge_pages = { .hugetlb = PAIR(0, 7) };
	struct vz_cg_limits l = limits(&vswap, APPLY_UBC);
	size_t counted = 0;

	CHECK_INT(l.has, VZ_CG_MEMORY | VZ_CG_PIDS | VZ_CG_GROUPS);
	CHECK_INT(l.ram, 65536 * page);
	CHECK_INT(l.swap, 0);
	CHECK_INT(l.pids, 240);
	CHECK_INT(limits(&vswap, APPLY_CPU | APPLY_IO | APPLY_NET).has, 0);
	l = limits(&old, APPLY_UBC);
	CHECK(l.ram == VZ_UNLIMITED && l.swap == VZ_UNLIMITED);
	CHECK(limits(&huge, APPLY_UBC).ram == VZ_UNLIMITED);
	l = limits(&int32, APPLY_UBC);
	CHECK(l.ram == VZ_UNLIMITED);
	CHECK_INT(l.swap, 5 * page);
	/* without a word of the configuration: bounds, but no limit of RAM */
	l = limits(&none, APPLY_UBC);
	CHECK_INT(l.has, VZ_CG_PIDS | VZ_CG_GROUPS);
	CHECK(l.pids >= 1024 && l.pids < 1u << 30);
	CHECK_INT(l.groups, 1024);
	CHECK_INT(l.depth, 32);
	l = limits(&open, APPLY_UBC);
	CHECK(l.pids == VZ_UNLIMITED && l.groups == VZ_UNLIMITED && l.depth == VZ_UNLIMITED);
	/* no number of the configuration: no limit to put in force, and none by default */
	CHECK(l.hugetlb == VZ_UNLIMITED && !(l.has & VZ_CG_HUGETLB));
	l = limits(&huge_pages, APPLY_UBC);
	CHECK(l.has & VZ_CG_HUGETLB && l.hugetlb == 7);
	/* every counter has its row, once */
	for (size_t i = 0; i < vz_nparams; i++)
		counted += !!(vz_params[i].where & COUNTED);
	CHECK_INT(res_nubc, counted);
	for (size_t i = 0; i < res_nubc; i++)
		for (size_t j = 0; j < i; j++)
			CHECK(res_ubc[i].at != res_ubc[j].at);
}

/* The least loaded, from the first one that is asked for; no more than are allowed. */
static void pick(void)
{
	static struct res_cpus c;
	const unsigned all[] = { 0, 1, 2, 3, 6 };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		c.allowed[all[i]] = true;
	c.load[0] = c.load[1] = 5;
	c.load[6] = 7;
	res_cpus_pick(&c, 1, 0);
	CHECK(c.picked[2]);
	res_cpus_pick(&c, 1, 0);
	CHECK(c.picked[3] && !c.picked[0]);
	memset(c.picked, 0, sizeof(c.picked));
	res_cpus_pick(&c, 2, 3);
	CHECK(c.picked[2] && c.picked[3]);
	memset(c.picked, 0, sizeof(c.picked));
	res_cpus_pick(&c, 1, 3);
	CHECK(c.picked[3]);
	memset(c.picked, 0, sizeof(c.picked));
	res_cpus_pick(&c, 4, 1);
	CHECK(c.picked[0] && c.picked[1] && !c.picked[6]);
	res_cpus_pick(&c, 99, 0);
	for (size_t i = 0; i < RES_CPUS_MAX; i++)
		n += c.picked[i];
	CHECK_INT(n, ARRAY_LEN(all));
}

static void cpu(void)
{
	/* clang-format off */
	static const struct { struct vz_conf c; unsigned has; uint64_t units, percent; } table[] = {
		{ { .cpuunits = NUM(3000) }, VZ_CG_CPUUNITS, 3000, 0 },
		{ { .cpuweight = NUM(500) }, VZ_CG_CPUUNITS, 1000, 0 },
		{ { .cpuweight = NUM(0) }, VZ_CG_CPUUNITS, 500000, 0 },
		{ { .cpuweight = NUM(9999999) }, VZ_CG_CPUUNITS, 8, 0 },
		{ { .cpuunits = NUM(8), .cpuweight = NUM(500) }, VZ_CG_CPUUNITS, 8, 0 },
		{ { .cpulimit = NUM(150) }, VZ_CG_CPULIMIT, 0, 150 },
		{ { .cpulimit = NUM(0) }, VZ_CG_CPULIMIT, 0, 0 },
		{ { .cpus = NUM(2) }, VZ_CG_CPULIMIT | VZ_CG_CPUS, 0, 200 },
		{ { .cpus = NUM(2), .cpulimit = NUM(150) }, VZ_CG_CPULIMIT | VZ_CG_CPUS, 0, 150 },
		{ { .cpus = NUM(2), .cpulimit = NUM(250) }, VZ_CG_CPULIMIT | VZ_CG_CPUS, 0, 200 },
		{ { .cpus = NUM(2), .cpulimit = NUM(0) }, VZ_CG_CPULIMIT | VZ_CG_CPUS, 0, 200 },
		{ { .cpus = NUM(0), .cpulimit = NUM(70) }, VZ_CG_CPULIMIT | VZ_CG_CPUS, 0, 70 },
		{ { .cpus = NUM(UINT64_MAX), .cpulimit = NUM(70) }, VZ_CG_CPULIMIT | VZ_CG_CPUS, 0, 70 },
	};
	/* clang-format on */
	char mask[] = "0-3", nodes[] = "0";
	struct vz_conf c = { .cpumask = { true, mask }, .nodemask = { true, nodes },
			     .iolimit = NUM(10), .iopslimit = NUM(0), .ioprio = NUM(7) };
	struct vz_cg_limits l;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		l = limits(&table[i].c, APPLY_CPU);
		CHECK_INT(l.has, table[i].has);
		CHECK_INT(l.cpuunits, table[i].units);
		CHECK_INT(l.cpu_percent, table[i].percent);
		CHECK_INT(l.ncpus, table[i].c.cpus.v);
	}
	l = limits(&c, APPLY_CPU | APPLY_IO);
	CHECK_INT(l.has, VZ_CG_CPUS | VZ_CG_MEMS | VZ_CG_IOLIMIT | VZ_CG_IOPS | VZ_CG_IOPRIO);
	CHECK_STR(l.cpus, "0-3");
	CHECK_STR(l.mems, "0");
	CHECK_INT(l.io_bps, 10);
	CHECK_INT(l.io_iops, 0);
	CHECK_INT(l.io_prio, 7);
}

/* Every limit comes from a parameter, and every parameter of limits has its row, once. */
static void whole(void)
{
	const struct vz_conf none = { 0 };
	unsigned made = limits(&none, APPLY_UBC).has; /* what has a bound without being asked for */
	size_t n = 0;

	for (size_t i = 0; i < res_nubc; i++)
		made |= res_ubc[i].bit;
	for (size_t i = 0; i < res_nparams; i++)
		made |= res_params[i].bit;
	CHECK_INT(made, (1u << VZ_CG_NLIMITS) - 1);
	for (size_t i = 0; i < vz_nparams; i++) {
		size_t rows = 0;

		if (!(vz_params[i].apply & (APPLY_CPU | APPLY_IO)))
			continue;
		for (size_t j = 0; j < res_nparams; j++)
			rows += res_params[j].at == vz_params[i].at && res_params[j].apply == vz_params[i].apply;
		CHECK_INT(rows, 1);
		n += rows;
	}
	CHECK_INT(n, res_nparams);
}

/* What is in force is what the configuration asks for while it is the same, and else the kernel's number. */
static void back(void)
{
	const unsigned all = APPLY_UBC | APPLY_CPU | APPLY_IO;
	const struct vz_conf c = { .cpulimit = NUM(150), .cpus = NUM(1), .cpuweight = NUM(500),
				   .ioprio = NUM(7), .iolimit = NUM(10), .numproc = PAIR(5, 9) };
	const struct vz_conf none = { 0 };
	const struct vz_cg_limits want = limits(&c, all), nothing = limits(&none, all);
	struct vz_cg_limits now = want;
	struct vz_conf own = { 0 };

	res_limits_back(&c, &want, &now, &own);
	CHECK(own.cpulimit.v == 150 && own.cpus.v == 1 && own.cpuunits.v == 1000 && !own.cpuweight.set);
	CHECK(own.ioprio.v == 7 && own.iolimit.v == 10 && !own.iopslimit.set && own.numproc.bar == 5);
	own = (struct vz_conf){ .cpuweight = NUM(500), .cpus = NUM(1), .iopslimit = NUM(3) };
	now = (struct vz_cg_limits){ .has = ~0u, .cpuunits = 77, .cpu_percent = 50, .io_bps = 11, .io_iops = 12,
				     .io_prio = 3, .pids = 8 };
	res_limits_back(&c, &want, &now, &own);
	CHECK(own.cpuunits.v == 77 && own.cpuweight.v == 500);
	CHECK(own.cpulimit.v == 50 && own.cpus.set && own.cpus.v == 0);
	CHECK(own.iolimit.v == 11 && own.iopslimit.v == 12 && own.ioprio.v == 3 && own.numproc.lim == 8);
	CHECK(!own.cpumask.set && !own.nodemask.set);
	/* nothing asked for, and nothing in force but what the kernel begins with */
	own = none;
	now = nothing;
	now.has = ~0u;
	now.cpuunits = 1000;
	now.io_prio = 4;
	res_limits_back(&none, &nothing, &now, &own);
	CHECK(own.cpuunits.v == 1000 && !own.cpulimit.set && !own.cpus.set && !own.iolimit.set && !own.ioprio.set);
	own = c;
	now.has = 0;
	res_limits_back(&c, &want, &now, &own);
	CHECK(own.cpulimit.v == 150 && own.cpus.v == 1 && !own.cpuunits.set && own.ioprio.v == 7);
}

static const struct vz_cg_dev *find(const struct vz_cg_dev *d, size_t n, char type, unsigned major,
				    unsigned minor)
{
	for (size_t i = 0; i < n; i++)
		if (d[i].type == type && !d[i].all_majors && d[i].major == major &&
		    (d[i].all_minors || d[i].minor == minor))
			return &d[i];
	return NULL;
}

static void devices(void)
{
	char *words[] = { (char *)"c:10:229:rw", (char *)"b:8:all:r", (char *)"c:1:8:none",
			  (char *)"c:1:7:r" };
	char *nodes[] = { (char *)"null:r" };
	char *bad[] = { (char *)"../etc/passwd:rw" }, *dir[] = { (char *)"pts:rw" },
	     colons[] = "../no:such:rw";
	struct vz_conf c = { .devices = { true, words, 4 }, .devnodes = { true, nodes, 1 } };
	autofree struct vz_cg_dev *d = NULL, *dflt = NULL;
	const struct vz_cg_dev *x;
	struct vz_err e = { 0 };
	struct vz_conf empty = { 0 };
	size_t n = 0, m = 0;

	CHECK_INT(vz_res_devices(&empty, &dflt, &m, &e), 0);
	CHECK(find(dflt, m, 'c', 1, 3) && find(dflt, m, 'c', 136, 55));
	CHECK(!find(dflt, m, 'c', 5, 1)); /* the host's console */
	CHECK(!find(dflt, m, 'b', 8, 0));
	CHECK_INT(vz_res_devices(&c, &d, &n, &e), 0);
	CHECK_INT(n, m - 1 + 2);
	x = find(d, n, 'c', 10, 229);
	CHECK(x && x->r && x->w && x->m);
	x = find(d, n, 'b', 8, 77);
	CHECK(x && x->all_minors && x->r && !x->w);
	CHECK(!find(d, n, 'c', 1, 8));
	x = find(d, n, 'c', 1, 7);
	CHECK(x && x->r && !x->w);
	x = find(d, n, 'c', 1, 3);
	CHECK(x && x->r && !x->w);
	c.devnodes.v = bad;
	CHECK(vz_res_devices(&c, &d, &n, &e) < 0);
	CHECK_INT(e.exit, VZ_SET_DEVICES);
	CHECK_STR(e.msg, "Incorrect name or no such device /dev/../etc/passwd");
	bad[0] = colons;
	CHECK(vz_res_devices(&c, &d, &n, &e) < 0);
	CHECK_STR(e.msg, "Incorrect name or no such device /dev/../no:such");
	c.devnodes.v = dir;
	CHECK(vz_res_devices(&c, &d, &n, &e) < 0);
	CHECK_STR(e.msg, "The /dev/pts is not block or character device");
}

int main(void)
{
	ubc();
	cpu();
	pick();
	whole();
	back();
	devices();
	return done();
}
