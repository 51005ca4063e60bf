// SPDX-License-Identifier: GPL-2.0-or-later
/* status: one line that clients parse word by word (INTERFACE 1.5). */
#include "base/context.h"
#include "base/own.h"
#include "ct/fate.h"
#include "ops/ops.h"
#include "ops/status-internal.h"

#include <string.h>

/* One that ended by itself, before the next command takes away what it left. */
static void tell_end(unsigned id)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	autofree char *verb = vz_journal_read(id);
	char why[200] = "by itself";

	if (verb || !vz_state_file_exists(id))
		return;
	if (vz_cg_open(id, NULL, &cg, NULL) >= 0)
		(void)vz_fate_oom(cg, why, sizeof(why));
	vz_result("ended: %s", why);
}

/* A command that was killed, suspend --suspend or the guest itself has left it so; or one is at work. */
static bool is_frozen(unsigned id, const struct vz_state *st)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;

	return vz_cg_open(id, NULL, &cg, NULL) >= 0 && vz_cg_check_frozen(cg, st->init, NULL) == -EBUSY;
}

int vz_op_status(struct vz_ct *ct, bool verbose)
{
	struct vz_state st;
	bool away = vz_ct_is_given_away(ct);
	bool running = !away && vz_state_read(ct->id, &st) > 0; /* what is away is frozen here at most */
	bool exist = !away && ct->has_conf && ct->private && access(ct->private, F_OK) == 0;
	bool suspended = exist && !running && vz_ct_has_dump(ct);

	vz_result("CTID %u %s %s %s%s%s", ct->id, exist ? "exist" : "deleted",
	       vz_ct_is_mounted(ct) ? "mounted" : "unmounted", running ? "running" : "down",
	       suspended ? " suspended" : "", away ? " migrating" : running && is_frozen(ct->id, &st) ? " frozen" : "");
	if (verbose && !running && !away)
		tell_end(ct->id);
	if (verbose)
		vz_status_network(ct);
	return 0;
}
