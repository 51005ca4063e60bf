// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Beancounters into limits of the group: which counter becomes what, and why not, stands in
 * counters.def. What the host must be kept from has a bound here also where nothing is configured.
 */
#include "res/res-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "sys/file.h"

#include <stdint.h>

#define TASKS_USUAL 32768 /* kernel.pid_max of a small machine */
#define TASKS_LEAST 1024

const struct res_ubc res_ubc[] = {
#define COUNTER(place, KEY, name, letter, unit, title, holder, ...) \
	{ .at = AT(name), .pages = IN_##unit, TO_##holder },
#define IN_bytes false
#define IN_items false
#define IN_pages true
#define TO_NOTHING(why)
#define TO_DEVPTS
#define TO_SOCKETS
#define TO_USERNS
#define TO_STRICT(name, field) .strict = true, TO_LIMIT(name, field)
#define TO_LIMIT(name, field) .bit = VZ_CG_##name, .to = offsetof(struct vz_cg_limits, field)
#include "param/counters.def"
};
const size_t res_nubc = ARRAY_LEN(res_ubc);

/* Pages to bytes. What does not fit is no limit: "--ram unlimited" stores 2^51 pages. Neither is
 * INT32_MAX, what 32-bit tools stored for unlimited (INTERFACE 5.2). */
static uint64_t bytes(uint64_t pages)
{
	return pages == INT32_MAX ? VZ_UNLIMITED : vz_pages_bytes(pages);
}

/* What the host has for one at boot is shared by all: an eighth leaves seven others theirs. */
static uint64_t default_tasks(void)
{
	static const char *const files[] = { "/proc/sys/kernel/pid_max",
					     "/proc/sys/kernel/threads-max" };
	uint64_t least = TASKS_USUAL;
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		uint64_t n;

		if (vz_file_number(files[i], UINT32_MAX, &n) < 0)
			continue;
		least = known && least < n ? least : n;
		known = true;
	}
	return least / 8 > TASKS_LEAST ? least / 8 : TASKS_LEAST;
}

/* Objects of the kernel whose memory the group is not charged for, or that the host has a fixed
 * number of: these have a bound of ours where the configuration gives none. */
static void bounds(const struct vz_conf *conf, struct vz_cg_limits *l)
{
	l->has |= VZ_CG_PIDS | VZ_CG_GROUPS;
	l->groups = conf->numcgroups.set ? conf->numcgroups.lim : vz_param_default("NUMCGROUPS");
	l->depth = conf->cgroupdepth.set ? conf->cgroupdepth.lim : vz_param_default("CGROUPDEPTH");
	if (!conf->numproc.set)
		l->pids = default_tasks();
}

void vz_res_counters(const struct vz_conf *conf, struct vz_cg_limits *l)
{
	for (size_t i = 0; i < res_nubc; i++) {
		const struct res_ubc *row = &res_ubc[i];
		const struct vz_ppair *v = (const void *)((const char *)conf + row->at);

		if (!row->bit)
			continue;
		*res_limit(row->to, l) = !v->set ? VZ_UNLIMITED : row->pages ? bytes(v->lim) : v->lim;
		l->has |= v->set ? row->bit : 0;
	}
	bounds(conf, l);
}
