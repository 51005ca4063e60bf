// SPDX-License-Identifier: GPL-2.0-or-later
/* What a network namespace holds beside devices and sockets, and CRIU does not ask for: IPsec, nexthops, qdiscs,
 * neighbours, tables of bridges. */
#include "cpt/verdict-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "net/link.h"
#include "sys/nl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <string.h>

static int look_at_state(const struct nlmsghdr *h, void *arg)
{
	const struct xfrm_usersa_info *sa = mnl_nlmsg_get_payload(h);

	if (mnl_nlmsg_get_payload_len(h) >= sizeof(*sa))
		cpt_say(arg, CPT_IPSEC, NULL, "state of protocol %u, SPI 0x%08x", sa->id.proto, ntohl(sa->id.spi));
	return 0;
}

/* Also those of a socket, IP_XFRM_POLICY. */
static int look_at_policy(const struct nlmsghdr *h, void *arg)
{
	const struct xfrm_userpolicy_info *p = mnl_nlmsg_get_payload(h);

	if (mnl_nlmsg_get_payload_len(h) >= sizeof(*p))
		cpt_say(arg, CPT_IPSEC, NULL, "policy %u, priority %u", p->index, p->priority);
	return 0;
}

static int look_at_nexthop(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *tb[NHA_ID + 1];

	if (mnl_nlmsg_get_payload_len(h) < sizeof(struct nhmsg))
		return 0;
	vz_nl_attrs(h, sizeof(struct nhmsg), tb, NHA_ID);
	cpt_say(arg, CPT_NEXTHOP, NULL, "id %u", vz_nl_u32(tb[NHA_ID]));
	return 0;
}

/* Those that the kernel gives a device have no handle. */
static int look_at_qdisc(const struct nlmsghdr *h, void *arg)
{
	const struct tcmsg *t = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[TCA_KIND + 1];

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*t) || !t->tcm_handle)
		return 0;
	vz_nl_attrs(h, sizeof(*t), tb, TCA_KIND);
	cpt_say(arg, CPT_NOT_KEPT, NULL, "traffic control of device %d: %.20s %x:", t->tcm_ifindex,
		vz_nl_str(tb[TCA_KIND]), t->tcm_handle >> 16);
	return 0;
}

static int look_at_neighbour(const struct nlmsghdr *h, void *arg)
{
	const struct ndmsg *n = mnl_nlmsg_get_payload(h);

	if (mnl_nlmsg_get_payload_len(h) >= sizeof(*n) && n->ndm_state & NUD_PERMANENT)
		cpt_say(arg, CPT_NOT_KEPT, NULL, "a permanent neighbour on device %d", n->ndm_ifindex);
	return 0;
}

/* Who adds a port gives it VLAN 1, and no other. */
static int look_at_vlans(const struct nlmsghdr *h, void *arg)
{
	const uint16_t usual = BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[IFLA_AF_SPEC + 1], *a;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*ifi))
		return 0;
	vz_nl_attrs(h, sizeof(*ifi), tb, IFLA_AF_SPEC);
	if (!tb[IFLA_AF_SPEC])
		return 0;
	mnl_attr_for_each_nested(a, tb[IFLA_AF_SPEC]) {
		const struct bridge_vlan_info *v = mnl_attr_get_payload(a);

		if (mnl_attr_get_type(a) == IFLA_BRIDGE_MRP || mnl_attr_get_type(a) == IFLA_BRIDGE_CFM)
			cpt_say(arg, CPT_NOT_KEPT, NULL, "%s of bridge %d",
				mnl_attr_get_type(a) == IFLA_BRIDGE_MRP ? "MRP" : "CFM", ifi->ifi_index);
		if (mnl_attr_get_type(a) != IFLA_BRIDGE_VLAN_INFO || mnl_attr_get_payload_len(a) < sizeof(*v) ||
		    (v->vid == 1 && v->flags == usual))
			continue;
		cpt_say(arg, CPT_NOT_KEPT, NULL, "VLANs of device %d in a bridge", ifi->ifi_index);
		break;
	}
	return 0;
}

static bool is_permanent(const struct nlattr *info)
{
	const struct br_mdb_entry *g = mnl_attr_get_payload(info);

	return mnl_attr_get_payload_len(info) >= sizeof(*g) && g->state & MDB_PERMANENT;
}

static int look_at_groups(const struct nlmsghdr *h, void *arg)
{
	const struct br_port_msg *b = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[MDBA_MDB + 1], *group, *info;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*b))
		return 0;
	vz_nl_attrs(h, sizeof(*b), tb, MDBA_MDB);
	if (!tb[MDBA_MDB])
		return 0;
	mnl_attr_for_each_nested(group, tb[MDBA_MDB])
		mnl_attr_for_each_nested(info, group)
			if (is_permanent(info)) {
				cpt_say(arg, CPT_NOT_KEPT, NULL, "a permanent group of bridge %u", b->ifindex);
				return 0;
			}
	return 0;
}

