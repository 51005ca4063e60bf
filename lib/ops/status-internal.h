/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of `vzctl status --verbose`; each gives lines "word: value" of the result. */
#ifndef VZ_OPS_STATUS_INTERNAL_H
#define VZ_OPS_STATUS_INTERNAL_H

#include "ct/ct.h"

/* netstatus.c: addresses, devices, forwarding, guest LANs, and what of the host is in the way. */
void vz_status_network(const struct vz_ct *ct);
/* netdrops.c: what the guard has dropped, a line for each reason that occurred. */
void vz_status_drops(unsigned ctid);

#endif
