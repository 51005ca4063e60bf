// SPDX-License-Identifier: GPL-2.0-or-later
/* See nftcopy.h. Which attributes a message has is in linux/netfilter/nf_tables.h; the table's name is the first of each. */
#include "net/nftcopy.h"
#include "base/own.h"
#include "sys/clock.h"
#include "sys/nl.h"
#include "sys/wait.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#define TABLE_NAME 1 /* in every kind of message */
#define SECOND_NAME 2 /* in all but those of tables and chains */
#define ACK_ROOM (64u << 10)
#define READ_S 5     /* in all: the VPS may stand still, and the kernel looks for each set among all */
#define EXPR_MAX 32
#define FIRST_REG 1  /* of an expression that loads: NFTA_META_DREG, NFTA_PAYLOAD_DREG */

/* Newer than the headers of the oldest distribution. */
enum { TABLE_OWNER_FLAG = 0x2, TABLE_USERDATA = 6, CHAIN_FLAGS = 10, CHAIN_BINDING_FLAG = 4, CHAIN_USERDATA = 12 };
enum { SET_EXPR = 17, SET_EXPRESSIONS = 18, OBJ_USERDATA = 8, SOCKET_KEY_CGROUP = 3 };

#define BIT(n) (1u << (n))

/* In the order in which they are made. A handle would name what is there already, and a use is counted anew. */
/* clang-format off */
static const struct kind {
	uint16_t get, make;
	uint16_t flags;    /* with which it is made */
	uint32_t keep;     /* attributes */
} kinds[] = {
	{ NFT_MSG_GETTABLE, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL,
	  BIT(NFTA_TABLE_NAME) | BIT(NFTA_TABLE_FLAGS) | BIT(TABLE_USERDATA) },
	{ NFT_MSG_GETCHAIN, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL,
	  BIT(NFTA_CHAIN_TABLE) | BIT(NFTA_CHAIN_NAME) | BIT(NFTA_CHAIN_HOOK) | BIT(NFTA_CHAIN_POLICY) | BIT(NFTA_CHAIN_TYPE) |
	  BIT(NFTA_CHAIN_COUNTERS) | BIT(CHAIN_FLAGS) | BIT(CHAIN_USERDATA) },
	{ NFT_MSG_GETOBJ, NFT_MSG_NEWOBJ, NLM_F_CREATE | NLM_F_EXCL,
	  BIT(NFTA_OBJ_TABLE) | BIT(NFTA_OBJ_NAME) | BIT(NFTA_OBJ_TYPE) | BIT(NFTA_OBJ_DATA) | BIT(OBJ_USERDATA) },
	{ NFT_MSG_GETFLOWTABLE, NFT_MSG_NEWFLOWTABLE, NLM_F_CREATE | NLM_F_EXCL,
	  BIT(NFTA_FLOWTABLE_TABLE) | BIT(NFTA_FLOWTABLE_NAME) | BIT(NFTA_FLOWTABLE_HOOK) | BIT(NFTA_FLOWTABLE_FLAGS) },
	{ NFT_MSG_GETSET, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL,
	  BIT(NFTA_SET_TABLE) | BIT(NFTA_SET_NAME) | BIT(NFTA_SET_FLAGS) | BIT(NFTA_SET_KEY_TYPE) | BIT(NFTA_SET_KEY_LEN) |
	  BIT(NFTA_SET_DATA_TYPE) | BIT(NFTA_SET_DATA_LEN) | BIT(NFTA_SET_POLICY) | BIT(NFTA_SET_DESC) | BIT(NFTA_SET_TIMEOUT) |
	  BIT(NFTA_SET_GC_INTERVAL) | BIT(NFTA_SET_USERDATA) | BIT(NFTA_SET_OBJ_TYPE) | BIT(SET_EXPR) | BIT(SET_EXPRESSIONS) },
	{ NFT_MSG_GETSETELEM, NFT_MSG_NEWSETELEM, NLM_F_CREATE,
	  BIT(NFTA_SET_ELEM_LIST_TABLE) | BIT(NFTA_SET_ELEM_LIST_SET) | BIT(NFTA_SET_ELEM_LIST_ELEMENTS) },
	{ NFT_MSG_GETRULE, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
	  BIT(NFTA_RULE_TABLE) | BIT(NFTA_RULE_CHAIN) | BIT(NFTA_RULE_EXPRESSIONS) | BIT(NFTA_RULE_USERDATA) },
};
/* clang-format on */

