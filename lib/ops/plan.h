/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A verb is a list of steps; taking it back is the same list read upwards. A step that fails
 * leaves nothing behind; only those before it are undone. undo() is also what "stop" and healing
 * after a crash run, so it must accept a step that never ran. A step that cannot or need not be
 * undone says why, in a comment.
 *
 * Steps are constants of their own, so that plans can share them (ops/steps.h); what belongs to one
 * plan only is written in it as VZ_STEP(). Which verb has which plan is in plan-table.c.
 *
 * Each step is a fault point (base/fault.h), and undo-STEP that of its way back: the tests use
 * every one.
 */
#ifndef VZ_OPS_PLAN_H
#define VZ_OPS_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct vz_step {
	const char *name;
	int (*run)(void *ctx, struct vz_err *e);
	void (*undo)(void *ctx);
};

/* A step of one plan only; the plan is an array of pointers that ends with NULL. */
#define VZ_STEP(...) (&(const struct vz_step){ __VA_ARGS__ })

/* Runs the steps in order; undoes on failure. After vz_cancel() the step at work is the last one, and
 * everything is undone. */
int vz_plan_run(const struct vz_step *const *plan, void *ctx, struct vz_err *e);
/* The same, and `w` is told of each step, with the microseconds that it took. */
enum vz_plan_moment { VZ_PLAN_BEGINS, VZ_PLAN_DONE, VZ_PLAN_FAILED };
struct vz_plan_watch {
	void (*step)(const void *arg, const char *name, enum vz_plan_moment moment, int64_t us); /* NULL: nobody is */
	const void *arg;
};
int vz_plan_run_watched(const struct vz_step *const *plan, void *ctx, const struct vz_plan_watch *w, struct vz_err *e);
/* Undoes the first n steps, last first; n = SIZE_MAX: all. */
void vz_plan_undo(const struct vz_step *const *plan, size_t n, void *ctx);

/* Each is defined by its verb; plan-table.c has which verb that is. */
extern const struct vz_step *const vz_op_create_plan[], *const vz_op_destroy_plan[], *const vz_op_start_plan[],
	*const vz_op_stop_plan[], *const vz_op_runscript_plan[], *const vz_op_mount_plan[], *const vz_op_umount_plan[],
	*const vz_op_suspend_plan[], *const vz_op_resume_plan[];

#endif
