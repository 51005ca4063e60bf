// SPDX-License-Identifier: GPL-2.0-or-later
/* Which of CRIU's images of a network say nothing. The bytes are those that "ip rule save" of iproute2 6.1 printed. */
#include "cpt/netimages.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD(len) (len), 0x00020020, 0x6b0a81b1, 0x0000750a, 0x00000002
#define TABLE(t) 0x000f0008, (t), 0x000e0008, 0xffffffff, 0x00150005, 0x00000002
#define ROUTES 0x45311224
#define RULES 0x71706986
#define LOCAL HEAD(0x34), 0x010000ff, 0, TABLE(0xff)
#define MAIN HEAD(0x3c), 0x010000fe, 0, TABLE(0xfe), 0x00060008, 0x7ffe
#define DEFAULT HEAD(0x3c), 0x010000fd, 0, TABLE(0xfd), 0x00060008, 0x7fff

#define PLAIN(name, ...)                                                           \
	vz_netimages_is_plain((name), (const uint32_t[]){ __VA_ARGS__ },            \
			      sizeof((const uint32_t[]){ __VA_ARGS__ }))

static void rules(void)
{
	CHECK(PLAIN("rule-10.img", RULES, LOCAL, MAIN, DEFAULT));
	CHECK(PLAIN("rule-10.img", RULES, MAIN, DEFAULT, LOCAL));
	/* one is missing, twice, one too many, one more */
	CHECK(!PLAIN("rule-10.img", RULES));
	CHECK(!PLAIN("rule-10.img", RULES, LOCAL, MAIN));
	CHECK(!PLAIN("rule-10.img", RULES, LOCAL, MAIN, MAIN));
	CHECK(!PLAIN("rule-10.img", RULES, LOCAL, MAIN, DEFAULT, DEFAULT));
	CHECK(!PLAIN("rule-10.img", RULES, LOCAL, MAIN, DEFAULT, HEAD(0x3c), 0x01000064, 0, TABLE(100), 0x00060008, 100));
	/* another table, another priority, a source, a mark, an action, a family */
	CHECK(!PLAIN("rule-10.img", RULES, LOCAL, MAIN, HEAD(0x3c), 0x010000fd, 0, TABLE(0xfe), 0x00060008, 0x7fff));
	CHECK(!PLAIN("rule-10.img", RULES, LOCAL, MAIN, HEAD(0x3c), 0x010000fd, 0, TABLE(0xfd), 0x00060008, 0x7ffd));
	CHECK(!PLAIN("rule-10.img", RULES, HEAD(0x3c), 0x010000ff, 0, TABLE(0xff), 0x00020008, 0x0100007f, MAIN, DEFAULT));
	CHECK(!PLAIN("rule-10.img", RULES, HEAD(0x3c), 0x010000ff, 0, TABLE(0xff), 0x000a0008, 7, MAIN, DEFAULT));
	CHECK(!PLAIN("rule-10.img", RULES, HEAD(0x34), 0x060000ff, 0, TABLE(0xff), MAIN, DEFAULT));
	CHECK(!PLAIN("rule-10.img", RULES, 0x34, 0x00020020, 1, 1, 10, 0x010000ff, 0, TABLE(0xff), MAIN, DEFAULT));
	/* cut short, and lengths that lie */
	CHECK(!PLAIN("rule-10.img", RULES, LOCAL, MAIN, HEAD(0x3c), 0x010000fd, 0));
	CHECK(!PLAIN("rule-10.img", RULES, LOCAL, MAIN, DEFAULT, 0));
	CHECK(!PLAIN("rule-10.img", RULES, HEAD(0x10), LOCAL, MAIN, DEFAULT));
	CHECK(!PLAIN("rule-10.img", RULES, HEAD(0x34), 0x010000ff, 0, 0x000fffff, 0xff, 0x000e0008, 0xffffffff, 0x00150005, 2,
		     MAIN, DEFAULT));
}

