// SPDX-License-Identifier: GPL-2.0-or-later
/* A VPS in the map of the policy programs; see netpolicy.h. They are loaded by vzpolicy. */
#include "launch/netpolicy.h"
#include "base/own.h"
#include "ct/features.h"
#include "launch/bpf/policy-pins.h"
#include "sys/bpf-loader.h"
#include "sys/bpf.h"

#include <linux/bpf.h>

static int open_map(struct vz_err *why)
{
	static const struct vz_bpf_wanted map = { VZ_POLICY_MAP, VZ_POLICY_LOADER, NULL, VZ_POLICY_REFUSED };

	return vz_bpf_open_or_load(&map, why);
}

void vz_netpolicy_ready(void)
{
	struct vz_err why = { 0 };
	autoclose int map = open_map(&why);

	(void)map;
}

/* What is left open when the programs are missing; the rest is seccomp's. */
static const char *not_held(uint32_t features)
{
	switch (VZ_FEAT_NETFILTER(features)) {
	case VZ_NETFILTER_STATELESS:
		return "connection tracking and address translation by nf_tables, and kinds of "
		       "network devices whose feature is off, are not held back";
	case VZ_NETFILTER_STATEFUL:
		return "address translation by nf_tables, and kinds of network devices whose "
		       "feature is off, are not held back";
	case VZ_NETFILTER_DISABLED:
		return "the packet filter is not held back from 32-bit programs, nor are kinds of "
		       "network devices whose feature is off";
	}
	return "kinds of network devices whose feature is off, and for 32-bit programs socket "
	       "families that know of no network namespace, are not held back";
}

int vz_netpolicy_set(uint64_t cgroup, uint32_t features, struct vz_err *e)
{
	struct vz_err why = { 0 };
	autoclose int map = open_map(&why);
	int r;

	if (map < 0) {
		vz_fail(e, VZ_SET_IPTABLES, 0,
			"%s: the kernel must allow BPF programs on its functions (%s)",
			not_held(features), why.msg);
		return -EOPNOTSUPP;
	}
	r = vz_bpf_update(map, &cgroup, &features, BPF_ANY);
	return r < 0 ? vz_fail(e, VZ_SET_IPTABLES, -r, "cannot put NETFILTER and FEATURES in force") :
		       0;
}

void vz_netpolicy_clear(uint64_t cgroup)
{
	autoclose int map = vz_bpf_open(VZ_POLICY_MAP);

	if (map >= 0)
		(void)vz_bpf_delete(map, &cgroup);
}
