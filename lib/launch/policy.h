/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a VPS may not do: capabilities and system calls, as tables with reasons. */
#ifndef VZ_LAUNCH_POLICY_H
#define VZ_LAUNCH_POLICY_H

#include "ct/ct.h"
#include "sys/seccomp.h"

/* The capability bounding set of a VPS by its configuration ("NET_ADMIN:off" ...) and features. */
int vz_policy_caps(const struct vz_conf *conf, uint32_t features, uint64_t *ret, struct vz_err *e);
/* The compiled seccomp filter for these features. */
int vz_policy_filter(uint32_t features, struct vz_filter *ret, struct vz_err *e);

#endif