/* clang-format off */
static const struct {
	int bus;
	uint16_t ask;
	size_t size; /* of the fixed part */
	vz_nl_each *each;
	const char *what;
	uint8_t family;
	uint32_t mask; /* IFLA_EXT_MASK */
} tables[] = {
	{ NETLINK_XFRM, XFRM_MSG_GETSA, 0, look_at_state, "states of IPsec", 0, 0 },
	{ NETLINK_XFRM, XFRM_MSG_GETPOLICY, 0, look_at_policy, "policies of IPsec", 0, 0 },
	{ NETLINK_ROUTE, RTM_GETNEXTHOP, sizeof(struct nhmsg), look_at_nexthop, "nexthops", 0, 0 },
	{ NETLINK_ROUTE, RTM_GETQDISC, sizeof(struct tcmsg), look_at_qdisc, "traffic control", 0, 0 },
	{ NETLINK_ROUTE, RTM_GETNEIGH, sizeof(struct ndmsg), look_at_neighbour, "neighbours", 0, 0 },
	{ NETLINK_ROUTE, RTM_GETLINK, sizeof(struct ifinfomsg), look_at_vlans, "VLANs of bridges", AF_BRIDGE,
	  RTEXT_FILTER_BRVLAN_COMPRESSED | RTEXT_FILTER_MRP | RTEXT_FILTER_CFM_CONFIG },
	{ NETLINK_ROUTE, RTM_GETMDB, sizeof(struct br_port_msg), look_at_groups, "groups of bridges", AF_BRIDGE, 0 },
};
/* clang-format on */

/* A kernel without it has none. */
static bool is_missing(int r)
{
	return r == -EPROTONOSUPPORT || r == -EOPNOTSUPP || r == -EAFNOSUPPORT;
}

/* ---- the table of addresses of a bridge ---- */

struct fdb {
	struct cpt_look *l;
	int links; /* a socket of its own, while another lists the entries */
	struct vz_link last; /* whose entries come one behind the other, as many as the guest likes */
};

/* The kernel's own are that of the device, and groups that a device listens to. */
static bool is_put(struct fdb *f, const struct ndmsg *n, const uint8_t mac[VZ_LINK_MAC])
{
	if (n->ndm_flags & NTF_SELF)
		return !(mac[0] & 1);
	if (n->ndm_state & NUD_NOARP || n->ndm_flags & NTF_EXT_LEARNED)
		return true;
	if (!(n->ndm_state & NUD_PERMANENT) ||
	    (f->last.index != n->ndm_ifindex && vz_link_get(f->links, n->ndm_ifindex, &f->last, NULL) < 0))
		return false;
	return memcmp(f->last.mac, mac, VZ_LINK_MAC) != 0;
}

static int look_at_entry(const struct nlmsghdr *h, void *arg)
{
	struct fdb *f = arg;
	const struct ndmsg *n = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[NDA_LLADDR + 1];

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*n))
		return 0;
	vz_nl_attrs(h, sizeof(*n), tb, NDA_LLADDR);
	if (tb[NDA_LLADDR] && mnl_attr_get_payload_len(tb[NDA_LLADDR]) == VZ_LINK_MAC &&
	    is_put(f, n, mnl_attr_get_payload(tb[NDA_LLADDR])))
		cpt_say(f->l, CPT_NOT_KEPT, NULL, "an address (bridge fdb) on device %d", n->ndm_ifindex);
	return 0;
}

static void look_at_fdb(struct cpt_look *l, int netns)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, netns, NULL), links = vz_nl_open(NETLINK_ROUTE, netns, NULL);
	const struct ndmsg all = { .ndm_family = AF_BRIDGE };
	struct fdb f = { .l = l, .links = links };
	int r = rtnl < 0 ? rtnl : links;
	struct vz_nl m;

	vz_nl_init(&m, RTM_GETNEIGH, NLM_F_DUMP);
	vz_nl_put_hdr(&m, &all, sizeof(all));
	if (r >= 0)
		r = vz_nl_read(rtnl, &m, &(struct vz_nl_reader){ look_at_entry, &f }, NULL, "addresses of bridges");
	if (r < 0 && !is_missing(r))
		cpt_say(l, CPT_UNKNOWN, NULL, "its addresses of bridges: %s", strerror(-r));
}

void cpt_netconf_look(struct cpt_look *l, const struct cpt_netns *n)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		const struct vz_nl_reader reader = { tables[i].each, l };
		autoclose int sock = vz_nl_open(tables[i].bus, n->fd, NULL);
		const char fixed[64] = { (char)tables[i].family };
		struct vz_nl m;
		int r = sock;

		vz_nl_init(&m, tables[i].ask, NLM_F_DUMP);
		vz_nl_put_hdr(&m, fixed, tables[i].size);
		if (tables[i].mask)
			vz_nl_put_u32(&m, IFLA_EXT_MASK, tables[i].mask);
		if (r >= 0)
			r = vz_nl_read(sock, &m, &reader, NULL, "%s", tables[i].what);
		if (r < 0 && !is_missing(r))
			cpt_say(l, CPT_UNKNOWN, NULL, "its %s: %s", tables[i].what, strerror(-r));
	}
	look_at_fdb(l, n->fd);
}
