// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host's side of a guest LAN: the bridge, its addresses, its VXLAN port, and where among the
 * host's networks there is room for one. Everything is "make it so": looked at, and made only where
 * it is missing, so that a command that was killed is finished by the next one.
 */
#include "lan/lan.h"
#include "base/own.h"
#include "base/str.h"
#include "net/addr.h"
#include "net/link.h"
#include "sys/nl.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/random.h>

#define VXLAN_PREFIX "vx-"
#define VXLAN_PORT 4789 /* RFC 7348 */
/* Outer Ethernet, IP and UDP headers and the VXLAN header: RFC 7348, 5 */
#define VXLAN_OVERHEAD4 50
#define VXLAN_OVERHEAD6 70
#define DEFAULT_MTU 1500

/* ---- where there is room ---- */

struct place {
	const struct vz_ip *subnet;
	int own;      /* the index of the LAN's own bridge, or 0 */
	bool taken;
	struct vz_ip by;
};

static int look_at_route(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[RTA_OIF + 1];
	struct vz_ip to = { 0 };
	struct place *p = arg;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*rt))
		return -EBADMSG;
	vz_nl_attrs(h, sizeof(*rt), tb, RTA_OIF);
	to.family = rt->rtm_family;
	to.prefix = rt->rtm_dst_len;
	if (rt->rtm_table != RT_TABLE_MAIN || !tb[RTA_DST] || !to.prefix ||
	    mnl_attr_get_payload_len(tb[RTA_DST]) != vz_ip_size(&to))
		return 0;
	memcpy(to.bytes, mnl_attr_get_payload(tb[RTA_DST]), vz_ip_size(&to));
	if (tb[RTA_OIF] && p->own && (int)mnl_attr_get_u32(tb[RTA_OIF]) == p->own)
		return 0;
	if (vz_lan_overlap(p->subnet, &to)) {
		p->taken = true;
		p->by = to;
	}
	return 0;
}

static int check_routes(int rtnl, struct place *p, struct vz_err *e)
{
	struct rtmsg rt = { .rtm_family = (uint8_t)p->subnet->family };
	char a[VZ_IP_TEXT], b[VZ_IP_TEXT];
	struct vz_nl m;
	int r;

	vz_nl_init(&m, RTM_GETROUTE, NLM_F_DUMP);
	vz_nl_put_hdr(&m, &rt, sizeof(rt));
	r = vz_nl_read(rtnl, &m, &(struct vz_nl_reader){ look_at_route, p }, e,
		       "cannot list the routes");
	if (r < 0 || !p->taken)
		return r;
	return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
		       "Subnet %s/%u overlaps the host's route to %s/%u",
		       vz_ip_text(p->subnet, a), p->subnet->prefix, vz_ip_text(&p->by, b),
		       p->by.prefix);
}

static int check_subnet(int rtnl, const struct vz_lan *lan, const struct vz_ip *subnet,
			struct vz_err *e)
{
	struct place p = { .subnet = subnet };
	char bridge[IFNAMSIZ], text[VZ_IP_TEXT], **names;
	struct vz_link link;
	size_t n;
	int r = 0;

	if (!subnet->family)
		return 0;
	if (vz_link_find(rtnl, vz_lan_bridge(lan->name, bridge), &link, NULL) >= 0)
		p.own = link.index;
	r = vz_lan_names(&names, &n, e);
	if (r < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < n; i++) {
		autolan other = { 0 };

		if (!strcmp(names[i], lan->name) || vz_lan_load(names[i], &other, NULL) < 0)
			continue;
		if (vz_lan_overlap(subnet, &other.subnet) || vz_lan_overlap(subnet, &other.subnet6))
			r = vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
				    "Subnet %s/%u overlaps guest LAN %s",
				    vz_ip_text(subnet, text), subnet->prefix, names[i]);
	}
	vz_lan_names_free(names, n);
	return r < 0 ? r : check_routes(rtnl, &p, e);
}

int vz_lan_check_place(int rtnl, const struct vz_lan *lan, struct vz_err *e)
{
	int r = check_subnet(rtnl, lan, &lan->subnet, e);

	return r < 0 ? r : check_subnet(rtnl, lan, &lan->subnet6, e);
}

