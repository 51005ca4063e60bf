/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device of the host came up: what the VPSes need of it (INTERFACE 10.9). */
#ifndef VZ_OPS_IFUP_H
#define VZ_OPS_IFUP_H

#include "ct/ct.h"

/* Answers for the addresses of all running VPSes on this device again and announces them there, if
 * it is one on which they are looked for; puts routes back that went away with the host's address.
 * Any other device is fine, and nothing is done. */
int vz_op_ifup(const struct vz_host *host, const char *device, struct vz_err *e);

#endif
