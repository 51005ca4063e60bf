/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mount of a VPS's area, for verbs that need it. */
#ifndef VZ_OPS_MOUNT_H
#define VZ_OPS_MOUNT_H

#include "ct/ct.h"

/* Could the VPS be mounted? Nothing is changed. */
int vz_private_mount_check(const struct vz_ct *ct, struct vz_err *e);
/* The work of mount and umount without the "already mounted" checks: scripts, mount, messages. */
int vz_op_mount_steps(struct vz_ct *ct, bool scripts, struct vz_err *e);
int vz_op_umount_steps(struct vz_ct *ct, bool scripts, struct vz_err *e);

#endif
