// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The packet filter of the guest LANs: the one table "inet vz", made as a whole in one transaction
 * from the LANs that exist, so that it is always exactly right and nobody else's rules are read or
 * touched. Which LAN a packet concerns is looked up in sets of device names: the cost does not
 * grow with their number.
 *
 * "accept" in this table only ends this table: rules of others still decide (net/foreign.h tells
 * of those that drop).
 */
#include "base/own.h"
#include "base/str.h"
#include "lan/lan.h"
#include "net/link.h"
#include "net/nft.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter_ipv4.h>

#define TABLE "vz"
/* just before the usual filters (0), after address translation to inside (-100) */
#define PRIORITY (NF_IP_PRI_FILTER - 5)
#define ND_SOLICIT 135 /* RFC 4861 */
#define ND_ADVERT 136

/* clang-format off */
static const struct {
	const char *chain;
	unsigned drop; /* which of the chain's drops */
	const char *reason;
} drop_reason[] = {
	{ "from_lan", 0, "from an isolated guest LAN to elsewhere" },
	{ "from_lan", 1, "from a guest LAN to another one" },
	{ "from_lan", 2, "from a guest LAN to a venet address" },
	{ "from_lan", 3, "from a guest LAN to a routed veth device" },
	{ "to_lan",   0, "from elsewhere to a guest LAN" },
	{ "to_host",  0, "from an isolated guest LAN to the host" },
	{ "to_host",  1, "from a guest LAN to services of the host" },
};
/* clang-format on */

static void drop(struct vz_nft *t)
{
	vz_nft_counter(t);
	vz_nft_verdict(t, NF_DROP, NULL);
	vz_nft_rule_end(t);
}

/* Answers. Without NAT there are none, and no reason to make the host track connections. */
static void accept_known(struct vz_nft *t, const char *chain, bool nat)
{
	if (!nat)
		return;
	vz_nft_rule(t, chain);
	vz_nft_ct_known(t);
	vz_nft_verdict(t, NF_ACCEPT, NULL);
	vz_nft_rule_end(t);
}

static void accept_icmp(struct vz_nft *t, uint8_t proto, uint8_t type)
{
	vz_nft_rule(t, "to_host");
	vz_nft_nfproto(t, proto == IPPROTO_ICMP ? NFPROTO_IPV4 : NFPROTO_IPV6);
	vz_nft_l4proto(t, proto);
	vz_nft_icmp_type(t, type);
	vz_nft_verdict(t, NF_ACCEPT, NULL);
	vz_nft_rule_end(t);
}

static void forward_rules(struct vz_nft *t, bool nat)
{
	/* members among themselves: seen here only where br_netfilter is on */
	vz_nft_rule(t, "forward");
	vz_nft_ifs_in(t, "same");
	vz_nft_verdict(t, NF_ACCEPT, NULL);
	vz_nft_rule_end(t);
	vz_nft_rule(t, "forward");
	vz_nft_if_in(t, NFT_META_IIFNAME, "lan", true);
	vz_nft_verdict(t, NFT_JUMP, "from_lan");
	vz_nft_rule_end(t);
	vz_nft_rule(t, "forward");
	vz_nft_if_in(t, NFT_META_OIFNAME, "lan", true);
	vz_nft_verdict(t, NFT_JUMP, "to_lan");
	vz_nft_rule_end(t);

	vz_nft_rule(t, "from_lan");
	vz_nft_if_in(t, NFT_META_IIFNAME, "nat", false);
	drop(t);
	vz_nft_rule(t, "from_lan");
	vz_nft_if_in(t, NFT_META_OIFNAME, "lan", true);
	drop(t);
	vz_nft_rule(t, "from_lan");
	vz_nft_if_like(t, NFT_META_OIFNAME, "venet");
	drop(t);
	vz_nft_rule(t, "from_lan");
	vz_nft_if_like(t, NFT_META_OIFNAME, "veth");
	drop(t);

	accept_known(t, "to_lan", nat);
	vz_nft_rule(t, "to_lan");
	drop(t);
}

static void input_rules(struct vz_nft *t, bool nat)
{
	vz_nft_rule(t, "input");
	vz_nft_if_in(t, NFT_META_IIFNAME, "lan", true);
	vz_nft_verdict(t, NFT_JUMP, "to_host");
	vz_nft_rule_end(t);

	accept_known(t, "to_host", nat);
	vz_nft_rule(t, "to_host");
	vz_nft_if_in(t, NFT_META_IIFNAME, "nat", false);
	drop(t);
	accept_icmp(t, IPPROTO_ICMP, ICMP_ECHO);
	accept_icmp(t, IPPROTO_ICMPV6, ICMPV6_ECHO_REQUEST);
	accept_icmp(t, IPPROTO_ICMPV6, ND_SOLICIT);
	accept_icmp(t, IPPROTO_ICMPV6, ND_ADVERT);
	vz_nft_rule(t, "to_host");
	drop(t);
}

