// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices, addresses, routes, proxy neighbours and sysctls in two network namespaces of a user
 * namespace of this test's own. */
#include "base/own.h"
#include "net/addr.h"
#include "net/link.h"
#include "sys/nl.h"
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <string.h>

static const uint8_t mac[VZ_LINK_MAC] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };

static struct vz_ip ip_of(const char *text)
{
	struct vz_ip ip = { 0 };

	CHECK(vz_ip_parse(text, &ip) == 0);
	return ip;
}

static void test_names(void)
{
	CHECK(vz_link_name_ok("veth101.0"));
	CHECK(vz_link_name_ok("a"));
	CHECK(!vz_link_name_ok(""));
	CHECK(!vz_link_name_ok("."));
	CHECK(!vz_link_name_ok(".."));
	CHECK(!vz_link_name_ok("a/b"));
	CHECK(!vz_link_name_ok("a:1"));
	CHECK(!vz_link_name_ok("a b"));
	CHECK(vz_link_name_ok("123456789012345"));
	CHECK(!vz_link_name_ok("1234567890123456"));
}

static void test_pair(int out, int in, int netns)
{
	const struct vz_link_pair p = { .host = "h1.0", .inside = "venet0", .netns = netns,
					.host_mac = mac, .mac = mac, .noarp = true };
	const struct vz_link_change change = { .no_ipv6_auto = true, .forward = true,
					       .no_redirects = true, .up = true, .mtu = 1400 };
	struct vz_err e = { 0 };
	struct vz_link l, m;

	CHECK(vz_link_pair(out, &p, &e) == 0);
	CHECK(vz_link_pair(out, &p, &e) == -EEXIST);
	CHECK(strstr(e.msg, "h1.0"));
	CHECK(vz_link_find(out, "h1.0", &l, NULL) == 0);
	CHECK(vz_link_find(in, "venet0", &m, NULL) == 0);
	CHECK(!strcmp(l.kind, "veth") && l.flags & IFF_NOARP && !(l.flags & IFF_UP));
	CHECK(m.flags & IFF_NOARP && !(m.flags & IFF_UP) && l.lower == m.index);
	CHECK(!memcmp(l.mac, mac, sizeof(mac)) && !memcmp(m.mac, mac, sizeof(mac)));
	CHECK(vz_link_find(out, "venet0", &l, &e) == -ENODEV);
	CHECK(vz_link_set(out, l.index, &change, &e) == 0);
	CHECK(vz_link_get(out, l.index, &l, NULL) == 0 && l.flags & IFF_UP && l.mtu == 1400);
	CHECK(vz_link_set(in, m.index, &(struct vz_link_change){ .no_ipv6_auto = true, .up = true },
			  &e) == 0);
}

static int count_ip(const struct vz_addr *a, void *arg)
{
	(void)a;
	++*(int *)arg;
	return 0;
}

static void test_addresses(int in)
{
	const struct vz_ip v4 = ip_of("10.0.0.5"), v6 = ip_of("2001:db8::5");
	struct vz_err e = { 0 };
	struct vz_link l;
	int n = 0;

	CHECK(vz_link_find(in, "venet0", &l, NULL) == 0);
	CHECK(vz_addr_add(in, l.index, &v4, &e) == 0);
	CHECK(vz_addr_add(in, l.index, &v4, &e) == -EEXIST);
	CHECK(strstr(e.msg, "10.0.0.5"));
	CHECK(vz_addr_add(in, l.index, &v6, &e) == 0);
	CHECK(vz_addr_list(in, AF_UNSPEC, count_ip, &n, NULL) == 0);
	CHECK(n == 2); /* no link-local address, loopback is down */
	CHECK(vz_addr_del(in, l.index, &v6, &e) == 0);
	CHECK(vz_addr_del(in, l.index, &v6, &e) == -EADDRNOTAVAIL);
}

