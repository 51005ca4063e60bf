// SPDX-License-Identifier: GPL-2.0-or-later
/* check: the file systems that VPSes lie on. */
#include "ops/check-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "fs/area.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#define ROOM_BYTES (1ull << 30)
#define ROOM_INODES 10000

bool check_has_places(const struct vz_conf *c)
{
	return c->ve_private.set && *c->ve_private.v == '/' && c->template.set && *c->template.v == '/';
}

enum vz_check_verdict check_layout(struct check *c)
{
	autofree char *parent = vz_area_parent(c->conf);
	const struct vz_layout *l;
	struct vz_err e = { 0 };
	int r = parent ? vz_layout_find(c->what, &l, &e) : vz_oom(&e);

	if (r >= 0)
		r = l->probe(c->conf->template.v, parent, &e);
	if (r == VZ_LAYOUT_CAN)
		return VZ_CHECK_OK;
	return check_say(c, r == VZ_LAYOUT_WITH_LESS ? VZ_CHECK_DEGRADED : VZ_CHECK_MISSING, "%s", e.msg);
}

enum vz_check_verdict check_modes(struct check *c)
{
	autofree char *parent = vz_area_parent(c->conf);

	if (!parent || !vz_area_is_reachable(parent))
		return VZ_CHECK_OK;
	if (vz_area_is_for_areas(parent))
		c->remedy = "chmod it to 0700";
	return check_say(c, VZ_CHECK_DEGRADED, "users of this host can reach the files below %s", parent);
}

enum vz_check_verdict check_space(struct check *c)
{
	autofree char *parent = vz_area_parent(c->conf);
	struct statvfs sv;
	uint64_t bytes;

	if (!parent || statvfs(parent, &sv) < 0)
		return check_say(c, VZ_CHECK_MISSING, "%s: %s", parent ? parent : "/", strerror(errno));
	bytes = (uint64_t)sv.f_bavail * sv.f_frsize;
	if (bytes < ROOM_BYTES)
		return check_say(c, VZ_CHECK_DEGRADED, "%llu MiB are free in %s",
				 (unsigned long long)bytes >> 20, parent);
	/* file systems that make inodes as they need them say 0 of 0 */
	if (sv.f_files && sv.f_favail < ROOM_INODES)
		return check_say(c, VZ_CHECK_DEGRADED, "%llu inodes are free in %s",
				 (unsigned long long)sv.f_favail, parent);
	return check_say(c, VZ_CHECK_OK, "%llu GiB are free in %s", (unsigned long long)bytes >> 30,
			 parent);
}
