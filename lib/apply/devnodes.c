// SPDX-License-Identifier: GPL-2.0-or-later
/* DEVNODES and PCI on a running VPS: the nodes. Permissions are lib/res's. */
#include "apply/devnodes.h"
#include "base/own.h"
#include "base/str.h"
#include "fs/dev.h"
#include "launch/launch.h"
#include "res/res.h"

#include <sched.h>

#define PCI_ID_LEN strlen("0000:00:00.0") /* as the parser writes them */

static int change(void *arg)
{
	return vz_dev_change(arg);
}

/* Does the list hold this word, or one with the same first n bytes? */
static bool has(const struct vz_plist *l, const char *word, size_t n)
{
	for (size_t i = 0; l->set && i < l->n; i++)
		if (!strncmp(l->v[i], word, n))
			return true;
	return false;
}

/* Words ":none" for what the configuration gave and no longer gives. A PCI device that is gone from
 * the host has no nodes. */
static void taken_away(const struct vz_conf *had, const struct vz_conf *now, struct vz_conf *ret)
{
	const struct vz_param *row = vz_param_by_key("DEVNODES");

	for (size_t i = 0; had->pci.set && i < had->pci.n; i++)
		if (!has(&now->pci, had->pci.v[i], PCI_ID_LEN + 1))
			(void)vz_pci_devnodes(had->pci.v[i], "none", ret, NULL);
	for (size_t i = 0; had->devnodes.set && i < had->devnodes.n; i++) {
		const char *word = had->devnodes.v[i];
		size_t name = (size_t)(strrchr(word, ':') - word); /* the parser saw to a colon */
		autofree char *none = vz_fmt("%.*s:none", (int)name, word);

		if (none && !has(&now->devnodes, word, name + 1))
			(void)vz_conf_set(ret, row, none, false, NULL);
	}
}

/* An action script of the administrator's, as vzctl 4 had one. */
static int pci_script(const struct vz_ct *ct, const char *id, bool add, struct vz_err *e)
{
	autofree char *root = vz_fmt("VE_ROOT=%s", ct->root ? ct->root : "");
	autofree char *pci = vz_fmt("PCI=%s", id);
	char *env[] = { root, pci, (char *)(uintptr_t)(add ? "ADD=1" : "ADD=0"), NULL };

	if (!root || !pci)
		return vz_oom(e);
	return vz_hook_run(ct, VZ_LIBEXECDIR "/scripts/vps-pci", env, "vps-pci", e);
}

int vz_pci_scripts(const struct vz_ct *ct, const struct vz_plist *ids, const struct vz_plist *but,
		   bool add, struct vz_err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && ids->set && i < ids->n; i++)
		if (!but || !has(but, ids->v[i], PCI_ID_LEN + 1))
			r = pci_script(ct, ids->v[i], add, e);
	return r;
}

int vz_devnodes_set(struct vz_ct *ct, const struct vz_conf *conf, struct vz_err *e)
{
	autofree struct vz_devnode *nodes = NULL;
	autoconf words = { 0 };
	struct vz_dev_change c;
	struct vz_state st;
	int r;

	if (vz_state_read(ct->id, &st) <= 0)
		return vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Container is not running");
	taken_away(&ct->conf, conf, &words);
	r = vz_res_devnodes(conf, &words, e);
	if (r >= 0)
		r = vz_dev_resolve(&words.devnodes, &nodes, e);
	if (r < 0)
		return r;
	c = (struct vz_dev_change){ .uid = st.uid, .gid = st.gid, .made = (dev_t)st.dev,
				    .nodes = nodes, .n = words.devnodes.n };
	r = c.n ? vz_join_call(&st, CLONE_NEWNS, change, &c) : 0;
	if (r == -EXDEV)
		return vz_fail(e, VZ_SET_DEVICES, 0,
			       "The /dev of the container is not the one it was started with; the "
			       "nodes appear at the next start");
	return r < 0 ? vz_fail(e, VZ_SET_DEVICES, -r, "cannot change the container's /dev") : 0;
}
