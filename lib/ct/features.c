// SPDX-License-Identifier: GPL-2.0-or-later
/* FEATURES, NETFILTER and IPTABLES of a configuration as one word; see features.h. What a bit does
 * is told where it is read. */
#include "ct/ct.h"
#include "base/own.h"
#include "base/str.h"
#include "param/switches.h"

struct feature {
	const char *name;
	uint32_t bit;
};

static const struct feature names[] = {
	{ "privileged", VZ_FEAT_PRIVILEGED }, { "nesting", VZ_FEAT_NESTING },
	{ "tun", VZ_FEAT_TUN },               { "fuse", VZ_FEAT_FUSE },
	{ "ppp", VZ_FEAT_PPP },               { "wireguard", VZ_FEAT_WIREGUARD },
	{ "bridge", VZ_FEAT_BRIDGE },         { "sit", VZ_FEAT_SIT },
	{ "ipip", VZ_FEAT_IPIP },             { "ipgre", VZ_FEAT_IPGRE },
	{ "nfs", VZ_FEAT_NFS },               { "nfsd", VZ_FEAT_NFSD },
	{ "landlock", VZ_FEAT_LANDLOCK },
};

/* What runtimes of containers within take for granted, and nothing else of it needs a decision:
 * docker makes a bridge; an overlay cannot be the upper layer of an overlay, so their storage is
 * fuse-overlayfs; the network of one without rights is a tun device. */
static const struct feature nested[] = {
	{ "bridge", VZ_FEAT_BRIDGE }, { "fuse", VZ_FEAT_FUSE }, { "tun", VZ_FEAT_TUN },
};

/* Numbers of Documentation/admin-guide/devices.txt; the host's own node need not be there. */
const struct vz_feature_node vz_feature_nodes[VZ_FEATURE_NODES] = {
	{ VZ_FEAT_TUN, "net/tun", 10, 200 },
	{ VZ_FEAT_FUSE, "fuse", 10, 229 },
	{ VZ_FEAT_PPP, "ppp", 108, 0 },
};

static const char *const levels[] = {
	[VZ_NETFILTER_FULL] = "full",
	[VZ_NETFILTER_STATEFUL] = "stateful",
	[VZ_NETFILTER_STATELESS] = "stateless",
	[VZ_NETFILTER_DISABLED] = "disabled",
};

/* Modules of the old list that need more than the others. */
static const char *const nat[] = { "iptable_nat", "ip_nat_ftp", "ip_nat_irc", "ipt_REDIRECT" };
static const char *const conntrack[] = { "ip_conntrack", "ip_conntrack_ftp", "ip_conntrack_irc",
					 "ipt_conntrack", "ipt_state", "ipt_helper" };

/* NETFILTER wins over the old list, which is as strong as its strongest module. */
static uint32_t netfilter_level(const struct vz_conf *c)
{
	for (uint32_t i = 0; c->netfilter.set && i < ARRAY_LEN(levels); i++)
		if (!strcmp(levels[i], c->netfilter.v))
			return i;
	for (size_t i = 0; i < ARRAY_LEN(nat); i++)
		if (vz_plist_has(&c->iptables, nat[i]))
			return VZ_NETFILTER_FULL;
	for (size_t i = 0; i < ARRAY_LEN(conntrack); i++)
		if (vz_plist_has(&c->iptables, conntrack[i]))
			return VZ_NETFILTER_STATEFUL;
	return VZ_NETFILTER_STATELESS;
}

uint32_t vz_ct_conf_features(const struct vz_conf *c)
{
	uint32_t bits = netfilter_level(c) << VZ_FEAT_NETFILTER_SHIFT;
	struct vz_switches given;

	vz_switches_of(&c->features, &given);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (vz_switches_has_on(&given, names[i].name))
			bits |= names[i].bit;
	if (c->local_uid.set && !c->local_uid.v)
		bits |= VZ_FEAT_PRIVILEGED;
	for (size_t i = 0; bits & VZ_FEAT_NESTING && i < ARRAY_LEN(nested); i++)
		if (!vz_switches_has_off(&given, nested[i].name))
			bits |= nested[i].bit;
	if (c->numconntrack.set && c->numconntrack.v)
		bits |= VZ_FEAT_CT_LIMIT;
	if (vz_switches_has_off(&given, "sysfs"))
		bits |= VZ_FEAT_NO_SYSFS;
	return bits;
}

uint32_t vz_ct_features(const struct vz_ct *ct)
{
	return vz_ct_conf_features(&ct->conf);
}
