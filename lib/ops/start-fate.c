// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a start failed; see start-fate.h. */
#include "ops/start-fate.h"
#include "base/log.h"
#include "sys/clock.h"
#include "sys/exitinfo.h"
#include "sys/wait.h"

#include <errno.h>
#include <poll.h>

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

int vz_start_fate_init(struct vz_env *env, off_t mark, int wait_ms, struct vz_err *e)
{
	struct vz_exitinfo how;
	char why[200], text[64];
	int status;

	if (vz_wait_child(env->launch.pidfd, vz_now_ms() + wait_ms, &status) < 0)
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
