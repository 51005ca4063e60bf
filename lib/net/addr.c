// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses, routes and proxy neighbours by rtnetlink(7), and /proc/sys/net; see addr.h. Which
 * address belongs to whom is not known here. */
#include "net/addr.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/nl.h"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

static void put_ip(struct vz_nl *m, uint16_t attr, const struct vz_ip *ip)
{
	vz_nl_put(m, attr, ip->bytes, vz_ip_size(ip));
}

static bool take_ip(const struct nlattr *a, int family, struct vz_ip *ret)
{
	struct vz_ip ip = { .family = family };

	if (!a || mnl_attr_get_payload_len(a) != vz_ip_size(&ip))
		return false;
	memcpy(ip.bytes, mnl_attr_get_payload(a), vz_ip_size(&ip));
	ip.prefix = vz_ip_bits(&ip);
	*ret = ip;
	return true;
}

/* ---- addresses ---- */

static void put_addr(struct vz_nl *m, int index, const struct vz_ip *ip)
{
	struct ifaddrmsg ifa = { .ifa_family = (uint8_t)ip->family,
				 .ifa_prefixlen = (uint8_t)ip->prefix,
				 .ifa_flags = ip->family == AF_INET6 ? IFA_F_NODAD : 0,
				 .ifa_index = (unsigned)index };

	vz_nl_put_hdr(m, &ifa, sizeof(ifa));
	put_ip(m, IFA_LOCAL, ip);
	put_ip(m, IFA_ADDRESS, ip);
}

