// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings of network devices by rtnetlink(7); see links.h. */
#include "cpt/links.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/own.h"
#include "base/pack.h"
#include "net/link.h"
#include "sys/nl.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#define FILE_NAME "links"
#define DEVICES_MAX 4096u
#define PACKED_MAX (4u << 20)
#define VALUE_MAX 256u /* IFALIASZ */
#define ATTR_MAX 63

/* Of newer kernels than the headers. */
#define BR_FDB_MAX_LEARNED 49       /* Linux 6.8 */
#define BRPORT_MAB 40               /* 6.2 */
#define BRPORT_MCAST_MAX_GROUPS 42  /* 6.3 */
#define BRPORT_NEIGH_VLAN_SUPPRESS 43 /* 6.4 */

enum where { DEVICE, BRIDGE, PORT, WHERES };

/* In this order: the kernel takes a default PVID while the filter of VLANs is off, and any forward delay while the
 * spanning tree is. Where that begins last, with ports that forward already, they go on to. */
/* clang-format off */
static const struct setting {
	uint8_t where, attr, size; /* size 0: text */
	const char *what;
} settings[] = {
	{ DEVICE, IFLA_IFALIAS, 0, "alias" },
	{ DEVICE, IFLA_TXQLEN, 4, "txqueuelen" },
	{ DEVICE, IFLA_GROUP, 4, "group" },
	{ DEVICE, IFLA_GSO_MAX_SIZE, 4, "gso_max_size" },
	{ DEVICE, IFLA_GSO_MAX_SEGS, 4, "gso_max_segs" },
	{ DEVICE, IFLA_GRO_MAX_SIZE, 4, "gro_max_size" },
	{ BRIDGE, IFLA_BR_FORWARD_DELAY, 4, "forward_delay" },
	{ BRIDGE, IFLA_BR_HELLO_TIME, 4, "hello_time" },
	{ BRIDGE, IFLA_BR_MAX_AGE, 4, "max_age" },
	{ BRIDGE, IFLA_BR_AGEING_TIME, 4, "ageing_time" },
	{ BRIDGE, IFLA_BR_PRIORITY, 2, "priority" },
	{ BRIDGE, IFLA_BR_GROUP_FWD_MASK, 2, "group_fwd_mask" },
	{ BRIDGE, IFLA_BR_GROUP_ADDR, 6, "group_address" },
	{ BRIDGE, IFLA_BR_MCAST_ROUTER, 1, "mcast_router" },
	{ BRIDGE, IFLA_BR_MCAST_SNOOPING, 1, "mcast_snooping" },
	{ BRIDGE, IFLA_BR_MCAST_QUERY_USE_IFADDR, 1, "mcast_query_use_ifaddr" },
	{ BRIDGE, IFLA_BR_MCAST_QUERIER, 1, "mcast_querier" },
	{ BRIDGE, IFLA_BR_MCAST_HASH_MAX, 4, "mcast_hash_max" },
	{ BRIDGE, IFLA_BR_MCAST_LAST_MEMBER_CNT, 4, "mcast_last_member_count" },
	{ BRIDGE, IFLA_BR_MCAST_STARTUP_QUERY_CNT, 4, "mcast_startup_query_count" },
	{ BRIDGE, IFLA_BR_MCAST_LAST_MEMBER_INTVL, 8, "mcast_last_member_interval" },
	{ BRIDGE, IFLA_BR_MCAST_MEMBERSHIP_INTVL, 8, "mcast_membership_interval" },
	{ BRIDGE, IFLA_BR_MCAST_QUERIER_INTVL, 8, "mcast_querier_interval" },
	{ BRIDGE, IFLA_BR_MCAST_QUERY_INTVL, 8, "mcast_query_interval" },
	{ BRIDGE, IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, 8, "mcast_query_response_interval" },
	{ BRIDGE, IFLA_BR_MCAST_STARTUP_QUERY_INTVL, 8, "mcast_startup_query_interval" },
	{ BRIDGE, IFLA_BR_MCAST_STATS_ENABLED, 1, "mcast_stats_enabled" },
	{ BRIDGE, IFLA_BR_MCAST_IGMP_VERSION, 1, "mcast_igmp_version" },
	{ BRIDGE, IFLA_BR_MCAST_MLD_VERSION, 1, "mcast_mld_version" },
	{ BRIDGE, IFLA_BR_NF_CALL_IPTABLES, 1, "nf_call_iptables" },
	{ BRIDGE, IFLA_BR_NF_CALL_IP6TABLES, 1, "nf_call_ip6tables" },
	{ BRIDGE, IFLA_BR_NF_CALL_ARPTABLES, 1, "nf_call_arptables" },
	{ BRIDGE, BR_FDB_MAX_LEARNED, 4, "fdb_max_learned" },
	{ BRIDGE, IFLA_BR_VLAN_PROTOCOL, 2, "vlan_protocol" },
	{ BRIDGE, IFLA_BR_VLAN_DEFAULT_PVID, 2, "vlan_default_pvid" },
	{ BRIDGE, IFLA_BR_VLAN_STATS_ENABLED, 1, "vlan_stats_enabled" },
	{ BRIDGE, IFLA_BR_VLAN_FILTERING, 1, "vlan_filtering" },
	{ BRIDGE, IFLA_BR_MULTI_BOOLOPT, 8, "options" },
	{ BRIDGE, IFLA_BR_STP_STATE, 4, "stp_state" },
	{ PORT, IFLA_BRPORT_PRIORITY, 2, "priority" },
	{ PORT, IFLA_BRPORT_COST, 4, "cost" },
	{ PORT, IFLA_BRPORT_MODE, 1, "hairpin" },
	{ PORT, IFLA_BRPORT_GUARD, 1, "guard" },
	{ PORT, IFLA_BRPORT_PROTECT, 1, "root_block" },
	{ PORT, IFLA_BRPORT_FAST_LEAVE, 1, "fastleave" },
	{ PORT, IFLA_BRPORT_LEARNING, 1, "learning" },
	{ PORT, IFLA_BRPORT_UNICAST_FLOOD, 1, "flood" },
	{ PORT, IFLA_BRPORT_PROXYARP, 1, "proxy_arp" },
	{ PORT, IFLA_BRPORT_PROXYARP_WIFI, 1, "proxy_arp_wifi" },
	{ PORT, IFLA_BRPORT_MULTICAST_ROUTER, 1, "mcast_router" },
	{ PORT, IFLA_BRPORT_MCAST_FLOOD, 1, "mcast_flood" },
	{ PORT, IFLA_BRPORT_MCAST_TO_UCAST, 1, "mcast_to_unicast" },
	{ PORT, IFLA_BRPORT_BCAST_FLOOD, 1, "bcast_flood" },
	{ PORT, IFLA_BRPORT_GROUP_FWD_MASK, 2, "group_fwd_mask" },
	{ PORT, IFLA_BRPORT_NEIGH_SUPPRESS, 1, "neigh_suppress" },
	{ PORT, IFLA_BRPORT_VLAN_TUNNEL, 1, "vlan_tunnel" },
	{ PORT, IFLA_BRPORT_ISOLATED, 1, "isolated" },
	{ PORT, IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT, 4, "mcast_eht_hosts_limit" },
	{ PORT, IFLA_BRPORT_LOCKED, 1, "locked" },
	{ PORT, BRPORT_MAB, 1, "mab" },
	{ PORT, BRPORT_MCAST_MAX_GROUPS, 4, "mcast_max_groups" },
	{ PORT, BRPORT_NEIGH_VLAN_SUPPRESS, 1, "neigh_vlan_suppress" },
};
/* clang-format on */
#define SETTINGS (sizeof(settings) / sizeof(*settings))

