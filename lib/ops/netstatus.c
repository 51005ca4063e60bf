// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * status --verbose: what is the case with a VPS's network, so that an administrator sees on one
 * screen why packets do not arrive. Only looks; what cannot be looked at is left out.
 */
#include "base/context.h"
#include "base/own.h"
#include "base/str.h"
#include "lan/lan.h"
#include "net/addr.h"
#include "net/foreign.h"
#include "net/link.h"
#include "nic/venet.h"
#include "nic/veth.h"
#include "ops/status-internal.h"
#include "param/netif.h"
#include "sys/nl.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

static void put_address(const struct vz_ct *ct)
{
	char text[VZ_IP_TEXT];
	autoips l = { 0 };

	(void)vz_venet_read(ct->id, &l); /* no venet: none */
	for (size_t i = 0; i < l.n; i++)
		vz_result("address: %s in force", vz_ip_text(&l.v[i], text));
}

static int is_bpf(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *tb[TCA_KIND + 1];

	vz_nl_attrs(h, sizeof(struct tcmsg), tb, TCA_KIND);
	if (!strcmp(vz_nl_str(tb[TCA_KIND]), "bpf"))
		*(bool *)arg = true;
	return 0;
}

/* Is there a BPF program on what comes from the VPS? */
static bool is_guarded(int rtnl, int index)
{
	struct tcmsg tc = { .tcm_ifindex = index,
			    .tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS) };
	bool found = false;
	struct vz_nl m;

	vz_nl_init(&m, RTM_GETTFILTER, NLM_F_DUMP);
	vz_nl_put_hdr(&m, &tc, sizeof(tc));
	(void)vz_nl_read(rtnl, &m, &(struct vz_nl_reader){ is_bpf, &found }, NULL, "%s", "");
	return found;
}

static uint32_t value(const char *family, const char *dev, const char *key)
{
	uint32_t v = 0;

	(void)vz_net_sysctl_get(&(struct vz_net_sysctl){ family, "conf", dev, key }, &v, NULL);
	return v;
}

/* `bridge`: the one that the device is to be on, or "". */
static void put_device(int rtnl, const char *name, const char *bridge)
{
	uint32_t all = value("ipv4", "all", "rp_filter"), own = value("ipv4", name, "rp_filter");
	struct vz_link link, master;
	autostr line = { 0 };

	if (vz_link_find(rtnl, name, &link, NULL) < 0) {
		vz_result("device: %s missing", name);
		return;
	}
	vz_str_addf(&line, "device: %s %s, mtu %u, %s, rp_filter %u", name,
		    link.flags & IFF_UP ? "up" : "down", link.mtu,
		    is_guarded(rtnl, link.index) ? "guarded" : "not guarded", all > own ? all : own);
	if (link.master && vz_link_get(rtnl, link.master, &master, NULL) >= 0)
		vz_str_addf(&line, ", on %s %s", master.name, master.flags & IFF_UP ? "up" : "down");
	else if (*bridge)
		vz_str_addf(&line, ", not connected: %s bridge %s",
			    vz_link_find(rtnl, bridge, &master, NULL) < 0 ? "no" : "not on", bridge);
	vz_result("%s", line.s ? line.s : "");
}

static void put_devices(int rtnl, const struct vz_ct *ct)
{
	char venet[IFNAMSIZ];
	autonetifs made = { 0 };

	vz_venet_host_name(ct->id, venet);
	if (ct->conf.ip_address.set && ct->conf.ip_address.n)
		put_device(rtnl, venet, "");
	if (vz_veth_record_read(ct->id, &made) < 0)
		return;
	for (size_t i = 0; i < made.n; i++)
		put_device(rtnl, made.v[i].v[VZ_NETIF_HOST_IFNAME], made.v[i].v[VZ_NETIF_BRIDGE]);
}

static void put_lans(const struct vz_ct *ct)
{
	autonetifs l = { 0 };

	if (vz_netifs_of(&ct->conf.netif, &l, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++) {
		const char *name = vz_lan_of_bridge(l.v[i].v[VZ_NETIF_BRIDGE]);
		struct vz_lan_state st;
		autolan lan = { 0 };

		if (!name)
			continue;
		if (vz_lan_load(name, &lan, NULL) < 0 || vz_lan_look(name, &st, NULL) < 0)
			vz_result("lan: %s does not exist on this host", name);
		else
			vz_result("lan: %s %s, %s, %u ports, %s", name, st.up ? "up" : "down",
				  st.filtered ? "filtered" : "NOT filtered (vznet start mends it)",
				  st.ports, lan.nat ? "NAT" : "isolated");
	}
}

static void put_drop(const char *reason, uint64_t packets, void *arg)
{
	(void)arg;
	if (packets)
		vz_result("dropped: %llu packets %s (all guest LANs)", (unsigned long long)packets,
			  reason);
}

static void put_foreign(const char *what, const char *remedy, void *arg)
{
	(void)arg;
	vz_result("filter: %s", what);
	for (const char *p = remedy;;) {
		autofree char *line = vz_str_word(&p, "\n");

		if (!line)
			return;
		vz_result("remedy: %s", line);
	}
}

void vz_status_network(const struct vz_ct *ct)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, NULL);

	put_address(ct);
	if (rtnl >= 0)
		put_devices(rtnl, ct);
	vz_result("forwarding: IPv4 %s, IPv6 %s",
		  value("ipv4", "all", "forwarding") ? "on" : "off (or by device)",
		  value("ipv6", "all", "forwarding") ? "on" : "off");
	put_lans(ct);
	vz_status_drops(ct->id);
	vz_lan_drops(put_drop, NULL);
	vz_foreign_look(put_foreign, NULL);
}
