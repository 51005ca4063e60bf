// SPDX-License-Identifier: GPL-2.0-or-later
/* Names and addresses that are made up for veth devices; records of given devices. */
#include "base/own.h"
#include "nic/netdev-internal.h"
#include "nic/veth-names.h"
#include "unit.h"

/* The words of NETIF, completed for VPS id. */
static char *completed(unsigned id, const char *words, struct vz_err *e)
{
	const struct vz_param *p = vz_param_by_key("NETIF");
	autoconf c = { 0 };

	if (vz_conf_set(&c, p, words, false, e) < 0 || vz_veth_complete(&c.netif, id, e) < 0)
		return NULL;
	return vz_conf_text(&c, p);
}

/* The value of a key in the n-th word. */
static char *field(const char *text, const char *key, int n)
{
	const char *s = text;

	for (; s && n > 0; n--)
		s = strchr(s, ';') ? strchr(s, ';') + 1 : NULL;
	s = s ? strstr(s, key) : NULL;
	return s ? strndup(s + strlen(key), strcspn(s + strlen(key), ",;")) : NULL;
}

#define FIELD(text, key, n, want)                         \
	do {                                              \
		autofree char *is = field(text, key, n);  \
		CHECK_STR(is, want);                      \
	} while (0)

static void names(void)
{
	autofree char *a = completed(101, "ifname=eth0;ifname=lan;ifname=wan;ifname=eth12", NULL);
	autofree char *b = completed(2147483644, "ifname=eth0", NULL);
	autofree char *c = completed(7, "ifname=eth1,host_ifname=veth7.0;ifname=eth0", NULL);
	struct vz_err e = { 0 };
	char *none;

	FIELD(a, ",host_ifname=", 0, "veth101.0");
	FIELD(a, ",host_ifname=", 1, "veth101.1"); /* no digits: the next free one */
	FIELD(a, ",host_ifname=", 2, "veth101.2");
	FIELD(a, ",host_ifname=", 3, "veth101.12");
	FIELD(b, ",host_ifname=", 0, "v2147483644.0"); /* 15 bytes at most */
	FIELD(c, ",host_ifname=", 1, "veth7.1"); /* .0 is taken */
	none = completed(7, "ifname=eth1,host_ifname=x;ifname=eth0,host_ifname=x", &e);
	CHECK(!none);
	CHECK_INT(e.exit, VZ_INVALID_PARAMETER_VALUE);
}

static void addresses(void)
{
	autofree char *a = completed(101, "ifname=eth0;ifname=eth1", NULL);
	autofree char *again = completed(101, "ifname=eth0;ifname=eth1", NULL);
	autofree char *other = completed(102, "ifname=eth0;ifname=eth1", NULL);
	autofree char *mac = field(a, ",mac=", 0), *mac1 = field(a, ",mac=", 1);
	autofree char *host = field(a, "host_mac=", 0), *mac2 = field(other, ",mac=", 0);

	CHECK_STR(a, again);
	CHECK(mac && vz_str_prefix(mac, "00:18:51:", NULL) && strlen(mac) == 17);
	CHECK(host && vz_str_prefix(host, "FE:18:51:", NULL) && strlen(host) == 17);
	CHECK(mac && mac1 && mac2 && strcmp(mac, mac1) && strcmp(mac, mac2));
}

static void host_address(const char *word, const char *want)
{
	autonetif n = { 0 };
	uint8_t mac[6];
	char text[18];

	CHECK_INT(vz_netif_parse(word, &n, NULL), 0);
	vz_veth_host_mac(&n, mac);
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	CHECK_STR(text, want);
}

