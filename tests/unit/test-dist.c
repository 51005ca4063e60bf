// SPDX-License-Identifier: GPL-2.0-or-later
/* lib/distro: which file belongs to a template, what the scripts are told, and the text itself. */
#include "distro/dist.h"
#include "base/own.h"
#include "net/resolv.h"
#include "sys/file.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/wait.h>

static char top[] = "/tmp/vz-test-dist.XXXXXX";

static void put(const char *name, const char *text)
{
	autofree char *p = vz_fmt("%s/%s", top, name);

	CHECK(!vz_file_replace(p, text, strlen(text), 0644, false));
}

static void gone(const char *name)
{
	autofree char *p = vz_fmt("%s/%s", top, name);

	CHECK(!unlink(p));
}

static void test_choice(void)
{
	static const struct {
		const char *template, *script;
	} tries[] = {
		{ "debian", "d.sh" },
		{ "debian-12-x86_64-minimal", "d.sh" },
		{ "some/where/debian-12", "d.sh" },
		{ "debian-12.04-x86", "d.sh" },
		{ "ubuntu-24-x", "u.sh" },
		{ "ubuntu-22", "default.sh" },
		{ "fedora", "default.sh" },
		{ "-", "default.sh" },
		{ "--", "default.sh" },
		{ "..", "default.sh" },
		{ "", "default.sh" },
		{ NULL, "default.sh" },
	};

	put("debian.conf", "# x\nADD_IP=d.sh\nADD_IP=second.sh\n");
	put("ubuntu-24.conf", " ADD_IP=\"u.sh\"\nUNKNOWN=x\nno assignment\nDEL_IP=\n");
	put("default", "ADD_IP=default.sh\n");
	put("scripts/d.sh", "echo d\n");
	put("scripts/u.sh", "echo u\n");
	put("scripts/default.sh", "echo default\n");
	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		struct vz_err e = { 0 };
		autodist d = { 0 };

		CHECK_INT(vz_dist_open(top, tries[i].template, &d, &e), 0);
		CHECK_STR(d.script[VZ_DIST_ADD_IP], tries[i].script);
		CHECK(!d.script[VZ_DIST_DEL_IP]);
		CHECK((d.warning != NULL) == !strcmp(tries[i].script, "default.sh"));
	}
}

static void test_messages(void)
{
	autofree char *missing = vz_fmt("Warning: configuration file for distribution fedora-9 not "
					"found, using defaults from %s/default", top);
	autofree char *none = vz_fmt("Warning: distribution not specified in CT config, using "
				     "defaults from %s/default", top);
	autofree char *nothing = vz_fmt("Distribution configuration file %s/default not found", top);
	autofree char *script = vz_fmt("Action script %s/scripts/gone.sh not found", top);
	struct vz_err e = { 0 };
	autodist a = { 0 }, b = { 0 }, c = { 0 };

	CHECK_INT(vz_dist_open(top, "fedora-9", &a, &e), 0);
	CHECK_STR(a.warning, missing);
	CHECK_INT(vz_dist_open(top, NULL, &b, &e), 0);
	CHECK_STR(b.warning, none);
	put("x.conf", "ADD_IP=d.sh\nSET_UGID_QUOTA=gone.sh\n");
	CHECK(vz_dist_open(top, "x-1", &c, &e) < 0);
	CHECK_INT(e.exit, 108);
	CHECK_STR(e.msg, script);
	put("y.conf", "ADD_IP=../d.sh\n");
	CHECK(vz_dist_open(top, "y", &c, &e) < 0);
	CHECK_INT(e.exit, 108);
	gone("default");
	CHECK(vz_dist_open(top, "fedora", &c, &e) < 0);
	CHECK_INT(e.exit, 107);
	CHECK_STR(e.msg, nothing);
	CHECK(!c.dir);
	put("default", "ADD_IP=default.sh\n");
}

/* Writing a script, even the same text, is another identity. */
static void test_identity(void)
{
	struct vz_err e = { 0 };
	autodist a = { 0 }, b = { 0 }, c = { 0 };

	CHECK_INT(vz_dist_open(top, "debian", &a, &e), 0);
	CHECK_INT(vz_dist_open(top, "debian-12", &b, &e), 0);
	CHECK(a.identity == b.identity && a.identity);
	put("scripts/d.sh", "echo d\n");
	CHECK_INT(vz_dist_open(top, "debian", &c, &e), 0);
	CHECK(a.identity != c.identity);
}

/* The exit code of sh with this text. */
static int sh(const char *text, const char *out)
{
	autofree char *file = vz_fmt("%s/text", top), *cmd = vz_fmt("sh <%s/text >%s/%s", top, top, out);
	FILE *p;

	CHECK(!vz_file_replace(file, text, strlen(text), 0644, false));
	p = popen(cmd, "r");
	CHECK(p != NULL);
	return WEXITSTATUS(pclose(p));
}