static void nat_rules(struct vz_nft *t)
{
	static const struct {
		uint8_t nfproto;
		const char *set;
	} both[] = { { NFPROTO_IPV4, "nat" }, { NFPROTO_IPV6, "nat66" } };

	vz_nft_chain(t, &(struct vz_nft_base){ "postrouting", "nat", NF_INET_POST_ROUTING,
					       NF_IP_PRI_NAT_SRC });
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		vz_nft_rule(t, "postrouting");
		vz_nft_nfproto(t, both[i].nfproto);
		vz_nft_if_in(t, NFT_META_IIFNAME, both[i].set, true);
		vz_nft_if_in(t, NFT_META_OIFNAME, "lan", false);
		vz_nft_masquerade(t);
		vz_nft_rule_end(t);
	}
}

/* fc00::/7 is nobody's outside, so it is translated; other IPv6 networks are routed as they are. */
static bool is_private6(const struct vz_ip *subnet)
{
	return subnet->family && (subnet->bytes[0] & 0xfe) == 0xfc;
}

static void frame(struct vz_nft *t)
{
	vz_nft_table(t, true); /* so that there is one to delete */
	vz_nft_table(t, false);
	vz_nft_table(t, true);
	vz_nft_set(t, "lan", false);
	vz_nft_set(t, "nat", false);
	vz_nft_set(t, "nat66", false);
	vz_nft_set(t, "same", true);
	vz_nft_chain(t, &(struct vz_nft_base){ "forward", "filter", NF_INET_FORWARD, PRIORITY });
	vz_nft_chain(t, &(struct vz_nft_base){ "input", "filter", NF_INET_LOCAL_IN, PRIORITY });
	vz_nft_subchain(t, "from_lan");
	vz_nft_subchain(t, "to_lan");
	vz_nft_subchain(t, "to_host");
}

static void put_lan(struct vz_nft *t, const struct vz_lan *lan)
{
	char bridge[IFNAMSIZ];

	vz_lan_bridge(lan->name, bridge);
	vz_nft_elem(t, "lan", bridge);
	vz_nft_elem_pair(t, "same", bridge, bridge);
	if (lan->nat)
		vz_nft_elem(t, "nat", bridge);
	if (lan->nat && is_private6(&lan->subnet6))
		vz_nft_elem(t, "nat66", bridge);
}

struct found {
	size_t n;
	bool nat;
};

/* Every LAN with a bridge into the sets. One whose file cannot be read is kept isolated. */
static int put_lans(struct vz_nft *t, int rtnl, const char *gone, struct found *ret)
{
	struct vz_link link;
	char bridge[IFNAMSIZ], **names;
	size_t n;
	int r = vz_lan_names(&names, &n, NULL);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		autolan lan = { 0 };

		if (vz_str_eq(names[i], gone) ||
		    vz_link_find(rtnl, vz_lan_bridge(names[i], bridge), &link, NULL) < 0)
			continue;
		if (vz_lan_load(names[i], &lan, NULL) < 0)
			snprintf(lan.name, sizeof(lan.name), "%s", names[i]);
		put_lan(t, &lan);
		ret->n++;
		ret->nat |= lan.nat;
	}
	vz_lan_names_free(names, n);
	return 0;
}

int vz_lan_filter(const char *gone, struct vz_err *e)
{
	struct vz_nft t = { .family = NFPROTO_INET, .table = TABLE };
	struct vz_nft none = { .family = NFPROTO_INET, .table = TABLE };
	autoclose int lock = vz_lan_lock("", e), rtnl = -EBADF, nfnl = -EBADF;
	struct found found = { 0 };
	int r;

	if (lock < 0)
		return lock;
	rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e);
	nfnl = vz_nl_open(NETLINK_NETFILTER, VZ_NL_HERE, e);
	if (rtnl < 0 || nfnl < 0)
		return rtnl < 0 ? rtnl : nfnl;
	frame(&t);
	r = put_lans(&t, rtnl, gone, &found);
	if (r >= 0 && found.n) {
		forward_rules(&t, found.nat);
		input_rules(&t, found.nat);
		if (found.nat)
			nat_rules(&t);
		return vz_nft_commit(nfnl, &t, e, "cannot set up the packet filter of guest LANs");
	}
	vz_nl_batch_free(&t.batch);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot list the guest LANs");
	vz_nft_table(&none, true);
	vz_nft_table(&none, false);
	return vz_nft_commit(nfnl, &none, e, "cannot remove the packet filter of guest LANs");
}

bool vz_lan_is_filtered(const char *name)
{
	const struct vz_nft where = { .family = NFPROTO_INET, .table = TABLE };
	autoclose int nfnl = vz_nl_open(NETLINK_NETFILTER, VZ_NL_HERE, NULL);
	char bridge[IFNAMSIZ];

	return nfnl >= 0 && vz_nft_has(nfnl, &where, "lan", vz_lan_bridge(name, bridge));
}

struct teller {
	vz_lan_dropped *each;
	void *arg;
};

static void tell(const char *chain, unsigned which, uint64_t packets, void *arg)
{
	struct teller *t = arg;

	for (size_t i = 0; i < ARRAY_LEN(drop_reason); i++)
		if (drop_reason[i].drop == which && !strcmp(drop_reason[i].chain, chain))
			t->each(drop_reason[i].reason, packets, t->arg);
}

void vz_lan_drops(vz_lan_dropped *each, void *arg)
{
	autoclose int nfnl = vz_nl_open(NETLINK_NETFILTER, VZ_NL_HERE, NULL);
	struct teller t = { each, arg };

	if (nfnl >= 0)
		(void)vz_nft_drops(nfnl, NFPROTO_INET, TABLE, tell, &t);
}
