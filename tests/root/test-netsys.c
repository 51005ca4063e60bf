// SPDX-License-Identifier: GPL-2.0-or-later
/* Sysctls of one network namespace come into another, and CRIU's tables go. Needs root. */
#include "cpt/links.h"
#include "cpt/netsys.h"
#include "base/own.h"
#include "base/pack.h"
#include "net/addr.h"
#include "net/link.h"
#include "net/nft.h"
#include "sys/file.h"
#include "sys/nl.h"
#include "sys/netns.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <time.h>

static char base[] = "/tmp/vz-netsys-XXXXXX";
static struct vz_err err;

static struct vz_image *image(void)
{
	struct vz_image *im = NULL;
	char path[64];

	snprintf(path, sizeof(path), "%s/Dump.1", base);
	CHECK_INT(vz_image_begin(path, &im, &err), 0);
	return im;
}

/* Opens what was saved, as a restore does. */
static struct vz_image *committed(struct vz_image *im)
{
	struct vz_image_facts f = { .layout = (char *)"x", .kernel = (char *)"x", .arch = (char *)"x",
				    .cpu = (char *)"x" };
	struct vz_image *ret = NULL;
	char path[64];

	snprintf(path, sizeof(path), "%s/Dump.1", base);
	CHECK_INT(vz_image_put(im, VZ_IMAGE_CONFIG, "x", 1, &err), 0);
	CHECK_INT(vz_image_put(im, VZ_IMAGE_CRIU "/inventory.img", "x", 1, &err), 0);
	CHECK_INT(vz_image_put(im, VZ_IMAGE_CRIU "/pstree.img", "x", 1, &err), 0);
	CHECK_INT(vz_image_seal(im, &f, false, &err), 0);
	CHECK_INT(vz_image_commit(&im, &err), 0);
	CHECK_INT(vz_image_open(path, &ret, &err), 0);
	return ret;
}

struct value {
	const char *name, *text;
};

static const struct value values[] = {
	{ "ipv4/ip_local_port_range", "20000\t30000" }, { "ipv4/tcp_fin_timeout", "17" },
	{ "ipv4/ip_forward", "1" },                     { "ipv4/conf/all/send_redirects", "0" },
	{ "ipv4/conf/venet0/rp_filter", "2" },          { "ipv4/tcp_rmem", "4096\t65536\t1000000" },
	{ "ipv4/ip_local_reserved_ports", "80,8000-8100" }, { "core/somaxconn", "77" },
	{ "ipv4/ipfrag_low_thresh", "90000" },          { "ipv4/ipfrag_high_thresh", "100000" },
	{ "ipv6/conf/venet0/accept_dad", "0" },         { "ipv6/conf/default/addr_gen_mode", "1" },
	{ "ipv4/neigh/venet0/gc_stale_time", "61" },    { "unix/max_dgram_qlen", "33" },
};

static int set_values(void *arg)
{
	int dir = open("/proc/sys/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		CHECK_INT(vz_file_write(dir, values[i].name, values[i].text), 0);
	close(dir);
	return 0;
}

static int check_values(void *arg)
{
	int dir = open("/proc/sys/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[256];

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		CHECK(vz_file_read_buf(dir, values[i].name, text, sizeof(text)) > 0);
		CHECK_STR(text, values[i].text);
	}
	CHECK(vz_file_read_buf(dir, "ipv6/conf/venet0/addr_gen_mode", text, sizeof(text)) > 0);
	CHECK_STR(text, "1");
	close(dir);
	return 0;
}

static int has_fe80(void *arg)
{
	char text[4096];
	ssize_t n = vz_file_read_buf(AT_FDCWD, "/proc/thread-self/net/if_inet6", text, sizeof(text));

	(void)arg;
	return n >= 0 && strstr(text, "fe80");
}

/* A pair, up. The kernel gives it a link-local address at some time unless it is told not to, which stands for
 * itself here. */
static void make_device(int netns, bool none)
{
	const struct vz_ip stray = { .family = AF_INET6, .bytes = { 0xfe, 0x80, [15] = 7 }, .prefix = 64 };
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, netns, &err);
	const struct vz_link_pair p = { .host = "peer", .inside = "venet0", .netns = netns, .noarp = true };
	const struct vz_link_change quiet = { .no_ipv6_auto = true }, up = { .up = true };
	struct vz_link l;

	CHECK_INT(vz_link_pair(rtnl, &p, &err), 0);
	for (const char *const *name = (const char *const[]){ "peer", "venet0", NULL }; *name; name++) {
		CHECK_INT(vz_link_find(rtnl, *name, &l, &err), 0);
		CHECK_INT(vz_link_set(rtnl, l.index, &quiet, &err), 0);
		CHECK_INT(vz_link_set(rtnl, l.index, &up, &err), 0);
	}
	if (!none)
		CHECK_INT(vz_addr_add(rtnl, l.index, &stray, &err), 0);
}

