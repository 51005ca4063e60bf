// SPDX-License-Identifier: GPL-2.0-or-later
/* The parameter table is honest, values follow the grammar, files keep every byte not asked to
 * change, and the command line is read as getopt_long would. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "param/nodeperm.h"
#include "param/ranges.h"
#include "param/switches.h"
#include "param/types-internal.h"
#include "sys/file.h"
#include "unit.h"

#define KEY(k) vz_param_by_key(k)

static const struct vz_param *OPT(const char *opt)
{
	for (size_t i = 0; i < vz_nparams; i++)
		if (vz_str_eq(vz_params[i].opt, opt) || vz_str_eq(vz_params[i].opt_del, opt))
			return &vz_params[i];
	return NULL;
}

static void table(void)
{
	size_t counters = 0, ncounters = 0
#define COUNTER(...) +1
#include "param/counters.def"
		;

	for (size_t i = 0; i < vz_nparams; i++) {
		const struct vz_param *p = &vz_params[i];
		const char *name = p->key ? p->key : p->opt;
		autoconf c = { 0 };
		struct vz_err e = { 0 };
		int bad = 0;

		if (!name || !p->type || !p->type->parse || !p->where)
			bad += printf("row %zu: incomplete\n", i);
		if (!p->text || !p->text[0] || p->text[strlen(p->text) - 1] != '.')
			bad += printf("%s: no sentence\n", name);
		if (p->col.title && (size_t)abs(p->col.width) < strlen(p->col.title))
			bad += printf("%s: column narrower than its title\n", name);
		if (p->dflt && vz_conf_set(&c, p, p->dflt, false, &e) != 0)
			bad += printf("%s: default does not parse: %s\n", name, e.msg);
		if (!!p->apply != !!(p->where & LIVE))
			bad += printf("%s: applied but not live, or live and not applied\n", name);
		if ((p->where & LIVE) && (p->where & (UNENFORCED | NO_RESTART)))
			bad += printf("%s: live and not\n", name);
		if (p->restart && (!p->opt || p->where & (LIVE | NO_RESTART | UNENFORCED)))
			bad += printf("%s: words for a restart that it does not need\n", name);
		if (p->unsaved && !(p->where & NEEDS_SAVE))
			bad += printf("%s: an exit code of what is not refused\n", name);
		if (p->where & COUNTED && !(p->where & LIVE) != !!(p->where & UNENFORCED))
			bad += printf("%s: enforced, or said not to be, but not both\n", name);
		if (!p->why != !(p->where & COUNTED && p->where & UNENFORCED) ||
		    (p->why && p->why[strlen(p->why) - 1] != '.'))
			bad += printf("%s: a counter that nothing holds has the reason, in a sentence\n", name);
		if (p->where & UNENFORCED && strstr(p->text, "not enforced"))
			bad += printf("%s: says what the manual says of every such row\n", name);
		counters += !!(p->where & COUNTED);
		if (!!p->opt != !!(p->where & (IN_CREATE | IN_SET)) || !!p->opt != !!p->arg)
			bad += printf("%s: option, verb and argument disagree\n", name);
		if (p->opt_del && !p->type->list)
			bad += printf("%s: removes from what is no list\n", name);
		if (p->type->list && (!p->type->word || !p->type->id_len || !p->type->seps))
			bad += printf("%s: half a list\n", name);
		if (p->key && !(p->where & IN_FILE))
			bad += printf("%s: a key for no file\n", name);
		if ((p->type == &vz_type_word || p->type == &vz_type_layout) && !p->words)
			bad += printf("%s: no words\n", name);
		for (size_t j = 0; j < i; j++) {
			const struct vz_param *q = &vz_params[j];

			if (p->key && vz_str_eq(p->key, q->key))
				bad += printf("%s: key twice\n", name);
			if (p->opt && (vz_str_eq(p->opt, q->opt) || vz_str_eq(p->opt, q->opt_del)))
				bad += printf("%s: option twice\n", name);
			if (p->short_opt && p->short_opt == q->short_opt)
				bad += printf("%s: short option twice\n", name);
			if (p->at == q->at && p->key && q->key && p->type != &vz_type_retired &&
			    q->type != &vz_type_retired && !((p->where | q->where) & RETIRED))
				bad += printf("%s: shares a field with %s\n", name, q->key);
		}
		CHECK_INT(bad, 0);
	}
	CHECK_INT(counters, ncounters);
	CHECK(KEY("CPUUWEIGHT") && KEY("NUMIPTENT") && !KEY("CPUWEIGHT") && !KEY("cpuunits"));
	CHECK(vz_param_saved_as(KEY("DCACHE")) == KEY("DCACHESIZE"));
	CHECK(vz_param_saved_as(OPT("ram")) == KEY("PHYSPAGES"));
	CHECK(!vz_param_saved_as(KEY("VETH")));
	CHECK(OPT("ipdel") == KEY("IP_ADDRESS"));
}

/* Parse and print; out NULL: must be refused with `r`. */
static const struct value {
	const char *name; /* option or key */
	bool cli;
	const char *in, *out;
	int r;
} values[] = {
	{ "kmemsize", true, "100", "100", 0 },
	{ "kmemsize", true, "1k:2K", "1024:2048", 0 },
	{ "kmemsize", true, "2P", "8192", 0 },
	{ "kmemsize", true, "7B", "7", 0 },
	{ "kmemsize", true, "1.5G", "1610612736", 0 },
	{ "kmemsize", true, "1.9", "1", 0 },
	{ "kmemsize", true, "unlimited", "unlimited", 0 },
	{ "kmemsize", true, "unlimited:5", "unlimited:5", 0 },
	{ "kmemsize", true, "9223372036854775807", "unlimited", 0 },
	{ "kmemsize", true, "9223372036854775808", NULL, -ERANGE },
	{ "kmemsize", false, "9223372036854775808", "unlimited", VZ_TAKEN_PARTLY },
	{ "kmemsize", false, "1:99999999999999999999999999999999999999999999", "1:unlimited",
	  VZ_TAKEN_PARTLY },
	{ "kmemsize", true, "9000000T", NULL, -ERANGE },
	{ "kmemsize", true, "10MB", NULL, -EINVAL },
	{ "kmemsize", true, "-1", NULL, -EINVAL },
	{ "kmemsize", true, "", NULL, -EINVAL },
	{ "kmemsize", true, "1:", NULL, -EINVAL },
	{ "kmemsize", true, ":1", NULL, -EINVAL },
	{ "kmemsize", true, "1:2:3", NULL, -EINVAL },
	{ "kmemsize", true, ".5G", NULL, -EINVAL },
	{ "kmemsize", true, "1.G", NULL, -EINVAL },
	{ "kmemsize", true, "Unlimited", NULL, -EINVAL },
	{ "physpages", true, "0:256M", "0:65536", 0 },
	{ "physpages", true, "100", "100", 0 },
	{ "physpages", true, "8191B", "1", 0 },
	{ "physpages", true, "3P", "3", 0 },
	{ "ram", true, "256M", "0:65536", 0 },
	{ "ram", true, "1", "0:1", 0 },
	{ "ram", true, "unlimited", "0:2251799813685248", 0 },
	{ "ram", true, "1:2", NULL, -EINVAL },
	{ "numproc", true, "240", "240", 0 },
	{ "numproc", true, "188:206", "188:206", 0 },
	{ "numproc", true, "1K", NULL, -EINVAL },
	{ "numproc", true, "1.5", NULL, -EINVAL },
	{ "diskspace", true, "2G:2.2G", "2097152:2306867", 0 },
	{ "diskspace", true, "1000", "1000:1000", 0 },
	{ "diskspace", true, "1023B", "0:0", 0 },
	{ "diskspace", true, "unlimited", NULL, -EINVAL },
	{ "diskinodes", true, "1K:2k", "1024:2048", 0 },
	{ "iolimit", true, "10", "10485760", 0 },
	{ "iolimit", false, "10", "10", 0 },
	{ "iolimit", true, "10K", "10240", 0 },
	{ "iolimit", true, "unlimited", "0", 0 },
	{ "iolimit", true, "2048", NULL, -ERANGE },
	{ "iolimit", false, "3000000000", "2147483647", VZ_TAKEN_PARTLY },
	{ "iopslimit", true, "100", "100", 0 },
	{ "iopslimit", true, "unlimited", NULL, -EINVAL },
	{ "ioprio", true, "8", NULL, -ERANGE },
	{ "ioprio", false, "8", NULL, -ERANGE },
	{ "cpuunits", true, "7", NULL, -EINVAL },
	{ "cpuunits", true, "500001", NULL, -ERANGE },
	{ "rate", true, "10m", "10000000", 0 },
	{ "rate", true, "1G:512k", "1000000000:512000", 0 },
	{ "rate", true, "unlimited:64000", "0:64000", 0 },
	{ "rate", true, "0", "0", 0 },
	{ "rate", true, "eth0:1:128", "0:128000", 0 },
	{ "rate", false, "eth0:1:256 *:2:128", "0:128000", 0 },
	{ "rate", true, "eth0:0:128", NULL, -EINVAL },
	{ "rate", true, ":1:128", NULL, -EINVAL },
	{ "rate", true, "10x", NULL, -EINVAL },
	{ "rate", true, "10m:", NULL, -EINVAL },
	{ "rate", true, "k", NULL, -EINVAL },
	{ "rate", true, "-1", NULL, -EINVAL },
	{ "rate", true, "10m 20m", NULL, -EINVAL },
	{ "rate", true, "1001g", NULL, -ERANGE },
	{ "cpulimit", true, "200", "200", 0 },
	{ "cpulimit", true, "101%", NULL, -ERANGE },
	{ "cpulimit", true, "0%", "0", 0 },
	{ "cpulimit", true, "18446744073709551616", NULL, -ERANGE },
	{ "cpuburst", true, "20", "20", 0 },
	{ "cpuburst", true, "20k", NULL, -EINVAL },
	{ "cpuburst", true, "101%", NULL, -ERANGE },
	{ "bootorder", false, "99999999999", "2147483647", VZ_TAKEN_PARTLY },
	{ "onboot", true, "yes", "yes", 0 },
	{ "onboot", true, "YES", NULL, -EINVAL },
	{ "cpumask", true, "0-3,5", "0-3,5", 0 },
	{ "cpumask", true, "auto", "auto", 0 },
	{ "cpumask", true, "3-1", NULL, -EINVAL },
	{ "cpumask", true, "1-2-3", NULL, -EINVAL },
	{ "cpumask", true, "1,", NULL, -EINVAL },
	{ "nodemask", true, "auto", NULL, -EINVAL },
	{ "nodemask", true, "all", "all", 0 },
	{ "netfilter", true, "full", "full", 0 },
	{ "netfilter", true, "ful", NULL, -EINVAL },
	{ "netfilter", true, "stateless|full", NULL, -EINVAL },
	{ "meminfo", true, "pages:7", "pages:7", 0 },
	{ "meminfo", true, "pages:0", NULL, -EINVAL },
	{ "layout", true, "ploop:raw", "ploop", 0 },
	{ "layout", true, "overlay", "overlay", 0 },
	{ "layout", true, "simfs:raw", NULL, -EINVAL },
	{ "vm_overcommit", true, "1.25", "1.25", 0 },
	{ "vm_overcommit", true, "1e5", NULL, -EINVAL },
	{ "hostname", true, "a-1.example.org", "a-1.example.org", 0 },
	{ "hostname", true, "a b", NULL, -EINVAL },
	{ "hostname", true, "a;reboot", NULL, -EINVAL },
	{ "name", true, "My CT-1", "My CT-1", 0 },
	{ "name", true, "123", "123", 0 },
	{ "name", true, "..", NULL, -EINVAL },
	{ "name", true, "a/b", NULL, -EINVAL },
	{ "name", true, "", "", 0 },
	{ "description", true, "say \"hi\" for $5", "say \"hi\" for $5", 0 },
	{ "description", true, "two\nlines", NULL, -EINVAL },
	{ "private", true, "/vz/private/$VEID", "/vz/private/$VEID", 0 },
	{ "private", true, "/vz/$HOME", NULL, -EINVAL },
	{ "private", true, "vz", NULL, -EINVAL },
	{ "ostemplate", true, "debian-12", "debian-12", 0 },
	{ "ostemplate", true, "../../etc/passwd", NULL, -EINVAL },
	{ "VE_ID_RANGE", false, "1879048192-2147352575", "1879048192-2147352575", 0 },
	{ "VE_ID_RANGE", false, "100-200", NULL, -EINVAL },
	{ "ipadd", true, "10.0.0.5 2001:0db8:0000::0005", "10.0.0.5 2001:db8::5", 0 },
	{ "ipadd", true, "10.0.0.5/255.255.255.0", "10.0.0.5/24", 0 },
	{ "ipadd", true, "10.0.0.5/255.0.255.0", NULL, -EINVAL },
	{ "ipadd", true, "2001:db8::5/64", "2001:db8::5/64", 0 },
	{ "ipadd", true, "10.0.0.5/33", NULL, -EINVAL },
	{ "ipadd", true, "10.0.0", NULL, -EINVAL },
	{ "ipadd", true, "0.0.0.0 ::0", "", 0 },
	{ "ipadd", true, "10.0.0.5 10.0.0.5/24", "10.0.0.5/24", 0 },
	{ "IP_ADDRESS", false, "10.0.0.5 nonsense 10.0.0.6", "10.0.0.5 10.0.0.6", VZ_TAKEN_PARTLY },
	{ "nameserver", true, "inherit", "inherit", 0 },
	{ "nameserver", true, "8.8.8.8/24", NULL, -EINVAL },
	{ "netdev_add", true, "eth1", "eth1", 0 },
	{ "netdev_add", true, "venet0", NULL, -EINVAL },
	{ "capability", true, "net_admin:on", "NET_ADMIN:on ", 0 },
	{ "capability", true, "net_admin:maybe", NULL, -EINVAL },
	{ "capability", true, "setveid:on", NULL, -EINVAL },
	{ "features", true, "nfs:on,sit:off", "nfs:on sit:off ", 0 },
	{ "features", true, "nfs:on nfs:off", "nfs:off ", 0 },
	{ "features", true, "nesting:on", "nesting:on ", 0 },
	{ "features", true, "fuze:on", NULL, -EINVAL }, /* four letters are no nfsd */
	{ "features", true, "tun:on,fuse:off", "tun:on fuse:off ", 0 },
	{ "FEATURES", false, "fuze:on nfs:on", "nfs:on ", VZ_TAKEN_PARTLY },
	{ "devices", true, "c:10:229:rw", "c:10:229:rw ", 0 },
	{ "devices", true, "b:8:all:wr", "b:8:all:rw ", 0 },
	{ "devices", true, "b:7:0:rw", NULL, -EINVAL },
	{ "devices", true, "c:10:229:x", NULL, -EINVAL },
	{ "devices", true, "c:10:229", NULL, -EINVAL },
	{ "devices", true, "c:10:229:rw:r", NULL, -EINVAL },
	{ "devnodes", true, "net/tun:rw", "net/tun:rw ", 0 },
	{ "devnodes", true, "../etc/shadow:r", NULL, -EINVAL },
	{ "devnodes", true, "/dev/null:r", NULL, -EINVAL },
	{ "pci_add", true, "03:00.0", "0000:03:00.0", 0 },
	{ "pci_add", true, "0001:0A:1f.7", "0001:0a:1f.7", 0 },
	{ "pci_add", true, "03:00.8", NULL, -EINVAL },
	{ "netif_add", true, "eth0,00:18:51:00:00:01,,,vmbr0",
	  "ifname=eth0,bridge=vmbr0,mac=00:18:51:00:00:01", 0 },
	/* a list that ends early: the host's address is the same one */
	{ "netif_add", true, "eth0,00:18:51:00:00:01",
	  "ifname=eth0,mac=00:18:51:00:00:01,host_mac=00:18:51:00:00:01", 0 },
	{ "netif_add", true, "eth0,00:18:51:00:00:01,veth9.0",
	  "ifname=eth0,mac=00:18:51:00:00:01,host_ifname=veth9.0,host_mac=00:18:51:00:00:01", 0 },
	{ "netif_add", true, "eth0,00:18:51:00:00:01,veth9.0,",
	  "ifname=eth0,mac=00:18:51:00:00:01,host_ifname=veth9.0", 0 },
	{ "netif_add", true, "eth0 eth1,,veth9.x", "ifname=eth0;ifname=eth1,host_ifname=veth9.x", 0 },
	{ "netif_add", true, "eth0,00:18:51", NULL, -EINVAL },
	{ "netif_add", true, "eth0,00:18:51:00:00:0g", NULL, -EINVAL },
	{ "netif_add", true, "eth0,01:18:51:00:00:01", NULL, -EINVAL }, /* multicast */
	{ "netif_add", true, "eth0,00:00:00:00:00:00", NULL, -EINVAL },
	{ "netif_add", true, "eth0,,,ff:ff:ff:ff:ff:ff", NULL, -EINVAL },
	{ "netif_add", true, "abcdefghijklmno", "ifname=abcdefghijklmno", 0 },
	{ "netif_add", true, "abcdefghijklmnop", NULL, -EINVAL },
	{ "netif_add", true, "eth0,,abcdefghijklmnop", NULL, -EINVAL },
	{ "netif_add", true, "eth0,,,,abcdefghijklmnop", NULL, -EINVAL },
	{ "netif_add", true, "eth0,,,,br0,x", NULL, -EINVAL },
	{ "netif_add", true, ",,,,br0", NULL, -EINVAL },
	{ "netif_add", true, "lo", NULL, -EINVAL },
	{ "netif_add", true, "venet0", NULL, -EINVAL },
	{ "netif_add", true, "all", NULL, -EINVAL },
	{ "netif_add", true, "eth0,,venet9", NULL, -EINVAL },
	{ "netif_add", true, "et/h", NULL, -EINVAL },
	{ "NETIF", false,
	  "ifname=eth0,bridge=b,dhcp=no,ip=10.0.0.2/24,ip=2001:db8::2/64,gw=10.0.0.1,"
	  "gw6=FE80::1,ip_filter=on,router=off,dhcp6=yes",
	  "ifname=eth0,bridge=b,ip_filter=on,gw=10.0.0.1,gw6=fe80::1,dhcp6=yes,ip=10.0.0.2/24,"
	  "ip=2001:db8::2/64",
	  0 },
	{ "NETIF", false, "ifname=eth0,ip_filter=off,ip=10.0.0.2/24",
	  "ifname=eth0,ip_filter=off,ip=10.0.0.2/24", 0 }, /* no default: it stands */
	{ "NETIF", false, "ifname=eth0,ip=10.0.0.2/24,ip=10.0.0.2/16", "ifname=eth0,ip=10.0.0.2/16",
	  0 },
	{ "NETIF", false, "ifname=eth0,ip=10.0.0.2/33;ifname=eth1", "ifname=eth1", VZ_TAKEN_PARTLY },
	{ "NETIF", false, "ifname=eth0,ip=224.0.0.1;ifname=eth1", "ifname=eth1", VZ_TAKEN_PARTLY },
	{ "NETIF", false, "ifname=eth0,gw=fe80::1;ifname=eth1", "ifname=eth1", VZ_TAKEN_PARTLY },
	{ "NETIF", false, "ifname=eth0,dhcp=on;ifname=eth1", "ifname=eth1", VZ_TAKEN_PARTLY },
	{ "NETIF", false, "ifname=eth0,x=1;ifname=eth1", "ifname=eth1", VZ_TAKEN_PARTLY },
	{ "NETIF", false, "bridge=b;ifname=eth1", "ifname=eth1", VZ_TAKEN_PARTLY },
	{ "netdev_add", true, "eth1 eth2", "eth1 eth2", 0 },
	{ "netdev_add", true, "venet0", NULL, -EINVAL },
	{ "netdev_add", true, "tun0", NULL, -EINVAL },
	{ "netdev_add", true, "tap0", NULL, -EINVAL },
	{ "netdev_add", true, "lo", NULL, -EINVAL },
	{ "netdev_add", true, "abcdefghijklmnop", NULL, -EINVAL },
	{ "netdev_add", true, "macvlan@eth0", "macvlan@eth0", 0 },
	{ "netdev_add", true, "macvlan@eth0:bridge,eth0", "macvlan@eth0", 0 },
	{ "netdev_add", true, "macvlan@eth0:private,wan", "macvlan@eth0:private,wan", 0 },
	{ "netdev_add", true, "macvlan@eth0:l2", NULL, -EINVAL },
	{ "netdev_add", true, "ipvlan@eth0:l3", "ipvlan@eth0:l3", 0 },
	{ "netdev_add", true, "vlan@eth0:100", "vlan@eth0:100", 0 },
	{ "netdev_add", true, "vlan@eth0:100,eth0.100", "vlan@eth0:100", 0 },
	{ "netdev_add", true, "vlan@eth0", NULL, -EINVAL },
	{ "netdev_add", true, "vlan@eth0:4095", NULL, -EINVAL },
	{ "netdev_add", true, "vlan@eth0:0", NULL, -EINVAL },
	{ "netdev_add", true, "vlan@abcdefghijklm:100", NULL, -EINVAL }, /* too long inside */
	{ "netdev_add", true, "vlan@abcdefghijklm:100,v", "vlan@abcdefghijklm:100,v", 0 },
	{ "netdev_add", true, "bond@eth0", NULL, -EINVAL },
	{ "netdev_add", true, "macvlan@", NULL, -EINVAL },
	{ "netdev_add", true, "macvlan@eth0,", NULL, -EINVAL },
	{ "NETIF", false, "bridge=br0,ifname=eth0,mac_filter=off;ifname=eth1,mac_filter=on",
	  "ifname=eth0,bridge=br0,mac_filter=off;ifname=eth1", 0 },
	{ "iptables", true, "ip_tables,ipt_limit", "ip_tables ipt_limit", 0 },
	{ "iptables", true, "ip_table", NULL, -EINVAL },
};

