// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of addresses, names of devices, and which uplink takes which address; no kernel needed. */
#include "net/addr.h"
#include "net/uplink.h"
#include "nic/venet.h"
#include "param/param.h"
#include "unit.h"

static struct vz_ip ip_of(const char *text)
{
	struct vz_ip ip = { 0 };

	CHECK_INT(vz_ip_parse(text, &ip), 0);
	return ip;
}

static void test_lists(void)
{
	struct vz_ip a = ip_of("10.0.0.1/24"), b = ip_of("2001:db8::1");
	const struct vz_ip c = ip_of("10.0.0.2");
	char *w[] = { (char *)"all", (char *)"10.0.0.1/8", (char *)"2001:db8::1",
		      (char *)"10.0.0.1" };
	const struct vz_plist words = { true, w, 4 };
	struct vz_ips l = { 0 };
	char text[32];

	CHECK_INT(vz_ips_add(&l, &a), 0);
	CHECK_INT(vz_ips_add(&l, &b), 0);
	a = ip_of("10.0.0.1/8");
	CHECK_INT(vz_ips_add(&l, &a), 0); /* the mask makes no other address of it */
	CHECK_INT(l.n, 2);
	CHECK_INT(l.v[0].prefix, 32);
	CHECK(!l.v[0].masked);
	vz_ips_remove(&l, &a);
	CHECK_INT(l.n, 1);
	CHECK(!vz_ips_has(&l, &a) && vz_ips_has(&l, &b));
	for (int i = 0; i < 120; i++) { /* grows, and grows again after shrinking */
		struct vz_ip ip;

		snprintf(text, sizeof(text), "10.1.0.%d", i % 60);
		ip = ip_of(text);
		CHECK_INT(vz_ips_add(&l, &ip), 0);
		if (i == 40)
			for (int k = 0; k < 30; k++)
				vz_ips_remove(&l, &l.v[l.n - 1]);
	}
	CHECK_INT(l.n, 61);
	CHECK(vz_ip_same(&l.v[0], &b));
	vz_ips_free(&l);
	/* words of a list, and a record: what is no address is left out, a mask does not count */
	CHECK_INT(vz_plist_ips(&words, &l), 0);
	CHECK(l.n == 2 && vz_ip_same(&l.v[0], &a) && vz_ip_same(&l.v[1], &b));
	CHECK(l.v[0].prefix == 32 && !l.v[0].masked);
	CHECK_INT(vz_ips_read("10.0.0.1 x\n10.0.0.2 2001:db8::1\n", &l), 0);
	CHECK(l.n == 3 && vz_ips_has(&l, &c));
	vz_ips_free(&l);
	CHECK(!l.v && !l.n);
}

static void test_names(void)
{
	CHECK(vz_uplink_is_ours("venet101"));
	CHECK(vz_uplink_is_ours("venet0"));
	CHECK(vz_uplink_is_ours("veth101.0"));
	CHECK(vz_uplink_is_ours("vzs101"));
	CHECK(!vz_uplink_is_ours("vethx"));
	CHECK(!vz_uplink_is_ours("veth"));
	CHECK(!vz_uplink_is_ours("eth0"));
	CHECK(!vz_uplink_is_ours("vzbr"));
}

static void test_takes(void)
{
	struct vz_uplink dev[] = { { 2, "eth0" }, { 3, "eth1" } };
	struct vz_addr addr[] = { { .index = 2, .ip = ip_of("10.0.0.1/24") },
				  { .index = 3, .ip = ip_of("2001:db8::1/64") } };
	struct vz_uplinks u = { .dev = dev, .n = 2, .addr = addr, .naddr = 2 };
	const struct vz_ip in = ip_of("10.0.0.9"), in6 = ip_of("2001:db8::9"), out = ip_of("10.0.1.9");

	CHECK(vz_uplink_takes(&u, 0, &out) && vz_uplink_takes(&u, 1, &in));
	u.detect = true;
	CHECK(vz_uplink_takes(&u, 0, &in) && !vz_uplink_takes(&u, 1, &in));
	CHECK(!vz_uplink_takes(&u, 0, &in6) && vz_uplink_takes(&u, 1, &in6));
	CHECK(!vz_uplink_takes(&u, 0, &out) && !vz_uplink_takes(&u, 1, &out));
	CHECK(vz_uplinks_own(&u, &addr[0].ip) && !vz_uplinks_own(&u, &in));
}

int main(void)
{
	test_lists();
	test_names();
	test_takes();
	return done();
}
