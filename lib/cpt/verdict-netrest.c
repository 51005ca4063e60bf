// SPDX-License-Identifier: GPL-2.0-or-later
/* What a network namespace holds that few use, and CRIU does not ask for: sets of ipset, labels of addresses, proxies, endpoints
 * of MPTCP, other names of devices; and whom the kernel asks or tells of packets, as its tables in /proc/net have it. */
#include "cpt/verdict-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/routes.h"
#include "sys/file.h"
#include "sys/netns.h"
#include "sys/nl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/if_addrlabel.h>
#include <linux/if_link.h>
#include <linux/mptcp.h>
#include <linux/neighbour.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX (1u << 20)
#define PROTOCOL_OF_IPSET 7 /* since Linux 4.20 */
#define SUBFLOWS_USUAL 2 /* before Linux 5.17 it was 0 */

/* A kernel without it has none. */
static bool is_missing(int r)
{
	return r == -EPROTONOSUPPORT || r == -EOPNOTSUPP || r == -EAFNOSUPPORT || r == -ENOENT;
}

static void tell_unseen(struct cpt_look *l, int r, const char *what)
{
	if (r < 0 && !is_missing(r))
		cpt_say(l, CPT_UNKNOWN, NULL, "its %s: %s", what, strerror(-r));
}

static int read_answer(int netns, int bus, struct vz_nl *m, const struct vz_nl_reader *reader)
{
	autoclose int sock = vz_nl_open(bus, netns, NULL);

	return sock < 0 ? sock : vz_nl_read(sock, m, reader, NULL, "network");
}

/* ---- ipset ---- */

static int look_at_set(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *tb[IPSET_ATTR_SETNAME + 1];

	if (mnl_nlmsg_get_payload_len(h) < sizeof(struct nfgenmsg))
		return 0;
	vz_nl_attrs(h, sizeof(struct nfgenmsg), tb, IPSET_ATTR_SETNAME);
	if (*vz_nl_str(tb[IPSET_ATTR_SETNAME]))
		cpt_say(arg, CPT_NOT_KEPT, NULL, "ipset %.40s", vz_nl_str(tb[IPSET_ATTR_SETNAME]));
	return 0;
}

/* Asked where it is there only: the kernel would load it. */
static void look_at_sets(struct cpt_look *l, int netns)
{
	const struct nfgenmsg any = { .nfgen_family = AF_INET };
	struct vz_nl m;

	if (access("/sys/module/ip_set", F_OK) < 0)
		return;
	vz_nl_init(&m, NFNL_SUBSYS_IPSET << 8 | IPSET_CMD_LIST, NLM_F_DUMP);
	vz_nl_put_hdr(&m, &any, sizeof(any));
	vz_nl_put_u8(&m, IPSET_ATTR_PROTOCOL, PROTOCOL_OF_IPSET);
	vz_nl_put_u32(&m, IPSET_ATTR_FLAGS | NLA_F_NET_BYTEORDER, htonl(IPSET_FLAG_LIST_SETNAME));
	tell_unseen(l, read_answer(netns, NETLINK_NETFILTER, &m, &(struct vz_nl_reader){ look_at_set, l }), "sets of ipset");
}

/* ---- labels of addresses ---- */

/* Those that a new namespace has. */
static const struct {
	const char *prefix;
	uint8_t bits;
	uint32_t label;
} usual_labels[] = {
	{ "::", 0, 1 }, { "::1", 128, 0 }, { "::", 96, 3 }, { "::ffff:0.0.0.0", 96, 4 }, { "2001::", 32, 6 }, { "2001:10::", 28, 7 },
	{ "3ffe::", 16, 12 }, { "2002::", 16, 2 }, { "fec0::", 10, 11 }, { "fc00::", 7, 5 },
};

struct labels {
	size_t usual, others;
};

