// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Limits put in force and read again, each by its line in the table of a back-end. The one place that
 * knows what is said when no line holds a limit, or the kernel refuses it.
 */
#include "cgroup/cgroup-internal.h"
#include "base/num.h"

#include <errno.h>

static const char *const options[VZ_CG_NLIMITS] = {
#define LIMIT(name, option, ...) [VZ_CG_LIMIT_##name] = option,
#include "cgroup/limits.def"
};

/* On a hybrid host a limit without a v1 line, or whose controller is not on v1, is the v2 tree's. */
bool cg_place_of(const struct vz_cg *cg, enum vz_cg_limit limit, struct cg_place *ret)
{
	const struct cg_line *line = &cg->ops->lines[limit];
	enum cg_hier h = CG_V2;

	if (cg->hybrid) {
		h = line->put ? cg_where(cg, line->in) : CG_V2;
		if (h == CG_V2)
			line = &cg_v2_ops.lines[limit];
	}
	*ret = (struct cg_place){ line, h, 1u << limit, options[limit] };
	return line->put;
}

/* The user knows the limit by its option; what the file of the group is called tells him nothing where the
 * cause is known. */
static int refused(const struct cg_place *p, int r, struct vz_err *e)
{
	if (r == -EBUSY && e->exit == VZ_SETUBC) /* an amount, and all of it is in use */
		return vz_fail(e, e->exit, 0, "Unable to set %s: the container uses more than that, and the kernel "
			       "cannot take it back; give it more, or end processes inside", p->option), r;
	return vz_within(e, r, "Unable to set %s", p->option);
}

static int no_line(const struct cg_place *p, struct vz_err *e)
{
	(void)vz_fail(e, VZ_SETUBC, 0, "Unable to set %s: control groups of this host cannot hold it", p->option);
	return -EOPNOTSUPP;
}

static int put_limit(struct vz_cg *cg, enum vz_cg_limit limit, const struct vz_cg_limits *l,
		     struct vz_err *e)
{
	struct cg_place p;
	int r;

	if (!cg_place_of(cg, limit, &p))
		return no_line(&p, e);
	r = p.line->put(cg, &p, l, e);
	return r < 0 && r != -EOPNOTSUPP && e ? refused(&p, r, e) : r;
}

int vz_cg_apply(struct vz_cg *cg, const struct vz_cg_limits *l, struct vz_err *e)
{
	struct vz_err later;
	int unsupported = 0;

	for (unsigned i = 0; i < VZ_CG_NLIMITS; i++) {
		int r = l->has & 1u << i ? put_limit(cg, i, l, unsupported ? &later : e) : 0;

		if (r == -EOPNOTSUPP) {
			unsupported = r; /* the kernel cannot: the others still hold */
		} else if (r < 0) {
			if (e && unsupported)
				*e = later;
			return r;
		}
	}
	return unsupported;
}

int vz_cg_in_force(const struct vz_cg *cg, const struct vz_cg_limits *want,
		   struct vz_cg_limits *ret, struct vz_err *e)
{
	struct vz_cg_limits l = { 0 };
	int dir = cg_dir(cg, CG_V2);
	struct cg_place p;

	if (dir < 0)
		return vz_fail(e, VZ_SYSTEM, -dir, "group %s", cg->path);
	for (unsigned i = 0; i < VZ_CG_NLIMITS; i++)
		if (cg_place_of(cg, i, &p) && p.line->now && (!p.line->dear || want->has & p.bit) &&
		    p.line->now(cg, &p, want, &l))
			l.has |= p.bit;
	*ret = l;
	return 0;
}

uint64_t vz_cg_units_held(const struct vz_cg *cg, uint64_t units)
{
	struct cg_place p;

	return cg_place_of(cg, VZ_CG_LIMIT_CPUUNITS, &p) ? cg_share_held(&p, units) : 0;
}

void vz_cg_count(const struct vz_cg *cg, enum vz_cg_limit limit, struct vz_cg_count *ret)
{
	struct cg_place p;

	*ret = (struct vz_cg_count){ VZ_UNLIMITED, VZ_UNLIMITED, VZ_UNLIMITED };
	if (cg_place_of(cg, limit, &p) && p.line->count)
		p.line->count(cg, &p, ret);
}

int vz_cg_can(const struct vz_cg *cg, unsigned bits, struct vz_err *e)
{
	struct cg_place p;

	for (unsigned i = 0; i < VZ_CG_NLIMITS; i++) {
		if (!(bits & 1u << i))
			continue;
		if (!cg_place_of(cg, i, &p))
			return no_line(&p, e), -ENODEV;
		if (p.h == CG_V2 && p.line->in != CG_V2 && !cg_v2_offers(cg, p.line->in))
			return vz_fail(e, VZ_SETUBC, 0, "Unable to set %s: the kernel has no controller %s",
				       p.option, cg_hier_name(p.line->in)), -ENODEV;
	}
	return 0;
}
