/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a VPS could be mounted; the steps that do it are in ops/steps.h. */
#ifndef VZ_OPS_MOUNT_H
#define VZ_OPS_MOUNT_H

#include "ct/ct.h"

/* Could the VPS be mounted? Nothing is changed. */
int vz_private_mount_check(const struct vz_ct *ct, struct vz_err *e);

#endif
