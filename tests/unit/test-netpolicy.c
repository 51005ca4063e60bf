// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the policy programs let through: messages that nft and iptables-nft really sent (the corpus
 * of the fuzzer, named after the strictest level that allows them), and made ones that try to hide
 * something.
 */
#include "tests/unit/netlink-walk-test.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>

#define CORPUS "tests/fuzz/corpus/netlink"
#define AT_LEVEL(l) ((l) << VZ_FEAT_NETFILTER_SHIFT)

static struct {
	_Alignas(4) unsigned char bytes[8192];
	uint32_t n;
} m;

static void put(const void *data, size_t n)
{
	memcpy(m.bytes + m.n, data, n);
	m.n += (uint32_t)n;
	while (m.n % 4)
		m.bytes[m.n++] = 0;
}

/* Begins a message with `extra` bytes of its own header. */
static void begin(uint16_t type, size_t extra)
{
	static const unsigned char zero[32];
	struct nlmsghdr h = { .nlmsg_type = type };

	memset(&m, 0, sizeof(m));
	put(&h, sizeof(h));
	put(zero, extra);
}

static uint32_t open_attr(uint16_t type)
{
	struct nlattr a = { .nla_type = type };

	put(&a, sizeof(a));
	return m.n - (uint32_t)sizeof(a);
}

static void close_attr(uint32_t at)
{
	struct nlattr *a = (struct nlattr *)(void *)(m.bytes + at);

	a->nla_len = (uint16_t)(m.n - at);
}

static void attr(uint16_t type, const void *data, size_t n)
{
	uint32_t at = open_attr(type);
	struct nlattr *a = (struct nlattr *)(void *)(m.bytes + at);

	a->nla_len = (uint16_t)(sizeof(*a) + n);
	put(data, n);
}

static void text(uint16_t type, const char *s)
{
	attr(type, s, strlen(s) + 1);
}

static int verdict(uint32_t proto, uint32_t features)
{
	((struct nlmsghdr *)(void *)m.bytes)->nlmsg_len = m.n;
	return walk_message(m.bytes, m.n, proto, features);
}

#define NFT(msg) (NFNL_SUBSYS_NFTABLES << 8 | (msg))

static int nft_at(uint32_t level)
{
	return verdict(NETLINK_NETFILTER, AT_LEVEL(level));
}

static void check_file(const char *dir, const char *name)
{
	static const char *const words[] = { "full-", "stateful-", "stateless-" };
	autofree char *path = vz_fmt("%s/%s", dir, name), *bytes = NULL;
	ssize_t n = vz_file_read(AT_FDCWD, path, 1 << 20, &bytes);

	CHECK(n >= NLMSG_HDRLEN);
	for (uint32_t strictest = 0; strictest < 3; strictest++) {
		if (!vz_str_prefix(name, words[strictest], NULL))
			continue;
		for (uint32_t level = 0; level < 3; level++) {
			int r = walk_message(bytes, (size_t)n, NETLINK_NETFILTER, AT_LEVEL(level));

			if (r != (level > strictest ? -EPERM : 0))
				printf("%s at level %u: %d\n", name, level, r);
			CHECK_INT(r, level > strictest ? -EPERM : 0);
		}
	}
}

static void test_corpus(void)
{
	const char *src = getenv("srcdir");
	autofree char *dir = vz_fmt("%s/%s", src ? src : ".", CORPUS);
	DIR *d = opendir(dir);
	struct dirent *de;
	int n = 0;

	CHECK(d != NULL);
	while (d && (de = readdir(d)))
		if (*de->d_name != '.') {
			check_file(dir, de->d_name);
			n++;
		}
	CHECK(n > 10);
	if (d)
		closedir(d);
}

/* A rule with one expression, its attributes in the order of `order`: n name, d data, m a second
 * name. */
