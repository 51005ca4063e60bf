// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * runscript on a stopped VPS, and its passwords: the steps of start with a command in the place of init. The
 * same list is read upwards when the command has ended.
 */
#include "ops/alone.h"
#include "ops/steps.h"
#include "sys/wait.h"

#include <errno.h>
#include <string.h>

struct alone {
	struct vz_start s; /* first: the shared steps see no more */
	struct vz_inside in;
	const struct vz_inside_cmd *what;
	int *ret_code;
};

static int alone_limits_do(void *ctx, struct vz_err *e)
{
	struct alone *a = ctx;

	return vz_env_limits(&a->s.env, e); /* start also says the CPU units */
}

static int alone_pipes_do(void *ctx, struct vz_err *e)
{
	struct alone *a = ctx;
	struct vz_spec *spec = &a->s.env.spec;
	int r = vz_inside_pipes(&a->in, a->what->stdin_fd, (struct vz_inside_owner){ spec->uid, spec->gid }, e);

	memcpy(spec->stdio, a->in.join.stdio, sizeof(spec->stdio));
	spec->cmds = a->what->cmds;
	a->in.relay.ours = a->what->ours;
	return r;
}

static int alone_go_do(void *ctx, struct vz_err *e)
{
	struct alone *a = ctx;

	return vz_launch_go(&a->s.env.launch, e);
}

static int alone_command_do(void *ctx, struct vz_err *e)
{
	struct alone *a = ctx;
	struct vz_launch *l = &a->s.env.launch;
	int r;

	if (a->what->timeout_s)
		a->in.relay.end = vz_end_in(a->what->timeout_s);
	r = vz_inside_relay(&a->in, l->pidfd, a->ret_code, e);
	l->pid = 0; /* it has ended, or was killed */
	return r;
}

const struct vz_step *const vz_alone_plan[] = {
	&vz_step_journal,
	&vz_step_ids,
	&vz_step_mount,
	&vz_step_cgroup,
	&vz_step_policy,
	VZ_STEP("limits", alone_limits_do, NULL),   /* no undo: they go with the group */
	VZ_STEP("pipes", alone_pipes_do, NULL),     /* no undo: ours only, and closed in the end */
	&vz_step_init,
	&vz_step_ready,
	VZ_STEP("go", alone_go_do, NULL),           /* no undo: init's */
	VZ_STEP("command", alone_command_do, NULL), /* no undo: until it has ended */
	NULL,
};

int vz_alone_run(struct vz_ct *ct, const struct vz_inside_cmd *what, int *ret_code, struct vz_err *e)
{
	bool mounted = vz_ct_is_mounted(ct);
	struct alone a = {
		.s = { .net = VZ_NET_INIT,
		       .verb = mounted ? VZ_JOURNAL_RUNSCRIPT_MOUNTED : VZ_JOURNAL_RUNSCRIPT,
		       .opts.skip_remount = true,
		       .no_hooks = true,
		       .keep_mount = mounted },
		.in = VZ_INSIDE_INIT,
		.what = what,
		.ret_code = ret_code,
	};
	int r = vz_env_open(&a.s.env, ct, e);

	if (r >= 0)
		r = vz_plan_run(vz_alone_plan, &a, e);
	if (r >= 0)
		vz_plan_undo(vz_alone_plan, SIZE_MAX, &a);
	vz_start_say_umount(&a.s);
	vz_inside_close(&a.in);
	vz_env_close(&a.s.env);
	return r < 0 ? r : 0;
}