/* ---- reading ---- */

struct reading {
	struct vz_nftcopy *to;
	const struct kind *kind;
	uint32_t sets; /* how many there were: their ids */
	int64_t end;
};

static uint16_t type_of(uint16_t message)
{
	return (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | message);
}

static uint32_t be32_of(const struct nlattr *a)
{
	return ntohl(vz_nl_u32(a));
}

static const char *family_word(uint8_t family)
{
	static const char *const words[] = { [NFPROTO_INET] = "inet ", [NFPROTO_ARP] = "arp ", [NFPROTO_NETDEV] = "netdev ",
					     [NFPROTO_BRIDGE] = "bridge ", [NFPROTO_IPV6] = "ip6 " };

	return family < sizeof(words) / sizeof(words[0]) && words[family] ? words[family] : "";
}

static void put_attr(struct vz_str *out, uint16_t type, const void *data, size_t n)
{
	const struct nlattr a = { .nla_len = (uint16_t)(sizeof(a) + n), .nla_type = type };
	const char pad[MNL_ALIGNTO] = { 0 };

	vz_str_addn(out, (const char *)&a, sizeof(a));
	vz_str_addn(out, data, n);
	vz_str_addn(out, pad, MNL_ALIGN(n) - n);
}

/* Of a table: its flags. Of a chain: those that only a rule makes. */
static void look_at_flags(struct reading *rd, const struct nlmsghdr *h, uint8_t family)
{
	const struct nlattr *tb[CHAIN_FLAGS + 1];

	vz_nl_attrs(h, sizeof(struct nfgenmsg), tb, CHAIN_FLAGS);
	if (rd->kind->make == NFT_MSG_NEWTABLE && be32_of(tb[NFTA_TABLE_FLAGS]) & TABLE_OWNER_FLAG && !*rd->to->owned)
		snprintf(rd->to->owned, sizeof(rd->to->owned), "table %s%.60s", family_word(family), vz_nl_str(tb[NFTA_TABLE_NAME]));
	if (rd->kind->make == NFT_MSG_NEWCHAIN && be32_of(tb[CHAIN_FLAGS]) & CHAIN_BINDING_FLAG && !*rd->to->lacks)
		snprintf(rd->to->lacks, sizeof(rd->to->lacks), "table %s%.40s: a chain without a name (jump { ... })",
			 family_word(family), vz_nl_str(tb[NFTA_CHAIN_TABLE]));
}

/* What of a rule the kernel does not show: for which protocol its extensions are. iptables puts that before them, as what is
 * compared with the packet's. */
struct protocol {
	bool known, inverted;
	uint16_t number;
};

struct walk {
	uint8_t family;
	uint32_t reg; /* which has the packet's protocol; 0: none yet */
	struct protocol p;
	bool has_extension, has_group;
};

static bool loads_protocol(uint8_t family, const char *name, const struct nlattr *const tb[])
{
	uint32_t base, offset, len;

	if (!strcmp(name, "meta"))
		return family == NFPROTO_BRIDGE ? be32_of(tb[NFTA_META_KEY]) == NFT_META_PROTOCOL :
						  be32_of(tb[NFTA_META_KEY]) == NFT_META_L4PROTO;
	if (strcmp(name, "payload") != 0)
		return false;
	base = be32_of(tb[NFTA_PAYLOAD_BASE]);
	offset = be32_of(tb[NFTA_PAYLOAD_OFFSET]);
	len = be32_of(tb[NFTA_PAYLOAD_LEN]);
	switch (family) {
	case NFPROTO_IPV4:
		return base == NFT_PAYLOAD_NETWORK_HEADER && offset == 9 && len == 1;
	case NFPROTO_IPV6:
		return base == NFT_PAYLOAD_NETWORK_HEADER && offset == 6 && len == 1;
	case NFPROTO_BRIDGE:
		return base == NFT_PAYLOAD_LL_HEADER && offset == 12 && len == 2;
	default:
		return false;
	}
}

