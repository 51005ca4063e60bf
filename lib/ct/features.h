/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a VPS was given beyond or short of the common, as bits of one word: it stands in the state
 * of a running VPS, so that whoever joins it is held as its init is, and in the map of the BPF
 * programs (lib/launch/bpf). Only macros here: both compilers read this file.
 */
#ifndef VZ_CT_FEATURES_H
#define VZ_CT_FEATURES_H

#define VZ_FEAT_PRIVILEGED (1u << 0) /* no user namespace */
#define VZ_FEAT_NESTING (1u << 1)    /* may create nested namespaces */
#define VZ_FEAT_NO_SYSFS (1u << 2)   /* sysfs:off */
#define VZ_FEAT_TUN (1u << 3)        /* /dev/net/tun */
#define VZ_FEAT_FUSE (1u << 4)       /* /dev/fuse */
#define VZ_FEAT_PPP (1u << 5)        /* /dev/ppp, devices of kind ppp */
#define VZ_FEAT_WIREGUARD (1u << 6)  /* devices of that kind; the same for those below */
#define VZ_FEAT_BRIDGE (1u << 7)
#define VZ_FEAT_SIT (1u << 8)
#define VZ_FEAT_IPIP (1u << 9)
#define VZ_FEAT_IPGRE (1u << 10)
#define VZ_FEAT_NFS (1u << 11)       /* asked for; see vz_features_warn() */
#define VZ_FEAT_NFSD (1u << 12)
#define VZ_FEAT_CT_LIMIT (1u << 13)  /* NUMCONNTRACK: entries are made by packets only */
#define VZ_FEAT_LANDLOCK (1u << 14)  /* programs may use it, so nobody can tell whether a move loses a domain */
#define VZ_FEAT_TUNNELS (VZ_FEAT_SIT | VZ_FEAT_IPIP | VZ_FEAT_IPGRE)

/* NETFILTER: 0 is the whole packet filter, and each level holds back more than the one before. */
#define VZ_FEAT_NETFILTER_SHIFT 28
#define VZ_FEAT_NETFILTER(word) ((word) >> VZ_FEAT_NETFILTER_SHIFT & 3u)
#define VZ_NETFILTER_FULL 0u
#define VZ_NETFILTER_STATEFUL 1u  /* no address translation */
#define VZ_NETFILTER_STATELESS 2u /* nor connection tracking */
#define VZ_NETFILTER_DISABLED 3u

#endif