static void routes(void)
{
	CHECK(PLAIN("route-10.img", ROUTES));
	CHECK(PLAIN("route6-10.img", ROUTES));
	CHECK(!PLAIN("route-10.img", ROUTES, 0x34));
	CHECK(!vz_netimages_is_plain("route-10.img", "", 0));
	CHECK(!PLAIN("ifaddr-10.img", ROUTES));
	CHECK(!PLAIN("nftables-10.img", ROUTES));
}

#define ROUTE(len) (len), RTM_NEWROUTE, 0, 0

/* 172.17.0.0/16 dev docker0 linkdown, alone and as one of two ways: as "ip route save" prints them. */
static void linkdown(void)
{
	uint32_t one[] = { ROUTES, 0x1c + 8, 0x18, 0, 0, 0x00001002, 0xfd0203fe, RTNH_F_LINKDOWN, 0x00040008, 5, 0, 0 };
	uint32_t ways[] = { ROUTES, 0x1c + 4 + 16, 0x18, 0, 0, 0x00001002, 0, 0, 0x00090014, 0, 0, 0, 0 };
	uint32_t cut[] = { ROUTES, 0xffff, 0x18, 0, 0, 0x00001002, 0, RTNH_F_LINKDOWN };
	struct rtnexthop *hop = (void *)&ways[9];

	CHECK(vz_netimages_clear_routes(one, 4 + 0x24));
	CHECK_INT(one[7], 0);
	CHECK(!vz_netimages_clear_routes(one, 4 + 0x24));
	*hop = (struct rtnexthop){ .rtnh_len = 8, .rtnh_flags = RTNH_F_LINKDOWN | RTNH_F_ONLINK };
	hop[1] = (struct rtnexthop){ .rtnh_len = 8, .rtnh_flags = RTNH_F_DEAD, .rtnh_ifindex = 7 };
	one[5] = 0x0000100a; /* of IPv6, with a source */
	one[8] = 0x00070008;
	CHECK(vz_netimages_clear_routes(one, 4 + 0x24));
	CHECK_INT(one[8], 8);
	CHECK(vz_netimages_clear_routes(ways, sizeof(ways)));
	CHECK(hop[0].rtnh_flags == RTNH_F_ONLINK && !hop[1].rtnh_flags && hop[1].rtnh_ifindex == 7);
	hop[0] = (struct rtnexthop){ .rtnh_len = 2, .rtnh_flags = RTNH_F_LINKDOWN }; /* a length that lies */
	CHECK(!vz_netimages_clear_routes(ways, sizeof(ways)));
	CHECK(!vz_netimages_clear_routes(cut, sizeof(cut)));
	CHECK(!vz_netimages_clear_routes(cut, 2));
}

static void put(int dir, const char *name, const void *data, size_t n)
{
	int fd = openat(dir, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	CHECK(write(fd, data, n) == (ssize_t)n);
	close(fd);
}

static void files(void)
{
	static const uint32_t plain[] = { RULES, LOCAL, MAIN, DEFAULT }, none[] = { ROUTES };
	char path[] = "/tmp/vz-netimages-XXXXXX";
	int dir = open(mkdtemp(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	put(dir, "rule-10.img", plain, sizeof(plain));
	put(dir, "rule-11.img", plain, sizeof(plain) - 4);
	put(dir, "route6-10.img", none, sizeof(none));
	put(dir, "seccomp.img", none, sizeof(none));
	CHECK(!vz_netimages_trim(dir, NULL));
	CHECK(faccessat(dir, "rule-10.img", F_OK, 0) < 0);
	CHECK(faccessat(dir, "route6-10.img", F_OK, 0) < 0);
	CHECK(!unlinkat(dir, "rule-11.img", 0));
	CHECK(!unlinkat(dir, "seccomp.img", 0));
	CHECK(vz_netimages_trim(-EBADF, NULL) < 0);
	close(dir);
	CHECK(!rmdir(path));
}

int main(void)
{
	rules();
	routes();
	linkdown();
	files();
	return done();
}
