// SPDX-License-Identifier: GPL-2.0-or-later
/* Network devices by rtnetlink(7); see link.h. Whose device it is, and what for, is not known here. */
#include "net/link.h"
#include "base/own.h"
#include "sys/nl.h"

#include <ctype.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>

/* ---- reading ---- */

static int take_link(const struct nlmsghdr *h, struct vz_link *l)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[IFLA_LINKINFO + 1], *info[IFLA_INFO_KIND + 1];

	if (h->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(h) < sizeof(*ifi))
		return -EBADMSG;
	*l = (struct vz_link){ .index = ifi->ifi_index,
			       .flags = ifi->ifi_flags,
			       .type = ifi->ifi_type };
	vz_nl_attrs(h, sizeof(*ifi), tb, IFLA_LINKINFO);
	snprintf(l->name, sizeof(l->name), "%s", vz_nl_str(tb[IFLA_IFNAME]));
	l->master = (int)vz_nl_u32(tb[IFLA_MASTER]);
	l->lower = (int)vz_nl_u32(tb[IFLA_LINK]);
	l->mtu = vz_nl_u32(tb[IFLA_MTU]);
	if (tb[IFLA_ADDRESS] && mnl_attr_get_payload_len(tb[IFLA_ADDRESS]) == VZ_LINK_MAC)
		memcpy(l->mac, mnl_attr_get_payload(tb[IFLA_ADDRESS]), VZ_LINK_MAC);
	if (tb[IFLA_LINKINFO]) {
		vz_nl_nested(tb[IFLA_LINKINFO], info, IFLA_INFO_KIND);
		snprintf(l->kind, sizeof(l->kind), "%s", vz_nl_str(info[IFLA_INFO_KIND]));
	}
	return 0;
}

static int take_one(const struct nlmsghdr *h, void *arg)
{
	return take_link(h, arg);
}