static void look_at_cmp(struct walk *w, const struct nlattr *const tb[])
{
	const struct nlattr *data[NFTA_DATA_MAX + 1], *v;
	uint32_t op = be32_of(tb[NFTA_CMP_OP]);

	if (w->p.known || !w->reg || be32_of(tb[NFTA_CMP_SREG]) != w->reg || !tb[NFTA_CMP_DATA] ||
	    (op != NFT_CMP_EQ && op != NFT_CMP_NEQ))
		return;
	vz_nl_nested(tb[NFTA_CMP_DATA], data, NFTA_DATA_MAX);
	v = data[NFTA_DATA_VALUE];
	if (!v || mnl_attr_get_payload_len(v) < 1)
		return;
	w->p.known = true;
	w->p.inverted = op == NFT_CMP_NEQ;
	w->p.number = *(const uint8_t *)mnl_attr_get_payload(v);
	if (w->family == NFPROTO_BRIDGE && mnl_attr_get_payload_len(v) >= sizeof(w->p.number))
		memcpy(&w->p.number, mnl_attr_get_payload(v), sizeof(w->p.number)); /* as it stands in the packet */
}

static void look_at_expr(struct walk *w, const char *name, const struct nlattr *data)
{
	const struct nlattr *tb[EXPR_MAX + 1] = { 0 };

	if (data)
		vz_nl_nested(data, tb, EXPR_MAX);
	w->has_extension |= !strcmp(name, "match") || !strcmp(name, "target");
	w->has_group |= !strcmp(name, "socket") && be32_of(tb[NFTA_SOCKET_KEY]) == SOCKET_KEY_CGROUP;
	if (!strcmp(name, "cmp"))
		look_at_cmp(w, tb);
	else /* it follows at once */
		w->reg = loads_protocol(w->family, name, tb) ? be32_of(tb[FIRST_REG]) : 0;
}

static void put_protocol(struct vz_str *out, const struct protocol *p)
{
	char inner[2 * (sizeof(struct nlattr) + sizeof(uint32_t))];
	const uint32_t values[] = { htonl(p->number), htonl(p->inverted ? NFT_RULE_COMPAT_F_INV : 0) };
	struct nlattr a = { .nla_len = sizeof(a) + sizeof(uint32_t) };

	for (size_t i = 0; i < 2; i++) {
		char *at = inner + i * sizeof(inner) / 2;

		a.nla_type = (uint16_t)(i ? NFTA_RULE_COMPAT_FLAGS : NFTA_RULE_COMPAT_PROTO);
		memcpy(at, &a, sizeof(a));
		memcpy(at + sizeof(a), &values[i], sizeof(values[i]));
	}
	put_attr(out, NLA_F_NESTED | NFTA_RULE_COMPAT, inner, sizeof(inner));
}

static void finish_rule(struct reading *rd, const struct nlmsghdr *h, uint8_t family)
{
	const struct nlattr *tb[NFTA_RULE_EXPRESSIONS + 1], *x;
	struct walk w = { .family = family };
	struct vz_nftcopy *to = rd->to;

	vz_nl_attrs(h, sizeof(struct nfgenmsg), tb, NFTA_RULE_EXPRESSIONS);
	if (!tb[NFTA_RULE_EXPRESSIONS])
		return;
	mnl_attr_for_each_nested(x, tb[NFTA_RULE_EXPRESSIONS]) {
		const struct nlattr *ex[NFTA_EXPR_DATA + 1];

		vz_nl_nested(x, ex, NFTA_EXPR_DATA);
		look_at_expr(&w, vz_nl_str(ex[NFTA_EXPR_NAME]), ex[NFTA_EXPR_DATA]);
	}
	if (w.has_extension && w.p.known)
		put_protocol(&to->msgs, &w.p);
	if (w.has_extension && !*to->extension)
		snprintf(to->extension, sizeof(to->extension), "table %s%.32s, chain %.32s", family_word(family),
			 vz_nl_str(tb[NFTA_RULE_TABLE]), vz_nl_str(tb[NFTA_RULE_CHAIN]));
	if (w.has_group && !*to->lacks)
		snprintf(to->lacks, sizeof(to->lacks), "table %s%.32s, chain %.32s: the number of a control group", family_word(family),
			 vz_nl_str(tb[NFTA_RULE_TABLE]), vz_nl_str(tb[NFTA_RULE_CHAIN]));
}