static int look_at_label(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrlblmsg *a = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[IFAL_MAX + 1];
	struct labels *s = arg;
	struct in6_addr usual;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*a))
		return 0;
	vz_nl_attrs(h, sizeof(*a), tb, IFAL_MAX);
	if (!tb[IFAL_ADDRESS] || mnl_attr_get_payload_len(tb[IFAL_ADDRESS]) != sizeof(usual))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(usual_labels); i++)
		if (a->ifal_prefixlen == usual_labels[i].bits && vz_nl_u32(tb[IFAL_LABEL]) == usual_labels[i].label && !a->ifal_index &&
		    inet_pton(AF_INET6, usual_labels[i].prefix, &usual) == 1 &&
		    !memcmp(mnl_attr_get_payload(tb[IFAL_ADDRESS]), &usual, sizeof(usual))) {
			s->usual++;
			return 0;
		}
	s->others++;
	return 0;
}

static void look_at_labels(struct cpt_look *l, int netns)
{
	const struct ifaddrlblmsg all = { .ifal_family = AF_INET6 };
	struct labels s = { 0 };
	struct vz_nl m;
	int r;

	vz_nl_init(&m, RTM_GETADDRLABEL, NLM_F_DUMP);
	vz_nl_put_hdr(&m, &all, sizeof(all));
	r = read_answer(netns, NETLINK_ROUTE, &m, &(struct vz_nl_reader){ look_at_label, &s });
	tell_unseen(l, r, "labels of addresses");
	if (s.others || (s.usual && s.usual != ARRAY_LEN(usual_labels)))
		cpt_say(l, CPT_NOT_KEPT, NULL, "labels of addresses (ip addrlabel)");
}

/* ---- for whom it answers ---- */

static int look_at_proxy(const struct nlmsghdr *h, void *arg)
{
	const struct ndmsg *n = mnl_nlmsg_get_payload(h);

	if (mnl_nlmsg_get_payload_len(h) >= sizeof(*n) && n->ndm_flags & NTF_PROXY)
		cpt_say(arg, CPT_NOT_KEPT, NULL, "an address that device %d answers for (ip neigh add proxy)", n->ndm_ifindex);
	return 0;
}

static void look_at_proxies(struct cpt_look *l, int netns)
{
	const struct ndmsg proxies = { .ndm_flags = NTF_PROXY };
	struct vz_nl m;

	vz_nl_init(&m, RTM_GETNEIGH, NLM_F_DUMP);
	vz_nl_put_hdr(&m, &proxies, sizeof(proxies));
	tell_unseen(l, read_answer(netns, NETLINK_ROUTE, &m, &(struct vz_nl_reader){ look_at_proxy, l }), "proxies");
}

/* ---- devices ---- */

static bool has_token(const struct nlattr *spec)
{
	static const struct in6_addr none;
	const struct nlattr *of[AF_INET6 + 1], *tb[IFLA_INET6_TOKEN + 1], *token;

	vz_nl_nested(spec, of, AF_INET6);
	if (!of[AF_INET6])
		return false;
	vz_nl_nested(of[AF_INET6], tb, IFLA_INET6_TOKEN);
	token = tb[IFLA_INET6_TOKEN];
	return token && mnl_attr_get_payload_len(token) == sizeof(none) && memcmp(mnl_attr_get_payload(token), &none, sizeof(none));
}

static bool has_backup(const struct nlattr *info)
{
	const struct nlattr *tb[IFLA_INFO_SLAVE_DATA + 1], *port[IFLA_BRPORT_BACKUP_PORT + 1];

	vz_nl_nested(info, tb, IFLA_INFO_SLAVE_DATA);
	if (strcmp(vz_nl_str(tb[IFLA_INFO_SLAVE_KIND]), "bridge") || !tb[IFLA_INFO_SLAVE_DATA])
		return false;
	vz_nl_nested(tb[IFLA_INFO_SLAVE_DATA], port, IFLA_BRPORT_BACKUP_PORT);
	return port[IFLA_BRPORT_BACKUP_PORT];
}

