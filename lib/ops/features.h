/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What start and set do about features and devices on the host's side. */
#ifndef VZ_OPS_FEATURES_H
#define VZ_OPS_FEATURES_H

#include "ct/ct.h"

/* Says what of FEATURES cannot be given to this VPS. */
void vz_features_warn(const struct vz_ct *ct);
/* Loads the kernel modules that FEATURES and DEVNODES need and that are neither loaded nor built
 * in; says so, and warns of those that cannot be loaded. */
void vz_features_modules(const struct vz_ct *ct);

/* NUMCONNTRACK of conf on a VPS that runs, or is about to. A kernel that cannot hold it is warned of. */
int vz_conntrack_apply(const struct vz_ct *ct, const struct vz_conf *conf, const struct vz_state *st,
		       struct vz_err *e);

/* The nodes of DEVNODES and PCI of conf appear in the /dev of the running VPS, or go; what ct->conf
 * gave and conf does not is taken away. */
int vz_op_devnodes(struct vz_ct *ct, const struct vz_conf *conf, struct vz_err *e);
/* Runs the administrator's script vps-pci, if there is one, for each id that is not in `but`. */
int vz_pci_scripts(const struct vz_ct *ct, const struct vz_plist *ids, const struct vz_plist *but,
		   bool add, struct vz_err *e);

#endif