static void finish(struct reading *rd, const struct nlmsghdr *h)
{
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);

	switch (rd->kind->make) {
	case NFT_MSG_NEWTABLE:
	case NFT_MSG_NEWCHAIN:
		look_at_flags(rd, h, g->nfgen_family);
		break;
	case NFT_MSG_NEWSET:
		put_attr(&rd->to->msgs, NFTA_SET_ID, &(uint32_t){ htonl(++rd->sets) }, sizeof(uint32_t));
		break;
	case NFT_MSG_NEWRULE:
		finish_rule(rd, h, g->nfgen_family);
		break;
	}
}

/* An element as it is set: what ends an interval has a time of none, which nobody may give it; and one whose time is just
 * over would be given all of it again. */
static void put_element(struct vz_str *out, const struct nlattr *element)
{
	const struct nlattr *tb[NFTA_SET_ELEM_FLAGS + 1], *a;
	const uint64_t soon = htobe64(1);
	autostr inner = { 0 };
	bool ends;

	vz_nl_nested(element, tb, NFTA_SET_ELEM_FLAGS);
	ends = be32_of(tb[NFTA_SET_ELEM_FLAGS]) & NFT_SET_ELEM_INTERVAL_END;
	mnl_attr_for_each_nested(a, element) {
		uint16_t type = mnl_attr_get_type(a), n = mnl_attr_get_payload_len(a);
		bool over = type == NFTA_SET_ELEM_EXPIRATION && n == sizeof(soon) && !mnl_attr_get_u64(a);

		if (!ends || (type != NFTA_SET_ELEM_TIMEOUT && type != NFTA_SET_ELEM_EXPIRATION))
			put_attr(&inner, a->nla_type, over ? &soon : mnl_attr_get_payload(a), n);
	}
	out->failed |= inner.failed;
	if (inner.len)
		put_attr(out, element->nla_type, inner.s, inner.len);
}

/* The kernel may end its list with a message without one. */
static bool put_elements(struct vz_str *out, const struct nlattr *elements)
{
	const struct nlattr *a;
	autostr inner = { 0 };

	mnl_attr_for_each_nested(a, elements)
		put_element(&inner, a);
	out->failed |= inner.failed;
	if (inner.len)
		put_attr(out, elements->nla_type, inner.s, inner.len);
	return inner.len;
}