static void rule(const char *expr, const char *order)
{
	uint32_t list, elem, one, data;

	begin(NFT(NFT_MSG_NEWRULE), 4);
	text(NFTA_RULE_TABLE, "nat"); /* a table may be called so */
	list = open_attr(NFTA_RULE_EXPRESSIONS); /* without NLA_F_NESTED: the kernel takes it */
	elem = open_attr(NFTA_LIST_ELEM);
	for (; *order; order++) {
		if (*order == 'd') {
			data = open_attr(NFTA_EXPR_DATA | NLA_F_NESTED);
			text(NFTA_MATCH_NAME, "tcp");
			close_attr(data);
		} else {
			text(NFTA_EXPR_NAME, *order == 'n' ? expr : "counter");
		}
	}
	close_attr(elem);
	close_attr(list);
	one = open_attr(NFTA_RULE_USERDATA);
	text(1, "ct");
	close_attr(one);
}

static void test_rules(void)
{
	rule("counter", "nd");
	CHECK_INT(nft_at(VZ_NETFILTER_STATELESS), 0);
	rule("match", "nd");
	CHECK_INT(nft_at(VZ_NETFILTER_STATELESS), 0);
	rule("match", "dn"); /* data before its name cannot be read */
	CHECK_INT(nft_at(VZ_NETFILTER_STATELESS), -EPERM);
	rule("ct", "mdn"); /* the kernel would take the last name */
	CHECK_INT(nft_at(VZ_NETFILTER_STATELESS), -EPERM);
	rule("ct", "nmd");
	CHECK_INT(nft_at(VZ_NETFILTER_STATELESS), -EPERM);
	rule("ct", "nd");
	CHECK_INT(nft_at(VZ_NETFILTER_STATELESS), -EPERM);
	CHECK_INT(nft_at(VZ_NETFILTER_STATEFUL), 0);
	rule("nat", "nd");
	CHECK_INT(nft_at(VZ_NETFILTER_STATEFUL), -EPERM);
	CHECK_INT(nft_at(VZ_NETFILTER_FULL), 0);
	rule("of-tomorrow", "nd"); /* unknown: only where everything is allowed */
	CHECK_INT(nft_at(VZ_NETFILTER_STATEFUL), -EPERM);
	rule("a-name-longer-than-any-row-of-the-table-could-be", "nd");
	CHECK_INT(nft_at(VZ_NETFILTER_STATELESS), -EPERM);
}

static void test_depth(void)
{
	uint32_t at[64];

	begin(NFT(NFT_MSG_NEWRULE), 4);
	at[0] = open_attr(NFTA_RULE_EXPRESSIONS);
	at[1] = open_attr(NFTA_LIST_ELEM);
	for (int i = 2; i < 60; i += 2) {
		text(NFTA_EXPR_NAME, "dynset");
		at[i] = open_attr(NFTA_EXPR_DATA);
		at[i + 1] = open_attr(NFTA_DYNSET_EXPR);
	}
	text(NFTA_EXPR_NAME, "counter");
	for (int i = 59; i >= 0; i--)
		close_attr(at[i]);
	CHECK_INT(nft_at(VZ_NETFILTER_STATELESS), -EPERM);
}

/* What the kernel would not read is no reason to refuse, and hides nothing either. */
static void test_lengths(void)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)m.bytes;
	uint32_t first;

	rule("counter", "nd");
	first = m.n;
	for (uint32_t cut = 0; cut < first; cut++) {
		h->nlmsg_len = first;
		CHECK_INT(walk_message(m.bytes, cut, NETLINK_NETFILTER,
				       AT_LEVEL(VZ_NETFILTER_STATELESS)), 0);
		h->nlmsg_len = cut;
		(void)walk_message(m.bytes, first, NETLINK_NETFILTER,
				   AT_LEVEL(VZ_NETFILTER_STATELESS));
	}
	/* the second message of a batch */
	rule("nat", "nd");
	first = m.n;
	memmove(m.bytes + NLMSG_HDRLEN + 4, m.bytes, first);
	memset(m.bytes, 0, NLMSG_HDRLEN + 4);
	h->nlmsg_len = NLMSG_HDRLEN + 4;
	h->nlmsg_type = NFNL_MSG_BATCH_BEGIN;
	((struct nlmsghdr *)(void *)(m.bytes + NLMSG_HDRLEN + 4))->nlmsg_len = first;
	CHECK_INT(walk_message(m.bytes, first + NLMSG_HDRLEN + 4, NETLINK_NETFILTER,
			       AT_LEVEL(VZ_NETFILTER_STATELESS)), -EPERM);
}