static void grammar(void)
{
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		const struct value *v = &values[i];
		const struct vz_param *p = OPT(v->name) ? OPT(v->name) : KEY(v->name);
		autoconf c = { 0 };
		autofree char *text = NULL;
		struct vz_err e = { 0 };
		int r;

		CHECK(p);
		if (!p)
			continue;
		r = vz_conf_set(&c, p, v->in, v->cli, &e);
		text = vz_conf_text(&c, p);
		if (r != v->r || (v->out ? !vz_str_eq(text, v->out) : text != NULL)) {
			printf("%s \"%s\": ", v->name, v->in);
			CHECK_INT(r, v->r);
			if (v->out)
				CHECK_STR(text, v->out);
			CHECK(v->out || !text);
		}
		CHECK(r >= 0 || e.msg[0]);
		checks++;
	}
}

static void values_at_work(void)
{
	autoconf a = { 0 }, b = { 0 };

	/* scalars: the first wins; beancounters: the last; lists accumulate */
	CHECK_INT(vz_conf_set(&a, KEY("CPUUNITS"), "500", true, NULL), 0);
	CHECK_INT(vz_conf_set(&a, KEY("CPUUNITS"), "rubbish", true, NULL), 0);
	CHECK_INT(a.cpuunits.v, 500);
	vz_conf_set(&a, OPT("physpages"), "0:1", true, NULL);
	vz_conf_set(&a, OPT("ram"), "8192", true, NULL);
	CHECK_INT(a.physpages.lim, 2);
	vz_conf_set(&a, KEY("IP_ADDRESS"), "10.0.0.1", true, NULL);
	vz_conf_set(&a, KEY("IP_ADDRESS"), "10.0.0.2", true, NULL);
	CHECK_INT(a.ip_address.n, 2);
	CHECK(vz_conf_set(&a, KEY("IP_ADDRESS"), "10.0.0.3 x", true, NULL) < 0);
	CHECK_INT(a.ip_address.n, 2);

	/* merging replaces lists and copies deeply */
	vz_conf_set(&b, KEY("IP_ADDRESS"), "10.9.9.9", true, NULL);
	vz_conf_set(&b, KEY("HOSTNAME"), "b", true, NULL);
	CHECK_INT(vz_conf_merge(&a, &b), 0);
	CHECK_INT(a.ip_address.n, 1);
	CHECK_STR(a.hostname.v, "b");
	CHECK(a.hostname.v != b.hostname.v);
	CHECK_INT(a.cpuunits.v, 500);
	vz_conf_unset(&a, KEY("HOSTNAME"));
	CHECK(!vz_param_is_set(KEY("HOSTNAME"), &a));
}

