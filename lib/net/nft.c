// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages of nf_tables; see nft.h. Which rules there are is not known here. */
#include "net/nft.h"
#include "base/own.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter/nfnetlink.h>

/* How nft(8) names the type of a set's key: the number of "ifname" in libnftables' list of data
 * types, six bits for each part of a pair. The kernel only keeps it. */
#define KEY_IFNAME 41u
#define KEY_PAIR (KEY_IFNAME << 6 | KEY_IFNAME)

/* include/uapi/linux/netfilter/nf_conntrack_common.h: bits of a connection's state, seen by rules */
#define CT_ESTABLISHED (1u << 1)
#define CT_RELATED (1u << 2)

static void begin(struct vz_nl *m, uint8_t family, uint16_t type, uint16_t flags)
{
	struct nfgenmsg nf = { .nfgen_family = family, .version = NFNETLINK_V0 };

	vz_nl_init(m, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags);
	vz_nl_put_hdr(m, &nf, sizeof(nf));
}

static void add(struct vz_nft *t)
{
	vz_nl_batch_add(&t->batch, &t->m);
}

static void put_be32(struct vz_nl *m, uint16_t attr, uint32_t v)
{
	vz_nl_put_u32(m, attr, htonl(v));
}

void vz_nft_table(struct vz_nft *t, bool make)
{
	begin(&t->m, t->family, make ? NFT_MSG_NEWTABLE : NFT_MSG_DELTABLE,
	      make ? NLM_F_CREATE : 0);
	vz_nl_put_str(&t->m, NFTA_TABLE_NAME, t->table);
	add(t);
}