/* A request for devices; counters are left out, they are most of an answer. */
static void begin_get(struct vz_nl *m, int index, uint16_t flags)
{
	struct ifinfomsg ifi = { .ifi_index = index };

	vz_nl_init(m, RTM_GETLINK, flags);
	vz_nl_put_hdr(m, &ifi, sizeof(ifi));
	vz_nl_put_u32(m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

int vz_link_find(int rtnl, const char *name, struct vz_link *ret, struct vz_err *e)
{
	struct vz_link l = { 0 };
	struct vz_nl m;
	int r;

	if (!vz_link_name_ok(name))
		return vz_fail(e, VZ_SYSTEM, ENODEV, "no network device %s", name);
	begin_get(&m, 0, 0);
	vz_nl_put_str(&m, IFLA_IFNAME, name);
	r = vz_nl_read(rtnl, &m, &(struct vz_nl_reader){ take_one, &l }, e, "no network device %s",
		       name);
	if (r >= 0)
		*ret = l;
	return r;
}

int vz_link_get(int rtnl, int index, struct vz_link *ret, struct vz_err *e)
{
	struct vz_link l = { 0 };
	struct vz_nl m;
	int r;

	begin_get(&m, index, 0);
	r = vz_nl_read(rtnl, &m, &(struct vz_nl_reader){ take_one, &l }, e,
		       "no network device with index %d", index);
	if (r >= 0)
		*ret = l;
	return r;
}

struct walk {
	vz_link_each *each;
	void *arg;
};

static int take_each(const struct nlmsghdr *h, void *arg)
{
	const struct walk *w = arg;
	struct vz_link l;
	int r = take_link(h, &l);

	return r < 0 ? r : w->each(&l, w->arg);
}

int vz_link_list(int rtnl, vz_link_each *each, void *arg, struct vz_err *e)
{
	struct walk w = { each, arg };
	struct vz_nl m;

	begin_get(&m, 0, NLM_F_DUMP);
	return vz_nl_read(rtnl, &m, &(struct vz_nl_reader){ take_each, &w }, e,
			  "cannot list the network devices");
}

/* ---- making ---- */

static void put_end(struct vz_nl *m, const struct vz_link_pair *p, const char *name,
		    const uint8_t *mac)
{
	struct ifinfomsg ifi = { .ifi_flags = p->noarp ? IFF_NOARP : 0,
				 .ifi_change = p->noarp ? IFF_NOARP : 0 };

	vz_nl_put_hdr(m, &ifi, sizeof(ifi));
	vz_nl_put_str(m, IFLA_IFNAME, name);
	/* without a queueing discipline there is nothing to queue on; the kernel's choice is one for
	 * each CPU, with several objects of sysfs each, which is most of the time a pair takes */
	vz_nl_put_u32(m, IFLA_NUM_TX_QUEUES, 1);
	vz_nl_put_u32(m, IFLA_NUM_RX_QUEUES, 1);
	if (mac)
		vz_nl_put(m, IFLA_ADDRESS, mac, VZ_LINK_MAC);
	if (p->mtu)
		vz_nl_put_u32(m, IFLA_MTU, p->mtu);
}

int vz_link_pair(int rtnl, const struct vz_link_pair *p, struct vz_err *e)
{
	struct vz_nl m;

	vz_nl_init(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	put_end(&m, p, p->host, p->host_mac);
	VZ_NL_NEST(&m, IFLA_LINKINFO) {
		vz_nl_put_str(&m, IFLA_INFO_KIND, "veth");
		VZ_NL_NEST(&m, IFLA_INFO_DATA)
			VZ_NL_NEST(&m, VETH_INFO_PEER) {
				put_end(&m, p, p->inside, p->mac);
				vz_nl_put_u32(&m, IFLA_NET_NS_FD, (uint32_t)p->netns);
			}
	}
	return vz_nl_call(rtnl, &m, e, "cannot make the network devices %s and %s", p->host,
			  p->inside);
}

/* ---- changing ---- */

static void put_ipv4(struct vz_nl *m, const struct vz_link_change *c)
{
	VZ_NL_NEST(m, AF_INET)
		VZ_NL_NEST(m, IFLA_INET_CONF) {
			if (c->forward)
				vz_nl_put_u32(m, IPV4_DEVCONF_FORWARDING, 1);
			if (c->no_redirects)
				vz_nl_put_u32(m, IPV4_DEVCONF_SEND_REDIRECTS, 0);
			if (c->no_rp_filter)
				vz_nl_put_u32(m, IPV4_DEVCONF_RP_FILTER, 0);
		}
}

static void put_families(struct vz_nl *m, const struct vz_link_change *c, bool ipv6)
{
	bool ipv4 = c->forward || c->no_redirects || c->no_rp_filter;

	if (!ipv4 && !(ipv6 && c->no_ipv6_auto))
		return;
	VZ_NL_NEST(m, IFLA_AF_SPEC) {
		if (ipv4)
			put_ipv4(m, c);
		if (ipv6 && c->no_ipv6_auto)
			VZ_NL_NEST(m, AF_INET6)
				vz_nl_put_u8(m, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	}
}

static int change(int rtnl, int index, const struct vz_link_change *c, bool ipv6, struct vz_err *e)
{
	struct ifinfomsg ifi = { .ifi_index = index };
	struct vz_nl m;

	if (c->up || c->down)
		ifi.ifi_change |= IFF_UP;
	if (c->up)
		ifi.ifi_flags |= IFF_UP;
	if (c->noarp) {
		ifi.ifi_change |= IFF_NOARP;
		ifi.ifi_flags |= IFF_NOARP;
	}
	vz_nl_init(&m, RTM_NEWLINK, 0);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	if (c->name)
		vz_nl_put_str(&m, IFLA_IFNAME, c->name);
	if (c->mac)
		vz_nl_put(&m, IFLA_ADDRESS, c->mac, VZ_LINK_MAC);
	if (c->mtu)
		vz_nl_put_u32(&m, IFLA_MTU, c->mtu);
	if (c->master)
		vz_nl_put_u32(&m, IFLA_MASTER, c->master < 0 ? 0 : (uint32_t)c->master);
	if (c->netns)
		vz_nl_put_u32(&m, IFLA_NET_NS_FD, (uint32_t)*c->netns);
	put_families(&m, c, ipv6);
	return vz_nl_call(rtnl, &m, e, "cannot change the network device with index %d", index);
}

int vz_link_set(int rtnl, int index, const struct vz_link_change *c, struct vz_err *e)
{
	int r;

	/* The kernel brings a device up before it looks at the addr_gen_mode of the same request. */
	if (c->up && c->no_ipv6_auto) {
		r = vz_link_set(rtnl, index, &(struct vz_link_change){ .no_ipv6_auto = true }, e);
		if (r < 0)
			return r;
	}
	r = change(rtnl, index, c, true, e);
	if (r == -EAFNOSUPPORT && c->no_ipv6_auto) /* a kernel without IPv6: nothing to turn off */
		r = change(rtnl, index, c, false, e);
	return r;
}

static int delete(int rtnl, int index, const char *name, struct vz_err *e)
{
	struct ifinfomsg ifi = { .ifi_index = index };
	struct vz_err own = { 0 };
	struct vz_nl m;
	int r;

	vz_nl_init(&m, RTM_DELLINK, 0);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	if (name)
		vz_nl_put_str(&m, IFLA_IFNAME, name);
	r = name ? vz_nl_call(rtnl, &m, &own, "cannot delete the network device %s", name) :
		   vz_nl_call(rtnl, &m, &own, "cannot delete the network device with index %d",
			      index);
	if (r == -ENODEV)
		return 0;
	if (r < 0 && e)
		*e = own;
	return r;
}

int vz_link_delete(int rtnl, int index, struct vz_err *e)
{
	return delete(rtnl, index, NULL, e);
}

int vz_link_delete_name(int rtnl, const char *name, struct vz_err *e)
{
	return vz_link_name_ok(name) ? delete(rtnl, 0, name, e) : 0;
}

bool vz_link_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (!n || n >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++)
		if (*name == '/' || *name == ':' || isspace((unsigned char)*name))
			return false;
	return true;
}