/* A device stands in the list once; all of a major number is another than any one of it. */
static void devperms(void)
{
	static const char *const bad[] = { "", "c", "c:", "c:1:2", "c:1:2:", "c:1:2:rx", "c:1:2:rr", "c:1:2:r:",
					   "cc:1:2:r", "d:1:2:r", "c:4096:0:r", "c:1:1048576:r", "c::2:r",
					   "c:1::r" };
	static const char *const canonical[] = { "b:8:all:w", "b:8:0:rw", "c:10:200:none", "b:8:1:r" };
	char all[] = "b:8:all:rq", one[] = "b:8:0:wr", again[] = "b:8:all:w", none[] = "c:10:200:none",
	     other[] = "b:8:1:r", nonsense[] = "nonsense", *w[] = { all, one, none, again, other }, *no_device[] = { one, nonsense };
	autodevperms l = { 0 }, broken = { 0 };
	struct vz_err e = { 0 };
	struct vz_devperm d;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(vz_devperm_parse(bad[i], &d), -EINVAL);
	CHECK_INT(vz_devperms_of(&(struct vz_plist){ true, w, ARRAY_LEN(w) }, &l, &e), 0);
	CHECK_INT(l.n, ARRAY_LEN(canonical));
	for (size_t i = 0; i < l.n; i++) {
		autofree char *word = vz_devperm_word(&l.v[i]);

		CHECK_STR(word, canonical[i]);
	}
	CHECK(vz_perm_is_none(&l.v[2].perm) && !vz_perm_is_none(&l.v[1].perm));
	d = (struct vz_devperm){ .type = 'b', .major = 8 };
	CHECK(vz_devperms_find(&l, &d) == &l.v[1]);
	d.major = 9;
	CHECK(!vz_devperms_find(&l, &d));
	CHECK_INT(vz_devperms_of(&(struct vz_plist){ true, no_device, 2 }, &broken, &e), -EINVAL);
	CHECK_STR(e.msg, "bad device \"nonsense\"");
	CHECK(!broken.v && !broken.n);
}