void vz_nft_chain(struct vz_nft *t, const struct vz_nft_base *c)
{
	struct vz_nl *m = &t->m;

	begin(m, t->family, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	vz_nl_put_str(m, NFTA_CHAIN_TABLE, t->table);
	vz_nl_put_str(m, NFTA_CHAIN_NAME, c->name);
	VZ_NL_NEST(m, NFTA_CHAIN_HOOK) {
		put_be32(m, NFTA_HOOK_HOOKNUM, c->hook);
		put_be32(m, NFTA_HOOK_PRIORITY, (uint32_t)c->priority);
	}
	put_be32(m, NFTA_CHAIN_POLICY, NF_ACCEPT);
	vz_nl_put_str(m, NFTA_CHAIN_TYPE, c->type);
	add(t);
}

void vz_nft_subchain(struct vz_nft *t, const char *name)
{
	begin(&t->m, t->family, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	vz_nl_put_str(&t->m, NFTA_CHAIN_TABLE, t->table);
	vz_nl_put_str(&t->m, NFTA_CHAIN_NAME, name);
	add(t);
}

void vz_nft_set(struct vz_nft *t, const char *name, bool pairs)
{
	/* nft(8) reads the names out of keys only when it is told that they are not numbers in
	 * network order: libnftnl's udata, NFTNL_UDATA_SET_KEYBYTEORDER, BYTEORDER_HOST_ENDIAN */
	static const struct {
		uint8_t type, len;
		uint32_t value;
	} __attribute__((packed)) order = { 0, sizeof(uint32_t), 1 };

	begin(&t->m, t->family, NFT_MSG_NEWSET, NLM_F_CREATE);
	vz_nl_put_str(&t->m, NFTA_SET_TABLE, t->table);
	vz_nl_put_str(&t->m, NFTA_SET_NAME, name);
	put_be32(&t->m, NFTA_SET_ID, ++t->sets);
	put_be32(&t->m, NFTA_SET_FLAGS, 0); /* NFT_SET_CONCAT is for ranges; a pair is one key */
	put_be32(&t->m, NFTA_SET_KEY_TYPE, pairs ? KEY_PAIR : KEY_IFNAME);
	put_be32(&t->m, NFTA_SET_KEY_LEN, pairs ? 2 * IFNAMSIZ : IFNAMSIZ);
	vz_nl_put(&t->m, NFTA_SET_USERDATA, &order, sizeof(order));
	add(t);
}

static void elem(struct vz_nft *t, const char *set, const char *key, size_t len)
{
	struct vz_nl *m = &t->m;

	begin(m, t->family, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
	vz_nl_put_str(m, NFTA_SET_ELEM_LIST_TABLE, t->table);
	vz_nl_put_str(m, NFTA_SET_ELEM_LIST_SET, set);
	VZ_NL_NEST(m, NFTA_SET_ELEM_LIST_ELEMENTS)
		VZ_NL_NEST(m, NFTA_LIST_ELEM)
			VZ_NL_NEST(m, NFTA_SET_ELEM_KEY)
				vz_nl_put(m, NFTA_DATA_VALUE, key, len);
	add(t);
}

void vz_nft_elem(struct vz_nft *t, const char *set, const char *name)
{
	char key[IFNAMSIZ] = { 0 };

	memcpy(key, name, strnlen(name, IFNAMSIZ - 1));
	elem(t, set, key, sizeof(key));
}

void vz_nft_elem_pair(struct vz_nft *t, const char *set, const char *a, const char *b)
{
	char key[2 * IFNAMSIZ] = { 0 };

	memcpy(key, a, strnlen(a, IFNAMSIZ - 1));
	memcpy(key + IFNAMSIZ, b, strnlen(b, IFNAMSIZ - 1));
	elem(t, set, key, sizeof(key));
}

/* ---- rules ---- */

void vz_nft_rule(struct vz_nft *t, const char *chain)
{
	begin(&t->m, t->family, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	vz_nl_put_str(&t->m, NFTA_RULE_TABLE, t->table);
	vz_nl_put_str(&t->m, NFTA_RULE_CHAIN, chain);
	t->exprs = vz_nl_nest_open(&t->m, NFTA_RULE_EXPRESSIONS);
}

void vz_nft_rule_end(struct vz_nft *t)
{
	vz_nl_nest_close(&t->m, t->exprs);
	add(t);
}

/* One expression; the block that follows is its data. */
#define EXPR(m, name)                                                                             \
	VZ_NL_NEST(m, NFTA_LIST_ELEM)                                                             \
		for (bool named = (vz_nl_put_str(m, NFTA_EXPR_NAME, name), true); named;          \
		     named = false)                                                               \
			VZ_NL_NEST(m, NFTA_EXPR_DATA)

static void meta(struct vz_nl *m, enum nft_meta_keys key, uint32_t reg)
{
	EXPR(m, "meta") {
		put_be32(m, NFTA_META_KEY, key);
		put_be32(m, NFTA_META_DREG, reg);
	}
}

static void cmp(struct vz_nl *m, enum nft_cmp_ops op, const void *data, size_t len)
{
	EXPR(m, "cmp") {
		put_be32(m, NFTA_CMP_SREG, NFT_REG_1);
		put_be32(m, NFTA_CMP_OP, op);
		VZ_NL_NEST(m, NFTA_CMP_DATA)
			vz_nl_put(m, NFTA_DATA_VALUE, data, len);
	}
}

static void lookup(struct vz_nl *m, const char *set, bool in)
{
	EXPR(m, "lookup") {
		vz_nl_put_str(m, NFTA_LOOKUP_SET, set);
		put_be32(m, NFTA_LOOKUP_SREG, NFT_REG_1);
		put_be32(m, NFTA_LOOKUP_FLAGS, in ? 0 : NFT_LOOKUP_F_INV);
	}
}

void vz_nft_if_in(struct vz_nft *t, enum nft_meta_keys which, const char *set, bool in)
{
	meta(&t->m, which, NFT_REG_1);
	lookup(&t->m, set, in);
}

void vz_nft_ifs_in(struct vz_nft *t, const char *set)
{
	meta(&t->m, NFT_META_IIFNAME, NFT_REG_1); /* a name fills one register of 16 bytes */
	meta(&t->m, NFT_META_OIFNAME, NFT_REG_2);
	lookup(&t->m, set, true);
}

void vz_nft_if_like(struct vz_nft *t, enum nft_meta_keys which, const char *prefix)
{
	meta(&t->m, which, NFT_REG_1);
	cmp(&t->m, NFT_CMP_EQ, prefix, strlen(prefix));
}

void vz_nft_nfproto(struct vz_nft *t, uint8_t nfproto)
{
	meta(&t->m, NFT_META_NFPROTO, NFT_REG_1);
	cmp(&t->m, NFT_CMP_EQ, &nfproto, sizeof(nfproto));
}

void vz_nft_l4proto(struct vz_nft *t, uint8_t proto)
{
	meta(&t->m, NFT_META_L4PROTO, NFT_REG_1);
	cmp(&t->m, NFT_CMP_EQ, &proto, sizeof(proto));
}

void vz_nft_icmp_type(struct vz_nft *t, uint8_t type)
{
	struct vz_nl *m = &t->m;

	EXPR(m, "payload") {
		put_be32(m, NFTA_PAYLOAD_DREG, NFT_REG_1);
		put_be32(m, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
		put_be32(m, NFTA_PAYLOAD_OFFSET, 0);
		put_be32(m, NFTA_PAYLOAD_LEN, sizeof(type));
	}
	cmp(m, NFT_CMP_EQ, &type, sizeof(type));
}

void vz_nft_ct_known(struct vz_nft *t)
{
	const uint32_t mask = CT_ESTABLISHED | CT_RELATED, none = 0;
	struct vz_nl *m = &t->m;

	EXPR(m, "ct") {
		put_be32(m, NFTA_CT_KEY, NFT_CT_STATE);
		put_be32(m, NFTA_CT_DREG, NFT_REG_1);
	}
	EXPR(m, "bitwise") {
		put_be32(m, NFTA_BITWISE_SREG, NFT_REG_1);
		put_be32(m, NFTA_BITWISE_DREG, NFT_REG_1);
		put_be32(m, NFTA_BITWISE_LEN, sizeof(mask));
		VZ_NL_NEST(m, NFTA_BITWISE_MASK)
			vz_nl_put(m, NFTA_DATA_VALUE, &mask, sizeof(mask));
		VZ_NL_NEST(m, NFTA_BITWISE_XOR)
			vz_nl_put(m, NFTA_DATA_VALUE, &none, sizeof(none));
	}
	cmp(m, NFT_CMP_NEQ, &none, sizeof(none));
}

void vz_nft_counter(struct vz_nft *t)
{
	EXPR(&t->m, "counter")
		;
}

void vz_nft_masquerade(struct vz_nft *t)
{
	EXPR(&t->m, "masq")
		;
}

void vz_nft_verdict(struct vz_nft *t, int code, const char *chain)
{
	struct vz_nl *m = &t->m;

	EXPR(m, "immediate") {
		put_be32(m, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
		VZ_NL_NEST(m, NFTA_IMMEDIATE_DATA)
			VZ_NL_NEST(m, NFTA_DATA_VERDICT) {
				put_be32(m, NFTA_VERDICT_CODE, (uint32_t)code);
				if (chain)
					vz_nl_put_str(m, NFTA_VERDICT_CHAIN, chain);
			}
	}
}

int vz_nft_commit(int sock, struct vz_nft *t, struct vz_err *e, const char *what)
{
	int r = vz_nl_batch_commit(sock, &t->batch, e, what);

	vz_nl_batch_free(&t->batch);
	return r;
}

/* ---- reading ---- */

static uint32_t be32_of(const struct nlattr *a)
{
	return ntohl(vz_nl_u32(a));
}

static uint64_t be64_of(const struct nlattr *a)
{
	return a && mnl_attr_validate(a, MNL_TYPE_U64) >= 0 ? be64toh(mnl_attr_get_u64(a)) : 0;
}

struct chains {
	vz_nft_each *each;
	void *arg;
};

static int one_chain(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *tb[NFTA_CHAIN_MAX + 1], *hook[NFTA_HOOK_MAX + 1];
	const struct nfgenmsg *nf = mnl_nlmsg_get_payload(h);
	struct vz_nft_chain c = { 0 };
	struct chains *w = arg;

	vz_nl_attrs(h, sizeof(*nf), tb, NFTA_CHAIN_MAX);
	c.family = nf->nfgen_family;
	c.table = vz_nl_str(tb[NFTA_CHAIN_TABLE]);
	c.name = vz_nl_str(tb[NFTA_CHAIN_NAME]);
	if (tb[NFTA_CHAIN_HOOK]) {
		vz_nl_nested(tb[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX);
		c.base = true;
		c.hook = be32_of(hook[NFTA_HOOK_HOOKNUM]);
		c.priority = (int)be32_of(hook[NFTA_HOOK_PRIORITY]);
		c.dev = hook[NFTA_HOOK_DEV] ? vz_nl_str(hook[NFTA_HOOK_DEV]) : NULL;
		c.drop = tb[NFTA_CHAIN_POLICY] && be32_of(tb[NFTA_CHAIN_POLICY]) == NF_DROP;
	}
	return w->each(&c, w->arg);
}

int vz_nft_chains(int sock, vz_nft_each *each, void *arg, struct vz_err *e)
{
	struct chains w = { each, arg };
	struct vz_nl m;

	begin(&m, NFPROTO_UNSPEC, NFT_MSG_GETCHAIN, NLM_F_DUMP);
	return vz_nl_read(sock, &m, &(struct vz_nl_reader){ one_chain, &w }, e,
			  "cannot list the chains of the packet filter");
}

struct tables {
	vz_nft_each_table *each;
	void *arg;
};

static int one_table(const struct nlmsghdr *h, void *arg)
{
	const struct nfgenmsg *nf = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[NFTA_TABLE_MAX + 1];
	struct tables *w = arg;

	vz_nl_attrs(h, sizeof(*nf), tb, NFTA_TABLE_MAX);
	return w->each(nf->nfgen_family, vz_nl_str(tb[NFTA_TABLE_NAME]), w->arg);
}

int vz_nft_tables(int sock, vz_nft_each_table *each, void *arg, struct vz_err *e)
{
	struct tables w = { each, arg };
	struct vz_nl m;

	begin(&m, NFPROTO_UNSPEC, NFT_MSG_GETTABLE, NLM_F_DUMP);
	return vz_nl_read(sock, &m, &(struct vz_nl_reader){ one_table, &w }, e,
			  "cannot list the tables of the packet filter");
}

struct drops {
	vz_nft_dropped *each;
	void *arg;
	char chain[NFT_CHAIN_MAXNAMELEN];
	unsigned n;
};

/* Packets of the rule's counter; *ret_drops: does it end in a drop? */
static uint64_t look_at_rule(const struct nlattr *exprs, bool *ret_drops)
{
	uint64_t packets = 0;
	const struct nlattr *x;

	*ret_drops = false;
	mnl_attr_for_each_nested(x, exprs) {
		const struct nlattr *ex[NFTA_EXPR_MAX + 1], *d[NFTA_COUNTER_MAX + 1];
		const struct nlattr *im[NFTA_IMMEDIATE_MAX + 1], *v[NFTA_DATA_MAX + 1];
		const struct nlattr *code[NFTA_VERDICT_MAX + 1];

		vz_nl_nested(x, ex, NFTA_EXPR_MAX);
		if (!ex[NFTA_EXPR_DATA])
			continue;
		if (!strcmp(vz_nl_str(ex[NFTA_EXPR_NAME]), "counter")) {
			vz_nl_nested(ex[NFTA_EXPR_DATA], d, NFTA_COUNTER_MAX);
			packets = be64_of(d[NFTA_COUNTER_PACKETS]);
		}
		if (strcmp(vz_nl_str(ex[NFTA_EXPR_NAME]), "immediate"))
			continue;
		vz_nl_nested(ex[NFTA_EXPR_DATA], im, NFTA_IMMEDIATE_MAX);
		if (!im[NFTA_IMMEDIATE_DATA])
			continue;
		vz_nl_nested(im[NFTA_IMMEDIATE_DATA], v, NFTA_DATA_MAX);
		if (!v[NFTA_DATA_VERDICT])
			continue;
		vz_nl_nested(v[NFTA_DATA_VERDICT], code, NFTA_VERDICT_MAX);
		*ret_drops = be32_of(code[NFTA_VERDICT_CODE]) == NF_DROP;
	}
	return packets;
}

static int one_rule(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *tb[NFTA_RULE_MAX + 1];
	struct drops *w = arg;
	uint64_t packets;
	bool dropped;

	vz_nl_attrs(h, sizeof(struct nfgenmsg), tb, NFTA_RULE_MAX);
	if (strcmp(w->chain, vz_nl_str(tb[NFTA_RULE_CHAIN]))) {
		snprintf(w->chain, sizeof(w->chain), "%s", vz_nl_str(tb[NFTA_RULE_CHAIN]));
		w->n = 0;
	}
	if (tb[NFTA_RULE_EXPRESSIONS]) {
		packets = look_at_rule(tb[NFTA_RULE_EXPRESSIONS], &dropped);
		if (dropped)
			w->each(w->chain, w->n++, packets, w->arg);
	}
	return 0;
}

int vz_nft_drops(int sock, uint8_t family, const char *table, vz_nft_dropped *each, void *arg)
{
	struct drops w = { .each = each, .arg = arg };
	struct vz_nl m;

	begin(&m, family, NFT_MSG_GETRULE, NLM_F_DUMP);
	vz_nl_put_str(&m, NFTA_RULE_TABLE, table);
	return vz_nl_read(sock, &m, &(struct vz_nl_reader){ one_rule, &w }, NULL, "%s", "");
}

static int seen(const struct nlmsghdr *h, void *arg)
{
	(void)h;
	*(bool *)arg = true;
	return 0;
}

int vz_nft_has(int sock, const struct vz_nft *where, const char *set, const char *name)
{
	char key[IFNAMSIZ] = { 0 };
	bool found = false;
	struct vz_nl m;
	int r;

	memcpy(key, name, strnlen(name, IFNAMSIZ - 1));
	begin(&m, where->family, NFT_MSG_GETSETELEM, 0);
	vz_nl_put_str(&m, NFTA_SET_ELEM_LIST_TABLE, where->table);
	vz_nl_put_str(&m, NFTA_SET_ELEM_LIST_SET, set);
	VZ_NL_NEST(&m, NFTA_SET_ELEM_LIST_ELEMENTS)
		VZ_NL_NEST(&m, NFTA_LIST_ELEM)
			VZ_NL_NEST(&m, NFTA_SET_ELEM_KEY)
				vz_nl_put(&m, NFTA_DATA_VALUE, key, sizeof(key));
	r = vz_nl_read(sock, &m, &(struct vz_nl_reader){ seen, &found }, NULL, "%s", "");
	return r >= 0 && found;
}