static void test_ctnetlink(void)
{
	begin(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, 4);
	CHECK_INT(nft_at(VZ_NETFILTER_STATELESS), 0);
	begin(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW, 4);
	CHECK_INT(nft_at(VZ_NETFILTER_STATELESS), -EPERM);
	CHECK_INT(nft_at(VZ_NETFILTER_STATEFUL), 0);
	text(CTA_NAT_SRC, "");
	CHECK_INT(nft_at(VZ_NETFILTER_STATEFUL), -EPERM);
	CHECK_INT(nft_at(VZ_NETFILTER_FULL), 0);
	((struct nlmsghdr *)(void *)m.bytes)->nlmsg_flags = NLM_F_CREATE;
	CHECK_INT(nft_at(VZ_NETFILTER_FULL), 0);
	CHECK_INT(verdict(NETLINK_NETFILTER, VZ_FEAT_CT_LIMIT), -EPERM);
	begin(NFNL_SUBSYS_CTNETLINK_EXP << 8 | IPCTNL_MSG_EXP_NEW, 4);
	text(CTA_EXPECT_NAT, "");
	CHECK_INT(nft_at(VZ_NETFILTER_STATEFUL), -EPERM);
	begin(200 << 8, 4); /* no subsystem that we know */
	CHECK_INT(nft_at(VZ_NETFILTER_STATELESS), -EPERM);
	begin(NFT(200), 4);
	CHECK_INT(nft_at(VZ_NETFILTER_STATELESS), -EPERM);
}

static int link_of(const char *kind, uint32_t features)
{
	uint32_t info;

	begin(RTM_NEWLINK, sizeof(struct ifinfomsg));
	text(IFLA_IFNAME, "bridge");
	info = open_attr(IFLA_LINKINFO);
	text(IFLA_INFO_KIND, kind);
	close_attr(info);
	return verdict(NETLINK_ROUTE, features);
}

static void test_links(void)
{
	CHECK_INT(link_of("veth", 0), 0);
	CHECK_INT(link_of("macvlan", 0), 0);
	CHECK_INT(link_of("bridge", 0), -EPERM);
	CHECK_INT(link_of("bridge", VZ_FEAT_BRIDGE), 0);
	CHECK_INT(link_of("wireguard", VZ_FEAT_BRIDGE), -EPERM);
	CHECK_INT(link_of("wireguard", VZ_FEAT_WIREGUARD), 0);
	CHECK_INT(link_of("sit", VZ_FEAT_IPIP | VZ_FEAT_IPGRE), -EPERM);
	CHECK_INT(link_of("erspan", VZ_FEAT_IPGRE), 0);
	begin(RTM_NEWADDR, 8);
	CHECK_INT(verdict(NETLINK_ROUTE, 0), 0);
}

static void test_table(void)
{
	size_t n = sizeof(vz_policy_table) / sizeof(*vz_policy_table);

	CHECK(n <= VZ_POLICY_NAMES);
	for (size_t i = 0; i < n; i++) {
		const char *name = vz_policy_table[i].key.name;

		CHECK(*name && strnlen(name, 32) < 31);
		for (size_t j = 0; j < i; j++)
			CHECK(memcmp(&vz_policy_table[i].key, &vz_policy_table[j].key,
				     sizeof(vz_policy_table[i].key)));
	}
}

int main(void)
{
	test_corpus();
	test_rules();
	test_depth();
	test_lengths();
	test_ctnetlink();
	test_links();
	test_table();
	return done();
}
