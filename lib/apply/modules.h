/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a start does about FEATURES on the host's side. */
#ifndef VZ_APPLY_MODULES_H
#define VZ_APPLY_MODULES_H

#include "ct/ct.h"

/* Says what of FEATURES cannot be given to this VPS. */
void vz_features_warn(const struct vz_ct *ct);
/* The features whose modules a VPS needs: those that it has, and tun where DEVNODES give its node. */
uint32_t vz_features_with_modules(const struct vz_conf *c);
/* Loads the kernel modules that FEATURES and DEVNODES need and that are neither loaded nor built
 * in; says so, and warns of those that cannot be loaded. */
void vz_features_modules(const struct vz_ct *ct);

#endif