static int look_at_link(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *tb[IFLA_PROP_LIST + 1];
	const char *name;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(struct ifinfomsg))
		return 0;
	vz_nl_attrs(h, sizeof(struct ifinfomsg), tb, IFLA_PROP_LIST);
	name = vz_nl_str(tb[IFLA_IFNAME]);
	if (tb[IFLA_PROP_LIST])
		cpt_say(arg, CPT_NOT_KEPT, NULL, "other names (altname) of %.16s", name);
	if (tb[IFLA_AF_SPEC] && has_token(tb[IFLA_AF_SPEC]))
		cpt_say(arg, CPT_NOT_KEPT, NULL, "the token of %.16s (ip token)", name);
	if (tb[IFLA_LINKINFO] && has_backup(tb[IFLA_LINKINFO]))
		cpt_say(arg, CPT_NOT_KEPT, NULL, "the backup port of %.16s in a bridge", name);
	return 0;
}

static void look_at_links(struct cpt_look *l, int netns)
{
	const struct ifinfomsg all = { 0 };
	struct vz_nl m;

	vz_nl_init(&m, RTM_GETLINK, NLM_F_DUMP);
	vz_nl_put_hdr(&m, &all, sizeof(all));
	tell_unseen(l, read_answer(netns, NETLINK_ROUTE, &m, &(struct vz_nl_reader){ look_at_link, l }), "names of devices");
}

/* ---- MPTCP ---- */

static int take_family(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *tb[CTRL_ATTR_FAMILY_ID + 1];
	uint16_t *id = arg;

	vz_nl_attrs(h, sizeof(struct genlmsghdr), tb, CTRL_ATTR_FAMILY_ID);
	if (tb[CTRL_ATTR_FAMILY_ID] && mnl_attr_get_payload_len(tb[CTRL_ATTR_FAMILY_ID]) == sizeof(*id))
		*id = mnl_attr_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	return 0;
}

static int look_at_endpoint(const struct nlmsghdr *h, void *arg)
{
	(void)h;
	++*(size_t *)arg;
	return 0;
}

static int look_at_limits(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *tb[MPTCP_PM_ATTR_SUBFLOWS + 1];

	uint32_t subflows;

	vz_nl_attrs(h, sizeof(struct genlmsghdr), tb, MPTCP_PM_ATTR_SUBFLOWS);
	subflows = vz_nl_u32(tb[MPTCP_PM_ATTR_SUBFLOWS]);
	*(size_t *)arg += vz_nl_u32(tb[MPTCP_PM_ATTR_RCV_ADD_ADDRS]) || (subflows && subflows != SUBFLOWS_USUAL);
	return 0;
}

static void begin_generic(struct vz_nl *m, uint16_t family, uint8_t command, uint16_t flags)
{
	const struct genlmsghdr g = { .cmd = command, .version = 1 };

	vz_nl_init(m, family, flags);
	vz_nl_put_hdr(m, &g, sizeof(g));
}

