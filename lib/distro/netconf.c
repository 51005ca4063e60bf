// SPDX-License-Identifier: GPL-2.0-or-later
/* What the scripts are told of the network, from a configuration; see dist.h. Nothing is set here
 * and nothing asked of the kernel. */
#include "distro/dist.h"
#include "base/ip.h"
#include "base/own.h"
#include "net/resolv.h"
#include "param/netif.h"
#include "sys/file.h"

#include <fcntl.h>


static void add_ip(struct vz_str *b, const struct vz_ip *ip, unsigned prefix)
{
	char text[VZ_IP_TEXT];

	vz_str_addf(b, ",ip=%s/%u", vz_ip_text(ip, text), prefix);
}

/* What a device is told, or nothing; *ret_gw: bit 0 a gateway of IPv4, bit 1 one of IPv6. */
static void add_netif(struct vz_str *b, const struct vz_netif *n, bool ipv6, unsigned *ret_gw)
{
	autostr d = { 0 };

	if (vz_netif_is_on(n, VZ_NETIF_DHCP))
		vz_str_add(&d, ",dhcp");
	if (ipv6 && vz_netif_is_on(n, VZ_NETIF_DHCP6))
		vz_str_add(&d, ",dhcp6");
	for (size_t i = 0; i < n->n_ip; i++)
		if (ipv6 || n->ip[i].family == AF_INET)
			add_ip(&d, &n->ip[i], n->ip[i].prefix);
	if (*n->v[VZ_NETIF_GW]) {
		vz_str_addf(&d, ",gw=%s", n->v[VZ_NETIF_GW]);
		*ret_gw |= 1;
	}
	if (ipv6 && *n->v[VZ_NETIF_GW6]) {
		vz_str_addf(&d, ",gw=%s", n->v[VZ_NETIF_GW6]);
		*ret_gw |= 2;
	}
	if (d.len)
		vz_str_addf(b, " %s%s", n->v[VZ_NETIF_IFNAME], d.s);
	b->failed |= d.failed;
}

/* The devices to configure, one word each:
 *   venet0,ip=10.0.0.5/32,ip=2001:db8::5/128,default4,default6
 *             all of IP_ADDRESS, as lib/nic sets them: without their masks; the default routes are
 *             the device itself, unless a device of NETIF has a gateway
 *   eth0,dhcp,dhcp6   eth1,ip=192.0.2.9/24,gw=192.0.2.1,gw=2001:db8::1
 *             NETIF words with dhcp=yes, dhcp6=yes, ip=, gw=, gw6=
 * A NETIF word without any of these is the guest's own affair and left out. NULL: out of memory. */
static char *dist_devices(const struct vz_conf *c, const struct vz_ips *ips, bool ipv6)
{
	autostr venet = { 0 }, others = { 0 }, all = { 0 };
	autonetifs l = { 0 };
	unsigned has = 0, gw = 0;

	if (vz_netifs_of(&c->netif, &l, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < l.n; i++)
		add_netif(&others, &l.v[i], ipv6, &gw);
	for (size_t i = 0; i < ips->n; i++) {
		if (!ipv6 && ips->v[i].family != AF_INET)
			continue;
		add_ip(&venet, &ips->v[i], ips->v[i].prefix);
		has |= ips->v[i].family == AF_INET ? 1 : 2;
	}
	if (has & ~gw & 1)
		vz_str_add(&venet, ",default4");
	if (has & ~gw & 2)
		vz_str_add(&venet, ",default6");
	if (venet.len)
		vz_str_addf(&all, "venet0%s", venet.s);
	if (others.len)
		vz_str_add(&all, others.s + !venet.len);
	all.failed |= venet.failed || others.failed;
	return vz_str_take(&all);
}

/* ---- name servers ---- */

static int dns_of(const struct vz_conf *c, struct vz_dist_net *n)
{
	if (vz_plist_is_inherit(&c->nameserver) || vz_plist_is_inherit(&c->searchdomain)) {
		int r = vz_resolv_host(&n->nameserver, &n->searchdomain);

		if (r < 0)
			return r;
	}
	if (!vz_plist_is_inherit(&c->nameserver)) {
		free(n->nameserver);
		n->nameserver = vz_plist_text(&c->nameserver);
	}
	if (!vz_plist_is_inherit(&c->searchdomain)) {
		free(n->searchdomain);
		n->searchdomain = vz_plist_text(&c->searchdomain);
	}
	return n->nameserver && n->searchdomain ? 0 : -ENOMEM;
}

static char *first_ip(const struct vz_ips *ips, bool ipv6)
{
	char text[VZ_IP_TEXT] = "";

	for (size_t i = 0; !*text && i < ips->n; i++)
		if (ipv6 || ips->v[i].family == AF_INET)
			vz_ip_text(&ips->v[i], text);
	return strdup(text);
}

int vz_dist_net_of(const struct vz_conf *c, struct vz_dist_net *ret)
{
	struct vz_dist_net n = { .ipv6 = !c->ipv6.set || c->ipv6.v };
	autoips ips = { 0 };
	int r = vz_plist_ips(&c->ip_address, &ips);

	if (r >= 0)
		r = dns_of(c, &n);
	n.ips = vz_plist_ips_text(&c->ip_address, n.ipv6);
	n.first_ip = first_ip(&ips, n.ipv6);
	n.devices = dist_devices(c, &ips, n.ipv6);
	n.hostname = strdup(c->hostname.set ? c->hostname.v : "");
	if (r < 0 || !n.ips || !n.first_ip || !n.devices || !n.hostname) {
		vz_dist_net_free(&n);
		return -ENOMEM;
	}
	*ret = n;
	return 0;
}

void vz_dist_net_free(struct vz_dist_net *n)
{
	free(n->ips);
	free(n->first_ip);
	free(n->devices);
	free(n->nameserver);
	free(n->searchdomain);
	free(n->hostname);
	*n = (struct vz_dist_net){ 0 };
}

bool vz_dist_net_is_empty(const struct vz_dist_net *n)
{
	return !*n->devices && !*n->nameserver && !*n->searchdomain && !*n->hostname;
}

uint64_t vz_dist_net_hash(const struct vz_dist_net *n, uint64_t seed)
{
	const char *const all[] = { n->ips, n->devices, n->nameserver, n->searchdomain,
				    n->hostname, n->ipv6 ? "6" : "" };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) /* with its end, so that nothing moves over */
		seed = vz_str_hash(all[i], strlen(all[i]) + 1, seed);
	return seed;
}