/* Put, find and remove know a device by its name, and nothing of a list is shared with another. */
static void lists(void)
{
	const struct vz_param *p = vz_param_by_key("NETIF");
	autonetifs l = { 0 }, copy = { 0 }, bad = { 0 };
	autofree char *text = NULL, *back = NULL, *conf_text = NULL;
	char *words[] = { (char *)"ifname=eth0,-ip=all,gw=", (char *)"nonsense" };
	const struct vz_plist no_device = { true, words, 2 };
	struct vz_err e = { 0 };
	autonetif n = { 0 };
	autoconf c = { 0 };

	CHECK_INT(vz_netifs_read("ifname=eth0,bridge=br0,ip=10.0.0.5/24;x=y;ifname=eth01;"
				 "ifname=eth0,ip=10.0.0.6/8,router=off", &l), 0);
	CHECK_INT(l.n, 2); /* the last word about a device counts, a bad one is left out */
	text = vz_netifs_text(&l);
	CHECK_STR(text, "ifname=eth0,ip=10.0.0.6/8;ifname=eth01");
	CHECK(!vz_netifs_find(&l, "eth") && vz_netifs_find(&l, "eth01") == &l.v[1]);
	for (size_t i = 0; i < l.n; i++)
		CHECK_INT(vz_netifs_put(&copy, &l.v[i]), 0);
	CHECK(vz_netif_same(&l.v[0], &copy.v[0]) && l.v[0].ip != copy.v[0].ip);
	copy.v[0].ip[0].prefix = 9;
	CHECK(!vz_netif_same(&l.v[0], &copy.v[0]));
	CHECK_INT(vz_netif_parse("ifname=eth0,dhcp=yes", &n, NULL), 0);
	CHECK_INT(vz_netifs_put(&copy, &n), 0); /* in its place */
	CHECK(copy.n == 2 && vz_netif_same(&copy.v[0], &n));
	vz_netifs_remove(&copy, "eth0");
	vz_netifs_remove(&copy, "eth0");
	CHECK(copy.n == 1 && vz_netifs_find(&copy, "eth01") == &copy.v[0]);
	CHECK_INT(vz_netifs_put(&copy, &n), 0); /* last, now */
	back = vz_netifs_text(&copy);
	CHECK_STR(back, "ifname=eth01;ifname=eth0,dhcp=yes");
	CHECK_INT(vz_conf_set(&c, p, "ifname=wan", false, NULL), 0);
	CHECK_INT(vz_netifs_store(&copy, &c.netif), 0);
	conf_text = vz_conf_text(&c, p);
	CHECK_STR(conf_text, back);
	CHECK_INT(vz_netifs_of(&no_device, &bad, &e), -EINVAL);
	CHECK_STR(e.msg, "bad veth device \"nonsense\"");
	CHECK(!bad.v && !bad.n);
}

/* A device stands in the list once, however it was written; another mode or name is another device. */
static void netdevs(void)
{
	char plain[] = "eth1", bridge[] = "macvlan@eth0:bridge,eth0", same[] = "macvlan@eth0",
	     vepa[] = "macvlan@eth0:vepa", vlan[] = "vlan@eth0:5,eth0.5", tap[] = "tap0",
	     none[] = "macvlan@eth0:nosuch", no_pair[] = "ifname=eth0,nosuch",
	     *w[] = { plain, bridge, same, vepa, vlan }, *no_device[] = { plain, tap },
	     *no_mode[] = { none }, *no_veth[] = { no_pair };
	static const char *const canonical[] = { "eth1", "macvlan@eth0", "macvlan@eth0:vepa", "vlan@eth0:5" };
	const struct vz_netdev eth0 = { .name = "eth0" };
	autonetdevs l = { 0 }, broken = { 0 };
	autonetifs veths = { 0 };
	char text[VZ_NETDEV_TEXT];
	struct vz_err e = { 0 };

	CHECK_INT(vz_netdevs_of(&(struct vz_plist){ true, w, ARRAY_LEN(w) }, &l, &e), 0);
	CHECK_INT(l.n, ARRAY_LEN(canonical));
	for (size_t i = 0; i < l.n; i++)
		CHECK_STR(vz_netdev_text(&l.v[i], text), canonical[i]);
	CHECK(vz_netdevs_find(&l, &(struct vz_netdev){ .name = "eth1" }) == &l.v[0]);
	CHECK(!vz_netdevs_find(&l, &eth0));
	CHECK_INT(vz_netdevs_put(&l, &eth0), 0);
	CHECK(vz_netdevs_find(&l, &eth0) == &l.v[4]);
	CHECK_INT(vz_netdevs_of(&(struct vz_plist){ true, no_device, 2 }, &broken, &e), -EINVAL);
	CHECK_STR(e.msg, "a device tap* cannot be moved");
	CHECK(!broken.v && !broken.n);
	/* what stands in *e from before is not the reason */
	CHECK_INT(vz_netdevs_of(&(struct vz_plist){ true, no_mode, 1 }, &broken, &e), -EINVAL);
	CHECK_STR(e.msg, "bad network device \"macvlan@eth0:nosuch\"");
	CHECK_INT(vz_netifs_of(&(struct vz_plist){ true, no_veth, 1 }, &veths, &e), -EINVAL);
	CHECK_STR(e.msg, "bad veth device \"ifname=eth0,nosuch\"");
}