static void test_routes(int out)
{
	const struct vz_ip v4 = ip_of("10.0.0.5"), v6 = ip_of("2001:db8::5");
	struct vz_err e = { 0 };
	struct vz_route r4 = { .to = v4 }, r6 = { .to = v6 };
	struct vz_way way;
	struct vz_link l;

	CHECK(vz_link_find(out, "h1.0", &l, NULL) == 0);
	r4.dev = r6.dev = l.index;
	CHECK(vz_route_get(out, &v4, &way, &e) == -ENETUNREACH);
	CHECK(vz_route_add(out, &r4, &e) == 0);
	CHECK(vz_route_add(out, &r4, &e) == -EEXIST);
	CHECK(vz_route_replace(out, &r4, &e) == 0);
	CHECK(vz_route_add(out, &r6, &e) == 0);
	CHECK(vz_route_add(out, &r6, &e) == -EEXIST);
	CHECK(vz_route_get(out, &v4, &way, &e) == 0);
	CHECK(way.dev == l.index && way.prefix == 32 && way.type == RTN_UNICAST);
	CHECK(vz_route_get(out, &v6, &way, &e) == 0);
	CHECK(way.dev == l.index && way.prefix == 128);
	CHECK(vz_route_del(out, &r4, &e) == 0);
	CHECK(vz_route_del(out, &r4, &e) == -ESRCH);
	CHECK(vz_route_del(out, &r6, &e) == 0);
}

static void test_proxies(int out)
{
	const struct vz_ip v4 = ip_of("10.0.0.5"), v6 = ip_of("2001:db8::5");
	struct vz_err e = { 0 };
	struct vz_link l;

	CHECK(vz_link_find(out, "h1.0", &l, NULL) == 0);
	for (int i = 0; i < 2; i++) {
		CHECK(vz_proxy_add(out, l.index, &v4, &e) == 0);
		CHECK(vz_proxy_add(out, l.index, &v6, &e) == 0);
	}
	for (int i = 0; i < 2; i++) {
		CHECK(vz_proxy_del(out, l.index, &v4, &e) == 0);
		CHECK(vz_proxy_del(out, l.index, &v6, &e) == 0);
	}
}

static void test_sysctl(void)
{
	struct vz_net_sysctl s = { "ipv4", "conf", "h1.0", "forwarding" };
	struct vz_err e = { 0 };
	uint32_t v = 9;

	CHECK(vz_net_sysctl_get(&s, &v, &e) == 0 && v == 1); /* test_pair() asked for it */
	CHECK(vz_net_sysctl_set(&s, 0, &e) == 0);
	CHECK(vz_net_sysctl_get(&s, &v, &e) == 0 && v == 0);
	s.dev = "h1/0";
	CHECK(vz_net_sysctl_get(&s, &v, &e) == -ENOENT);
	s.dev = "..";
	CHECK(vz_net_sysctl_get(&s, &v, &e) == -ENOENT);
}

static void test_delete(int out, int in)
{
	struct vz_err e = { 0 };
	struct vz_link l;

	CHECK(vz_link_delete_name(out, "h1.0", &e) == 0);
	CHECK(vz_link_delete_name(out, "h1.0", &e) == 0);
	CHECK(vz_link_find(in, "venet0", &l, NULL) == -ENODEV);
	CHECK(vz_link_delete(out, 4711, &e) == 0);
}

static void test_move(int out, int in, int netns)
{
	const struct vz_link_pair p = { .host = "a", .inside = "b", .netns = netns };
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct vz_err e = { 0 };
	struct vz_link l;

	CHECK(vz_link_pair(out, &p, &e) == 0);
	CHECK(vz_link_find(in, "b", &l, NULL) == 0);
	CHECK(vz_link_set(in, l.index, &(struct vz_link_change){ .netns = &home, .name = "c" },
			  &e) == 0);
	CHECK(vz_link_find(out, "c", &l, NULL) == 0);
	CHECK(vz_link_delete_name(out, "a", &e) == 0);
	close(home);
}

int main(void)
{
	autoclose int netns = -EBADF, out = -EBADF, in = -EBADF;

	test_names();
	if (unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNET : CLONE_NEWNET) < 0)
		return done(); /* no namespaces here */
	netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	CHECK(unshare(CLONE_NEWNET) == 0);
	out = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, NULL);
	in = vz_nl_open(NETLINK_ROUTE, netns, NULL);
	CHECK(out >= 0 && in >= 0);
	test_pair(out, in, netns);
	test_addresses(in);
	test_routes(out);
	test_proxies(out);
	test_sysctl();
	test_delete(out, in);
	test_move(out, in, netns);
	return done();
}
