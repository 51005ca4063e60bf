// SPDX-License-Identifier: GPL-2.0-or-later
/* What a network namespace holds beside devices and sockets, and CRIU does not ask for: IPsec, nexthops, qdiscs,
 * neighbours. */
#include "cpt/verdict-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/nl.h"

#include <arpa/inet.h>
#include <errno.h>
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

/* clang-format off */
static const struct {
	int bus;
	uint16_t ask;
	size_t size; /* of the fixed part */
	vz_nl_each *each;
	const char *what;
} tables[] = {
	{ NETLINK_XFRM, XFRM_MSG_GETSA, 0, look_at_state, "states of IPsec" },
	{ NETLINK_XFRM, XFRM_MSG_GETPOLICY, 0, look_at_policy, "policies of IPsec" },
	{ NETLINK_ROUTE, RTM_GETNEXTHOP, sizeof(struct nhmsg), look_at_nexthop, "nexthops" },
	{ NETLINK_ROUTE, RTM_GETQDISC, sizeof(struct tcmsg), look_at_qdisc, "traffic control" },
	{ NETLINK_ROUTE, RTM_GETNEIGH, sizeof(struct ndmsg), look_at_neighbour, "neighbours" },
};
/* clang-format on */

/* A kernel without it has none. */
static bool is_missing(int r)
{
	return r == -EPROTONOSUPPORT || r == -EOPNOTSUPP || r == -EAFNOSUPPORT;
}

void cpt_netconf_look(struct cpt_look *l, const struct cpt_netns *n)
{
	const char nothing[64] = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		const struct vz_nl_reader reader = { tables[i].each, l };
		autoclose int sock = vz_nl_open(tables[i].bus, n->fd, NULL);
		struct vz_nl m;
		int r = sock;

		vz_nl_init(&m, tables[i].ask, NLM_F_DUMP);
		vz_nl_put_hdr(&m, nothing, tables[i].size);
		if (r >= 0)
			r = vz_nl_read(sock, &m, &reader, NULL, "%s", tables[i].what);
		if (r < 0 && !is_missing(r))
			cpt_say(l, CPT_UNKNOWN, NULL, "its %s: %s", tables[i].what, strerror(-r));
	}
}
