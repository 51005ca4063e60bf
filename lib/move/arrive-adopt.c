// SPDX-License-Identifier: GPL-2.0-or-later
/* A dump that has come knows the control groups and host ids of there: it becomes one of the VPS that is here. */
#include "cgroup/cgroup.h"
#include "cpt/image.h"
#include "move/arrive-internal.h"
#include "move/migrate.h"

#include <unistd.h>

int vz_arrive_adopt(struct vz_arrival *a, const char *dump, struct vz_err *e)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	struct vz_image_adoption as = { .from = a->from, .id = a->id, .uid = a->uid, .gid = a->uid };
	struct vz_err why = { 0 };
	int r = access(dump, F_OK) < 0 ? 1 : vz_cg_open(a->id, NULL, &cg, &why);

	if (!r) {
		as.group = vz_cg_path(cg);
		r = vz_image_adopt(dump, &as, &why);
	}
	return r < 0 ? vz_fail(e, (enum vz_exit)VZ_MIGRATE_START, 0, "%s", why.msg) : 0;
}
