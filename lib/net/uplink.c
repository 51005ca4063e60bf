// SPDX-License-Identifier: GPL-2.0-or-later
/* Which devices of the host others look for VPSes on; see uplink.h. What is announced there, and
 * when, is not known here. */
#include "net/uplink.h"
#include "base/own.h"
#include "base/str.h"
#include "net/addr.h"
#include "net/link.h"

#include <ctype.h>
#include <linux/rtnetlink.h>
#include <string.h>

bool vz_uplink_is_ours(const char *name)
{
	const char *rest;

	if (vz_str_prefix(name, "venet", NULL))
		return true;
	return (vz_str_prefix(name, "veth", &rest) || vz_str_prefix(name, "vzs", &rest)) &&
	       isdigit((unsigned char)*rest);
}

static int keep_addr(const struct vz_addr *a, void *arg)
{
	struct vz_uplinks *u = arg;

	if (a->scope >= RT_SCOPE_LINK)
		return 0;
	if (u->naddr % 8 == 0) { /* full */
		struct vz_addr *more = realloc(u->addr, (u->naddr + 8) * sizeof(*more));

		if (!more)
			return -ENOMEM;
		u->addr = more;
	}
	u->addr[u->naddr++] = *a;
	return 0;
}

static bool has(const struct vz_uplinks *u, int index)
{
	for (size_t i = 0; i < u->n; i++)
		if (u->dev[i].index == index)
			return true;
	return false;
}

static int add_dev(struct vz_uplinks *u, const struct vz_link *l)
{
	struct vz_uplink *more;

	if (has(u, l->index))
		return 0;
	more = realloc(u->dev, (u->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	u->dev = more;
	u->dev[u->n] = (struct vz_uplink){ .index = l->index };
	memcpy(u->dev[u->n].name, l->name, sizeof(l->name));
	u->n++;
	return 0;
}

/* The rule of the legacy tool: up, with neighbours, with an address that is not link-local. */
static bool is_neighbour(const struct vz_link *l)
{
	return l->flags & IFF_UP && !(l->flags & (IFF_LOOPBACK | IFF_SLAVE | IFF_NOARP)) &&
	       !vz_uplink_is_ours(l->name);
}

static int all_devices(int rtnl, struct vz_uplinks *u)
{
	int last = 0;

	for (size_t i = 0; i < u->naddr; i++) {
		struct vz_link l;

		if (u->addr[i].index == last || has(u, u->addr[i].index))
			continue;
		last = u->addr[i].index;
		if (vz_link_get(rtnl, last, &l, NULL) < 0)
			continue; /* gone meanwhile */
		if (is_neighbour(&l) && add_dev(u, &l) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void miss(struct vz_uplinks *u, const char *name)
{
	if (!*u->missing)
		snprintf(u->missing, sizeof(u->missing), "%s", name);
}

static int listed_devices(int rtnl, struct vz_uplinks *u, const char *names)
{
	for (;;) {
		autofree char *name = vz_str_word(&names, " \t,");
		struct vz_link l;

		if (!name)
			return 0;
		if (vz_link_find(rtnl, name, &l, NULL) < 0 || !(l.flags & IFF_UP))
			miss(u, name);
		else if (add_dev(u, &l) < 0)
			return -ENOMEM;
	}
}

static int find_devices(int rtnl, const char *how, struct vz_uplinks *u, struct vz_err *e)
{
	const char *names;
	int r;

	if (!how || !*how || !strcmp(how, "all")) {
		r = all_devices(rtnl, u);
	} else if (!strcmp(how, "detect")) {
		u->detect = true;
		r = all_devices(rtnl, u);
	} else if (vz_str_prefix(how, "list:", &names)) {
		r = listed_devices(rtnl, u, names);
	} else {
		return vz_fail(e, VZ_INVALID_CONFIG, 0, "NEIGHBOUR_DEVS=\"%s\" is none of all, "
			       "detect, list:NAMES", how);
	}
	return r < 0 ? vz_oom(e) : 0;
}

/* The first address of each family on the device. */
static void find_sources(int rtnl, const char *dev, struct vz_uplinks *u)
{
	struct vz_link l;

	if (!dev || !*dev)
		return;
	if (vz_link_find(rtnl, dev, &l, NULL) < 0) {
		miss(u, dev);
		return;
	}
	for (size_t i = 0; i < u->naddr; i++) {
		struct vz_ip *src = u->addr[i].ip.family == AF_INET ? &u->src4 : &u->src6;

		if (u->addr[i].index == l.index && !src->family)
			*src = u->addr[i].ip;
	}
}

int vz_uplinks_find(int rtnl, const struct vz_uplink_conf *c, struct vz_uplinks *ret,
		    struct vz_err *e)
{
	autouplinks u = { 0 };
	int r = vz_addr_list(rtnl, AF_UNSPEC, keep_addr, &u, e);

	if (r >= 0)
		r = find_devices(rtnl, c->neighbour_devs, &u, e);
	if (r < 0)
		return r;
	find_sources(rtnl, c->route_src_dev, &u);
	*ret = u;
	u = (struct vz_uplinks){ 0 };
	return 0;
}

void vz_uplinks_free(struct vz_uplinks *u)
{
	free(u->dev);
	free(u->addr);
	*u = (struct vz_uplinks){ 0 };
}

bool vz_uplink_takes(const struct vz_uplinks *u, size_t i, const struct vz_ip *ip)
{
	if (!u->detect)
		return true;
	for (size_t k = 0; k < u->naddr; k++)
		if (u->addr[k].index == u->dev[i].index && vz_ip_in(ip, &u->addr[k].ip))
			return true;
	return false;
}

bool vz_uplinks_own(const struct vz_uplinks *u, const struct vz_ip *ip)
{
	for (size_t i = 0; i < u->naddr; i++)
		if (vz_ip_same(&u->addr[i].ip, ip))
			return true;
	return false;
}

static void no_delay(const char *family, const char *dev)
{
	struct vz_net_sysctl s = { family, "neigh", dev, "proxy_delay" };

	(void)vz_net_sysctl_set(&s, 0, NULL);
}

void vz_uplinks_answer(const struct vz_uplinks *u, bool ipv6, char ret_opened[static IFNAMSIZ])
{
	*ret_opened = 0;
	for (size_t i = 0; i < u->n; i++) {
		const char *dev = u->dev[i].name;
		struct vz_net_sysctl forward = { "ipv4", "conf", dev, "forwarding" };
		struct vz_net_sysctl ndp = { "ipv6", "conf", dev, "proxy_ndp" };
		uint32_t was = 1;

		no_delay("ipv4", dev);
		if (vz_net_sysctl_get(&forward, &was, NULL) >= 0 && !was &&
		    vz_net_sysctl_set(&forward, 1, NULL) >= 0 && !*ret_opened)
			snprintf(ret_opened, IFNAMSIZ, "%s", dev);
		if (!ipv6)
			continue;
		no_delay("ipv6", dev);
		(void)vz_net_sysctl_set(&ndp, 1, NULL);
	}
}

bool vz_ipv6_forwards(void)
{
	struct vz_net_sysctl all = { "ipv6", "conf", "all", "forwarding" };
	uint32_t on = 0;

	return vz_net_sysctl_get(&all, &on, NULL) < 0 || on;
}
