// SPDX-License-Identifier: GPL-2.0-or-later
/* What a dump says of nf_tables: all of it comes, or nothing does. Needs root. */
#include "net/nftcopy.h"
#include "base/own.h"
#include "net/nft.h"
#include "sys/netns.h"
#include "tests/unit/unit.h"

#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <unistd.h>

static struct vz_err err;
static char why[160];

static int filter(int netns)
{
	int sock = vz_nl_open(NETLINK_NETFILTER, netns, &err);

	CHECK(sock >= 0);
	return sock;
}

static int count(uint8_t family, const char *table, void *arg)
{
	(void)family;
	(void)table;
	++*(int *)arg;
	return 0;
}

static int tables_in(int netns)
{
	autoclose int sock = filter(netns);
	int n = 0;

	CHECK_INT(vz_nft_tables(sock, count, &n, &err), 0);
	return n;
}

/* A table with a chain, a set and some rules, read again. */
static void read_some(struct vz_nftcopy *ret)
{
	autoclose int netns = vz_netns_new(&err), sock = filter(netns);
	struct vz_nft t = { .family = NFPROTO_INET, .table = "some" };

	vz_nft_table(&t, true);
	vz_nft_chain(&t, &(struct vz_nft_base){ "in", "filter", NF_INET_LOCAL_IN, 0 });
	vz_nft_set(&t, "devices", false);
	vz_nft_elem(&t, "devices", "eth0");
	vz_nft_rule(&t, "in");
	vz_nft_if_in(&t, NFT_META_IIFNAME, "devices", true);
	vz_nft_counter(&t);
	vz_nft_verdict(&t, NF_DROP, NULL);
	vz_nft_rule_end(&t);
	CHECK_INT(vz_nft_commit(sock, &t, &err, "x"), 0);
	CHECK_INT(vz_nftcopy_read(sock, ret), 0);
	CHECK(!*ret->extension && !*ret->owned && !*ret->lacks);
}

static void all_of_it(const struct vz_nftcopy *c)
{
	autoclose int netns = vz_netns_new(&err), sock = filter(netns);
	autonftcopy again = { 0 };

	CHECK_INT(vz_nftcopy_room(sock, c->msgs.len), 0);
	CHECK_INT(vz_nftcopy_load(sock, &c->msgs, false, why, sizeof(why)), 0);
	CHECK_INT(vz_nftcopy_read(sock, &again), 0);
	CHECK(again.msgs.len == c->msgs.len && !memcmp(again.msgs.s, c->msgs.s, c->msgs.len));
	/* what is there already is not mixed with it */
	CHECK_INT(vz_nftcopy_load(sock, &c->msgs, false, why, sizeof(why)), -EEXIST);
	CHECK(!strncmp(why, "table inet some: ", 17));
	CHECK_INT(tables_in(netns), 1);
}

/* Loads these bytes into a new network namespace, where nothing may be then. */
static int load(const char *bytes, size_t n)
{
	autoclose int netns = vz_netns_new(&err), sock = filter(netns);
	autostr msgs = { 0 };
	int r;

	vz_str_addn(&msgs, bytes, n);
	r = vz_nftcopy_load(sock, &msgs, false, why, sizeof(why));
	CHECK_INT(tables_in(netns), 0);
	return r;
}

static struct nlmsghdr *message(char *bytes, unsigned number)
{
	struct nlmsghdr *h = (void *)bytes;

	while (number--)
		h = (void *)((char *)h + h->nlmsg_len);
	return h;
}

static bool is_whole(const char *bytes, size_t n)
{
	const struct nlmsghdr *h = (const void *)bytes;
	int left = (int)n;

	while (mnl_nlmsg_ok(h, left))
		h = mnl_nlmsg_next(h, &left);
	return !left;
}

/* Lengths and kinds as a stranger may have them. */
static void or_nothing(const struct vz_nftcopy *c)
{
	size_t n = c->msgs.len;
	autofree char *bad = malloc(n);
	uint32_t len;

	CHECK(bad);
	memcpy(bad, c->msgs.s, n);
	for (size_t cut = 1; cut < n; cut += 7)
		if (!is_whole(bad, n - cut))
			CHECK_INT(load(bad, n - cut), -EBADMSG);
	for (uint16_t type = 0; type < 0x20; type++) {
		message(bad, 0)->nlmsg_type = type; /* of another kind: routes, links, the end of the batch */
		CHECK_INT(load(bad, n), -EBADMSG);
		message(bad, 0)->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
		CHECK_INT(load(bad, n), -EBADMSG);
	}
	message(bad, 0)->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE;
	CHECK_INT(load(bad, n), -EBADMSG);
	memcpy(bad, c->msgs.s, n);
	len = message(bad, 1)->nlmsg_len;
	message(bad, 1)->nlmsg_len = UINT32_MAX;
	CHECK_INT(load(bad, n), -EBADMSG);
	message(bad, 1)->nlmsg_len = 0;
	CHECK_INT(load(bad, n), -EBADMSG);
	message(bad, 1)->nlmsg_len = len - 1;
	CHECK_INT(load(bad, n), -EBADMSG);
	CHECK_INT(load("", 0), 0);
}

/* Whatever the kernel says of it, nothing of it stays, and nobody waits. */
static void of_any_bytes(const struct vz_nftcopy *c)
{
	size_t n = c->msgs.len;
	autofree char *bad = malloc(n);

	CHECK(bad);
	for (size_t i = sizeof(struct nlmsghdr); i < n; i += 5) {
		autoclose int netns = vz_netns_new(&err), sock = filter(netns);
		struct vz_str msgs = { .s = bad, .len = n };
		int r;

		memcpy(bad, c->msgs.s, n);
		bad[i] ^= 0x15;
		r = vz_nftcopy_load(sock, &msgs, false, why, sizeof(why));
		CHECK_INT(tables_in(netns), r < 0 ? 0 : 1);
	}
}

int main(void)
{
	autonftcopy c = { 0 };

	if (geteuid() != 0) {
		printf("SKIPPED: tests/root/test-nftcopy needs root\n");
		return 77;
	}
	read_some(&c);
	all_of_it(&c);
	or_nothing(&c);
	of_any_bytes(&c);
	return done();
}