static int copy_message(const struct nlmsghdr *h, void *arg)
{
	struct reading *rd = arg;
	struct vz_str *out = &rd->to->msgs;
	struct nlmsghdr own = { .nlmsg_type = type_of(rd->kind->make), .nlmsg_flags = NLM_F_REQUEST | rd->kind->flags };
	struct nfgenmsg g = { .version = NFNETLINK_V0 };
	bool is_list = rd->kind->make == NFT_MSG_NEWSETELEM, any = !is_list;
	const struct nlattr *a;
	size_t at = out->len;

	if (h->nlmsg_type != own.nlmsg_type || mnl_nlmsg_get_payload_len(h) < sizeof(g))
		return 0;
	g.nfgen_family = ((const struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family;
	vz_str_addn(out, (const char *)&own, sizeof(own));
	vz_str_addn(out, (const char *)&g, sizeof(g));
	mnl_attr_for_each(a, h, sizeof(g)) {
		uint16_t type = mnl_attr_get_type(a);

		if (is_list && type == NFTA_SET_ELEM_LIST_ELEMENTS)
			any = put_elements(out, a);
		else if (type < 32 && rd->kind->keep & BIT(type))
			put_attr(out, a->nla_type, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
	}
	if (out->failed)
		return -ENOMEM;
	if (!any) {
		out->len = at;
		return 0;
	}
	own.nlmsg_len = (uint32_t)(out->len - at); /* of a set that has no length yet, for those who look */
	memcpy(out->s + at, &own, sizeof(own));
	finish(rd, h);
	if (out->failed)
		return -ENOMEM;
	own.nlmsg_len = (uint32_t)(out->len - at);
	memcpy(out->s + at, &own, sizeof(own));
	return out->len > VZ_NFTCOPY_MAX ? -E2BIG : vz_now_ms() > rd->end ? -ETIMEDOUT : 0;
}

static void ask(struct vz_nl *m, uint8_t family, uint16_t get)
{
	const struct nfgenmsg g = { .nfgen_family = family, .version = NFNETLINK_V0 };

	vz_nl_init(m, type_of(get), NLM_F_DUMP);
	vz_nl_put_hdr(m, &g, sizeof(g));
}

/* Those of each set that was found. */
static int read_elements(int sock, struct reading *rd)
{
	size_t end = rd->to->msgs.len;
	int r = 0;

	for (size_t at = 0; r >= 0 && at < end;) {
		const struct nlmsghdr *h = (const void *)(rd->to->msgs.s + at);
		const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);
		const struct nlattr *tb[NFTA_SET_NAME + 1];
		struct vz_nl m;

		at += h->nlmsg_len;
		if (h->nlmsg_type != type_of(NFT_MSG_NEWSET))
			continue;
		vz_nl_attrs(h, sizeof(*g), tb, NFTA_SET_NAME);
		ask(&m, g->nfgen_family, NFT_MSG_GETSETELEM);
		vz_nl_put_str(&m, NFTA_SET_ELEM_LIST_TABLE, vz_nl_str(tb[NFTA_SET_TABLE]));
		vz_nl_put_str(&m, NFTA_SET_ELEM_LIST_SET, vz_nl_str(tb[NFTA_SET_NAME]));
		r = vz_now_ms() > rd->end ? -ETIMEDOUT :
					    vz_nl_read(sock, &m, &(struct vz_nl_reader){ copy_message, rd }, NULL, "%s", "");
	}
	return r == -ENOENT ? -EAGAIN : r;
}

int vz_nftcopy_read(int sock, struct vz_nftcopy *ret)
{
	struct vz_nftcopy c = { 0 };
	struct reading rd = { .to = &c, .end = vz_end_in(READ_S) };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct vz_nl m;

		rd.kind = &kinds[i];
		ask(&m, NFPROTO_UNSPEC, rd.kind->get);
		if (rd.kind->get == NFT_MSG_GETSETELEM)
			r = read_elements(sock, &rd);
		else
			r = vz_nl_read(sock, &m, &(struct vz_nl_reader){ copy_message, &rd }, NULL, "%s", "");
		if (r == -EOPNOTSUPP || r == -EPROTONOSUPPORT) /* a kernel without it has none */
			r = 0;
	}
	if (r < 0) {
		vz_nftcopy_free(&c);
		return r;
	}
	*ret = c;
	return 0;
}

void vz_nftcopy_free(struct vz_nftcopy *c)
{
	vz_str_free(&c->msgs);
}

/* ---- loading ---- */

int vz_nftcopy_room(int sock, size_t n)
{
	int size = (int)(n < VZ_NFTCOPY_MAX ? n : VZ_NFTCOPY_MAX) + (int)ACK_ROOM;

	return setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0 ? -errno : 0;
}

static bool is_makers(uint16_t type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (type == type_of(kinds[i].make))
			return true;
	return false;
}

static const char *table_of(const struct nlmsghdr *h)
{
	const struct nlattr *tb[TABLE_NAME + 1];

	vz_nl_attrs(h, sizeof(struct nfgenmsg), tb, TABLE_NAME);
	return vz_nl_str(tb[TABLE_NAME]);
}

static uint64_t key_of(const struct nlmsghdr *h)
{
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);
	const char *table = table_of(h);

	return vz_str_hash(table, strlen(table), g->nfgen_family);
}