int vz_addr_add(int rtnl, int index, const struct vz_ip *ip, struct vz_err *e)
{
	char text[VZ_IP_TEXT];
	struct vz_nl m;

	vz_nl_init(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	put_addr(&m, index, ip);
	return vz_nl_call(rtnl, &m, e, "cannot add address %s", vz_ip_text(ip, text));
}

int vz_addr_del(int rtnl, int index, const struct vz_ip *ip, struct vz_err *e)
{
	char text[VZ_IP_TEXT];
	struct vz_nl m;

	vz_nl_init(&m, RTM_DELADDR, 0);
	put_addr(&m, index, ip);
	return vz_nl_call(rtnl, &m, e, "cannot delete address %s", vz_ip_text(ip, text));
}

struct walk {
	vz_addr_each *each;
	void *arg;
};

static int take_addr(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[IFA_LOCAL + 1];
	const struct walk *w = arg;
	struct vz_addr a;

	if (h->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(h) < sizeof(*ifa))
		return -EBADMSG;
	if (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6)
		return 0;
	vz_nl_attrs(h, sizeof(*ifa), tb, IFA_LOCAL);
	a = (struct vz_addr){ .index = (int)ifa->ifa_index, .scope = ifa->ifa_scope };
	/* on a point-to-point link IFA_ADDRESS is the other side */
	if (!take_ip(tb[IFA_LOCAL], ifa->ifa_family, &a.ip) &&
	    !take_ip(tb[IFA_ADDRESS], ifa->ifa_family, &a.ip))
		return 0;
	a.ip.prefix = ifa->ifa_prefixlen;
	return w->each(&a, w->arg);
}

int vz_addr_list(int rtnl, int family, vz_addr_each *each, void *arg, struct vz_err *e)
{
	struct ifaddrmsg ifa = { .ifa_family = (uint8_t)family };
	struct walk w = { each, arg };
	struct vz_nl m;

	vz_nl_init(&m, RTM_GETADDR, NLM_F_DUMP);
	vz_nl_put_hdr(&m, &ifa, sizeof(ifa));
	return vz_nl_read(rtnl, &m, &(struct vz_nl_reader){ take_addr, &w }, e,
			  "cannot list the addresses");
}

/* ---- routes ---- */

static void begin_route(struct vz_nl *m, const struct vz_route *route, uint16_t type, uint16_t flags)
{
	struct rtmsg rt = { .rtm_family = (uint8_t)route->to.family,
			    .rtm_dst_len = (uint8_t)route->to.prefix,
			    .rtm_table = RT_TABLE_MAIN,
			    .rtm_type = RTN_UNICAST };

	if (type == RTM_DELROUTE) {
		rt.rtm_scope = RT_SCOPE_NOWHERE; /* whatever it is */
	} else {
		rt.rtm_protocol = RTPROT_STATIC;
		rt.rtm_scope = route->via || route->to.family == AF_INET6 ? RT_SCOPE_UNIVERSE :
									    RT_SCOPE_LINK;
	}
	vz_nl_init(m, type, flags);
	vz_nl_put_hdr(m, &rt, sizeof(rt));
	if (route->to.prefix)
		put_ip(m, RTA_DST, &route->to);
	vz_nl_put_u32(m, RTA_OIF, (uint32_t)route->dev);
}

static int put_route(int rtnl, const struct vz_route *route, uint16_t flags, struct vz_err *e)
{
	char text[VZ_IP_TEXT];
	struct vz_nl m;

	begin_route(&m, route, RTM_NEWROUTE, flags);
	if (route->via)
		put_ip(&m, RTA_GATEWAY, route->via);
	if (route->src)
		put_ip(&m, RTA_PREFSRC, route->src);
	return vz_nl_call(rtnl, &m, e, "cannot add a route to %s/%u", vz_ip_text(&route->to, text),
			  route->to.prefix);
}

int vz_route_add(int rtnl, const struct vz_route *route, struct vz_err *e)
{
	return put_route(rtnl, route, NLM_F_CREATE | NLM_F_EXCL, e);
}

int vz_route_replace(int rtnl, const struct vz_route *route, struct vz_err *e)
{
	return put_route(rtnl, route, NLM_F_CREATE | NLM_F_REPLACE, e);
}

int vz_route_del(int rtnl, const struct vz_route *route, struct vz_err *e)
{
	char text[VZ_IP_TEXT];
	struct vz_nl m;

	begin_route(&m, route, RTM_DELROUTE, 0);
	return vz_nl_call(rtnl, &m, e, "cannot delete the route to %s/%u",
			  vz_ip_text(&route->to, text), route->to.prefix);
}

static int take_way(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[RTA_PREFSRC + 1];
	struct vz_way *way = arg;

	if (h->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(h) < sizeof(*rt))
		return -EBADMSG;
	vz_nl_attrs(h, sizeof(*rt), tb, RTA_PREFSRC);
	*way = (struct vz_way){ .dev = (int)vz_nl_u32(tb[RTA_OIF]),
				.type = rt->rtm_type,
				.prefix = rt->rtm_dst_len };
	(void)take_ip(tb[RTA_PREFSRC], rt->rtm_family, &way->src);
	return 0;
}

static int get_route(int rtnl, const struct vz_ip *ip, unsigned flags, struct vz_way *ret,
		     struct vz_err *e)
{
	struct rtmsg rt = { .rtm_family = (uint8_t)ip->family,
			    .rtm_dst_len = (uint8_t)vz_ip_bits(ip),
			    .rtm_flags = flags };
	char text[VZ_IP_TEXT];
	struct vz_nl m;

	vz_nl_init(&m, RTM_GETROUTE, 0);
	vz_nl_put_hdr(&m, &rt, sizeof(rt));
	put_ip(&m, RTA_DST, ip);
	return vz_nl_read(rtnl, &m, &(struct vz_nl_reader){ take_way, ret }, e, "no route to %s",
			  vz_ip_text(ip, text));
}

/* One look tells the source address, another (RTM_F_FIB_MATCH) the route that decides. */
int vz_route_get(int rtnl, const struct vz_ip *ip, struct vz_way *ret, struct vz_err *e)
{
	struct vz_way way = { 0 }, match = { 0 };
	int r = get_route(rtnl, ip, 0, &way, e);

	if (r >= 0)
		r = get_route(rtnl, ip, RTM_F_FIB_MATCH, &match, e);
	if (r < 0)
		return r;
	way.prefix = match.prefix;
	*ret = way;
	return 0;
}

/* ---- proxy neighbours ---- */

static int proxy(int rtnl, int index, const struct vz_ip *ip, uint16_t type, struct vz_err *e)
{
	struct ndmsg nd = { .ndm_family = (uint8_t)ip->family,
			    .ndm_ifindex = index,
			    .ndm_state = NUD_PERMANENT,
			    .ndm_flags = NTF_PROXY };
	char text[VZ_IP_TEXT];
	struct vz_nl m;

	vz_nl_init(&m, type, type == RTM_NEWNEIGH ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	vz_nl_put_hdr(&m, &nd, sizeof(nd));
	put_ip(&m, NDA_DST, ip);
	return vz_nl_call(rtnl, &m, e, "cannot %s for address %s",
			  type == RTM_NEWNEIGH ? "answer" : "stop answering", vz_ip_text(ip, text));
}

int vz_proxy_add(int rtnl, int index, const struct vz_ip *ip, struct vz_err *e)
{
	return proxy(rtnl, index, ip, RTM_NEWNEIGH, e);
}

int vz_proxy_del(int rtnl, int index, const struct vz_ip *ip, struct vz_err *e)
{
	struct vz_err own = { 0 };
	int r = proxy(rtnl, index, ip, RTM_DELNEIGH, &own);

	if (r == -ENOENT || r == -ENODEV)
		return 0;
	if (r < 0 && e)
		*e = own;
	return r;
}

/* ---- /proc/sys/net ---- */

/* The directory of the device is opened by its name alone, so dots in it mean nothing. */
static int open_dir(const struct vz_net_sysctl *s)
{
	char base[sizeof("/proc/sys/net/ipv4/neigh/") + 8];
	autoclose int dir = -EBADF;
	int fd;

	if (!vz_str_is_component(s->dev))
		return -ENOENT;
	snprintf(base, sizeof(base), "/proc/sys/net/%.4s/%.8s", s->family, s->kind);
	dir = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	fd = openat(dir, s->dev, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int fail(const struct vz_net_sysctl *s, const char *what, int r, struct vz_err *e)
{
	return vz_fail(e, VZ_SYSTEM, -r, "cannot %s /proc/sys/net/%s/%s/%s/%s", what, s->family,
		       s->kind, s->dev, s->key);
}

static int read_value(int dir, const char *key, uint32_t *ret)
{
	char buf[32];
	int r = (int)vz_file_read_buf(dir, key, buf, sizeof(buf));

	return r < 0 ? r : vz_num_u32(buf, UINT32_MAX, ret);
}

int vz_net_sysctl_get(const struct vz_net_sysctl *s, uint32_t *ret, struct vz_err *e)
{
	autoclose int dir = open_dir(s);
	int r = dir < 0 ? dir : read_value(dir, s->key, ret);

	return r < 0 ? fail(s, "read", r, e) : 0;
}

int vz_net_sysctl_set(const struct vz_net_sysctl *s, uint32_t value, struct vz_err *e)
{
	autoclose int dir = open_dir(s);
	char buf[16];
	uint32_t have;
	int r;

	if (dir < 0)
		return fail(s, "write", dir, e);
	if (read_value(dir, s->key, &have) >= 0 && have == value)
		return 0;
	snprintf(buf, sizeof(buf), "%u", value);
	r = vz_file_write(dir, s->key, buf);
	return r < 0 ? fail(s, "write", r, e) : 0;
}
