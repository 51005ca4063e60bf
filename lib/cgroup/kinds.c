// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kinds of limits, written once: what a line of v1.c or v2.c names when the kernel's file differs
 * and the way of writing it does not.
 */
#include "cgroup/cgroup-internal.h"
#include "cgroup/unit.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

uint64_t cg_minus(uint64_t sum, uint64_t part)
{
	if (sum == VZ_UNLIMITED || part == VZ_UNLIMITED)
		return VZ_UNLIMITED;
	return sum > part ? sum - part : 0;
}

uint64_t cg_value(const struct cg_place *p, const struct vz_cg_limits *l)
{
	return *(const uint64_t *)(const void *)((const char *)l + p->line->at);
}

void cg_value_is(const struct cg_place *p, struct vz_cg_limits *ret, uint64_t v)
{
	*(uint64_t *)(void *)((char *)ret + p->line->at) = v;
}

int cg_put_number(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		  struct vz_err *e)
{
	uint64_t v = cg_value(p, l);

	if (p->line->none && v >= VZ_UNLIMITED)
		return cg_set(cg, p->h, p->line->file, p->line->none, e);
	return cg_set_u64(cg, p->h, p->line->file, p->line->to ? p->line->to(v) : v, e);
}

bool cg_now_number(const struct vz_cg *cg, const struct cg_place *p,
		   const struct vz_cg_limits *want, struct vz_cg_limits *ret)
{
	uint64_t raw = cg_get(cg, p->h, p->line->file), v = raw, asked = cg_value(p, want);

	if (raw == VZ_UNLIMITED && !(p->line->none && cg_has(cg, p->h, p->line->file)))
		return false;
	if (p->line->from && raw != VZ_UNLIMITED)
		v = want->has & p->bit && raw == p->line->to(asked) ? asked : p->line->from(raw);
	cg_value_is(p, ret, v);
	return true;
}

bool cg_now_quota(const struct vz_cg *cg, const struct cg_place *p,
		  const struct vz_cg_limits *want, struct vz_cg_limits *ret)
{
	/* v1 says -1 for none, which is no number to cg_get(), v2 "max" */
	uint64_t quota = cg_get(cg, p->h, p->line->file);

	if (!cg_has(cg, p->h, p->line->file))
		return false;
	ret->cpu_percent = quota == VZ_UNLIMITED ? 0 : quota * 100 / CG_PERIOD_USEC;
	if (want->cpu_percent && quota == cg_percent_to_quota(want->cpu_percent))
		ret->cpu_percent = want->cpu_percent;
	return true;
}

uint64_t cg_of_disks(const struct vz_cg *cg, const struct cg_place *p, const char *key)
{
	int dir = cg_dir(cg, p->h);
	char buf[4096], *line = buf, *at, *word;
	uint64_t v = 0;

	if (dir < 0 || vz_file_read_buf(dir, p->line->file, buf, sizeof(buf)) < 0)
		return 0;
	line[strcspn(line, "\n")] = 0;
	at = strstr(line, key);
	if (!at)
		return 0;
	at += strlen(key);
	word = strsep(&at, " ");
	return vz_num_u64(word, UINT64_MAX, &v) < 0 ? 0 : v;
}