/* Each name once and in order, whatever a list that no parser made may hold; and all words of a row fit. */
static void switches(void)
{
	char nfs[] = "nfs:on", sit[] = "sit:off", off[] = "nfs:off", maybe[] = "tun:maybe", bare[] = "fuse",
	     nameless[] = ":on", *w[] = { nfs, sit, maybe, bare, nameless, off };
	const struct vz_plist words = { true, w, ARRAY_LEN(w) };
	struct vz_switches l;

	vz_switches_of(&words, &l);
	CHECK_INT(l.n, 2);
	CHECK_STR(l.v[0].name, "nfs");
	CHECK(!l.v[0].on && vz_switches_find(&l, "sit") == &l.v[1]);
	CHECK(vz_switches_has_off(&l, "nfs") && !vz_switches_has_on(&l, "nfs"));
	CHECK(!vz_switches_has_on(&l, "nfsd") && !vz_switches_has_off(&l, "nfsd"));
	vz_switches_put(&l, &(struct vz_switch){ "nfsd", true });
	CHECK(l.n == 3 && vz_switches_has_on(&l, "nfsd"));
	for (size_t i = 0; i < vz_nparams; i++) {
		const char *s = vz_params[i].words;
		size_t n = 0, longest = 0;

		for (; vz_params[i].type->on_off && *s; s += strspn(s, "|"), n++) {
			if (strcspn(s, "|") > longest)
				longest = strcspn(s, "|");
			s += strcspn(s, "|");
		}
		CHECK(n <= VZ_SWITCHES_MAX && longest < VZ_SWITCH_NAME);
	}
}

