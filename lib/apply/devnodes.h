/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DEVNODES and PCI on a running VPS. */
#ifndef VZ_APPLY_DEVNODES_H
#define VZ_APPLY_DEVNODES_H

#include "ct/ct.h"

/* The nodes of DEVNODES and PCI of conf appear in the /dev of the running VPS, or go; what ct->conf
 * gave and conf does not is taken away. */
int vz_devnodes_set(struct vz_ct *ct, const struct vz_conf *conf, struct vz_err *e);
/* Runs the administrator's script vps-pci, if there is one, for each id that is not in `but`. */
int vz_pci_scripts(const struct vz_ct *ct, const struct vz_plist *ids, const struct vz_plist *but,
		   bool add, struct vz_err *e);

#endif
