/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What seccomp cannot see, because it lies in memory: the levels of NETFILTER between disabled and
 * full, features that are kinds of network devices, sockets of the 32-bit ABI. BPF programs refuse it
 * (bpf/policy.bpf.c); here a VPS is made known to them by the id of its group.
 */
#ifndef VZ_LAUNCH_NETPOLICY_H
#define VZ_LAUNCH_NETPOLICY_H

#include <stdint.h>

#include "base/err.h"

/* From now on the group `cgroup` (vz_cg_id()) and those below are held to `features`; the first
 * call after boot loads the programs. -EOPNOTSUPP: this kernel cannot; *e says what is therefore
 * not enforced, and why. */
int vz_netpolicy_set(uint64_t cgroup, uint32_t features, struct vz_err *e);
/* Loads the programs, unless they are there or were refused. */
void vz_netpolicy_ready(void);
/* Forgets the group; never fails, since ids of groups are not used twice. */
void vz_netpolicy_clear(uint64_t cgroup);

#endif