/* ---- what the kernel shows ---- */

struct shown {
	const struct nlattr *of[WHERES][ATTR_MAX + 1];
};

static void show_nested(const struct nlattr *kind, const struct nlattr *data, const struct nlattr **tb)
{
	if (data && !strcmp(vz_nl_str(kind), "bridge"))
		vz_nl_nested(data, tb, ATTR_MAX);
}

static int show(const struct nlmsghdr *h, struct shown *s)
{
	const struct nlattr *info[IFLA_INFO_SLAVE_DATA + 1];

	if (h->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(h) < sizeof(struct ifinfomsg))
		return -EBADMSG;
	memset(s, 0, sizeof(*s));
	vz_nl_attrs(h, sizeof(struct ifinfomsg), s->of[DEVICE], ATTR_MAX);
	if (!s->of[DEVICE][IFLA_LINKINFO])
		return 0;
	vz_nl_nested(s->of[DEVICE][IFLA_LINKINFO], info, IFLA_INFO_SLAVE_DATA);
	show_nested(info[IFLA_INFO_KIND], info[IFLA_INFO_DATA], s->of[BRIDGE]);
	show_nested(info[IFLA_INFO_SLAVE_KIND], info[IFLA_INFO_SLAVE_DATA], s->of[PORT]);
	return 0;
}

