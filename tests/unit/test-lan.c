// SPDX-License-Identifier: GPL-2.0-or-later
/* The definition of guest LANs, their members and addresses, and what is said of other people's
 * packet filters. No device and no file. */
#include "base/own.h"
#include "lan/lan.h"
#include "net/foreign.h"
#include "unit.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>

static void test_names(void)
{
	char buf[IFNAMSIZ];

	CHECK(vz_lan_name_ok("a"));
	CHECK(vz_lan_name_ok("web-2"));
	CHECK(vz_lan_name_ok("twelve-chars"));
	CHECK(!vz_lan_name_ok("thirteenchars"));
	CHECK(!vz_lan_name_ok(""));
	CHECK(!vz_lan_name_ok("-a"));
	CHECK(!vz_lan_name_ok("a-"));
	CHECK(!vz_lan_name_ok("A"));
	CHECK(!vz_lan_name_ok("../x"));
	CHECK_STR(vz_lan_bridge("twelve-chars", buf), "vz-twelve-chars");
	CHECK_STR(vz_lan_of_bridge("vz-web"), "web");
	CHECK(!vz_lan_of_bridge("vz-"));
	CHECK(!vz_lan_of_bridge("br0"));
}

static int parse(const char *text, struct vz_lan *ret)
{
	*ret = (struct vz_lan){ .name = "t" };
	return vz_lan_parse(text, ret, NULL);
}

static void test_file(void)
{
	struct vz_lan lan;

	CHECK_INT(parse("# ours\nSUBNET=\"10.1.0.0/24\"\nSUBNET6=\"fd00:1::/64\"\nNAT=\"yes\"\n"
			"DHCP=\"no\"\nVXLAN=\"7\"\nPEERS=\"192.0.2.1 192.0.2.2\"\nNEW=\"x\"\n"
			"MEMBERS=\"102,eth1,00:18:51:00:00:02,10.1.0.3 "
			"101,eth1,00:18:51:00:00:01,10.1.0.2,fd00:1::2\"\n", &lan), 0);
	CHECK(lan.nat && !lan.dhcp);
	CHECK_INT(lan.vni, 7);
	CHECK_INT(lan.npeers, 2);
	CHECK_INT(lan.nmembers, 2);
	CHECK_INT(lan.member[0].ctid, 101);
	CHECK_STR(lan.member[0].mac, "00:18:51:00:00:01");
	CHECK_INT(lan.member[0].ip.prefix, 24);
	CHECK_INT(lan.member[0].ip6.family, AF_INET6);
	CHECK_INT(lan.member[1].ip6.family, 0);
	vz_lan_free(&lan);
	static const char *const bad[] = {
		"SUBNET", "SUBNET=\"10.1.0.0", "SUBNET=\"10.1.0.1/24\"", "NAT=\"x\"", "NAT=\"yes\"",
		"PEERS=\"192.0.2.1\"", "VXLAN=\"7\"\nPEERS=\"192.0.2.1 fd00::1\"",
		"MEMBERS=\"x,eth1\"", "MEMBERS=\"101\"", "MEMBERS=\"101,eth1,10.0.0.1/24\"",
		"MEMBERS=\"0,eth1\"", "DEV=\"a/b\"\nVXLAN=\"7\"", "SUBNET=\"10.1.0.0/24\"\tx",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK(parse(bad[i], &lan) < 0);
		vz_lan_free(&lan);
	}
}

static struct vz_ip ip_of(const char *text)
{
	struct vz_ip ip = { 0 };

	CHECK(vz_ip_parse(text, &ip) == 0);
	return ip;
}

static void test_pool(void)
{
	char text[VZ_IP_TEXT];
	struct vz_err e = { 0 };
	struct vz_lan lan;
	struct vz_ip ip;

	CHECK_INT(parse("SUBNET=\"10.1.0.248/29\"\nSUBNET6=\"fd00::/64\"\nDHCP=\"yes\"", &lan), 0);
	ip = vz_lan_gateway(&lan.subnet);
	CHECK_STR(vz_ip_text(&ip, text), "10.1.0.249");
	ip = vz_lan_server(&lan.subnet6);
	CHECK_STR(vz_ip_text(&ip, text), "fd00::2");
	/* .248 network, .249 gateway, .250 server, .255 broadcast */
	for (unsigned i = 0; i < 4; i++) {
		struct vz_lan_member m = { .ctid = 200 - i, .ifname = "eth1" };
		char want[VZ_IP_TEXT];

		CHECK_INT(vz_lan_pick(&lan, &lan.subnet, &m.ip, &e), 0);
		snprintf(want, sizeof(want), "10.1.0.%u", 251 + i);
		CHECK_STR(vz_ip_text(&m.ip, text), want);
		CHECK_INT(vz_lan_may_have(&lan, m.ctid, &m.ip, &e), 0);
		CHECK_INT(vz_lan_put(&lan, &m), 0);
	}
	CHECK(vz_lan_pick(&lan, &lan.subnet, &ip, &e) < 0);
	CHECK_INT(e.exit, VZ_RESOURCE);
	CHECK_INT(lan.member[0].ctid, 197);
	ip = ip_of("10.1.0.251");
	CHECK(vz_lan_may_have(&lan, 1, &ip, &e) < 0);
	CHECK_INT(e.exit, VZ_IP_INUSE);
	CHECK_INT(vz_lan_may_have(&lan, 200, &ip, &e), 0);
	static const char *const never[] = { "10.1.0.248", "10.1.0.249", "10.1.0.250",
					     "10.1.0.255", "10.1.0.0", "fd00::", "fd00::1",
					     "fd00::2", "fd01::9" };
	for (size_t i = 0; i < ARRAY_LEN(never); i++) {
		ip = ip_of(never[i]);
		CHECK(vz_lan_may_have(&lan, 1, &ip, &e) < 0);
		CHECK_INT(e.exit, VZ_BADIP);
	}
	vz_lan_drop(&lan, 199);
	CHECK_INT(vz_lan_pick(&lan, &lan.subnet, &ip, &e), 0);
	CHECK_STR(vz_ip_text(&ip, text), "10.1.0.252");
	vz_lan_free(&lan);
}