/* A flow table has devices, and a chain of the family netdev or, of inet, the hook ingress. */
static bool names_devices(const struct nlmsghdr *h)
{
	const struct nlattr *tb[NFTA_CHAIN_HOOK + 1], *hook[NFTA_HOOK_MAX + 1];

	if (h->nlmsg_type == type_of(NFT_MSG_NEWFLOWTABLE))
		return true;
	if (h->nlmsg_type != type_of(NFT_MSG_NEWCHAIN))
		return false;
	vz_nl_attrs(h, sizeof(struct nfgenmsg), tb, NFTA_CHAIN_HOOK);
	if (!tb[NFTA_CHAIN_HOOK])
		return false;
	vz_nl_nested(tb[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX);
	return hook[NFTA_HOOK_DEV] || hook[NFTA_HOOK_DEVS];
}

/* The tables that are left out; cut: what is beyond their number is left out, too. */
struct left_out {
	uint64_t keys[64];
	size_t n;
};

static bool is_left_out(const struct left_out *l, const struct nlmsghdr *h)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->keys[i] == key_of(h))
			return true;
	return false;
}

/* -EBADMSG: these are not messages that vz_nftcopy_read() has made. */
static int check_messages(const struct vz_str *msgs, struct left_out *out)
{
	const struct nlmsghdr *h = (const void *)msgs->s;
	int left = (int)msgs->len;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		if (h->nlmsg_len % NLMSG_ALIGNTO || !is_makers(h->nlmsg_type) ||
		    mnl_nlmsg_get_payload_len(h) < sizeof(struct nfgenmsg))
			return -EBADMSG;
		if (names_devices(h) && !is_left_out(out, h) && out->n < sizeof(out->keys) / sizeof(out->keys[0]))
			out->keys[out->n++] = key_of(h);
	}
	return left ? -EBADMSG : 0;
}

static void put_mark(struct vz_str *out, uint16_t type)
{
	struct nfgenmsg g = { .nfgen_family = AF_UNSPEC, .res_id = htons(NFNL_SUBSYS_NFTABLES) };
	struct nlmsghdr h = { .nlmsg_len = NLMSG_LENGTH(sizeof(g)), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST };

	vz_str_addn(out, (const char *)&h, sizeof(h));
	vz_str_addn(out, (const char *)&g, sizeof(g));
}

/* Between the two marks; each has its place as its number, and the last one alone is acknowledged: of thousands the answers
 * would not find room. */
static uint32_t put_all(struct vz_str *out, const struct vz_str *msgs, const struct left_out *but)
{
	const struct nlmsghdr *h = (const void *)msgs->s;
	int left = (int)msgs->len;
	uint32_t n = 0;
	size_t last = 0;

	put_mark(out, NFNL_MSG_BATCH_BEGIN);
	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		struct nlmsghdr own = *h;

		if (is_left_out(but, h))
			continue;
		own.nlmsg_seq = ++n;
		own.nlmsg_flags &= (uint16_t)~NLM_F_ACK;
		last = out->len;
		vz_str_addn(out, (const char *)&own, sizeof(own));
		vz_str_addn(out, (const char *)(h + 1), h->nlmsg_len - sizeof(own));
	}
	if (n && !out->failed)
		((struct nlmsghdr *)(void *)(out->s + last))->nlmsg_flags |= NLM_F_ACK;
	put_mark(out, NFNL_MSG_BATCH_END);
	return n;
}

struct verdict {
	int r;
	uint32_t at;  /* the number of the message that was refused; 0: all of it was */
	bool last;    /* the answer to the last one has come */
	char said[120];
};