/* NULL: the kernel does not show it, or not as it is known here. */
static const char *shown_value(const struct shown *s, const struct setting *t, size_t *ret_n)
{
	const struct nlattr *a = s->of[t->where][t->attr];
	size_t n = a ? mnl_attr_get_payload_len(a) : 0;

	if (!n || (t->size ? n != t->size : n > VALUE_MAX))
		return NULL;
	*ret_n = n;
	return mnl_attr_get_payload(a);
}

static void begin_get(struct vz_nl *m, int index, uint16_t flags)
{
	const struct ifinfomsg ifi = { .ifi_index = index };

	vz_nl_init(m, RTM_GETLINK, flags);
	vz_nl_put_hdr(m, &ifi, sizeof(ifi));
	vz_nl_put_u32(m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

/* ---- save ---- */

struct save {
	struct vz_pack out;
	unsigned n;
};

static int save_link(const struct nlmsghdr *h, void *arg)
{
	struct save *s = arg;
	struct shown now;
	int r = show(h, &now);

	if (r < 0)
		return r;
	if (++s->n > DEVICES_MAX)
		return -E2BIG;
	vz_pack_num(&s->out, 1);
	vz_pack_text(&s->out, vz_nl_str(now.of[DEVICE][IFLA_IFNAME]));
	for (size_t i = 0; i < SETTINGS; i++) {
		size_t n;
		const char *value = shown_value(&now, &settings[i], &n);

		if (!value)
			continue;
		vz_pack_num(&s->out, settings[i].where + 1u);
		vz_pack_num(&s->out, settings[i].attr);
		vz_pack_bytes(&s->out, value, n);
	}
	vz_pack_num(&s->out, 0);
	return s->out.err;
}

int vz_links_save(int netns, struct vz_image *im, struct vz_err *e)
{
	struct save s = { .out = { .max = PACKED_MAX } };
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, netns, e);
	struct vz_nl m;
	int r = rtnl;

	begin_get(&m, 0, NLM_F_DUMP);
	if (r >= 0)
		r = vz_nl_read(rtnl, &m, &(struct vz_nl_reader){ save_link, &s }, e,
			       "cannot read the settings of the container's network devices");
	if (r >= 0)
		return vz_image_put_packed(im, FILE_NAME, &s.out, "the settings of the container's network devices", e);
	if (e)
		e->exit = VZ_CHKPNT;
	vz_pack_free(&s.out);
	return r;
}

/* ---- load ---- */

struct value {
	const char *p; /* NULL: none was saved, or it is so already */
	size_t n;
};

struct load {
	int rtnl, index;
	char name[IFNAMSIZ];
	struct value v[SETTINGS];
	char refused[80]; /* the first */
	int why;
};

static const struct setting *find_setting(uint64_t where, uint64_t attr)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (settings[i].where == where && settings[i].attr == attr)
			return &settings[i];
	return NULL;
}

static bool is_zero(const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->p[i])
			return false;
	return true;
}