static void test_overlap(void)
{
	struct vz_ip a = ip_of("10.1.0.0/16"), b = ip_of("10.1.2.0/24"), c = ip_of("10.2.0.0/24");
	struct vz_ip none = { 0 }, six = ip_of("::/0");

	CHECK(vz_lan_overlap(&a, &b));
	CHECK(vz_lan_overlap(&b, &a));
	CHECK(vz_lan_overlap(&a, &a));
	CHECK(!vz_lan_overlap(&a, &c));
	CHECK(!vz_lan_overlap(&b, &c));
	CHECK(!vz_lan_overlap(&a, &none));
	CHECK(!vz_lan_overlap(&none, &a));
	CHECK(!vz_lan_overlap(&a, &six));
}

/* ---- others ---- */

/* An entry of a legacy table with a standard target, as the policy of a chain is. */
static struct {
	struct ipt_entry entry;
	struct xt_standard_target target;
} rule = { .entry = { .target_offset = sizeof(struct ipt_entry), .next_offset = sizeof(rule) } };
static struct {
	struct ipt_entry entry;
	struct xt_error_target target;
} name = { .entry = { .target_offset = sizeof(struct ipt_entry), .next_offset = sizeof(name) },
	   .target = { .target.u.user.name = XT_ERROR_TARGET, .errorname = "ufw-user-input" } };

static void test_legacy(void)
{
	char blob[2 * sizeof(rule) + sizeof(name)];
	struct vz_foreign_blob b = { .entries = blob, .size = sizeof(blob), .family = AF_INET,
				     .forward = sizeof(rule), .input = 0 };
	struct vz_foreign f = { 0 };

	rule.target.verdict = -NF_ACCEPT - 1;
	memcpy(blob, &rule, sizeof(rule));
	rule.target.verdict = -NF_DROP - 1;
	memcpy(blob + sizeof(rule), &rule, sizeof(rule));
	memcpy(blob + 2 * sizeof(rule), &name, sizeof(name));
	vz_foreign_legacy_parse(&b, &f);
	CHECK_INT(f.n, 1);
	CHECK(f.drop[0].forward && f.drop[0].legacy);
	CHECK_STR(f.drop[0].chain, "FORWARD");
	CHECK_INT(f.tools, 1u << VZ_FOREIGN_UFW);
	/* cut anywhere: never read behind the end (the sanitizers look), never for ever */
	for (b.size = 0; b.size < sizeof(blob); b.size++)
		vz_foreign_legacy_parse(&b, &f);
}

static void count(const char *what, const char *remedy, void *arg)
{
	CHECK(*what && what[strlen(what) - 1] != '.' && remedy);
	++*(unsigned *)arg;
}

static void test_telling(void)
{
	struct vz_foreign f = { 0 };
	unsigned n = 0;

	vz_foreign_tell(&f, count, &n);
	CHECK_INT(n, 0);
	f.bridged = true;
	vz_foreign_tell(&f, count, &n);
	CHECK_INT(n, 0); /* nothing drops */
	vz_foreign_name(&f, "filter", "DOCKER-USER");
	vz_foreign_name(&f, "libvirt_network", "guest_input");
	vz_foreign_name(&f, "firewalld", "filter_INPUT");
	vz_foreign_name(&f, "filter", "ufw-before-forward");
	vz_foreign_name(&f, "filter", "FORWARD");
	CHECK_INT(f.tools, (1u << VZ_FOREIGN_TOOLS) - 1);
	for (f.n = 0; f.n < VZ_FOREIGN_DROPS; f.n++)
		f.drop[f.n] = (struct vz_foreign_drop){ .family = (uint8_t[]){ NFPROTO_INET,
								NFPROTO_IPV4, NFPROTO_IPV6,
								NFPROTO_BRIDGE, NFPROTO_NETDEV,
								200 }[f.n % 6],
							.forward = f.n & 1, .table = "filter",
							.chain = "FORWARD" };
	vz_foreign_tell(&f, count, &n);
	CHECK_INT(n, VZ_FOREIGN_TOOLS + VZ_FOREIGN_DROPS + 1);
}

int main(void)
{
	test_names();
	test_file();
	test_pool();
	test_overlap();
	test_legacy();
	test_telling();
	return done();
}