static void ranges(void)
{
	static const char *const bad[] = { "", "all", "1,", ",1", "3-1", "1-2-3", "-1", "1-", "65536", "1 2", "0-0x3" };
	struct vz_conf c = { 0 };
	autoranges l = { 0 };
	struct vz_range one;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(vz_ranges_read(bad[i], &l), -EINVAL);
	CHECK(!l.v && !l.n && !vz_ranges_last(&l));
	CHECK_INT(vz_ranges_read("6,0-3,5-5", &l), 0);
	CHECK_INT(l.n, 3);
	CHECK(l.v[0].first == 6 && l.v[0].last == 6 && l.v[1].first == 0 && l.v[1].last == 3);
	CHECK_INT(vz_ranges_last(&l), 6);
	CHECK_INT(vz_conf_id_range(&c, &one), 0);
	CHECK(one.first == 1879048192 && one.last == 2147352575);
	CHECK_INT(vz_conf_set(&c, KEY("VE_ID_RANGE"), "1-4294967295", false, NULL), -EINVAL);
	CHECK_INT(vz_conf_set(&c, KEY("VE_ID_RANGE"), "65536-4294967294", false, NULL), 0);
	CHECK_INT(vz_conf_id_range(&c, &one), 0);
	CHECK(one.first == 65536 && one.last == 4294967294);
	vz_conf_free(&c);
}

/* A node stands in the list once, and its name may hold colons. */
static void nodeperms(void)
{
	static const char *const bad[] = { "", ":rw", "null", "null:", "null:rx", "null:rr", "/null:r",
					   "../etc/shadow:r", "net/..:r", "net//tun:r", "a b:r" };
	char tun[] = "net/tun:wr", pci[] = "bus/pci:0:q", *w[] = { tun, pci };
	static const struct vz_perm none = { 0 };
	autonodeperms l = { 0 };
	const struct vz_nodeperm *n;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		autofree char *word = strdup(bad[i]);
		struct vz_err e = { 0 };

		CHECK_INT(vz_nodeperms_of(&(struct vz_plist){ true, &word, 1 }, &l, &e), -EINVAL);
		CHECK_INT(e.exit, VZ_SET_DEVICES);
	}
	CHECK_INT(vz_nodeperms_put(&l, "../etc/shadow", &none), -EINVAL);
	CHECK(!l.v && !l.n);
	CHECK_INT(vz_nodeperms_of(&(struct vz_plist){ true, w, ARRAY_LEN(w) }, &l, NULL), 0);
	n = vz_nodeperms_find(&l, "net/tun");
	CHECK(n && n->perm.r && n->perm.w && !n->perm.q && !vz_perm_is_none(&n->perm));
	CHECK(!vz_nodeperms_find(&l, "net") && !vz_nodeperms_find(&l, "bus/pci"));
	n = vz_nodeperms_find(&l, "bus/pci:0");
	CHECK(n && n->perm.q && !vz_perm_is_none(&n->perm));
	CHECK_INT(vz_nodeperms_put(&l, "net/tun", &none), 0);
	CHECK(l.n == 2 && vz_nodeperms_find(&l, "net/tun") == &l.v[0]);
	CHECK(vz_perm_is_none(&l.v[0].perm));
}

/* ---- files ---- */

static char complaints[4096];

static void note(int level, const char *line)
{
	size_t n = strlen(complaints);

	snprintf(complaints + n, sizeof(complaints) - n, "%d %s\n", level, line);
}

static void reading(void)
{
	autoconf c = { 0 };
	static const char text[] =
		"# comment\n"
		"  \t# another\n"
		"ONBOOT=\"yes\"\n"
		"  HOSTNAME = \"x\"\n"          /* the key is "HOSTNAME " */
		"HOSTNAME=\"one\" # said\n"
		"HOSTNAME=\"two\"\n"
		"DESCRIPTION=\"say \\\"hi\\\" \\$HOME\"\n"
		"NUMPROC=1:2\n"
		"NUMPROC=\"3:4\"\n"
		"CPUUNITS='1000'\n"
		"DISABLED=\"yes\n"
		"nonsense\n"
		"VETH=\"old\"\n"
		"NAMESERVER=inherit # from the host\n"
		"NEW_KEY=\"v\033[2J\"\n"
		"IPTENTRIES=\"200\"\n"
		"CPUS=\"\"\n"
		"IP_ADDRESS=\"10.0.0.1\"\n"
		"IP_ADDRESS=\"10.0.0.2\"";

	complaints[0] = 0;
	CHECK_INT(vz_conf_parse(text, "F", &c, note), 0);
	CHECK(c.onboot.set && c.onboot.v);
	CHECK_STR(c.hostname.v, "one");
	CHECK_STR(c.description.v, "say \"hi\" $HOME");
	CHECK_INT(c.numproc.bar, 3);
	CHECK_INT(c.numiptent.lim, 200);
	CHECK(!c.cpus.set && !c.cpuunits.set && !c.disabled.set);
	CHECK_INT(c.ip_address.n, 2);
	CHECK_STR(c.nameserver.v[0], "inherit");
	CHECK_STR(complaints,
		  "1 Warning at F:4: unknown parameter HOSTNAME  (\" \"x\"\"), ignored\n"
		  "0 Warning at F:6: duplicate for HOSTNAME (\"two\"), ignored\n"
		  "0 Warning at F:10: invalid value for CPUUNITS (\"'1000'\"), skipped\n"
		  "0 Warning: can't parse F:11 (unmatched quotes), skipping\n"
		  "0 Warning: can't parse F:12 ('=' not found), skipping\n"
		  "0 Warning at F:14: invalid word in NAMESERVER (\"inherit # from the host\"), "
		  "skipped\n"
		  "1 Warning at F:15: unknown parameter NEW_KEY (\"v?[2J\"), ignored\n");

	complaints[0] = 0;
	vz_conf_free(&c);
	CHECK_INT(vz_conf_parse("DESCRIPTION=\"a\001b\"\nCPUS=99999999999\nKMEMSIZE=99999999999T\n",
				"F", &c, note),
		  0);
	CHECK_STR(complaints, "0 Warning at F:1: invalid value for DESCRIPTION (\"a?b\"), skipped\n"
			      "0 Warning at F:2: invalid value for CPUS (\"99999999999\"), skipped\n"
			      "0 Warning at F:3: too large value for KMEMSIZE (\"99999999999T\"), "
			      "truncated\n");
	CHECK(!c.description.set && c.kmemsize.lim == VZ_UNLIMITED);
}

