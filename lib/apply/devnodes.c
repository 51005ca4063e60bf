// SPDX-License-Identifier: GPL-2.0-or-later
/* DEVNODES and PCI on a running VPS: the nodes. Permissions are lib/res's. */
#include "apply/devnodes.h"
#include "base/own.h"
#include "base/str.h"
#include "fs/dev.h"
#include "launch/launch.h"
#include "res/res.h"

#include <sched.h>

static int change(void *arg)
{
	return vz_dev_change(arg);
}

/* Permission "none" for what the configuration gave and no longer gives. A PCI device that is gone
 * from the host has no nodes. */
static int taken_away(const struct vz_conf *had, const struct vz_conf *now,
		      struct vz_nodeperms *ret, struct vz_err *e)
{
	static const struct vz_perm none = { 0 };
	autonodeperms gave = { 0 }, gives = { 0 };
	int r = vz_nodeperms_of(&had->devnodes, &gave, e);

	if (r >= 0)
		r = vz_nodeperms_of(&now->devnodes, &gives, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < had->pci.n; i++)
		if (!vz_plist_has(&now->pci, had->pci.v[i]))
			(void)vz_res_pci_devnodes(had->pci.v[i], &none, ret, NULL);
	for (size_t i = 0; i < gave.n; i++)
		if (!vz_nodeperms_find(&gives, gave.v[i].name) &&
		    vz_nodeperms_put(ret, gave.v[i].name, &none) < 0)
			return vz_oom(e);
	return 0;
}

/* An action script of the administrator's, as vzctl 4 had one. */
static int pci_script(const struct vz_ct *ct, const char *id, bool add, struct vz_err *e)
{
	autofree char *root = vz_fmt("VE_ROOT=%s", ct->root ? ct->root : "");
	autofree char *pci = vz_fmt("PCI=%s", id);
	char *env[] = { root, pci, (char *)(uintptr_t)(add ? "ADD=1" : "ADD=0"), NULL };

	if (!root || !pci)
		return vz_oom(e);
	return vz_hook_run(ct, VZ_SCRIPTS_DIR "/vps-pci", env, "vps-pci", e);
}

int vz_pci_scripts(const struct vz_ct *ct, const struct vz_plist *ids, const struct vz_plist *but,
		   bool add, struct vz_err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ids->n; i++)
		if (!but || !vz_plist_has(but, ids->v[i]))
			r = pci_script(ct, ids->v[i], add, e);
	return r;
}

int vz_devnodes_set(struct vz_ct *ct, const struct vz_conf *conf, struct vz_err *e)
{
	autofree struct vz_devnode *nodes = NULL;
	autonodeperms perms = { 0 };
	struct vz_dev_change c;
	struct vz_state st;
	int r;

	if (vz_state_read(ct->id, &st) <= 0)
		return vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Container is not running");
	r = taken_away(&ct->conf, conf, &perms, e);
	if (r >= 0)
		r = vz_res_devnodes(conf, &perms, e);
	if (r >= 0)
		r = vz_dev_resolve(&perms, &nodes, e);
	if (r < 0)
		return r;
	c = (struct vz_dev_change){ .uid = st.uid, .gid = st.gid, .made = (dev_t)st.dev,
				    .nodes = nodes, .n = perms.n };
	r = c.n ? vz_join_call(&st, CLONE_NEWNS, change, &c) : 0;
	if (r == -EXDEV)
		return vz_fail(e, VZ_SET_DEVICES, 0,
			       "The /dev of the container is not the one it was started with; the "
			       "nodes appear at the next start");
	return r < 0 ? vz_fail(e, VZ_SET_DEVICES, -r, "cannot change the container's /dev") : 0;
}
