// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * runscript on a stopped VPS, and its passwords: the steps of start with a command in the place of init. The
 * same list is read upwards when the command has ended.
 */
#include "ops/run-stopped.h"
#include "ops/steps.h"
#include "sys/wait.h"

#include <errno.h>
#include <string.h>

struct run_stopped {
	struct vz_start s; /* first: the shared steps see no more */
	struct vz_inside in;
	const struct vz_inside_cmd *what;
	int *ret_code;
};

static int stopped_limits_do(void *ctx, struct vz_err *e)
{
	struct run_stopped *rs = ctx;

	vz_env_say_privileged(&rs->s.env);
	return vz_env_limits(&rs->s.env, e); /* start also says the CPU units */
}

static int stopped_pipes_do(void *ctx, struct vz_err *e)
{
	struct run_stopped *rs = ctx;
	struct vz_spec *spec = &rs->s.env.spec;
	int r = vz_inside_pipes(&rs->in, rs->what->stdin_fd, (struct vz_inside_owner){ spec->uid, spec->gid }, e);

	memcpy(spec->stdio, rs->in.join.stdio, sizeof(spec->stdio));
	spec->cmds = rs->what->cmds;
	rs->in.relay.ours = rs->what->ours;
	return r;
}

static int stopped_go_do(void *ctx, struct vz_err *e)
{
	struct run_stopped *rs = ctx;

	return vz_launch_go(&rs->s.env.launch, e);
}

static int stopped_command_do(void *ctx, struct vz_err *e)
{
	struct run_stopped *rs = ctx;
	struct vz_launch *l = &rs->s.env.launch;
	int r;

	if (rs->what->timeout_s)
		rs->in.relay.end = vz_end_in(rs->what->timeout_s);
	r = vz_inside_relay(&rs->in, l->pidfd, rs->ret_code, e);
	l->pid = 0; /* it has ended, or was killed */
	return r;
}

const struct vz_step *const vz_op_runscript_plan[] = {
	&vz_step_journal,
	&vz_step_ids,
	&vz_step_close,
	&vz_step_base,
	&vz_step_mount_area,
	&vz_step_cgroup,
	&vz_step_policy,
	VZ_STEP("limits", stopped_limits_do, NULL),   /* no undo: they go with the group */
	VZ_STEP("pipes", stopped_pipes_do, NULL),     /* no undo: ours only, and closed in the end */
	&vz_step_init,
	&vz_step_ready,
	VZ_STEP("go", stopped_go_do, NULL),           /* no undo: init's */
	VZ_STEP("command", stopped_command_do, NULL), /* no undo: until it has ended */
	NULL,
};

int vz_run_stopped(struct vz_ct *ct, const struct vz_inside_cmd *what, int *ret_code, struct vz_err *e)
{
	bool mounted = vz_ct_is_mounted(ct);
	struct run_stopped rs = {
		.s = { .net = VZ_NETWORK_INIT,
		       .verb = mounted ? VZ_JOURNAL_RUNSCRIPT_MOUNTED : VZ_JOURNAL_RUNSCRIPT,
		       .was_mounted = mounted,
		       .no_hooks = true,
		       .keep_mount = mounted },
		.in = VZ_INSIDE_INIT,
		.what = what,
		.ret_code = ret_code,
	};
	int r = vz_env_open(&rs.s.env, ct, e);

	if (r >= 0)
		r = vz_plan_run(vz_op_runscript_plan, &rs, e);
	if (r >= 0)
		vz_plan_undo(vz_op_runscript_plan, SIZE_MAX, &rs);
	vz_start_say_umount(&rs.s);
	vz_inside_close(&rs.in);
	vz_env_close(&rs.s.env);
	return r < 0 ? r : 0;
}
