// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See routes.h. As packed data it is the devices, each 1, number, name, then 0; and the routes, each 1 and the message of
 * rtnetlink(7) behind its header. Numbers of devices may be others after a restore.
 */
#include "cpt/routes.h"
#include "base/log.h"
#include "base/own.h"
#include "base/pack.h"
#include "base/str.h"
#include "net/link.h"
#include "sys/clock.h"
#include "sys/nl.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILE_NAME "routes"
#define PACKED_MAX (32u << 20)
#define DEVICES_MAX 4096u
#define ROUTES_MAX (1u << 20)
#define MESSAGE_MAX 8192u
#define TURNS 5 /* one may lead to the next hop of another */
#define WAIT_MS 3000 /* an address of IPv6 is no source before it was looked for on the link (DAD), which takes 1 to 2 s */
#define PAUSE_MS 50

/* ---- which they are ---- */

static uint32_t table_of(const struct rtmsg *r, const struct nlattr *const *tb)
{
	return tb[RTA_TABLE] ? vz_nl_u32(tb[RTA_TABLE]) : r->rtm_table;
}

/* In ticks of user space; 0: for ever. */
static int holds_for(const struct rtmsg *r, const struct nlattr *info)
{
	struct rta_cacheinfo c;

	if (r->rtm_family != AF_INET6 || !info || mnl_attr_get_payload_len(info) < sizeof(c))
		return 0;
	memcpy(&c, mnl_attr_get_payload(info), sizeof(c));
	return c.rta_expires > 0 ? c.rta_expires : 0;
}

/* What the kernel makes itself in table local it makes again. A route by a nexthop object refuses a checkpoint. */
static bool criu_leaves(const struct nlmsghdr *h)
{
	const struct rtmsg *r = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[RTA_NH_ID + 1];
	uint32_t table;

	if (h->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(h) < sizeof(*r) || r->rtm_flags & RTM_F_CLONED)
		return false;
	vz_nl_attrs(h, sizeof(*r), tb, RTA_NH_ID);
	table = table_of(r, tb);
	if (tb[RTA_NH_ID] || (table == RT_TABLE_LOCAL && r->rtm_protocol == RTPROT_KERNEL))
		return false;
	return table != RT_TABLE_MAIN || (r->rtm_family == AF_INET6 && tb[RTA_PREFSRC]) || holds_for(r, tb[RTA_CACHEINFO]);
}

static int each_route(int rtnl, vz_nl_each *each, void *arg)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(families); i++) {
		const struct rtmsg all = { .rtm_family = families[i] };
		struct vz_nl m;

		vz_nl_init(&m, RTM_GETROUTE, NLM_F_DUMP);
		vz_nl_put_hdr(&m, &all, sizeof(all));
		r = vz_nl_read(rtnl, &m, &(struct vz_nl_reader){ each, arg }, NULL, "routes");
		if (r == -EOPNOTSUPP || r == -EAFNOSUPPORT) /* a kernel without IPv6 */
			r = 0;
	}
	return r;
}

static int count_route(const struct nlmsghdr *h, void *arg)
{
	*(int *)arg += criu_leaves(h);
	return 0;
}

int vz_routes_count(int netns)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, netns, NULL);
	int n = 0, r = rtnl < 0 ? rtnl : each_route(rtnl, count_route, &n);

	return r < 0 ? r : n;
}

/* ---- save ---- */

/* No more than a load takes. */
struct save {
	struct vz_pack out;
	unsigned devices, routes;
};

static int save_device(const struct vz_link *link, void *arg)
{
	struct save *s = arg;

	if (++s->devices > DEVICES_MAX)
		return -E2BIG;
	vz_pack_num(&s->out, 1);
	vz_pack_num(&s->out, (uint64_t)link->index);
	vz_pack_text(&s->out, link->name);
	return 0;
}

