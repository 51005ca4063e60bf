/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the policy programs live: in the bpf file system of the guard, in a directory named after
 * their bytes. The links in it keep them attached. A kernel that refuses them leaves its reason in
 * a file of the same name beside it, so that not every start asks again.
 */
#ifndef VZ_LAUNCH_POLICY_PINS_H
#define VZ_LAUNCH_POLICY_PINS_H

#include "launch/bpf/stamp.h"
#include "sys/bpf.h"

#define VZ_POLICY_DIR VZ_BPF_DIR "/policy-" VZ_POLICY_STAMP
#define VZ_POLICY_MAP VZ_POLICY_DIR "/vz_vpses"
#define VZ_POLICY_REFUSED VZ_RUNDIR "/policy-" VZ_POLICY_STAMP ".refused"

/* The limit of connection tracking: program and map, and per VPS a directory of links. */
#define VZ_CONNTRACK_DIR VZ_BPF_DIR "/conntrack-" VZ_CONNTRACK_STAMP
#define VZ_CONNTRACK_PROG VZ_CONNTRACK_DIR "/vz_conntrack"
#define VZ_CONNTRACK_LIMITS VZ_CONNTRACK_DIR "/vz_ct_limits"
#define VZ_CONNTRACK_LINKS VZ_BPF_DIR "/conntrack-of-%u"

/* Not in the headers of Debian 12: BPF_PROG_TYPE_NETFILTER, BPF_NETFILTER. */
#define VZ_BPF_PROG_NETFILTER 32
#define VZ_BPF_ATTACH_NETFILTER 45

#endif
