/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mount of a VPS's area, for verbs that need it. */
#ifndef VZ_OPS_MOUNT_H
#define VZ_OPS_MOUNT_H

#include "ct/ct.h"

/* Could the VPS be mounted? Nothing is changed. */
int vz_private_mount_check(const struct vz_ct *ct, struct vz_err *e);

#endif