static int save_route(const struct nlmsghdr *h, void *arg)
{
	struct save *s = arg;

	if (!criu_leaves(h))
		return 0;
	if (mnl_nlmsg_get_payload_len(h) > MESSAGE_MAX || ++s->routes > ROUTES_MAX)
		return -E2BIG;
	vz_pack_num(&s->out, 1);
	vz_pack_bytes(&s->out, mnl_nlmsg_get_payload(h), mnl_nlmsg_get_payload_len(h));
	return s->out.err;
}

int vz_routes_save(int netns, struct vz_image *im, struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, netns, e);
	struct save s = { .out.max = PACKED_MAX };
	int r = rtnl < 0 ? rtnl : vz_link_list(rtnl, save_device, &s, NULL);

	vz_pack_num(&s.out, 0);
	s.out.err = r < 0 ? r : each_route(rtnl, save_route, &s);
	return vz_image_put_packed(im, FILE_NAME, &s.out, "the routes of the container", e);
}

/* ---- load ---- */

struct device {
	uint64_t was;
	int index; /* now; 0: it is gone */
};

struct load {
	int rtnl;
	struct device devices[DEVICES_MAX];
	size_t devices_n;
	bool waits; /* one that is refused still has a source of IPv6 */
	bool done[ROUTES_MAX]; /* of the routes, in their order */
};

static int index_of(const struct load *l, uint64_t was)
{
	for (size_t i = 0; i < l->devices_n; i++)
		if (l->devices[i].was == was)
			return l->devices[i].index;
	return 0;
}

static void load_devices(struct load *l, struct vz_packed *in)
{
	while (vz_packed_num(in, 1)) {
		struct device d = { .was = vz_packed_num(in, INT32_MAX) };
		char name[IFNAMSIZ];
		struct vz_link link;

		vz_packed_text(in, name, sizeof(name));
		if (l->devices_n == DEVICES_MAX)
			in->bad = true;
		if (in->bad)
			return;
		if (vz_link_find(l->rtnl, name, &link, NULL) >= 0)
			d.index = link.index;
		l->devices[l->devices_n++] = d;
	}
}

/* Ways of one route: devices by the numbers that they have now, and without what the kernel only tells of them. */
static void put_ways(const struct load *l, struct vz_nl *m, const struct nlattr *a)
{
	char ways[MESSAGE_MAX];
	size_t n = mnl_attr_get_payload_len(a), at = 0;
	struct rtnexthop hop;

	if (n > sizeof(ways))
		return;
	memcpy(ways, mnl_attr_get_payload(a), n);
	while (n - at >= sizeof(hop)) {
		memcpy(&hop, ways + at, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) || (size_t)RTNH_ALIGN(hop.rtnh_len) > n - at)
			break;
		hop.rtnh_flags &= RTNH_F_ONLINK;
		hop.rtnh_ifindex = index_of(l, (uint64_t)hop.rtnh_ifindex);
		memcpy(ways + at, &hop, sizeof(hop));
		at += RTNH_ALIGN(hop.rtnh_len);
	}
	vz_nl_put(m, RTA_MULTIPATH, ways, n);
}

