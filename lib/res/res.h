/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parameters into limits of a VPS's group: beancounters, CPU, I/O, devices. Knows what the
 * parameters mean; how the kernel spells a limit is lib/cgroup's knowledge.
 */
#ifndef VZ_RES_RES_H
#define VZ_RES_RES_H

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "param/param.h"

/* What the kinds named in `apply` (enum vz_apply bits: UBC, CPU, IO) ask for. Only what the
 * configuration sets is in ret->has: a new group has the defaults already. The strings in *ret
 * belong to conf; CPUMASK="auto" is not resolved here. */
void vz_res_limits(const struct vz_conf *conf, unsigned apply, struct vz_cg_limits *ret);

/* The devices a VPS may use: the default ones, DEVICES and DEVNODES. *ret is the caller's to
 * free. VZ_SET_DEVICES (86) when a node of DEVNODES is not there. */
int vz_res_devices(const struct vz_conf *conf, struct vz_cg_dev **ret, size_t *ret_n,
		   struct vz_err *e);

/* Puts all of that in force; APPLY_DEVICES sets the device list, other bits are ignored. A limit
 * that this kernel cannot hold is -EOPNOTSUPP, after all others have been set; the exit code in
 * *e tells of which kind: VZ_SETUBC, VZ_SETFSHD, VZ_SET_IO, VZ_SET_DEVICES. */
int vz_res_apply(struct vz_cg *cg, const struct vz_conf *conf, unsigned apply, struct vz_err *e);

#endif