static void look_at_mptcp(struct cpt_look *l, int netns)
{
	uint16_t family = 0;
	size_t found = 0;
	struct vz_nl m;
	int r;

	if (access("/proc/sys/net/mptcp", F_OK) < 0)
		return;
	begin_generic(&m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	vz_nl_put_str(&m, CTRL_ATTR_FAMILY_NAME, MPTCP_PM_NAME);
	r = read_answer(netns, NETLINK_GENERIC, &m, &(struct vz_nl_reader){ take_family, &family });
	if (r >= 0 && family) {
		begin_generic(&m, family, MPTCP_PM_CMD_GET_ADDR, NLM_F_DUMP);
		r = read_answer(netns, NETLINK_GENERIC, &m, &(struct vz_nl_reader){ look_at_endpoint, &found });
	}
	if (r >= 0 && family) {
		begin_generic(&m, family, MPTCP_PM_CMD_GET_LIMITS, 0);
		r = read_answer(netns, NETLINK_GENERIC, &m, &(struct vz_nl_reader){ look_at_limits, &found });
	}
	tell_unseen(l, r, "endpoints of MPTCP");
	if (found)
		cpt_say(l, CPT_NOT_KEPT, NULL, "endpoints and limits of MPTCP (ip mptcp)");
}

/* ---- /proc/net ---- */

/* clang-format off */
static const struct {
	const char *name;
	unsigned head; /* lines */
	enum cpt_kind kind;
	const char *what;
} tables[] = {
	{ "netfilter/nfnetlink_queue", 0, CPT_QUEUE, "queue" },
	{ "netfilter/nfnetlink_log", 0, CPT_NOT_KEPT, "a program that is told of packets (NFLOG), group" },
	{ "ip_mr_vif", 1, CPT_NOT_KEPT, "routes of multicast over IPv4, device" },
	{ "ip6_mr_vif", 1, CPT_NOT_KEPT, "routes of multicast over IPv6, device" },
	{ "ip6_flowlabel", 1, CPT_NOT_KEPT, "a flow label that a socket has (IPV6_FLOWLABEL_MGR), number" },
};
/* clang-format on */

struct texts {
	char *text[ARRAY_LEN(tables)];
	int err;
};

static int read_tables(void *arg)
{
	struct texts *t = arg;

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		char path[64];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/thread-self/net/%s", tables[i].name);
		n = vz_file_read(AT_FDCWD, path, TEXT_MAX, &t->text[i]);
		if (n < 0 && n != -ENOENT)
			t->err = (int)n;
	}
	return 0;
}

static void look_at_tables(struct cpt_look *l, int netns)
{
	struct texts t = { 0 };
	int r = vz_netns_call(netns, read_tables, &t);

	tell_unseen(l, r < 0 ? r : t.err, "tables of /proc/net");
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		char *p = t.text[i], *line;

		for (unsigned n = 0; p && (line = strsep(&p, "\n")); n++)
			if (n >= tables[i].head && *line) {
				line += strspn(line, " ");
				cpt_say(l, tables[i].kind, NULL, "%s %.*s", tables[i].what, (int)strcspn(line, " "), line);
			}
		free(t.text[i]);
	}
}

/* Lines "2    eth0    1     0     333300001234": the second number, behind the one of all users, is of those added by hand. */
static int read_addresses(void *arg)
{
	ssize_t n = vz_file_read(AT_FDCWD, "/proc/thread-self/net/dev_mcast", TEXT_MAX, arg);

	return n < 0 && n != -ENOENT ? (int)n : 0;
}

static void look_at_addresses(struct cpt_look *l, int netns)
{
	autofree char *text = NULL;
	int r = vz_netns_call(netns, read_addresses, &text);
	char *p = text, *line, name[17];
	unsigned by_hand;

	tell_unseen(l, r, "addresses of multicast");
	while (p && (line = strsep(&p, "\n")))
		if (sscanf(line, "%*u %16s %*u %u", name, &by_hand) == 2 && by_hand)
			cpt_say(l, CPT_NOT_KEPT, NULL, "an address of multicast (ip maddr) of %s", name);
}

/* Of init's they are kept (routes.h). */
static void look_at_routes(struct cpt_look *l, const struct cpt_netns *n)
{
	int routes = n->inode == l->init.ns[CPT_NS_NET] ? 0 : vz_routes_count(n->fd);

	tell_unseen(l, routes, "routes");
	if (routes > 0)
		cpt_say(l, CPT_NOT_KEPT, NULL, "%d routes of a service's own network namespace, of other tables than main or for a time",
			routes);
}

void cpt_netrest_look(struct cpt_look *l, const struct cpt_netns *n)
{
	look_at_sets(l, n->fd);
	look_at_labels(l, n->fd);
	look_at_proxies(l, n->fd);
	look_at_links(l, n->fd);
	look_at_mptcp(l, n->fd);
	look_at_tables(l, n->fd);
	look_at_addresses(l, n->fd);
	look_at_routes(l, n);
}
