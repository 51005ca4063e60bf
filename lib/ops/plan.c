// SPDX-License-Identifier: GPL-2.0-or-later
/* Running and taking back a list of steps; see plan.h. Knows nothing of what the steps do. */
#include "ops/plan.h"
#include "base/fault.h"
#include "base/log.h"
#include "sys/clock.h"
#include "sys/wait.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>

#define TELL_TIMES 2 /* --verbose --verbose */

static void tell_watch(const struct vz_plan_watch *w, const char *name, enum vz_plan_moment moment, int64_t us)
{
	if (w->step)
		w->step(w->arg, name, moment, us);
}

static int run_step(const struct vz_step *s, void *ctx, const struct vz_plan_watch *w, struct vz_err *e)
{
	int64_t began = vz_now_us(), took;
	int r;

	tell_watch(w, s->name, VZ_PLAN_BEGINS, 0);
	r = s->run(ctx, e);
	took = vz_now_us() - began;
	tell_watch(w, s->name, r < 0 ? VZ_PLAN_FAILED : VZ_PLAN_DONE, took);
	vz_log(TELL_TIMES, "step %s: %.1f ms", s->name, (double)took / 1000);
	return r;
}

int vz_plan_run(const struct vz_step *const *plan, void *ctx, struct vz_err *e)
{
	const struct vz_plan_watch nobody = { 0 };

	return vz_plan_run_watched(plan, ctx, &nobody, e);
}

int vz_plan_run_watched(const struct vz_step *const *plan, void *ctx, const struct vz_plan_watch *w, struct vz_err *e)
{
	for (size_t i = 0; plan[i]; i++) {
		int r = vz_fault(plan[i]->name, e);

		if (r >= 0 && vz_cancelled())
			r = vz_fail(e, VZ_SYSTEM, ECANCELED, "cancelled before step %s",
				    plan[i]->name);
		if (r >= 0)
			r = run_step(plan[i], ctx, w, e);
		if (r < 0) {
			vz_cancel_undoing(true);
			vz_plan_undo(plan, i, ctx);
			vz_cancel_undoing(false);
			return r;
		}
		vz_fault_kill("kill+:", plan[i]->name);
	}
	return 0;
}

void vz_plan_undo(const struct vz_step *const *plan, size_t n, void *ctx)
{
	size_t len = 0;

	while (plan[len] && len < n)
		len++;
	while (len--) {
		char name[64];

		if (!plan[len]->undo)
			continue;
		snprintf(name, sizeof(name), "undo-%s", plan[len]->name);
		vz_fault_kill("kill:", name);
		plan[len]->undo(ctx);
		vz_fault_kill("kill+:", name);
	}
}