/* A route as it was, for how long it holds from now on. */
static void put_route(const struct load *l, struct vz_nl *m, const char *bytes, size_t n)
{
	const void *attrs = bytes + NLMSG_ALIGN(sizeof(struct rtmsg));
	int hz = (int)sysconf(_SC_CLK_TCK), ticks = 0;
	const struct nlattr *attr;
	struct rtmsg r;

	memcpy(&r, bytes, sizeof(r));
	r.rtm_flags &= RTNH_F_ONLINK;
	vz_nl_put_hdr(m, &r, sizeof(r));
	mnl_attr_for_each_payload(attrs, n - sizeof(r)) {
		if (mnl_attr_get_type(attr) == RTA_MULTIPATH)
			put_ways(l, m, attr);
		else if (mnl_attr_get_type(attr) == RTA_OIF)
			vz_nl_put_u32(m, RTA_OIF, (uint32_t)index_of(l, vz_nl_u32(attr)));
		else if (mnl_attr_get_type(attr) == RTA_CACHEINFO)
			ticks = holds_for(&r, attr);
		else
			vz_nl_put(m, attr->nla_type, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
	}
	if (ticks)
		vz_nl_put_u32(m, RTA_EXPIRES, (uint32_t)((ticks + hz - 1) / hz));
}

/* In table main is CRIU's, which would hold for ever. */
static int make_route(const struct load *l, const char *bytes, size_t n)
{
	struct vz_nl m;

	if (n < sizeof(struct rtmsg))
		return -EBADMSG;
	if (((const struct rtmsg *)(const void *)bytes)->rtm_table == RT_TABLE_MAIN) {
		vz_nl_init(&m, RTM_DELROUTE, 0);
		put_route(l, &m, bytes, n);
		(void)vz_nl_call(l->rtnl, &m, NULL, "a route");
	}
	vz_nl_init(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND);
	put_route(l, &m, bytes, n);
	return vz_nl_call(l->rtnl, &m, NULL, "a route");
}

static bool has_source6(const char *bytes, size_t n)
{
	const void *attrs = bytes + NLMSG_ALIGN(sizeof(struct rtmsg));
	const struct nlattr *attr;

	if (n < sizeof(struct rtmsg) || *bytes != AF_INET6) /* rtm_family */
		return false;
	mnl_attr_for_each_payload(attrs, n - sizeof(struct rtmsg))
		if (mnl_attr_get_type(attr) == RTA_PREFSRC)
			return true;
	return false;
}

/* How many are refused still, the last of them with *ret_why; -EBADMSG. */
static int load_routes(struct load *l, struct vz_packed in, int *ret_why)
{
	int refused = 0;

	l->waits = false;
	for (size_t i = 0; vz_packed_num(&in, 1); i++) {
		size_t n;
		const char *bytes = vz_packed_bytes(&in, MESSAGE_MAX, &n);
		_Alignas(uint64_t) char copy[MESSAGE_MAX];
		int r;

		if (in.bad || i == ARRAY_LEN(l->done))
			return -EBADMSG;
		if (l->done[i])
			continue;
		memcpy(copy, bytes, n);
		r = make_route(l, copy, n);
		l->done[i] = r >= 0 || r == -EEXIST;
		if (l->done[i])
			continue;
		refused++;
		*ret_why = -r;
		l->waits |= has_source6(copy, n);
	}
	return in.bad || in.left ? -EBADMSG : refused;
}

/* In turns, as long as that helps, and where it may help, for a while. */
static int load_in_turns(struct load *l, struct vz_packed in, int *ret_why)
{
	int64_t end = vz_now_ms() + WAIT_MS;
	int r = load_routes(l, in, ret_why), before = INT32_MAX;

	for (int turn = 1; turn < TURNS && r > 0 && r < before; turn++) {
		before = r;
		r = load_routes(l, in, ret_why);
	}
	while (r > 0 && l->waits && vz_now_ms() < end) {
		(void)poll(NULL, 0, PAUSE_MS);
		r = load_routes(l, in, ret_why);
	}
	return r;
}

int vz_routes_load(int netns, const struct vz_image *im, struct vz_err *e)
{
	autofree struct load *l = calloc(1, sizeof(*l));
	autofree char *data = NULL;
	autoclose int rtnl = -EBADF;
	struct vz_packed in = { 0 };
	int r = vz_image_read_packed(im, FILE_NAME, &data, &in, e), why = 0;

	if (r <= 0)
		return r;
	if (!l)
		return vz_oom(e);
	r = l->rtnl = rtnl = vz_nl_open(NETLINK_ROUTE, netns, e);
	if (r < 0)
		return r;
	load_devices(l, &in);
	r = load_in_turns(l, in, &why);
	if (in.bad || r == -EBADMSG)
		return vz_fail(e, VZ_RESTORE, 0, "what the dump has of routes was not written by vzctl");
	if (r > 0)
		vz_log(-1, "Warning: this kernel does not take %d routes of the container (%s), ignoring", r, strerror(why));
	return 0;
}
