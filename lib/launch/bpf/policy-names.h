/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the policy programs and those who load them share: the map of VPSes, and the table of names
 * with what each needs. The table is for the loader (VZ_POLICY_TABLE defined), which puts it into
 * a map once; the programs only look names up.
 */
#ifndef VZ_LAUNCH_POLICY_NAMES_H
#define VZ_LAUNCH_POLICY_NAMES_H

#include <linux/types.h>

#define VZ_POLICY_VPSES 16384 /* entries: a cgroup id -> VZ_FEAT_* and level (ct/features.h) */
#define VZ_POLICY_NAMES 512

enum vz_policy_kind {
	VZ_NAME_EXPR = 1, /* an expression of nf_tables */
	VZ_NAME_XT,       /* a match or target of the old iptables, through nf_tables */
	VZ_NAME_CHAIN,    /* a type of base chain */
	VZ_NAME_LINK,     /* a kind of network device */
};

struct vz_policy_name {
	__u32 kind;
	char name[32]; /* padded with NUL */
};

/* The value: for packet filter names the highest VZ_NETFILTER_* level (of restriction) under which
 * it may be used, and what lies in the data of an expression; for devices the feature bits of
 * which one must be on. */
#define VZ_NEEDS_LEVEL 3u
#define VZ_HAS_XT (1u << 8)      /* the data names a match or target */
#define VZ_HAS_EXPRS (1u << 9)   /* the data holds expressions (dynset) */

#ifdef VZ_POLICY_TABLE
/* A name that is not here needs "full", or for a device nothing. Sorted by need. */
static const struct {
	struct vz_policy_name key;
	__u32 value;
} vz_policy_table[] = {
#define ROW(kind, name, value) { { (kind), (name) }, (value) },
#define EXPR(name, value) ROW(VZ_NAME_EXPR, name, value)
#define XT(name, value) ROW(VZ_NAME_XT, name, value)
#define LESS VZ_NETFILTER_STATELESS
#define MORE VZ_NETFILTER_STATEFUL
	ROW(VZ_NAME_CHAIN, "filter", LESS) ROW(VZ_NAME_CHAIN, "route", LESS)
	EXPR("bitwise", LESS) EXPR("byteorder", LESS) EXPR("cmp", LESS) EXPR("counter", LESS)
	EXPR("dup", LESS) EXPR("dynset", LESS | VZ_HAS_EXPRS) EXPR("exthdr", LESS)
	EXPR("fib", LESS) EXPR("fwd", LESS) EXPR("hash", LESS) EXPR("immediate", LESS)
	EXPR("inner", LESS) EXPR("last", LESS) EXPR("limit", LESS) EXPR("log", LESS)
	EXPR("lookup", LESS) EXPR("match", LESS | VZ_HAS_XT) EXPR("meta", LESS)
	EXPR("numgen", LESS) EXPR("objref", LESS) EXPR("osf", LESS) EXPR("payload", LESS)
	EXPR("queue", LESS) EXPR("quota", LESS) EXPR("range", LESS) EXPR("reject", LESS)
	EXPR("rt", LESS) EXPR("secmark", LESS) EXPR("socket", LESS)
	EXPR("target", LESS | VZ_HAS_XT) EXPR("tunnel", LESS) EXPR("xfrm", LESS)
	EXPR("connlimit", MORE) EXPR("ct", MORE) EXPR("flow_offload", MORE)
	EXPR("notrack", MORE) EXPR("synproxy", MORE) EXPR("tproxy", MORE)
	/* matches */
	XT("addrtype", LESS) XT("ah", LESS) XT("bpf", LESS) XT("cgroup", LESS)
	XT("comment", LESS) XT("cpu", LESS) XT("dccp", LESS) XT("devgroup", LESS)
	XT("dscp", LESS) XT("dst", LESS) XT("ecn", LESS) XT("esp", LESS) XT("eui64", LESS)
	XT("frag", LESS) XT("hashlimit", LESS) XT("hbh", LESS) XT("hl", LESS)
	XT("icmp", LESS) XT("icmp6", LESS) XT("ipcomp", LESS) XT("iprange", LESS)
	XT("ipv6header", LESS) XT("l2tp", LESS) XT("length", LESS) XT("limit", LESS)
	XT("mac", LESS) XT("mark", LESS) XT("mh", LESS) XT("multiport", LESS)
	XT("nfacct", LESS) XT("osf", LESS) XT("owner", LESS) XT("physdev", LESS)
	XT("pkttype", LESS) XT("policy", LESS) XT("quota", LESS) XT("rateest", LESS)
	XT("realm", LESS) XT("recent", LESS) XT("rpfilter", LESS) XT("rt", LESS)
	XT("sctp", LESS) XT("set", LESS) XT("srh", LESS) XT("statistic", LESS)
	XT("string", LESS) XT("tcp", LESS) XT("tcpmss", LESS) XT("time", LESS)
	XT("tos", LESS) XT("ttl", LESS) XT("u32", LESS) XT("udp", LESS) XT("udplite", LESS)
	XT("cluster", MORE) XT("connbytes", MORE) XT("connlabel", MORE) XT("connlimit", MORE)
	XT("connmark", MORE) XT("conntrack", MORE) XT("helper", MORE) XT("socket", MORE)
	XT("state", MORE)
	/* targets */
	XT("AUDIT", LESS) XT("CHECKSUM", LESS) XT("CLASSIFY", LESS) XT("DSCP", LESS)
	XT("ECN", LESS) XT("HL", LESS) XT("HMARK", LESS) XT("IDLETIMER", LESS) XT("LED", LESS)
	XT("LOG", LESS) XT("MARK", LESS) XT("NFLOG", LESS) XT("NFQUEUE", LESS)
	XT("RATEEST", LESS) XT("REJECT", LESS) XT("SECMARK", LESS) XT("SET", LESS)
	XT("TCPMSS", LESS) XT("TCPOPTSTRIP", LESS) XT("TEE", LESS) XT("TOS", LESS)
	XT("TRACE", LESS) XT("TTL", LESS)
	XT("CONNMARK", MORE) XT("CONNSECMARK", MORE) XT("CT", MORE) XT("NOTRACK", MORE)
	XT("SYNPROXY", MORE) XT("TPROXY", MORE)
	/* of the bridge family */
	XT("802_3", LESS) XT("among", LESS) XT("arp", LESS) XT("arpreply", LESS) XT("ip", LESS)
	XT("ip6", LESS) XT("log", LESS) XT("mark_m", LESS) XT("nflog", LESS) XT("stp", LESS)
	XT("vlan", LESS)
	/* devices */
#define LINK(name, value) ROW(VZ_NAME_LINK, name, value)
	LINK("bridge", VZ_FEAT_BRIDGE) LINK("wireguard", VZ_FEAT_WIREGUARD)
	LINK("ppp", VZ_FEAT_PPP) LINK("sit", VZ_FEAT_SIT) LINK("ipip", VZ_FEAT_IPIP)
	LINK("ip6tnl", VZ_FEAT_IPIP) LINK("gre", VZ_FEAT_IPGRE) LINK("gretap", VZ_FEAT_IPGRE)
	LINK("ip6gre", VZ_FEAT_IPGRE) LINK("ip6gretap", VZ_FEAT_IPGRE)
	LINK("erspan", VZ_FEAT_IPGRE) LINK("ip6erspan", VZ_FEAT_IPGRE)
#undef ROW
#undef EXPR
#undef XT
#undef LESS
#undef MORE
#undef LINK
};
#endif

#endif
