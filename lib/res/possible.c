// SPDX-License-Identifier: GPL-2.0-or-later
/* What a host can never put in force, asked before it is saved: see res.h. */
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "param/ranges.h"
#include "res/res-internal.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sys/sysinfo.h>

#define LIST_MAX 4096
/* Bytes. With half of it a static init and nothing else is killed before it is up. */
#define RAM_MIN (1u << 20)

/* Those that are off for now count: they may be on when the VPS is started. */
static int check_mask(const struct vz_pstr *mask, const char *name, const char *what, struct vz_err *e)
{
	autofree char *path = vz_fmt("/sys/devices/system/%s/possible", what);
	autoranges wanted = { 0 }, possible = { 0 };
	char have[LIST_MAX];

	if (!mask->set || !path || vz_file_read_buf(AT_FDCWD, path, have, sizeof(have)) <= 0)
		return 0; /* a kernel that does not say */
	have[strcspn(have, "\n")] = 0;
	if (vz_ranges_read(mask->v, &wanted) < 0 || vz_ranges_read(have, &possible) < 0)
		return 0; /* "all" and "auto" are no list */
	if (vz_ranges_last(&wanted) <= vz_ranges_last(&possible))
		return 0;
	return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Bad parameter for %s: %s (this host has %s)",
		       name, mask->v, have);
}

int vz_res_counters_held(const struct vz_conf *c, struct vz_err *e)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	struct vz_err why = { 0 };
	unsigned bits = 0;
	int r;

	for (size_t i = 0; i < res_nubc; i++) {
		const struct vz_ppair *v = (const void *)((const char *)c + res_ubc[i].at);

		if (res_ubc[i].strict && v->set && v->lim < VZ_UNLIMITED)
			bits |= res_ubc[i].bit;
	}
	if (!bits)
		return 0;
	r = vz_cg_open(0, NULL, &cg, e);
	if (r < 0)
		return r;
	r = vz_cg_can(cg, bits, &why);
	if (r < 0)
		(void)vz_fail(e, why.exit, 0, "%s; vzctl check tells more", why.msg);
	return r;
}

int vz_res_counters_possible(const struct vz_conf *c, struct vz_err *e)
{
	uint64_t ram = vz_pages_bytes(c->physpages.lim);

	if (c->numproc.set && !c->numproc.lim)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "Bad parameter for --numproc: 0 (not even init could run)");
	if (c->physpages.set && ram < RAM_MIN)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "Bad parameter for --ram: %llu KiB (no container starts with less than 1 MiB)",
			       (unsigned long long)ram >> 10);
	return vz_res_counters_held(c, e);
}

/* It may be meant so, for a larger host to come; but on this one nothing holds the VPS back. */
static void warn_of_ram(const struct vz_conf *c)
{
	uint64_t ram = vz_pages_bytes(c->physpages.lim), have;
	struct sysinfo host;

	/* the kernel's own "no limit" is the last page below ours */
	if (!c->physpages.set || ram >= VZ_UNLIMITED - vz_page_size() || sysinfo(&host) < 0)
		return;
	have = (uint64_t)host.totalram * host.mem_unit;
	if (ram > have)
		vz_log(-1, "Warning: --ram %llu MiB is more than this host has (%llu MiB): its memory is used "
			   "up before the limit is reached",
		       (unsigned long long)ram >> 20, (unsigned long long)have >> 20);
}

static void warn_of_huge_pages(const struct vz_conf *c)
{
	uint64_t asked = c->hugetlb.set ? c->hugetlb.lim : 0, page = asked ? vz_cg_huge_page() : 0;

	if (asked < page)
		vz_log(-1, "Warning: --hugetlb %llu is less than a huge page of this host (%llu bytes): the container "
			   "gets none", (unsigned long long)asked, (unsigned long long)page);
}

void vz_res_counters_warn(const struct vz_conf *c)
{
	warn_of_ram(c);
	warn_of_huge_pages(c);
}

int vz_res_cpu_possible(const struct vz_conf *c, struct vz_err *e)
{
	int r = check_mask(&c->cpumask, "--cpumask", "cpu", e);

	return r < 0 ? r : check_mask(&c->nodemask, "--nodemask", "node", e);
}

void vz_res_cpu_warn(const struct vz_conf *c)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	uint64_t held;

	if (!c->cpuunits.set || vz_cg_open(0, NULL, &cg, NULL) < 0)
		return;
	held = vz_cg_units_held(cg, c->cpuunits.v);
	if (held && held != c->cpuunits.v)
		vz_log(-1, "Warning: --cpuunits %llu is outside what the kernel can hold: %llu is in force",
		       (unsigned long long)c->cpuunits.v, (unsigned long long)held);
}

int vz_res_devices_possible(const struct vz_conf *c, struct vz_err *e)
{
	autofree struct vz_cg_dev *list = NULL;
	size_t n;

	return vz_res_devices(c, &list, &n, e);
}

int vz_res_masks_possible(const struct vz_conf *c, struct vz_err *e)
{
	int r = check_mask(&c->cpumask, "CPUMASK", "cpu", e);

	return r < 0 ? r : check_mask(&c->nodemask, "NODEMASK", "node", e);
}
