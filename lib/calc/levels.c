// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much of a host a VPS uses, is promised and may come to use (INTERFACE 5.5). Mainline charges kernel memory and
 * buffers to the RAM of a group. What the legacy kernel counted beside it, and its equations add, is therefore in what
 * physpages and oomguarpages hold already, and within a limit of RAM where there is one.
 */
#include "calc/calc.h"
#include "base/own.h"

#define LOW_PERCENT 40 /* of low memory that kernel objects may take, by the equations */
#define MIB (1u << 20)

typedef unsigned __int128 u128;

/* Both words for "no limit", which 32-bit tools and 64-bit ones wrote, are one. */
static uint64_t limit(const struct vz_ppair *v)
{
	return !v->set || v->lim == INT32_MAX ? VZ_UNLIMITED : v->lim;
}

/* A guarantee that is not given is none. */
static uint64_t guarantee(const struct vz_ppair *v)
{
	return !v->set ? 0 : v->bar == INT32_MAX ? VZ_UNLIMITED : v->bar;
}

/* Of two amounts: what is untold stays so, what has no end too. */
static uint64_t plus(uint64_t a, uint64_t b)
{
	if (a == VZ_CALC_UNTOLD || b == VZ_CALC_UNTOLD)
		return VZ_CALC_UNTOLD;
	return a >= VZ_UNLIMITED - b || b == VZ_UNLIMITED ? VZ_UNLIMITED : a + b;
}

static uint64_t in_bytes(uint64_t pages)
{
	return pages == VZ_CALC_UNTOLD ? pages : vz_pages_bytes(pages);
}

/* ---- what it uses ---- */

/* Kernel memory, and those buffers that this kernel counts apart. */
static uint64_t kernel_used(const struct vz_calc_held *h)
{
	const uint64_t buffers[] = { h->tcpsndbuf, h->tcprcvbuf, h->othersockbuf, h->dgramrcvbuf };
	uint64_t v = h->kmemsize;

	for (size_t i = 0; i < ARRAY_LEN(buffers); i++)
		if (buffers[i] != VZ_CALC_UNTOLD)
			v = plus(v, buffers[i]);
	return v;
}

static void used(const struct vz_calc_held *h, struct vz_calc_levels *ret)
{
	uint64_t kernel = kernel_used(h);

	ret->v[VZ_CALC_LOW_USED] = kernel;
	ret->v[VZ_CALC_RAM_USED] = in_bytes(h->physpages);
	ret->v[VZ_CALC_BOTH_USED] = in_bytes(h->oomguarpages);
	ret->v[VZ_CALC_ALLOC_USED] = plus(in_bytes(h->privvmpages), kernel);
	ret->v[VZ_CALC_PROC_USED] = h->numproc;
}

/* ---- what it is promised ---- */

/* In VSwap mode what is not set follows from RAM and swap (INTERFACE 5.2); otherwise it is as set. */
struct promise {
	uint64_t kernel; /* bytes beside the others */
	uint64_t low;    /* bytes */
	uint64_t oom, vm, privvm; /* pages */
};

/* The ratio is the one number of a configuration that is none of units: three digits of it count. */
static uint64_t times(uint64_t pages, double ratio)
{
	u128 v = (u128)pages * (uint64_t)(ratio * 1000 + 0.5) / 1000;

	return v > VZ_UNLIMITED ? VZ_UNLIMITED : (uint64_t)v;
}

static void promise_vswap(const struct vz_conf *c, struct promise *p)
{
	uint64_t ram = limit(&c->physpages), both = plus(ram, c->swappages.set ? limit(&c->swappages) : 0);
	uint64_t ram_bytes = in_bytes(ram);

	p->low = p->low < ram_bytes ? p->low : ram_bytes;
	p->kernel = 0;
	if (!c->oomguarpages.set)
		p->oom = ram;
	if (!c->vmguarpages.set)
		p->vm = both;
	if (!c->privvmpages.set && c->vm_overcommit.set && c->vm_overcommit.v > 0)
		p->privvm = times(both, c->vm_overcommit.v);
}

