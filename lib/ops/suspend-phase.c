// SPDX-License-Identifier: GPL-2.0-or-later
/* What is done to one that stands still: it goes on, or ends. The phases that need no dump, each a command of its own. */
#include "ops/suspend.h"
#include "base/log.h"
#include "base/own.h"
#include "cpt/image.h"
#include "cpt/netsys.h"
#include "cpt/sockopts.h"
#include "ops/dump.h"
#include "ops/steps.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <poll.h>

#define KILL_MS 30000
#define STATUS_MAX 16384
#define GIVE_UP_S 20

void vz_suspend_wait_for_criu(pid_t init)
{
	char path[sizeof("/proc//status") + 10], text[STATUS_MAX];
	const char *line;
	pid_t tracer = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", init);
	if (vz_file_read_buf(AT_FDCWD, path, text, sizeof(text)) < 0)
		return;
	line = strstr(text, "\nTracerPid:\t"); /* a name cannot hold a line's end */
	if (line)
		(void)sscanf(line, "\nTracerPid:\t%d", &tracer);
	if (tracer > 0) {
		autoclose int pidfd = vz_pidfd_open(tracer);

		if (pidfd >= 0)
			(void)vz_wait_fd(pidfd, POLLIN, vz_end_in(GIVE_UP_S));
	}
}

int vz_suspend_let_go(struct vz_cg *cg, const struct vz_state *st, struct vz_err *e)
{
	struct vz_network net = VZ_NETWORK_INIT;
	int r, r2;

	vz_suspend_wait_for_criu(st->init);
	r = vz_network_enter(&net, st->init, e);
	if (r >= 0)
		r = vz_netsys_unlock(net.netns, e);
	vz_network_close(&net);
	r2 = vz_sockopts_end_repair(cg, r < 0 ? NULL : e);
	r = r < 0 ? r : r2;
	r2 = vz_cg_freeze(cg, false, r < 0 ? NULL : e);
	return r < 0 ? r : r2;
}

static int freeze_only(struct vz_start *s, struct vz_err *e)
{
	int r;

	vz_log(0, "Setting up checkpoint...");
	vz_log(0, "\tsuspend...");
	r = vz_cg_freeze(s->env.cg, true, e);
	if (r >= 0)
		vz_log(0, "Checkpointing completed successfully");
	return r;
}

/* What was dumped goes on: the dump of its own name would be resumed over a newer disk some day. What is none of ours never is. */
static int go_on(struct vz_start *s, struct vz_err *e)
{
	autofree char *own = vz_ct_dump_path(s->env.ct);
	int r;

	vz_log(0, "Resuming...");
	r = own && vz_dump_is_due(s->env.ct) ? vz_image_remove(own, e) : 0;
	return r < 0 ? r : vz_suspend_let_go(s->env.cg, &s->state, e);
}

static int kill_only(struct vz_start *s, struct vz_err *e)
{
	int r;

	vz_log(0, "Killing...");
	r = vz_journal_begin(s->env.ct->id, VZ_JOURNAL_STOP, e);
	if (r >= 0)
		r = vz_cg_kill(s->env.cg, KILL_MS, e);
	if (r < 0)
		return r;
	s->keep_mount = true; /* a umount of its own follows, and must find it mounted */
	vz_plan_undo(vz_op_start_plan, SIZE_MAX, s);
	return 0;
}

static int do_phase(struct vz_start *s, enum vz_suspend_phase phase, struct vz_err *e)
{
	if (phase == VZ_SUSPEND_FREEZE)
		return freeze_only(s, e);
	if (vz_cg_check_frozen(s->env.cg, s->state.init, NULL) >= 0)
		return vz_fail(e, VZ_CHKPNT, 0, "Container is not suspended");
	return phase == VZ_SUSPEND_RESUME ? go_on(s, e) : kill_only(s, e);
}

int vz_suspend_do_phase(struct vz_ct *ct, enum vz_suspend_phase phase, enum vz_exit how, struct vz_err *e)
{
	struct vz_start s = { .net = VZ_NETWORK_INIT };
	int r = vz_env_open(&s.env, ct, e);

	if (vz_state_read(ct->id, &s.state) <= 0) {
		r = vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Container is not running");
	} else if (r >= 0) {
		r = do_phase(&s, phase, e);
		if (r < 0) {
			vz_log(-1, "%s", e->msg);
			vz_fail(e, how, 0, how == VZ_RESTORE ? "Container restore failed" : "Checkpointing failed");
		}
	}
	vz_network_close(&s.net);
	vz_env_close(&s.env);
	return r;
}