static void sysctls(void)
{
	autoclose int from = vz_netns_new(&err), to = vz_netns_new(&err);
	struct vz_image *im = image();
	struct timespec a, b;

	make_device(from, true);
	make_device(to, false);
	CHECK_INT(vz_netns_call(from, has_fe80, NULL), 0);
	CHECK_INT(vz_netns_call(to, has_fe80, NULL), 1);
	vz_netns_call(from, set_values, NULL);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	CHECK_INT(vz_netsys_save(from, im, &err), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	printf("saved in %ld us of CPU time\n", (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000);
	im = committed(im);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	CHECK_INT(vz_netsys_load(to, im, &err), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	printf("put in %ld us of CPU time\n", (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000);
	vz_netns_call(to, check_values, NULL);
	CHECK_INT(vz_netns_call(to, has_fe80, NULL), 0);
	vz_image_close(im);
}

/* Names that lead elsewhere, and what is no data of ours. */
static void nobody_wrote_it(void)
{
	static const char *const bad[] = { "/etc/vz-x", "../vm/swappiness", "ipv4/../../vm/swappiness", "ipv4//x",
					   ".", "ipv4/.", "ipv4/ping_group_range", "ipv4/" };
	autoclose int to = vz_netns_new(&err);

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct vz_image *im = image();
		autopack p = { .max = 4096 };

		vz_pack_num(&p, 1);
		vz_pack_text(&p, bad[i]);
		vz_pack_text(&p, "99");
		vz_pack_num(&p, 0);
		vz_pack_num(&p, 0);
		CHECK_INT(vz_image_put(im, "netsys", p.buf.s, p.buf.len - (i == 7), &err), 0);
		im = committed(im);
		CHECK(vz_netsys_load(to, im, &err) < 0);
		CHECK_STR(err.msg, "what the dump has of net sysctls was not written by vzctl");
		CHECK_INT(err.exit, VZ_RESTORE);
		vz_image_close(im);
	}
}

/* A setting that is none of the table, one of another size, one without its end; and one that is good. */
static void settings(void)
{
	static const struct {
		unsigned where, attr, size, cut;
	} t[] = { { 1, IFLA_MTU, 4, 0 }, { 1, IFLA_NET_NS_PID, 4, 0 }, { 1, IFLA_TXQLEN, 8, 0 }, { 1, IFLA_IFALIAS, 4, 9 },
		  { 4, IFLA_TXQLEN, 4, 0 }, { 1, 64, 4, 0 }, { 1, IFLA_TXQLEN, 4, 0 } };
	autoclose int to = vz_netns_new(&err);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const bool good = i == ARRAY_LEN(t) - 1;
		struct vz_image *im = image();
		autopack p = { .max = 4096 };

		vz_pack_num(&p, 1);
		vz_pack_text(&p, "lo");
		vz_pack_num(&p, t[i].where);
		vz_pack_num(&p, t[i].attr);
		vz_pack_bytes(&p, "\1\0\0\0\0\0\0\0", t[i].size);
		vz_pack_num(&p, 0);
		vz_pack_num(&p, 0);
		CHECK_INT(vz_image_put(im, "links", p.buf.s, p.buf.len - t[i].cut, &err), 0);
		im = committed(im);
		CHECK_INT(vz_links_load(to, im, &err) == 0, good);
		if (!good) {
			CHECK_STR(err.msg, "what the dump has of network devices was not written by vzctl");
			CHECK_INT(err.exit, VZ_RESTORE);
		}
		vz_image_close(im);
	}
}

struct seen {
	unsigned ours, others;
};

static int count_table(uint8_t family, const char *table, void *arg)
{
	struct seen *s = arg;

	(void)family;
	*(strncmp(table, "CRIU-", 5) ? &s->others : &s->ours) += 1;
	return 0;
}

static int count_ours(uint8_t family, const char *table, void *arg)
{
	struct seen *s = arg;

	(void)family;
	s->ours += !strcmp(table, "CRIU-vz");
	return 0;
}

static void lock(void)
{
	autoclose int ns = vz_netns_new(&err), sock = vz_nl_open(NETLINK_NETFILTER, ns, &err);
	struct seen s = { 0 };
	static const struct vz_nft tables[] = {
		{ .family = NFPROTO_INET, .table = "CRIU-12" }, { .family = NFPROTO_IPV4, .table = "CRIU-a" },
		{ .family = NFPROTO_INET, .table = "mine" },
	};

	CHECK_INT(vz_netsys_unlock(ns, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		struct vz_nft t = tables[i];

		vz_nft_table(&t, true);
		vz_nft_chain(&t, &(struct vz_nft_base){ "input", "filter", NF_INET_LOCAL_IN, 0 });
		CHECK_INT(vz_nft_commit(sock, &t, &err, "x"), 0);
	}
	CHECK_INT(vz_netsys_unlock(ns, &err), 0);
	CHECK_INT(vz_nft_tables(sock, count_table, &s, &err), 0);
	CHECK_INT(s.ours, 0);
	CHECK_INT(s.others, 1);
}

/* A guest has made more of such tables than are looked for: at least his network is not held back for ever. */
static void lock_among_others(void)
{
	autoclose int ns = vz_netns_new(&err), sock = vz_nl_open(NETLINK_NETFILTER, ns, &err);
	struct seen s = { 0 };

	for (int i = 0; i < 300; i++) {
		char name[16];
		struct vz_nft t = { .family = NFPROTO_INET, .table = name };

		snprintf(name, sizeof(name), "CRIU-%d", i);
		vz_nft_table(&t, true);
		CHECK_INT(vz_nft_commit(sock, &t, &err, "x"), 0);
	}
	CHECK_INT(vz_netsys_lock(ns, &err), 0);
	CHECK_INT(vz_netsys_unlock(ns, &err), 0);
	CHECK_INT(vz_nft_tables(sock, count_ours, &s, &err), 0);
	CHECK_INT(s.ours, 0);
}

int main(void)
{
	if (geteuid()) {
		printf("SKIPPED: tests/root/test-netsys needs root\n");
		return 77;
	}
	CHECK(mkdtemp(base));
	sysctls();
	nobody_wrote_it();
	settings();
	lock();
	lock_among_others();
	CHECK_INT(vz_remove_tree(AT_FDCWD, base), 0);
	return done();
}