static void promised(const struct vz_conf *c, struct vz_calc_levels *ret)
{
	uint64_t kernel = plus(plus(limit(&c->kmemsize), plus(limit(&c->tcpsndbuf), limit(&c->tcprcvbuf))),
			       plus(limit(&c->othersockbuf), limit(&c->dgramrcvbuf)));
	struct promise p = { .kernel = kernel, .low = kernel, .oom = guarantee(&c->oomguarpages),
			     .vm = guarantee(&c->vmguarpages), .privvm = limit(&c->privvmpages) };

	if (vz_calc_is_vswap(c))
		promise_vswap(c, &p);
	ret->v[VZ_CALC_LOW_PROMISED] = p.low;
	ret->v[VZ_CALC_BOTH_PROMISED] = plus(in_bytes(p.oom), p.kernel);
	ret->v[VZ_CALC_ALLOC_PROMISED] = plus(in_bytes(p.vm), p.kernel);
	ret->v[VZ_CALC_ALLOC_LIMIT] = plus(in_bytes(p.privvm), p.kernel);
	ret->v[VZ_CALC_PROC_LIMIT] = c->numproc.set ? guarantee(&c->numproc) : VZ_CALC_UNTOLD;
}

void vz_calc_levels(const struct vz_conf *c, const struct vz_calc_held *held, struct vz_calc_levels *ret)
{
	for (unsigned i = 0; i < VZ_CALC_LEVELS; i++)
		ret->v[i] = VZ_CALC_UNTOLD;
	if (held)
		used(held, ret);
	promised(c, ret);
}

void vz_calc_add(struct vz_calc_levels *sum, const struct vz_calc_levels *one)
{
	for (unsigned i = 0; i < VZ_CALC_LEVELS; i++)
		sum->v[i] = plus(sum->v[i], one->v[i]);
}

/* ---- against the host ---- */

uint64_t vz_calc_capacity(const struct vz_node *n, enum vz_calc_level level)
{
	switch (level) {
	case VZ_CALC_LOW_USED:
	case VZ_CALC_LOW_PROMISED:
		return n->low / 100 * LOW_PERCENT;
	case VZ_CALC_RAM_USED:
		return n->ram;
	case VZ_CALC_BOTH_USED:
	case VZ_CALC_BOTH_PROMISED:
	case VZ_CALC_ALLOC_USED:
	case VZ_CALC_ALLOC_PROMISED:
	case VZ_CALC_ALLOC_LIMIT:
		return n->ram + n->swap;
	case VZ_CALC_PROC_USED:
	case VZ_CALC_PROC_LIMIT:
	case VZ_CALC_LEVELS:
		break;
	}
	return n->threads;
}

static bool is_word(uint64_t v)
{
	return v == VZ_CALC_UNTOLD || v == VZ_UNLIMITED;
}

/* The nearest whole number of v * by / of. */
static uint64_t nearest(uint64_t v, uint64_t by, uint64_t of)
{
	u128 r = ((u128)v * by + of / 2) / of;

	return is_word(v) || r > VZ_UNLIMITED ? (v == VZ_CALC_UNTOLD ? v : VZ_UNLIMITED) : (uint64_t)r;
}

uint64_t vz_calc_share(const struct vz_node *n, const struct vz_calc_levels *l, enum vz_calc_level level)
{
	uint64_t of = vz_calc_capacity(n, level);

	return of ? nearest(l->v[level], 10000, of) : VZ_CALC_UNTOLD;
}

uint64_t vz_calc_mbytes(uint64_t bytes)
{
	return nearest(bytes, 100, MIB);
}

const char *vz_calc_text(uint64_t hundredths, char buf[static VZ_CALC_TEXT])
{
	if (hundredths == VZ_CALC_UNTOLD)
		return "-";
	if (hundredths == VZ_UNLIMITED)
		return "inf";
	snprintf(buf, VZ_CALC_TEXT, "%llu.%02u", (unsigned long long)(hundredths / 100),
		 (unsigned)(hundredths % 100));
	return buf;
}
