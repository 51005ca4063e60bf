/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a migration tells of itself while it is under way, for programs that show it. */
#ifndef VZ_MOVE_REPORT_H
#define VZ_MOVE_REPORT_H

#include "move/progress.h"

struct vz_plan_watch; /* ops/plan.h */

/* All three may be NULL. `stage` is a step of the plan (vz_migrate_plan). */
struct vz_report {
	void (*begins)(void *arg, const char *stage);
	void (*ends)(void *arg, const char *stage, bool good, int64_t ms);
	void (*progress)(void *arg, const struct vz_progress *p);
	void *arg;
	int fd;     /* beside 1 and 2, what they write to; -1: nothing */
};

/* Tells it of each step; NULL: nobody. */
void vz_report_watch(const struct vz_report *r, struct vz_plan_watch *ret);
/* The bytes of the plain files of a directory and those in it. */
uint64_t vz_report_size(const char *dir);

#endif