static char dir[] = "/tmp/test-param.XXXXXX";

static void put(const char *path, const char *text)
{
	CHECK_INT(vz_file_replace(path, text, strlen(text), 0644, false), 0);
}

/* What is in the file now. */
static void check_file(const char *path, const char *want)
{
	autofree char *have = NULL;

	CHECK(vz_file_read(AT_FDCWD, path, 1 << 20, &have) >= 0);
	CHECK_STR(have, want);
}

static void saving(void)
{
	autofree char *path = vz_fmt("%s/101.conf", dir), *link = vz_fmt("%s/link", dir);
	autofree char *away = vz_fmt("%s/away", dir);
	autoconf c = { 0 }, again = { 0 };
	struct vz_err e = { 0 };
	struct stat st;
	bool changed = true;

	put(path, "# top\n  CPUUNITS=\"1000\" # x\nODD\nMY=\"1\"\n\nIP_ADDRESS=\"1.1.1.1\"\r\n"
		  "IP_ADDRESS=\"2.2.2.2\"\nDCACHE=\"5\"\nONBOOT=yes");
	CHECK_INT(vz_conf_save(path, &c, &changed, &e), 0);
	CHECK(!changed);
	vz_conf_set(&c, KEY("CPUUNITS"), "2000", true, NULL);
	vz_conf_set(&c, KEY("IP_ADDRESS"), "3.3.3.3", true, NULL);
	vz_conf_set(&c, KEY("DCACHESIZE"), "6:7", true, NULL);
	vz_conf_set(&c, KEY("DESCRIPTION"), "`id` $(id) \"q\" \\", true, NULL);
	vz_conf_set(&c, OPT("ram"), "1M", true, NULL);
	CHECK(chmod(path, 0600) == 0 && symlink("101.conf", link) == 0);
	CHECK_INT(vz_conf_save(link, &c, &changed, &e), 0);
	CHECK(changed);
	check_file(path, "# top\nCPUUNITS=\"2000\"\nODD\nMY=\"1\"\n\nIP_ADDRESS=\"3.3.3.3\"\n"
			 "DCACHESIZE=\"6:7\"\nONBOOT=yes\nPHYSPAGES=\"0:256\"\n"
			 "DESCRIPTION=\"\\`id\\` \\$(id) \\\"q\\\" \\\\\"\n");
	CHECK(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK_INT(vz_conf_load(path, &again, NULL, &e), 0);
	CHECK_STR(again.description.v, c.description.v);
	CHECK_INT(vz_conf_save(path, &c, &changed, &e), 0);
	CHECK(!changed);

	/* a new file, and a link that leads nowhere */
	CHECK_INT(vz_conf_save(away, &c, &changed, &e), 0);
	CHECK(changed && stat(away, &st) == 0);
	unlink(away);
	unlink(link);
	CHECK(symlink(away, link) == 0);
	CHECK(vz_conf_save(link, &c, NULL, &e) < 0);
	CHECK_INT(e.exit, VZ_CONFIG_SAVE_ERROR);
	CHECK(access(away, F_OK) < 0);

	/* control characters never reach a file */
	c.hostname = (struct vz_pstr){ true, strdup("a\nONBOOT=\"yes\"") };
	CHECK(vz_conf_save(path, &c, NULL, &e) < 0);
	CHECK(strstr(e.msg, "HOSTNAME"));
	CHECK(vz_conf_load("/nonexistent", &again, NULL, &e) == -ENOENT);
	CHECK_INT(e.exit, VZ_SYSTEM);
	unlink(link);
	unlink(path);
}

/* sh, which sources the same file in scripts, must see the same text and run none of it. */
static void shell_agrees(void)
{
	autofree char *path = vz_fmt("%s/sh.conf", dir), *cmd = NULL;
	autoconf c = { 0 };
	char got[200] = "";
	FILE *f;

	vz_conf_set(&c, KEY("DESCRIPTION"), "a\" ; echo bad; \"b `echo bad` $(echo bad) \\x", true,
		    NULL);
	CHECK_INT(vz_conf_save(path, &c, NULL, NULL), 0);
	cmd = vz_fmt(". %s; printf '%%s' \"$DESCRIPTION\"", path);
	f = popen(cmd, "r");
	CHECK(f && fgets(got, sizeof(got), f));
	if (f)
		pclose(f);
	CHECK_STR(got, c.description.v);
	unlink(path);
}

/* Every sample: no complaint, every key a row, not a byte changed, and one key alone when asked. */
static void sample(const char *file)
{
	autofree char *path = vz_fmt("%s/sample", dir), *text = NULL, *want = NULL;
	autoconf c = { 0 }, one = { 0 };
	const char *at;
	bool changed;

	complaints[0] = 0;
	CHECK(vz_file_read(AT_FDCWD, file, 1 << 20, &text) > 0);
	CHECK_INT(vz_conf_load(file, &c, note, NULL), 0);
	CHECK_STR(complaints, "");
	put(path, text);
	CHECK_INT(vz_conf_save(path, &one, &changed, NULL), 0);
	check_file(path, text);
	at = strstr(text, "CPUUNITS=");
	if (at && (at == text || at[-1] == '\n')) {
		want = vz_fmt("%.*sCPUUNITS=\"777\"%s", (int)(at - text), text, strchr(at, '\n'));
		vz_conf_set(&one, KEY("CPUUNITS"), "777", true, NULL);
		CHECK_INT(vz_conf_save(path, &one, &changed, NULL), 0);
		check_file(path, want);
	}
	/* saved whole and read again, the values are the same */
	CHECK_INT(vz_conf_save(path, &c, NULL, NULL), 0);
	vz_conf_free(&one);
	CHECK_INT(vz_conf_load(path, &one, note, NULL), 0);
	for (size_t i = 0; i < vz_nparams; i++) {
		autofree char *a = vz_conf_text(&c, &vz_params[i]);
		autofree char *b = vz_conf_text(&one, &vz_params[i]);

		CHECK(vz_str_eq(a, b));
	}
	unlink(path);
}

static void samples(void)
{
	const char *src = getenv("srcdir");
	autofree char *conf = vz_fmt("%s/etc/conf", src ? src : ".");
	autoclosedir DIR *d = opendir(conf);
	struct dirent *de;
	int n = 0;

	CHECK(d);
	while (d && (de = readdir(d))) {
		autofree char *file = vz_fmt("%s/%s", conf, de->d_name);

		if (strstr(de->d_name, ".conf")) {
			sample(file);
			n++;
		}
	}
	CHECK_INT(n, 9);
	sample("etc/vz.conf");
}

/* ---- options ---- */

static int parse(struct vz_given *g, struct vz_err *e, const char *line)
{
	char *argv[32] = { 0 };
	int argc = 0, r;
	const char *verb = line;

	while (argc < 31 && (argv[argc] = vz_str_word(&line, " ")))
		argc++;
	*e = (struct vz_err){ 0 };
	*g = (struct vz_given){ 0 };
	r = vz_given_parse(argc, argv, *verb == 'c' ? IN_CREATE : IN_SET, g, e);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return r;
}

static const struct refusal {
	const char *line;
	int exit;
	const char *msg;
} refusals[] = {
	{ "set --nonsense", 21, "vzctl: unrecognized option '--nonsense'" },
	{ "set --nonsense=1", 21, "vzctl: unrecognized option '--nonsense'" },
	{ "create --cpuunits 1000", 21, "vzctl: unrecognized option '--cpuunits'" },
	{ "create --ipdel all", 21, "vzctl: unrecognized option '--ipdel'" },
	{ "create --ipd 1", 21, "vzctl: unrecognized option '--ipd'" },
	{ "set --layout simfs", 21, "vzctl: unrecognized option '--layout'" },
	{ "set --num 1", 21,
	  "vzctl: option '--num' is ambiguous; possibilities: '--numproc' '--numtcpsock'" },
	{ "set --save=1", 21, "vzctl: option '--save' doesn't allow an argument" },
	{ "set --cpuu", 21, "vzctl: option '--cpuunits' requires an argument" },
	{ "set -z", 21, "vzctl: invalid option -- 'z'" },
	{ "set -k", 21, "vzctl: option requires an argument -- 'k'" },
	{ "set --cpuunits x", 21, "Bad parameter for --cpuunits: x (a number from 8 to 500000)" },
	{ "set --ioprio 9", 21, "Bad parameter for --ioprio: 9 (a number from 0 to 7)" },
	{ "set --numproc 5k", 21, "Bad parameter for --numproc: 5k (expected: barrier[:limit])" },
	{ "create --layout x", 21, "Bad parameter for --layout: x (one of " },
	{ "set --onboot maybe", 21, "Bad parameter for --onboot: maybe (expected: yes|no)" },
	{ "set --cpuu x", 21, "Bad parameter for --cpuunits: x" },
	{ "set -p 1x", 21, "Bad parameter for -p : 1x" },
	{ "set --setmode never", 21, "Bad parameter for --setmode: never" },
	{ "set --ipadd 1.2.3", 21, "Bad parameter for --ipadd: 1.2.3" },
	{ "set --ipdel 1.2.3", 21, "Bad parameter for --ipdel: 1.2.3" },
	{ "set --features fuze:on", 21,
	  "Bad parameter for --features: fuze:on (Unknown feature: fuze, did you mean fuse?)" },
	{ "set --mac 00:18:51:00:00:01", 20, "Invalid usage.  Option --ifname not specified" },
	{ "set --ifname eth0 --mac 00:18", 21, "Bad parameter for --mac: 00:18" },
	{ "set --ifname eth0 --bridge b,mac_filter=off", 21, "Bad parameter for --bridge: " },
	{ "set --userpasswd :secret", 21, "Bad parameter for --userpasswd: (not shown)" },
	{ "set --applyconfig ../x", 21, "Bad parameter for --applyconfig: ../x" },
	{ "set stray --save words", 20, "Invalid extra arguments: stray words" },
	{ "set --userpasswd root:my secret", 20, "Invalid extra arguments: (not shown)" },
	{ "set userpasswd=root:secret", 20, "Invalid extra arguments: userpasswd" },
	{ "set -- --save", 20, "Invalid extra arguments: --save" },
	{ "set stray --cpuunits x", 21, "Bad parameter for --cpuunits: x" },
};

static void options(void)
{
	struct vz_given g;
	struct vz_err e;

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		CHECK(parse(&g, &e, refusals[i].line) < 0);
		CHECK_INT(e.exit, refusals[i].exit);
		if (strncmp(e.msg, refusals[i].msg, strlen(refusals[i].msg)))
			CHECK_STR(e.msg, refusals[i].msg);
		vz_given_free(&g);
	}
	CHECK_INT(parse(&g, &e,
			"set --cpuu=500 --save --onboot yes -k 1:2 -p7 --onboot no --cpuunits 600 "
			"--setmode restart --setmode ignore --ip 10.0.0.1 --ipa 10.0.0.2 "
			"--ipdel all --iol 1 --iolimit 2 --userpasswd root:a:b"),
		  0);
	CHECK(g.save && !g.force);
	CHECK_INT(g.add.cpuunits.v, 500);
	CHECK(g.add.onboot.v);
	CHECK_INT(g.add.kmemsize.lim, 2);
	CHECK_INT(g.add.numproc.lim, 7);
	CHECK_STR(g.setmode, "ignore");
	CHECK_INT(g.add.ip_address.n, 2);
	CHECK_STR(g.del.ip_address.v[0], "all");
	CHECK(vz_plist_is_all(&g.del.ip_address) && !vz_plist_is_all(&g.add.ip_address));
	CHECK_INT(g.add.iolimit.v, 2 << 20);
	CHECK_STR(g.userpasswd.v[0], "root:a:b");
	vz_given_free(&g);

	CHECK_INT(parse(&g, &e, "set --ipdel 10.0.0.1 --ipdel all"), 0);
	CHECK(vz_plist_is_all(&g.del.ip_address)); /* wherever it stands */
	vz_given_free(&g);

	CHECK_INT(parse(&g, &e, "create --ostemplate debian-12 --velayout ploop:raw --name x "
				"--local_uid 0 --config basic"),
		  0);
	CHECK_STR(g.add.ve_layout.v, "ploop");
	CHECK(g.name_given && g.add.local_uid.set && !g.add.local_uid.v);
	CHECK_STR(g.config, "basic");
	vz_given_free(&g);
}

