// SPDX-License-Identifier: GPL-2.0-or-later
/* What CRIU does not keep of a VPS, while it stands still: each saver of lib/cpt in turn. When, and what becomes of the dump,
 * is not known here. */
#include "base/own.h"
#include "cpt/cgtree.h"
#include "cpt/devtree.h"
#include "cpt/exeimages.h"
#include "cpt/external.h"
#include "cpt/frozen.h"
#include "cpt/netimages.h"
#include "cpt/netkept.h"
#include "cpt/netsys.h"
#include "cpt/nfrules.h"
#include "cpt/pidrefs.h"
#include "cpt/pressure.h"
#include "cpt/sockets.h"
#include "cpt/sockopts.h"
#include "cpt/userlimits.h"
#include "ops/suspend-internal.h"
#include "sys/nl.h"

#include <errno.h>

/* What a guest made between the first look and the stop, CRIU dumps without a word; what it does not undo is there again
 * at the next try. */
static int check_frozen(struct vz_suspending *u, struct vz_err *e)
{
	struct vz_cpt_verdict v = { 0 };
	int r = vz_cpt_frozen_end(vz_suspending_ct(u), &u->looking, &v, e);

	/* what takes too long takes as long again */
	if (r >= 0 && vz_cpt_verdict_refuse(vz_suspending_ct(u), &v, e) < 0)
		r = vz_cpt_verdict_count(&v, "unknown") ? -ETIMEDOUT : -EAGAIN;
	vz_cpt_verdict_free(&v);
	return r;
}

static int save_network(struct vz_suspending *u, struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e);
	int r = rtnl < 0 ? rtnl : vz_network_enter(&u->s.net, u->s.state.init, e);

	if (r < 0)
		return r;
	u->facts.netdevs = vz_external_devices(vz_suspending_ct(u), rtnl, u->s.net.netns);
	if (!u->facts.netdevs)
		return vz_fail(e, VZ_CHKPNT, 0, "cannot find the container's network devices");
	r = vz_netkept_save(u->s.net.netns, u->image, e);
	return r < 0 ? r : vz_nfrules_save(u->s.net.netns, !u->rules, u->image, e);
}

/* What CRIU leaves out of what descriptors lead to. */
static int save_fds(struct vz_suspending *u, struct vz_err *e)
{
	int r = vz_sockopts_save(u->s.env.cg, u->image, e);

	if (r >= 0)
		r = vz_pidrefs_save(u->s.env.cg, u->image, e);
	return r < 0 ? r : vz_pressure_save(u->s.env.cg, u->image, e);
}

static int save_threads(struct vz_suspending *u, struct vz_err *e)
{
	const struct vz_threads_of of = { u->s.state.init, &u->raised };
	int r = vz_threads_save(u->s.env.cg, &of, u->image, e);

	return r < 0 ? r : vz_userlimits_save(&u->s.state, u->image, e);
}

static int save_files(struct vz_suspending *u, struct vz_err *e)
{
	int criu = vz_image_criu_dir(u->image), r = vz_netimages_trim(criu, e);

	if (r >= 0)
		r = vz_netimages_mend_routes(criu, e);
	if (r >= 0)
		r = vz_stray_mend(criu, &u->stray, e);
	if (r < 0)
		return r;
	r = vz_exeimages_mend(criu, e);
	if (r >= 0)
		r = vz_devtree_save(&u->s.state, u->image, e);
	if (r >= 0)
		r = vz_creds_save(&u->s.state, &u->creds, u->image, e);
	if (r >= 0)
		r = vz_sockets_save(&u->s.state, u->image, e);
	return r < 0 ? r : save_fds(u, e);
}

/* What is not in files. Meanwhile it is looked at, so nothing of it changes before that has ended. */
static int save_rest(struct vz_suspending *u, struct vz_err *e)
{
	int r = vz_cgtree_save(u->s.env.cg, u->image, e);

	if (r >= 0)
		r = save_threads(u, e);
	if (r >= 0)
		r = save_network(u, e);
	if (r >= 0)
		r = check_frozen(u, e);
	/* soon another one answers: this one is silent also when CRIU has ended, which lets go of it then */
	return r < 0 || !u->held ? r : vz_netsys_lock(u->s.net.netns, e);
}

int vz_suspend_save(struct vz_suspending *u, struct vz_err *e)
{
	/* the limits of then, for whoever wants to know; a restore takes those of now */
	int r = vz_image_put_file(u->image, VZ_IMAGE_CONFIG, vz_suspending_ct(u)->conf_path, e);

	if (r >= 0)
		r = save_files(u, e);
	return r < 0 ? r : save_rest(u, e);
}
