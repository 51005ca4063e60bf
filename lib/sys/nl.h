/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rtnetlink requests over libmnl. */
#ifndef VZ_SYS_NL_H
#define VZ_SYS_NL_H

#include "base/err.h"

/* Brings the loopback device of the current network namespace up. */
int vz_nl_loopback_up(struct vz_err *e);

#endif
