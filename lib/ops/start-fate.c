// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a start failed; see start-fate.h. */
#include "ops/start-fate.h"
#include "base/log.h"
#include "sys/clock.h"
#include "sys/exitinfo.h"
#include "sys/proc.h"
#include "sys/wait.h"

#include <errno.h>
#include <poll.h>

#define SURVIVES_MS 100 /* an init that cannot run ends in less */
#define SCARCE_MS 10000 /* but in that many where it hardly gets a processor, or its file from the disk */
#define LATE_MS 500 /* vzeventd may be about to write what a dead init said */
#define POLL_MS 10

int vz_start_fate_step(const struct vz_env *env, uint64_t *killed, int r, struct vz_err *e)
{
	uint64_t before = *killed;
	char why[200];

	*killed = vz_fate_killed(env->cg);
	if (r >= 0 || *killed <= before || !vz_fate_oom(env->cg, why, sizeof(why)))
		return r;
	if (e)
		e->exit = VZ_RESOURCE;
	return vz_within(e, r, "Not enough memory to start the container: %s", why);
}

static void say_console(const struct vz_env *env, off_t mark)
{
	int64_t end = vz_now_ms() + LATE_MS;

	if (env->spec.console < 0) {
		vz_log(-1, "console: not kept, because vzeventd does not run");
		return;
	}
	while (!vz_fate_say_since(env->ct->id, mark) && vz_now_ms() < end)
		(void)poll(NULL, 0, POLL_MS);
}

/* It waits for something to happen, or has worked for longer than one that cannot run. */
static bool has_shown(pid_t init)
{
	struct vz_proc p;

	return vz_proc_stat(init, &p) < 0 || (p.state != 'R' && p.state != 'D' && p.state != 'Z') ||
	       p.cpu_ms >= SURVIVES_MS;
}

/* As vz_wait_child(): -ETIMEDOUT, -ECANCELED: it runs. */
static int survives(const struct vz_launch *l, bool wait, int *status)
{
	int64_t now = vz_now_ms(), end = now + SCARCE_MS;
	int r = vz_wait_child(l->pidfd, now + (wait ? SURVIVES_MS : 0), status);

	while (r == -ETIMEDOUT && wait && vz_now_ms() < end && !has_shown(l->pid))
		r = vz_wait_child(l->pidfd, vz_now_ms() + POLL_MS, status);
	return r;
}

int vz_start_fate_init(struct vz_env *env, off_t mark, bool wait, struct vz_err *e)
{
	struct vz_exitinfo how;
	char why[200], text[64];
	int status;

	if (survives(&env->launch, wait, &status) < 0)
		return 0;
	env->launch.pid = 0; /* reaped */
	how = vz_exitinfo_decode(status);
	say_console(env, mark);
	vz_exitinfo_text(&how, text, sizeof(text));
	if (vz_fate_oom(env->cg, why, sizeof(why)))
		vz_fail(e, VZ_RESOURCE, 0, "The container did not stay up: %s: %s", text, why);
	else
		vz_fail(e, VZ_FS_BAD_TMPL, 0, "The container did not stay up: %s; its own logs are in %s "
			"after `vzctl mount`", text, env->ct->root);
	return -ECHILD;
}
