// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What lives in the group: stop it, end it. All by the v2 group; v1 helps only with its freezer on
 * kernels where v2 has none.
 */
#include "cgroup/cgroup-internal.h"
#include "base/own.h"
#include "sys/clock.h"

#include <signal.h>

#define FREEZE_TIMEOUT_MS 10000
#define KILL_FREEZE_MS 500 /* what sleeps uninterruptibly never freezes */

static int freeze_within(struct vz_cg *cg, bool on, int timeout_ms, struct vz_err *e)
{
	int r;

	if (!cg_has(cg, CG_V2, "cgroup.freeze")) /* drop when the minimum is 5.2 */
		return cg_v1_freeze(cg, on, timeout_ms, e);
	r = cg_set(cg, CG_V2, "cgroup.freeze", on ? "1" : "0", e);
	if (r < 0)
		return r;
	r = cg_wait_event(cg, "frozen", on, timeout_ms);
	if (r < 0 && on)
		(void)cg_set(cg, CG_V2, "cgroup.freeze", "0", NULL);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot %s group %s", on ? "freeze" : "thaw",
			       cg->path) :
		       0;
}

int vz_cg_freeze(struct vz_cg *cg, bool on, struct vz_err *e)
{
	return freeze_within(cg, on, FREEZE_TIMEOUT_MS, e);
}

static int kill_one(pid_t pid, void *arg)
{
	(void)arg;
	/* A pid of the list may be gone; taken over by a stranger it cannot be, the group is
	 * frozen and a process that is dying keeps its number until it is reaped. */
	(void)kill(pid, SIGKILL);
	return 0;
}

/* Before cgroup.kill: nobody may fork between look and signal, so all of them are frozen, and
 * thawed to die. A freezer that does not manage in time only makes the race possible again,
 * and the caller's loop closes it. Drop when the minimum is 5.14. */
static void kill_frozen(struct vz_cg *cg)
{
	int dir = cg_dir(cg, CG_V2);

	(void)freeze_within(cg, true, KILL_FREEZE_MS, NULL);
	/* Where the freezer gave up, it has thawed again: whoever held up the others dies all the same. */
	if (dir >= 0)
		(void)cg_each_pid(dir, kill_one, NULL);
	(void)freeze_within(cg, false, KILL_FREEZE_MS, NULL);
}

int vz_cg_kill(struct vz_cg *cg, int timeout_ms, struct vz_err *e)
{
	int64_t end = vz_now_ms() + timeout_ms;
	int r = vz_cg_populated(cg), left;

	if (r <= 0)
		return r < 0 ? vz_fail(e, VZ_STOP_ERROR, -r, "group %s", cg->path) : 0;
	if (cg_has(cg, CG_V2, "cgroup.kill")) {
		r = cg_set(cg, CG_V2, "cgroup.kill", "1", e);
		if (r < 0)
			return r;
		r = cg_wait_event(cg, "populated", 0, timeout_ms);
	} else {
		do {
			kill_frozen(cg);
			left = (int)(end - vz_now_ms());
			r = cg_wait_event(cg, "populated", 0, left < 100 ? left : 100);
		} while (r == -ETIMEDOUT && left > 0);
	}
	if (r < 0 && vz_cg_populated(cg) == 0)
		return 0; /* removed under our feet */
	return r < 0 ? vz_fail(e, VZ_STOP_ERROR, -r, "processes of group %s do not die",
			       cg->path) :
		       0;
}