static void hear_one(const struct nlmsghdr *h, uint32_t n, struct verdict *v)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[NLMSGERR_ATTR_MSG + 1] = { 0 };

	if (h->nlmsg_type != NLMSG_ERROR || mnl_nlmsg_get_payload_len(h) < sizeof(*err))
		return;
	v->last |= h->nlmsg_seq == n || !h->nlmsg_seq;
	if (!err->error || v->r < 0)
		return;
	v->r = err->error;
	v->at = h->nlmsg_seq;
	if (h->nlmsg_flags & NLM_F_ACK_TLVS && h->nlmsg_flags & NLM_F_CAPPED)
		vz_nl_attrs(h, sizeof(*err), tb, NLMSGERR_ATTR_MSG);
	snprintf(v->said, sizeof(v->said), "%s", vz_nl_str(tb[NLMSGERR_ATTR_MSG]));
}

/* The kernel has answered when it has taken all: nothing is waited for. */
static void hear(int sock, uint32_t n, struct verdict *v)
{
	char buf[16384] __attribute__((aligned(NLMSG_ALIGNTO)));

	while (!v->last) {
		ssize_t got = recv(sock, buf, sizeof(buf), MSG_DONTWAIT);
		const struct nlmsghdr *h = (const void *)buf;
		int left = (int)got;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && !v->r)
			v->r = errno == EAGAIN ? -EIO : -errno;
		if (got < 0)
			return;
		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
			hear_one(h, n, v);
	}
}

/* ", chain C" and the like: the second name of a message. */
static void name_part(const struct nlmsghdr *h, char *ret, size_t size)
{
	const struct nlattr *tb[NFTA_CHAIN_NAME + 1];
	uint16_t make = (uint16_t)(h->nlmsg_type & 0xff);

	vz_nl_attrs(h, sizeof(struct nfgenmsg), tb, NFTA_CHAIN_NAME);
	if (make == NFT_MSG_NEWCHAIN)
		snprintf(ret, size, ", chain %.40s", vz_nl_str(tb[NFTA_CHAIN_NAME]));
	else if (make != NFT_MSG_NEWTABLE)
		snprintf(ret, size, ", %s %.40s", make == NFT_MSG_NEWRULE ? "chain" : make == NFT_MSG_NEWOBJ ? "object" :
			 make == NFT_MSG_NEWFLOWTABLE ? "flowtable" : make == NFT_MSG_NEWSET ? "set" : "elements of set", vz_nl_str(tb[SECOND_NAME]));
	else
		*ret = 0;
}

/* Of the message with that number. */
static void name_it(const struct vz_str *batch, const struct verdict *v, char *ret, size_t size)
{
	const struct nlmsghdr *h = (const void *)batch->s;
	int left = (int)batch->len;
	const char *said = *v->said ? v->said : strerror(-v->r);
	char part[72];

	for (; v->at && mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);

		if (h->nlmsg_seq != v->at || !is_makers(h->nlmsg_type))
			continue;
		name_part(h, part, sizeof(part));
		snprintf(ret, size, "table %s%.40s%s: %s", family_word(g->nfgen_family), table_of(h), part, said);
		return;
	}
	snprintf(ret, size, "%s", said);
}

int vz_nftcopy_load(int sock, const struct vz_str *msgs, bool partly, char *ret_why, size_t size)
{
	struct left_out out = { .n = 0 };
	struct verdict v = { 0 };
	autostr batch = { 0 };
	uint32_t n;
	int r = check_messages(msgs, &out);

	if (r < 0)
		return r;
	if (!partly)
		out.n = 0;
	n = put_all(&batch, msgs, &out);
	if (batch.failed)
		return -ENOMEM;
	if (!n)
		return 0;
	if (send(sock, batch.s, batch.len, 0) < 0)
		v.r = -errno;
	else
		hear(sock, n, &v);
	if (v.r < 0)
		name_it(&batch, &v, ret_why, size);
	return v.r;
}
