// SPDX-License-Identifier: GPL-2.0-or-later
/* A guest's control groups in a dump; see cgtree.h. What is saved of them is lib/cgroup's affair. */
#include "cpt/cgtree.h"
#include "base/log.h"
#include "base/own.h"
#include "base/pack.h"

#include <string.h>

#define FILE_NAME "cgroups"
#define PACKED_MAX (32u << 20)

int vz_cgtree_save(const struct vz_cg *cg, struct vz_image *im, struct vz_err *e)
{
	autopack p = { .max = PACKED_MAX };
	int r = vz_cg_below_save(cg, &p, e);

	return r < 0 ? r : vz_image_put(im, FILE_NAME, p.buf.s, p.buf.len, e);
}

int vz_cgtree_check(const struct vz_cg *cg, struct vz_err *e)
{
	autopack p = { .max = PACKED_MAX };

	return vz_cg_below_save(cg, &p, e);
}

int vz_cgtree_make(struct vz_cg *cg, const struct vz_image *im, struct vz_err *e)
{
	autofree char *data = NULL;
	size_t n;
	int r = vz_image_read(im, FILE_NAME, &data, &n, e);

	return r < 0 ? r : vz_cg_below_make(cg, (struct vz_packed){ .p = data, .left = n }, e);
}

int vz_cgtree_enable(struct vz_cg *cg, const struct vz_image *im, struct vz_err *e)
{
	struct vz_cg_refused refused;
	autofree char *data = NULL;
	size_t n;
	int r = vz_image_read(im, FILE_NAME, &data, &n, e);

	if (r < 0)
		return r;
	r = vz_cg_below_enable(cg, (struct vz_packed){ .p = data, .left = n }, &refused, e);
	if (!r && refused.n)
		vz_log(0, "%u values of control groups inside cannot be set again, %s for one (%s): ignoring",
		       refused.n, refused.file, strerror(refused.why));
	return r;
}