/* What is saved after adding and removing. */
static void resolved(const char *have, const char *line, const char *key, const char *want)
{
	autoconf h = { 0 }, out = { 0 };
	autofree char *text = NULL;
	struct vz_given g;
	struct vz_err e;

	CHECK_INT(vz_conf_parse(have, "have", &h, NULL), 0);
	CHECK_INT(parse(&g, &e, line), 0);
	CHECK_INT(vz_given_resolve(&g, &h, &out), 0);
	text = vz_conf_text(&out, KEY(key));
	CHECK_STR(text ? text : "unset", want);
	vz_given_free(&g);
}

static void lists(void)
{
	resolved("IP_ADDRESS=\"1.1.1.1 2.2.2.2/24\"", "set --ipadd 3.3.3.3", "IP_ADDRESS",
		 "1.1.1.1 2.2.2.2/24 3.3.3.3");
	resolved("IP_ADDRESS=\"1.1.1.1 2.2.2.2/24\"", "set --ipdel 2.2.2.2", "IP_ADDRESS",
		 "1.1.1.1");
	resolved("IP_ADDRESS=\"1.1.1.1\"", "set --ipadd 3.3.3.3 --ipdel all", "IP_ADDRESS",
		 "3.3.3.3");
	resolved("IP_ADDRESS=\"1.1.1.1\"", "set --ipdel all", "IP_ADDRESS", "");
	resolved("IP_ADDRESS=\"1.1.1.1\"", "set --cpuunits 9", "IP_ADDRESS", "unset");
	resolved("NAMESERVER=\"1.1.1.1\"", "set --nameserver 2.2.2.2 --nameserver 3.3.3.3",
		 "NAMESERVER", "2.2.2.2 3.3.3.3");
	resolved("FEATURES=\"nfs:on\"", "set --features nfs:off --features sit:on", "FEATURES",
		 "nfs:off sit:on ");
	resolved("DEVICES=\"c:10:229:rw c:1:1:r\"", "set --devices c:10:229:none", "DEVICES",
		 "c:1:1:r ");
	resolved("NETIF=\"ifname=eth0,bridge=b;ifname=eth1\"", "set --netif_del eth0", "NETIF",
		 "ifname=eth1");
	resolved("NETIF=\"ifname=eth0,bridge=b,mac_filter=off;ifname=eth1\"",
		 "set --netif_add eth0,,veth9.0 --netif_add eth2", "NETIF",
		 "ifname=eth0,bridge=b,host_ifname=veth9.0,mac_filter=off;ifname=eth1;ifname=eth2");
	resolved("NETIF=\"ifname=eth0,bridge=b,mac_filter=off;ifname=eth1\"",
		 "set --ifname eth0 --mac_filter on --ifname eth1 --bridge c --ifname eth0 "
		 "--mac 00:18:51:00:00:01",
		 "NETIF", "ifname=eth0,bridge=b,mac=00:18:51:00:00:01;ifname=eth1,bridge=c");
	resolved("NETIF=\"ifname=eth0,ip=10.0.0.2/24,gw=10.0.0.1;ifname=eth1\"",
		 "set --ifname eth0 --ipadd 10.0.0.3/24 --ipdel all --gw= --dhcp yes", "NETIF",
		 "ifname=eth0,dhcp=yes,ip=10.0.0.3/24;ifname=eth1");
	resolved("NETIF=\"ifname=eth0,bridge=b,ip=10.0.0.2/24,ip=fd00::2/64\"",
		 "set --ifname eth0 --bridge= --ipdel 10.0.0.2", "NETIF",
		 "ifname=eth0,ip=fd00::2/64");
	/* an address before --ifname is the container's */
	resolved("IP_ADDRESS=\"1.1.1.1\"\nNETIF=\"ifname=eth0\"",
		 "set --ipadd 2.2.2.2 --ifname eth0 --ipadd 10.0.0.2/24", "IP_ADDRESS",
		 "1.1.1.1 2.2.2.2");
}

