// SPDX-License-Identifier: GPL-2.0-or-later
/* See suspend-look.h. */
#include "ops/suspend-look.h"
#include "base/log.h"
#include "cpt/verdict.h"
#include "sys/clock.h"
#include "sys/wait.h"

#include <errno.h>

#define PASSES_MS 10000
#define AGAIN_MS 250

static int look_once(const struct vz_ct *ct, const struct vz_state *st, bool *ret_passes, size_t *ret_unread, struct vz_err *e)
{
	struct vz_cpt_verdict v = { 0 };
	int r = vz_cpt_verdict(ct, st, VZ_CPT_VERDICT_MS, &v, e);

	*ret_passes = r >= 0 && v.refusing && vz_cpt_verdict_count(&v, "limits") == v.refusing;
	if (r >= 0)
		r = vz_cpt_verdict_refuse(ct, &v, e);
	if (r >= 0)
		*ret_unread = v.cut ? SIZE_MAX : vz_cpt_verdict_count(&v, "watch-unread");
	vz_cpt_verdict_free(&v);
	return r;
}

/* A process that talks to whom logs in by ssh has used up its limits, and ends with the login. */
int vz_suspend_look(const struct vz_ct *ct, const struct vz_state *st, size_t *ret_unread, struct vz_err *e)
{
	int64_t end = vz_now_ms() + PASSES_MS;
	bool passes, waits = false;
	int r;

	while ((r = look_once(ct, st, &passes, ret_unread, e)) < 0 && passes && vz_now_ms() < end) {
		if (!waits)
			vz_log(0, "\twaiting for a process to end that has used up its limits...");
		waits = true;
		if (e)
			*e = (struct vz_err){ 0 };
		if (vz_wait_fd(-1, 0, vz_now_ms() + AGAIN_MS) != -ETIMEDOUT) {
			(void)vz_fail(e, VZ_CHKPNT, 0, "Interrupted by a signal");
			return -ECANCELED;
		}
	}
	return r;
}