/* What this kernel does not know, and was not used, is as it was. */
static int compare(const struct nlmsghdr *h, void *arg)
{
	struct load *l = arg;
	struct shown now;
	int r = show(h, &now);

	for (size_t i = 0; r >= 0 && i < SETTINGS; i++) {
		struct value *v = &l->v[i];
		size_t n = 0;
		const char *is = v->p ? shown_value(&now, &settings[i], &n) : NULL;

		if (v->p && (is ? n == v->n && !memcmp(is, v->p, n) : is_zero(v)))
			v->p = NULL;
	}
	return r;
}

static int set_one(const struct load *l, const struct setting *t, const struct value *v)
{
	const struct ifinfomsg ifi = { .ifi_index = l->index };
	struct vz_nl m;

	vz_nl_init(&m, RTM_NEWLINK, 0);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	if (t->where == DEVICE)
		vz_nl_put(&m, t->attr, v->p, v->n);
	else
		VZ_NL_NEST(&m, IFLA_LINKINFO) {
			vz_nl_put_str(&m, t->where == PORT ? IFLA_INFO_SLAVE_KIND : IFLA_INFO_KIND, "bridge");
			VZ_NL_NEST(&m, t->where == PORT ? IFLA_INFO_SLAVE_DATA : IFLA_INFO_DATA)
				vz_nl_put(&m, t->attr, v->p, v->n);
		}
	return vz_nl_call(l->rtnl, &m, NULL, "%s", t->what);
}

/* Each alone: what is refused takes no other along. */
static int set_all(struct load *l)
{
	struct vz_link link;
	struct vz_nl m;
	int r = vz_link_find(l->rtnl, l->name, &link, NULL);

	if (r < 0) /* an operator's, who has taken it away meanwhile */
		return r == -ENODEV ? 0 : r;
	l->index = link.index;
	begin_get(&m, link.index, 0);
	r = vz_nl_read(l->rtnl, &m, &(struct vz_nl_reader){ compare, l }, NULL, "device");
	for (size_t i = 0; r >= 0 && i < SETTINGS; i++) {
		int why = l->v[i].p ? set_one(l, &settings[i], &l->v[i]) : 0;

		if (why >= 0 || l->refused[0])
			continue;
		snprintf(l->refused, sizeof(l->refused), "%s of network device %s", settings[i].what, l->name);
		vz_escape_plain(l->refused);
		l->why = -why;
	}
	return r;
}

static int load_link(struct load *l, struct vz_packed *in)
{
	uint64_t where;

	memset(l->v, 0, sizeof(l->v));
	vz_packed_text(in, l->name, sizeof(l->name));
	while ((where = vz_packed_num(in, WHERES))) {
		const struct setting *t = find_setting(where - 1, vz_packed_num(in, ATTR_MAX));
		size_t n;
		const char *p = vz_packed_bytes(in, VALUE_MAX, &n);

		if (!t || in->bad || (t->size && n != t->size))
			return -EBADMSG;
		l->v[t - settings] = (struct value){ p, n };
	}
	return in->bad ? -EBADMSG : set_all(l);
}

int vz_links_load(int netns, const struct vz_image *im, struct vz_err *e)
{
	struct vz_packed in = { 0 };
	struct load l = { 0 };
	autofree char *data = NULL;
	autoclose int rtnl = -EBADF;
	int r;

	r = vz_image_read_packed(im, FILE_NAME, &data, &in, e);
	if (r <= 0)
		return r;
	r = l.rtnl = rtnl = vz_nl_open(NETLINK_ROUTE, netns, e);
	if (r < 0)
		return r;
	for (unsigned n = 0; r >= 0 && vz_packed_num(&in, 1); n++)
		r = n < DEVICES_MAX ? load_link(&l, &in) : -EBADMSG;
	if (l.refused[0])
		vz_log(0, "Cannot set %s again (%s): ignoring", l.refused, strerror(l.why));
	if (r == -EBADMSG || in.bad)
		return vz_fail(e, VZ_RESTORE, 0, "what the dump has of network devices was not written by vzctl");
	return r < 0 ? vz_fail(e, VZ_RESTORE, -r, "cannot set the container's network devices") : 0;
}