static void checks_of_two(void)
{
	autoconf none = { 0 }, given = { 0 };
	struct vz_err e = { 0 };
	autofree char *path = vz_conf_expand("/vz/${VEID}/$VEID//", 42);
	autofree char *root = vz_conf_expand("/", 42);

	CHECK_STR(path, "/vz/42/$VEID");
	CHECK_STR(root, "/");
	CHECK_INT(vz_conf_check(&given, &none, &e), 0);
	vz_conf_set(&given, KEY("CPUMASK"), "auto", true, NULL);
	CHECK(vz_conf_check(&given, &none, &e) < 0);
	CHECK_STR(e.msg, "--cpumask auto requires --nodemask");
	CHECK_INT(e.exit, 20);
	vz_conf_free(&given);
	vz_conf_set(&given, OPT("ram"), "1G", true, NULL);
	CHECK(vz_conf_check(&given, &none, &e) < 0);
	CHECK_STR(e.msg, "Error: required UB parameter (swap) not set");
	CHECK_INT(e.exit, 28);
	vz_conf_set(&given, OPT("swap"), "1G", true, NULL);
	CHECK_INT(vz_conf_check(&given, &none, &e), 0);
}

/* ---- documents ---- */

static char *emitted(void (*emit)(FILE *, const char *), const char *what)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	emit(f, what);
	fclose(f);
	return text;
}

static void documents(void)
{
	static const char *const sections[] = { "options-set", "options-create", "ctid.conf",
						"vz.conf", "columns", "exit-status" };
	autofree char *set = emitted(vz_emit_words, "set");
	autofree char *create = emitted(vz_emit_words, "create");

	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		autofree char *text = emitted(vz_emit_man, sections[i]);

		CHECK(vz_str_prefix(text, ".TP\n", NULL));
		CHECK(!strstr(text, "\n\n"));
	}
	/* every row's option is in what completion prints, as a whole line */
	for (size_t i = 0; i < vz_nparams; i++) {
		const struct vz_param *p = &vz_params[i];
		autofree char *line = p->opt ? vz_fmt("--%s\n", p->opt) : NULL;

		if (line && p->where & IN_SET)
			CHECK(strstr(set, line));
		if (line && p->where & IN_CREATE)
			CHECK(strstr(create, line));
	}
	CHECK(!strstr(create, "--save") && !strstr(create, "--ipdel"));
	CHECK(strstr(set, "--ipdel\n"));
}

/* Where the code needs what holds without a value it asks the table: a misspelt key would be 0. */
static void defaults(void)
{
	CHECK_INT(vz_param_default("NUMPTY"), 256);
	CHECK_INT(vz_param_default("NUMCGROUPS"), 1024);
	CHECK_INT(vz_param_default("CGROUPDEPTH"), 32);
	CHECK_INT(vz_param_default("CPUUNITS"), 1000);
	CHECK_INT(vz_param_default("START_TIMEOUT"), 300);
	CHECK_INT(vz_param_default("STOP_TIMEOUT"), 120);
	CHECK_INT(vz_param_default("NUMPROC"), 0); /* the host's, not the table's */
	CHECK_INT(vz_param_default("NO_SUCH"), 0);
	CHECK(KEY("VE_ID_RANGE")->dflt != NULL);
}

int main(void)
{
	defaults();
	if (!mkdtemp(dir))
		return 1;
	table();
	grammar();
	values_at_work();
	ranges();
	devperms();
	nodeperms();
	switches();
	reading();
	saving();
	shell_agrees();
	samples();
	options();
	lists();
	checks_of_two();
	documents();
	rmdir(dir);
	return done();
}
