// SPDX-License-Identifier: GPL-2.0-or-later
/* The file of network classes, and the file that keeps a VPS's traffic. */
#include "base/str.h"
#include "guard/classes.h"
#include "guard/meter.h"
#include "unit.h"

#include <stdlib.h>

static int parse_classes(const char *text, struct vz_classes *c, struct vz_err *e)
{
	char buf[1024];

	snprintf(buf, sizeof(buf), "%s", text);
	return vz_classes_parse(buf, c, e);
}

static void test_classes(void)
{
	struct vz_err e = { 0 };
	autoclasses c = { 0 };

	CHECK_INT(parse_classes("# nothing\n\n  \t\n", &c, &e), 0);
	CHECK_INT(c.n, 0);
	vz_classes_free(&c);
	CHECK_INT(parse_classes("1 0.0.0.0/0\n2 10.255.0.0/8 # ours\n 3\t2001:db8::/33\r\n"
				"0 192.0.2.1", &c, &e), 0);
	CHECK_INT(c.n, 4);
	for (size_t i = 0; i < c.n; i++) {
		if (c.values[i] == 2) {
			CHECK_INT(c.keys[i].prefix, 8 + 8);
			CHECK_INT(c.keys[i].addr[0], 10);
			CHECK_INT(c.keys[i].addr[1], 0); /* behind the prefix */
		}
		if (c.values[i] == 3)
			CHECK_INT(c.keys[i].prefix, 8 + 33);
		if (c.values[i] == 0)
			CHECK_INT(c.keys[i].prefix, 8 + 32);
		CHECK_INT(c.keys[i].family, c.values[i] == 3 ? 6 : 4);
	}
	vz_classes_free(&c);
	/* the last line of a network counts */
	CHECK_INT(parse_classes("2 10.0.0.0/8\n3 10.1.0.0/8\n", &c, &e), 0);
	CHECK_INT(c.n, 1);
	CHECK_INT(c.values[0], 3);
}

static void test_bad_classes(void)
{
	static const char *const bad[] = { "16 10.0.0.0/8", "-1 10.0.0.0/8", "1", "1 10.0.0.0/33",
					   "1 10.0.0.0/8 x", "x 10.0.0.0/8", "1 10.0.0/8", "1 ::/129" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct vz_err e = { 0 };
		autoclasses c = { 0 };
		char text[100];

		snprintf(text, sizeof(text), "2 10.0.0.0/8\n%s\n", bad[i]);
		CHECK_INT(parse_classes(text, &c, &e), 1);
		CHECK_INT(c.n, 1); /* the good one */
		CHECK_INT(e.exit, VZ_INVALID_PARAMETER_VALUE);
		CHECK_STR(e.msg, "line 2 is not \"CLASS NETWORK/LENGTH\"");
	}
}

static void test_file(void)
{
	struct vz_traffic_file f = { 0 }, back = { 0 };
	autostr text = { 0 };

	f.total.traffic[1][VZ_V4][VZ_IN] = (struct vz_count){ 123, 4 };
	f.total.traffic[15][VZ_V6][VZ_OUT] = (struct vz_count){ UINT64_MAX, 7 };
	f.seen.traffic[1][VZ_V4][VZ_IN] = (struct vz_count){ 23, 1 };
	f.seen.epoch = 0xfedcba9876543210;
	vz_traffic_print(&f, &text);
	CHECK_INT(vz_traffic_parse(text.s, &back), 0);
	CHECK(!memcmp(&f, &back, sizeof(f)));
}

static void test_bad_file(void)
{
	static const char *const bad[] = { "total 16 v4 1 1 1 1", "total 1 v5 1 1 1 1",
					   "total 1 v4 1 1 1", "seen x v4 1 1 1 1", "epoch -1",
					   "total 1 v4 1 1 1 99999999999999999999", "what 1", "total" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct vz_traffic_file f = { .total.epoch = 5 };
		char text[100];

		snprintf(text, sizeof(text), "%s\n", bad[i]);
		CHECK(vz_traffic_parse(text, &f) < 0);
		CHECK_INT(f.total.epoch, 5); /* untouched */
	}
}

static void test_names(void)
{
	for (int i = 0; i < VZ_DROPS; i++) {
		CHECK(vz_guard_drop_name((enum vz_drop)i));
		for (int k = 0; k < i; k++)
			CHECK(strcmp(vz_guard_drop_name((enum vz_drop)i),
				     vz_guard_drop_name((enum vz_drop)k)));
	}
}

/* The maps outlive an upgrade: who changes these has to raise VZ_GUARD_LAYOUT. */
static void test_layout(void)
{
	CHECK_INT(VZ_GUARD_LAYOUT, 1);
	CHECK_INT(sizeof(struct vz_dev), 16);
	CHECK_INT(sizeof(struct vz_guard_addr_key), 24);
	CHECK_INT(sizeof(struct vz_guard_addr), 4);
	CHECK_INT(sizeof(struct vz_link_local), 16);
	CHECK_INT(sizeof(struct vz_class_key), 24);
	CHECK_INT(sizeof(struct vz_counters), 8 + 16 * 2 * 2 * 16 + 8 * 16);
}

int main(void)
{
	test_classes();
	test_bad_classes();
	test_file();
	test_bad_file();
	test_names();
	test_layout();
	return done();
}
