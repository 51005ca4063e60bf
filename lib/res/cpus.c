// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CPUS=N into N CPUs of this host: those that CPUMASK allows, that are there, and that the fewest other VPSes are
 * held on. The kernel's list of the group is the only record of the choice (ARCHITECTURE 9).
 */
#include "res/res-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "param/ranges.h"
#include "sys/file.h"

#include <fcntl.h>

#define ONLINE "/sys/devices/system/cpu/online"
#define VPS_LOAD 65536u /* of one VPS, on all its CPUs together */

/* How many of the host's CPUs a list names, and which. */
static size_t read_list(const char *text, bool set[RES_CPUS_MAX])
{
	autoranges l = { 0 };
	size_t n = 0;

	memset(set, 0, RES_CPUS_MAX * sizeof(*set));
	if (vz_ranges_read(text, &l) < 0)
		return 0;
	for (size_t i = 0; i < l.n; i++)
		for (uint32_t c = l.v[i].first; c <= l.v[i].last && c < RES_CPUS_MAX; c++) {
			n += !set[c];
			set[c] = true;
		}
	return n;
}

static int print_list(const bool set[RES_CPUS_MAX], char **ret)
{
	autostr s = { 0 };

	for (unsigned c = 0; c < RES_CPUS_MAX; c++) {
		unsigned last = c;

		if (!set[c])
			continue;
		while (last + 1 < RES_CPUS_MAX && set[last + 1])
			last++;
		vz_str_addf(&s, last > c ? "%s%u-%u" : "%s%u", s.len ? "," : "", c, last);
		c = last;
	}
	*ret = vz_str_take(&s);
	return *ret ? 0 : -ENOMEM;
}

void res_cpus_pick(struct res_cpus *c, size_t n, unsigned first)
{
	for (size_t picked = 0; picked < n; picked++) {
		unsigned best = RES_CPUS_MAX;

		for (unsigned i = 0; i < RES_CPUS_MAX; i++) {
			unsigned cpu = (first + i) % RES_CPUS_MAX;

			if (c->allowed[cpu] && !c->picked[cpu] && (best == RES_CPUS_MAX || c->load[cpu] < c->load[best]))
				best = cpu;
		}
		if (best == RES_CPUS_MAX)
			return;
		c->picked[best] = true;
	}
}

struct others {
	struct res_cpus *c;
	unsigned self;
	size_t online;
};

static int add_load(unsigned ctid, void *arg)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	struct others *o = arg;
	autofree char *list = NULL;
	bool set[RES_CPUS_MAX];
	size_t n;

	if (ctid == o->self || vz_cg_open(ctid, NULL, &cg, NULL) < 0 || vz_cg_list(cg, VZ_CG_LIMIT_CPUS, &list) < 0)
		return 0;
	n = read_list(list, set);
	for (size_t i = 0; n && n < o->online && i < RES_CPUS_MAX; i++)
		if (set[i])
			o->c->load[i] += VPS_LOAD / n;
	return 0;
}

/* It stays where it is while that is right: a move costs caches. */
static bool is_right(const struct vz_cg *cg, const struct res_cpus *c, size_t n, char **ret)
{
	autofree char *list = NULL;
	bool set[RES_CPUS_MAX];

	if (vz_cg_list(cg, VZ_CG_LIMIT_CPUS, &list) < 0 || read_list(list, set) != n)
		return false;
	for (size_t i = 0; i < RES_CPUS_MAX; i++)
		if (set[i] && !c->allowed[i])
			return false;
	*ret = TAKE_PTR(list);
	return true;
}

int res_cpus_choose(const struct vz_cg *cg, const struct vz_cg_limits *l, char **ret, struct vz_err *e)
{
	autofree struct res_cpus *c = calloc(1, sizeof(*c));
	bool masked[RES_CPUS_MAX];
	autofree char *online = NULL;
	struct others o = { .c = c, .self = vz_cg_ctid(cg) };
	size_t allowed;
	ssize_t r = vz_file_read(AT_FDCWD, ONLINE, 1u << 16, &online);

	if (r < 0 || !c)
		return vz_fail(e, VZ_SETFSHD, r < 0 ? (int)-r : ENOMEM, "CPUs of this host");
	online[strcspn(online, "\n")] = 0;
	allowed = o.online = read_list(online, c->allowed);
	if (l->cpus && read_list(l->cpus, masked)) {
		allowed = 0;
		for (size_t i = 0; i < RES_CPUS_MAX; i++)
			allowed += c->allowed[i] = c->allowed[i] && masked[i];
	}
	if (l->ncpus >= allowed || is_right(cg, c, l->ncpus, ret))
		return 0; /* all that there are */
	(void)vz_cg_each_vps(add_load, &o);
	/* so that VPSes started together do not all take the first ones of many that are idle */
	res_cpus_pick(c, l->ncpus, (unsigned)(o.self * l->ncpus % o.online));
	r = print_list(c->picked, ret);
	return r < 0 ? vz_fail(e, VZ_RESOURCE, ENOMEM, "list of CPUs") : 0;
}

size_t res_cpus_held(const struct vz_cg *cg)
{
	autofree char *list = NULL;
	bool set[RES_CPUS_MAX];

	return vz_cg_list(cg, VZ_CG_LIMIT_CPUS, &list) < 0 ? 0 : read_list(list, set);
}
