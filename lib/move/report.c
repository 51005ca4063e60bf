// SPDX-License-Identifier: GPL-2.0-or-later
/* What a migration tells of itself; see report.h. */
#include "move/report.h"
#include "base/own.h"
#include "base/str.h"
#include "ops/plan.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

static void step(const void *arg, const char *name, enum vz_plan_moment moment, int64_t us)
{
	const struct vz_report *r = arg;

	if (moment == VZ_PLAN_BEGINS && r->begins)
		r->begins(r->arg, name);
	if (moment != VZ_PLAN_BEGINS && r->ends)
		r->ends(r->arg, name, moment == VZ_PLAN_DONE, us / 1000);
}

void vz_report_watch(const struct vz_report *r, struct vz_plan_watch *ret)
{
	*ret = (struct vz_plan_watch){ .step = r ? step : NULL, .arg = r };
}

uint64_t vz_report_size(const char *dir)
{
	autoclosedir DIR *d = opendir(dir);
	struct dirent *de;
	uint64_t n = 0;

	while (d && (de = readdir(d))) {
		autofree char *path = vz_fmt("%s/%s", dir, de->d_name);
		struct stat st;

		if (!path || !vz_str_is_component(de->d_name) || lstat(path, &st) < 0)
			continue;
		n += S_ISDIR(st.st_mode) ? vz_report_size(path) : S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	}
	return n;
}