static void test_text(void)
{
	static const char nasty[] = "it's \"a\" $HOME `id` \\ * \n; exit 9";
	autofree char *text = NULL, *out = NULL, *path = vz_fmt("%s/out", top);
	struct vz_err e = { 0 };
	autostr t = { 0 };
	autodist d = { 0 };

	put("scripts/functions", "say() { echo \"said $1\"; }");
	put("scripts/lib.sh", "lib=yes\n");
	put("scripts/first.sh", "say \"$WHO\"; cat; set -e; false; echo not here");
	put("scripts/second.sh", "say \"$lib $OTHER\"\nexit 0");
	put("scripts/empty.sh", "");
	put("t.conf", "LIBRARY=lib.sh\nFAMILY=nm\nADD_IP=first.sh\nSET_DNS=second.sh\nDEL_IP=empty.sh\n");
	CHECK_INT(vz_dist_open(top, "t", &d, &e), 0);
	CHECK_STR(d.family, "nm");
	CHECK_INT(vz_dist_text_begin(&t, &d, &e), 0);
	vz_dist_text_var(&t, "WHO", nasty);
	vz_dist_text_var(&t, "OTHER", NULL);
	vz_dist_text_open(&t);
	vz_dist_text_var(&t, "OTHER", "mine");
	CHECK_INT(vz_dist_text_close(&t, &d, VZ_DIST_ADD_IP, &e), 0);
	vz_dist_text_open(&t);
	CHECK_INT(vz_dist_text_close(&t, &d, VZ_DIST_DEL_IP, &e), 0);
	vz_dist_text_open(&t);
	CHECK_INT(vz_dist_text_close(&t, &d, VZ_DIST_SET_DNS, &e), 0);
	text = vz_dist_text_take(&t);
	CHECK_INT(sh(text, "out"), 1);
	CHECK(vz_file_read(AT_FDCWD, path, 1000, &out) > 0);
	CHECK_STR(out, "said it's \"a\" $HOME `id` \\ * \n; exit 9\nsaid yes \n");
}

static struct vz_plist list(char **words, size_t n)
{
	return (struct vz_plist){ true, words, n };
}

#define W(s) ((char[]){ s })

static void test_net(void)
{
	char *ips[] = { W("2001:db8::5"), W("10.0.0.5"), W("10.0.0.6/24") };
	char *devices[] = { W("ifname=eth0,mac=00:18:51:00:00:01,host_ifname=veth1.0,dhcp=yes"),
			    W("ifname=eth1,bridge=br0"),
			    W("ifname=eth2,gw6=2001:db8::1,dhcp6=yes,ip=192.0.2.9/24,ip=2001:db8::9") };
	char *servers[] = { W("192.0.2.53"), W("2001:db8::53") };
	struct vz_conf c = { .ip_address = list(ips, 3), .netif = list(devices, 3),
			     .nameserver = list(servers, 2) };
	struct vz_dist_net n = { 0 }, m = { 0 };

	CHECK_INT(vz_dist_net_of(&c, &n), 0);
	CHECK_STR(n.ips, "2001:db8::5 10.0.0.5 10.0.0.6/24");
	CHECK_STR(n.first_ip, "2001:db8::5");
	CHECK_STR(n.devices, "venet0,ip=2001:db8::5/128,ip=10.0.0.5/32,ip=10.0.0.6/32,default4 "
			     "eth0,dhcp "
			     "eth2,dhcp6,ip=192.0.2.9/24,ip=2001:db8::9/128,gw=2001:db8::1");
	CHECK_STR(n.nameserver, "192.0.2.53 2001:db8::53");
	CHECK_STR(n.searchdomain, "");
	CHECK(!vz_dist_net_is_empty(&n));
	c.ipv6.set = true; /* and off */
	CHECK_INT(vz_dist_net_of(&c, &m), 0);
	CHECK_STR(m.devices, "venet0,ip=10.0.0.5/32,ip=10.0.0.6/32,default4 eth0,dhcp "
			     "eth2,ip=192.0.2.9/24");
	CHECK_STR(m.first_ip, "10.0.0.5");
	CHECK(vz_dist_net_hash(&n, 1) != vz_dist_net_hash(&m, 1));
	CHECK(vz_dist_net_hash(&n, 1) == vz_dist_net_hash(&n, 1));
	vz_dist_net_free(&n);
	vz_dist_net_free(&m);
	c.ip_address.n = 0;
	CHECK_INT(vz_dist_net_of(&c, &n), 0);
	CHECK_STR(n.devices, "eth0,dhcp eth2,ip=192.0.2.9/24");
	CHECK_STR(n.first_ip, "");
	vz_dist_net_free(&n);
	c = (struct vz_conf){ 0 };
	CHECK_INT(vz_dist_net_of(&c, &n), 0);
	CHECK(vz_dist_net_is_empty(&n));
	vz_dist_net_free(&n);
}

static void test_resolv(void)
{
	static const struct {
		const char *text, *servers, *search;
	} tries[] = {
		{ "", "", "" },
		{ "nameserver 192.0.2.1\nnameserver 2001:db8::1\n", "192.0.2.1 2001:db8::1", "" },
		{ "nameserver 127.0.0.53\nsearch a.b\n", "", "a.b" },
		{ "nameserver ::1\nnameserver fe80::1%eth0\nnameserver fe80::2\nnameserver 0.0.0.0", "", "" },
		{ "# nameserver 192.0.2.1\n;nameserver 192.0.2.1\nnameserver\t192.0.2.2 x\r\n", "192.0.2.2", "" },
		{ "domain old.example\nsearch a.b c.d\n", "", "a.b c.d" },
		{ "search 'x' $(id) a;b -c ok.example\n", "", "ok.example" },
		{ "nameserver 1.2.3\nnameservers 1.2.3.4\nnameserver\n", "", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		autofree char *servers = NULL, *search = NULL;

		CHECK_INT(vz_resolv_parse(tries[i].text, &servers, &search), 0);
		CHECK_STR(servers, tries[i].servers);
		CHECK_STR(search, tries[i].search);
	}
}

int main(void)
{
	autofree char *scripts = NULL;

	if (!mkdtemp(top))
		return 1;
	scripts = vz_fmt("%s/scripts", top);
	CHECK(!vz_mkdir_p(scripts, 0755));
	test_choice();
	test_messages();
	test_identity();
	test_text();
	test_net();
	test_resolv();
	(void)vz_remove_tree(AT_FDCWD, top);
	return done();
}