static void record(void)
{
	autoheld one = { 0 }, two = { 0 }, bad = { 0 };
	autostr text = { 0 }, again = { 0 };
	const struct vz_netdev eth1 = { .name = "eth1" }, eth = { .name = "eth" };
	struct vz_held h = { .asked = eth1,
			     .dev = eth1,
			     .inner = 0x100000,
			     .index = 7,
			     .flags = 0x1003,
			     .mtu = 9000,
			     .queue = 1000,
			     .mac = { 0x52, 0x54, 0, 1, 2, 0xff },
			     .has_mac = true,
			     .bus = "0000:03:00.0",
			     .alias = "with = and blanks",
			     .alt = { "enp3s0", "two\nlines", "last" },
			     .n_alt = 3 };
	struct vz_held m = { .kind = "macvlan" };

	CHECK_INT(vz_netdev_parse("macvlan@eth0:private,wan", &m.asked, NULL), 0);
	m.dev = m.asked;
	CHECK_INT(vz_held_add(&one, &h), 0);
	CHECK_INT(vz_held_add(&one, &m), 0);
	vz_held_print(&one, &text);
	CHECK_INT(vz_held_parse(text.s, &two), 0);
	vz_held_print(&two, &again);
	CHECK_STR(again.s, text.s);
	CHECK_INT(two.n, 2);
	CHECK_INT(two.v[0].mtu, 9000);
	CHECK(!memcmp(two.v[0].mac, h.mac, 6) && two.v[0].has_mac && !two.v[0].has_perm);
	CHECK_STR(two.v[0].alias, h.alias);
	CHECK_INT(two.v[0].n_alt, 2); /* no line can hold the other */
	CHECK_STR(two.v[0].alt[1], "last");
	CHECK_INT(two.v[1].dev.kind, VZ_NETDEV_MACVLAN);
	CHECK_STR(two.v[1].dev.name, "wan");
	CHECK(vz_held_find(&two, &eth1) && !vz_held_find(&two, &eth));
	CHECK(vz_held_find(&two, &m.asked) == &two.v[1]);
	vz_held_drop(&two, &eth1);
	CHECK_INT(two.n, 1);
	CHECK_INT(vz_held_parse("mtu=1\n", &bad), -EINVAL);
	CHECK_INT(vz_held_parse("word=eth1\nnonsense\n", &bad), -EINVAL);
	CHECK_INT(vz_held_parse("word=eth1\nmtu=x\n", &bad), -EINVAL);
	CHECK_INT(vz_held_parse("", &bad), 0);
}

int main(void)
{
	names();
	addresses();
	lists();
	host_address("ifname=eth0,mac=00:18:51:00:00:01,host_mac=00:18:51:00:00:02",
		     "00:18:51:00:00:02");
	/* the same on both ends would be the host's own to a bridge */
	host_address("ifname=eth0,mac=00:18:51:00:00:01,host_mac=00:18:51:00:00:01",
		     "fe:18:51:00:00:01");
	host_address("ifname=eth0,mac=fe:18:51:00:00:01,host_mac=fe:18:51:00:00:01",
		     "fa:18:51:00:00:01");
	netdevs();
	record();
	return done();
}