int vz_lan_choose_subnet(int rtnl, struct vz_ip *ret, struct vz_err *e)
{
	struct vz_lan lan = { .subnet = { .family = AF_INET, .bytes = { 10, 181 }, .prefix = 24 } };
	int r = -EINVAL;

	for (unsigned i = 0; r < 0 && i < 256; i++) {
		lan.subnet.bytes[2] = (uint8_t)i;
		r = check_subnet(rtnl, &lan, &lan.subnet, NULL);
	}
	if (r < 0)
		return vz_fail(e, VZ_RESOURCE, 0,
			       "No subnet of 10.181.0.0/16 is free: give one with --subnet");
	*ret = lan.subnet;
	return 0;
}

/* ---- the bridge ---- */

static int make_bridge(int rtnl, const char *name, struct vz_err *e)
{
	struct ifinfomsg ifi = { 0 };
	uint8_t mac[VZ_LINK_MAC];
	struct vz_nl m;

	/* an address of its own: else it has that of a port, and changes as members come and go */
	if (getrandom(mac, sizeof(mac), 0) != sizeof(mac))
		return vz_fail(e, VZ_SYSTEM, errno, "cannot choose an Ethernet address");
	mac[0] = (uint8_t)((mac[0] & 0xfe) | 2);
	vz_nl_init(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	vz_nl_put_str(&m, IFLA_IFNAME, name);
	vz_nl_put(&m, IFLA_ADDRESS, mac, sizeof(mac));
	VZ_NL_NEST(&m, IFLA_LINKINFO) {
		vz_nl_put_str(&m, IFLA_INFO_KIND, "bridge");
		VZ_NL_NEST(&m, IFLA_INFO_DATA)
			/* members hear multicast without any querier */
			vz_nl_put_u8(&m, IFLA_BR_MCAST_SNOOPING, 0);
	}
	return vz_nl_call(rtnl, &m, e, "cannot make bridge %s", name);
}

static int find_bridge(int rtnl, const char *name, struct vz_link *ret, struct vz_err *e)
{
	char bridge[IFNAMSIZ];
	int r = vz_link_find(rtnl, vz_lan_bridge(name, bridge), ret, NULL);

	if (r == -ENODEV) {
		r = make_bridge(rtnl, bridge, e);
		return r < 0 ? r : vz_link_find(rtnl, bridge, ret, e);
	}
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot look for bridge %s", bridge);
	if (strcmp(ret->kind, "bridge"))
		return vz_fail(e, VZ_VETH_ERROR, 0,
			       "Device %s is there and is no bridge: guest LAN %s needs the name",
			       bridge, name);
	return 0;
}

static int sysctl(const char *family, const char *dev, const char *key, uint32_t value,
		  struct vz_err *e)
{
	int r = vz_net_sysctl_set(&(struct vz_net_sysctl){ family, "conf", dev, key }, value, e);

	return r == -ENOENT ? 0 : r; /* a kernel without IPv6 */
}

/* The host takes no part in an isolated LAN: no ARP, no IPv6; the filter drops the rest. */
static int shut_host_out(int rtnl, const struct vz_link *br, struct vz_err *e)
{
	int r = sysctl("ipv6", br->name, "disable_ipv6", 1, e);

	if (r < 0)
		return r;
	return vz_link_set(rtnl, br->index,
			   &(struct vz_link_change){ .noarp = true, .no_ipv6_auto = true }, e);
}

static int gateway_address(int rtnl, const struct vz_link *br, const struct vz_ip *subnet,
			   struct vz_err *e)
{
	struct vz_ip ip = vz_lan_gateway(subnet);
	struct vz_err own = { 0 };
	int r;

	if (!subnet->family)
		return 0;
	r = vz_addr_add(rtnl, br->index, &ip, &own);
	if (r < 0 && r != -EEXIST && e)
		*e = own;
	return r == -EEXIST ? 0 : r;
}

static int forward6_device(const struct vz_link *link, void *arg)
{
	const struct vz_net_sysctl ra = { "ipv6", "conf", link->name, "accept_ra" };
	uint32_t v;

	/* forwarding would make the host deaf to its router, unless 2 */
	if (vz_net_sysctl_get(&ra, &v, NULL) >= 0 && v == 1)
		return vz_net_sysctl_set(&ra, 2, arg);
	return 0;
}

/* IPv6 is forwarded by the whole host or not at all. */
static int forward6(int rtnl, struct vz_err *e)
{
	const struct vz_net_sysctl all = { "ipv6", "conf", "all", "forwarding" };
	uint32_t on;
	int r = vz_net_sysctl_get(&all, &on, e);

	if (r < 0 || on)
		return r;
	r = vz_link_list(rtnl, forward6_device, e, e);
	return r < 0 ? r : vz_net_sysctl_set(&all, 1, e);
}

static int make_gateway(int rtnl, const struct vz_lan *lan, const struct vz_link *br,
			struct vz_err *e)
{
	int r = sysctl("ipv6", br->name, "disable_ipv6", lan->subnet6.family ? 0 : 1, e);

	if (r < 0)
		return r;
	r = sysctl("ipv6", br->name, "accept_ra", 0, e);
	if (r < 0)
		return r;
	r = gateway_address(rtnl, br, &lan->subnet, e);
	if (r < 0)
		return r;
	r = gateway_address(rtnl, br, &lan->subnet6, e);
	if (r < 0)
		return r;
	if (lan->subnet.family)
		r = sysctl("ipv4", "all", "forwarding", 1, e);
	if (r >= 0 && lan->subnet6.family)
		r = forward6(rtnl, e);
	if (r < 0)
		return r;
	return vz_link_set(rtnl, br->index,
			   &(struct vz_link_change){ .no_ipv6_auto = true, .forward = true,
						     .no_redirects = true }, e);
}

/* ---- the VXLAN port ---- */

static unsigned vxlan_mtu(int rtnl, const struct vz_lan *lan)
{
	bool six = (lan->npeers ? lan->peer[0].family : lan->local.family) == AF_INET6;
	unsigned over = six ? VXLAN_OVERHEAD6 : VXLAN_OVERHEAD4;
	unsigned mtu = DEFAULT_MTU;
	struct vz_link link;
	struct vz_way way;

	if (*lan->dev && vz_link_find(rtnl, lan->dev, &link, NULL) >= 0)
		mtu = link.mtu;
	else if (lan->npeers && vz_route_get(rtnl, &lan->peer[0], &way, NULL) >= 0 &&
		 vz_link_get(rtnl, way.dev, &link, NULL) >= 0)
		mtu = link.mtu;
	return mtu > 1280 + over ? mtu - over : 1280;
}

static void put_vxlan(struct vz_nl *m, const struct vz_lan *lan, int lower)
{
	vz_nl_put_u32(m, IFLA_VXLAN_ID, lan->vni);
	vz_nl_put_u16(m, IFLA_VXLAN_PORT, htons(VXLAN_PORT));
	vz_nl_put_u8(m, IFLA_VXLAN_LEARNING, 1);
	if (lower)
		vz_nl_put_u32(m, IFLA_VXLAN_LINK, (uint32_t)lower);
	if (lan->local.family)
		vz_nl_put(m, lan->local.family == AF_INET ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6,
			  lan->local.bytes, vz_ip_size(&lan->local));
	else if (lan->npeers && lan->peer[0].family == AF_INET6) /* the socket's family */
		vz_nl_put(m, IFLA_VXLAN_LOCAL6, &in6addr_any, sizeof(in6addr_any));
}

static int make_vxlan(int rtnl, const struct vz_lan *lan, struct vz_err *e)
{
	struct ifinfomsg ifi = { 0 };
	struct vz_link lower = { 0 };
	char name[IFNAMSIZ];
	struct vz_nl m;

	vz_lan_dev(VXLAN_PREFIX, lan->name, name);
	if (*lan->dev && vz_link_find(rtnl, lan->dev, &lower, NULL) < 0)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "There is no device %s for the VXLAN", lan->dev);
	vz_nl_init(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	vz_nl_put_str(&m, IFLA_IFNAME, name);
	vz_nl_put_u32(&m, IFLA_MTU, vxlan_mtu(rtnl, lan));
	VZ_NL_NEST(&m, IFLA_LINKINFO) {
		vz_nl_put_str(&m, IFLA_INFO_KIND, "vxlan");
		VZ_NL_NEST(&m, IFLA_INFO_DATA)
			put_vxlan(&m, lan, lower.index);
	}
	return vz_nl_call(rtnl, &m, e, "cannot make the VXLAN device %s", name);
}

/* What has no known place goes to this peer too. */
static int add_peer(int rtnl, int vxlan, const struct vz_ip *peer, struct vz_err *e)
{
	static const uint8_t anywhere[VZ_LINK_MAC] = { 0 };
	struct ndmsg nd = { .ndm_family = PF_BRIDGE,
			    .ndm_ifindex = vxlan,
			    .ndm_state = NUD_NOARP | NUD_PERMANENT,
			    .ndm_flags = NTF_SELF };
	char text[VZ_IP_TEXT];
	struct vz_err own = { 0 };
	struct vz_nl m;
	int r;

	vz_nl_init(&m, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_APPEND);
	vz_nl_put_hdr(&m, &nd, sizeof(nd));
	vz_nl_put(&m, NDA_LLADDR, anywhere, sizeof(anywhere));
	vz_nl_put(&m, NDA_DST, peer->bytes, vz_ip_size(peer));
	r = vz_nl_call(rtnl, &m, &own, "cannot add VXLAN peer %s", vz_ip_text(peer, text));
	if (r < 0 && r != -EEXIST && e)
		*e = own;
	return r == -EEXIST ? 0 : r;
}

static int join_hosts(int rtnl, const struct vz_lan *lan, const struct vz_link *br,
		      struct vz_err *e)
{
	struct vz_link vx;
	char name[IFNAMSIZ];
	int r = vz_link_find(rtnl, vz_lan_dev(VXLAN_PREFIX, lan->name, name), &vx, NULL);

	if (r == -ENODEV) {
		r = make_vxlan(rtnl, lan, e);
		if (r >= 0)
			r = vz_link_find(rtnl, name, &vx, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; r >= 0 && i < lan->npeers; i++)
		r = add_peer(rtnl, vx.index, &lan->peer[i], e);
	if (r < 0)
		return r;
	return vz_link_set(rtnl, vx.index,
			   &(struct vz_link_change){ .up = true, .no_ipv6_auto = true,
						     .master = br->index }, e);
}

/* ---- all of it ---- */

static int make_lan(int rtnl, const struct vz_lan *lan, struct vz_err *e)
{
	struct vz_link br;
	int r = find_bridge(rtnl, lan->name, &br, e);

	if (r < 0)
		return r;
	/* the filter comes before the first packet can */
	if (!vz_lan_is_filtered(lan->name)) {
		r = vz_lan_filter(NULL, e);
		if (r < 0)
			return r;
	}
	r = lan->nat ? make_gateway(rtnl, lan, &br, e) : shut_host_out(rtnl, &br, e);
	if (r < 0)
		return r;
	if (lan->vni) {
		r = join_hosts(rtnl, lan, &br, e);
		if (r < 0)
			return r;
	}
	return vz_link_set(rtnl, br.index, &(struct vz_link_change){ .up = true }, e);
}

int vz_lan_up(const struct vz_lan *lan, struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e);
	int r = rtnl < 0 ? rtnl : make_lan(rtnl, lan, e);

	return r < 0 ? vz_within(e, r, "Unable to start guest LAN %s", lan->name) : 0;
}

int vz_lan_down(const char *name, struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e);
	char bridge[IFNAMSIZ], vxlan[IFNAMSIZ];
	struct vz_link link;
	int r = rtnl;

	if (r >= 0)
		r = vz_link_delete_name(rtnl, vz_lan_dev(VXLAN_PREFIX, name, vxlan), e);
	if (r >= 0 && vz_link_find(rtnl, vz_lan_bridge(name, bridge), &link, NULL) >= 0 &&
	    !strcmp(link.kind, "bridge"))
		r = vz_link_delete(rtnl, link.index, e);
	if (r >= 0)
		r = vz_lan_filter(name, e);
	return r < 0 ? vz_within(e, r, "Unable to stop guest LAN %s", name) : 0;
}

struct ports {
	int bridge;
	unsigned n;
};

static int count_port(const struct vz_link *link, void *arg)
{
	struct ports *p = arg;

	p->n += link->master == p->bridge;
	return 0;
}

int vz_lan_look(const char *name, struct vz_lan_state *ret, struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e);
	char bridge[IFNAMSIZ];
	struct ports p = { 0 };
	struct vz_link link;
	int r;

	if (rtnl < 0)
		return rtnl;
	*ret = (struct vz_lan_state){ 0 };
	r = vz_link_find(rtnl, vz_lan_bridge(name, bridge), &link, e);
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	p.bridge = link.index;
	r = vz_link_list(rtnl, count_port, &p, e);
	if (r < 0)
		return r;
	*ret = (struct vz_lan_state){ .up = link.flags & IFF_UP, .ports = p.n, .mtu = link.mtu,
				      .filtered = vz_lan_is_filtered(name) };
	return 0;
}
