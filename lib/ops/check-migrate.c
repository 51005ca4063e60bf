// SPDX-License-Identifier: GPL-2.0-or-later
/* check-migrate: the verdict on the VPS, in front of the user; see check-migrate.h. */
#include "ops/check-migrate.h"
#include "cpt/verdict.h"

#include <errno.h>

#define IN_LIST_MS 1000 /* of each: there may be hundreds */

static int tell_verdict(const struct vz_cpt_verdict *v, vz_obstacle_each *each, void *arg)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct vz_cpt_finding *f = &v->all[i];
		const struct vz_obstacle o = {
			.kind = f->kind->name,
			.refuses = f->kind->weight == VZ_CPT_REFUSES,
			.pid = f->pid,
			.command = f->command,
			.object = f->object,
			.remedy = f->kind->remedy,
		};

		each(&o, arg);
	}
	return (int)v->refusing;
}

int vz_op_check_migrate(const struct vz_ct *ct, const char *host, vz_obstacle_each *each, void *arg,
			struct vz_err *e)
{
	struct vz_cpt_verdict v;
	struct vz_state st;
	int r;

	(void)host;
	if (vz_state_read(ct->id, &st) <= 0)
		return vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Container is not running");
	r = vz_cpt_verdict(ct, &st, VZ_CPT_VERDICT_MS, &v, e);
	if (r < 0)
		return r;
	r = tell_verdict(&v, each, arg);
	vz_cpt_verdict_free(&v);
	return r ? vz_fail(e, VZ_CHKPNT, 0, "CT %u cannot be moved as it is", ct->id) : 0;
}

int vz_op_is_migratable(const struct vz_ct *ct, const struct vz_state *state)
{
	struct vz_cpt_verdict v;
	int r = vz_cpt_verdict(ct, state, IN_LIST_MS, &v, NULL);

	if (r < 0)
		return r;
	r = !v.refusing;
	vz_cpt_verdict_free(&v);
	return r;
}

void vz_obstacle_kinds(vz_obstacle_each *each, void *arg)
{
	const struct vz_cpt_kind *k;

	for (size_t i = 0; (k = vz_cpt_kind(i)); i++)
		each(&(struct vz_obstacle){ .kind = k->name, .refuses = k->weight == VZ_CPT_REFUSES, .command = "",
					    .object = k->what, .remedy = k->remedy }, arg);
}
