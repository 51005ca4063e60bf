// SPDX-License-Identifier: GPL-2.0-or-later
/* A VPS in the map of the policy programs; see netpolicy.h. They are loaded by vzpolicy. */
#include "launch/netpolicy.h"
#include "base/own.h"
#include "ct/features.h"
#include "launch/bpf/policy-pins.h"
#include "sys/bpf-loader.h"
#include "sys/bpf.h"
#include "sys/file.h"

#include <fcntl.h>
#include <linux/bpf.h>

#define SAID_MAX 256

/* The map, or -EOPNOTSUPP with the kernel's reason in `why`. */
static int open_map(char *why, size_t size)
{
	int fd = vz_bpf_open(VZ_POLICY_MAP);

	if (fd >= 0)
		return fd;
	snprintf(why, size, "vzpolicy failed");
	if (vz_file_read_buf(AT_FDCWD, VZ_POLICY_REFUSED, why, size) <= 0) {
		if (vz_bpf_run_loader(VZ_POLICY_LOADER, NULL, NULL) >= 0)
			fd = vz_bpf_open(VZ_POLICY_MAP);
		if (fd < 0)
			(void)vz_file_read_buf(AT_FDCWD, VZ_POLICY_REFUSED, why, size);
	}
	return fd < 0 ? -EOPNOTSUPP : fd;
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
	char why[SAID_MAX];
	autoclose int map = -EBADF;
	int r;

	map = open_map(why, sizeof(why));
	if (map < 0) {
		vz_fail(e, VZ_SET_IPTABLES, 0,
			"%s: the kernel must allow BPF programs on its functions (%s)",
			not_held(features), why);
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
