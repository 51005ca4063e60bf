// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Members of guest LANs: the configuration of a VPS and the file of a LAN brought together. The
 * VPS's configuration travels with the VPS and is right; the LAN's file keeps addresses from being
 * given twice.
 */
#include "lan/lan-member.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "net/link.h"
#include "sys/nl.h"

int vz_lan_device(const struct vz_conf *c, const char *name, struct vz_netif *ret)
{
	char bridge[IFNAMSIZ];
	autonetifs l = { 0 };
	int r = vz_netifs_of(&c->netif, &l, NULL);

	vz_lan_bridge(name, bridge);
	for (size_t i = 0; i < l.n; i++) {
		if (strcmp(l.v[i].v[VZ_NETIF_BRIDGE], bridge))
			continue;
		*ret = l.v[i];
		l.v[i].ip = NULL;
		return 0;
	}
	return r < 0 ? r : -ENOENT;
}

static bool same_ip(const struct vz_ip *a, const struct vz_ip *b)
{
	return a->family ? vz_ip_same(a, b) : !b->family;
}

static bool same_member(const struct vz_lan_member *a, const struct vz_lan_member *b)
{
	return !strcmp(a->ifname, b->ifname) && !strcmp(a->mac, b->mac) &&
	       same_ip(&a->ip, &b->ip) && same_ip(&a->ip6, &b->ip6);
}

int vz_lan_adopt(struct vz_lan *lan, unsigned ctid, const struct vz_netif *dev, bool *ret_changed,
		 struct vz_err *e)
{
	const struct vz_lan_member *old = vz_lan_find(lan, ctid);
	struct vz_lan_member m = { .ctid = ctid };
	int r = 0;

	/* both were checked by the parser: neither is longer than its place */
	snprintf(m.ifname, sizeof(m.ifname), "%.*s", IFNAMSIZ - 1, dev->v[VZ_NETIF_IFNAME]);
	snprintf(m.mac, sizeof(m.mac), "%.17s", dev->v[VZ_NETIF_MAC]);
	for (size_t i = 0; r >= 0 && i < dev->n_ip; i++) {
		struct vz_ip *ip = dev->ip[i].family == AF_INET ? &m.ip : &m.ip6;

		if (ip->family)
			continue; /* further addresses are the administrator's own affair */
		r = vz_lan_may_have(lan, ctid, &dev->ip[i], e);
		*ip = dev->ip[i];
	}
	if (r < 0)
		return r;
	*ret_changed = !old || !same_member(old, &m);
	if (!*ret_changed)
		return 0;
	r = vz_lan_put(lan, &m);
	return r < 0 ? vz_oom(e) : 0;
}

/* Is another command at work on it? */
static bool is_busy(const struct vz_host *host, unsigned ctid)
{
	pid_t pid = vz_ct_lock_holder(host, ctid);

	return pid && pid != getpid();
}

/* Is the VPS of this host still in the LAN? A file that cannot be read keeps its address. */
static bool is_member(const struct vz_host *host, const struct vz_lan *lan, unsigned ctid)
{
	autofree char *path = vz_ct_conf_path(ctid);
	autoconf c = { 0 };
	autonetif dev = { 0 };
	int r = path ? vz_conf_load(path, &c, NULL, NULL) : -ENOMEM;

	if (r == -ENOENT)
		return lan->vni;
	return r < 0 || vz_lan_device(&c, lan->name, &dev) != -ENOENT || is_busy(host, ctid);
}

void vz_lan_prune(const struct vz_host *host, struct vz_lan *lan, bool *ret_changed)
{
	*ret_changed = false;
	for (size_t i = lan->nmembers; i--;) {
		if (is_member(host, lan, lan->member[i].ctid))
			continue;
		vz_lan_drop(lan, lan->member[i].ctid);
		*ret_changed = true;
	}
}

int vz_lan_relink(const struct vz_lan *lan, struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e);
	char bridge[IFNAMSIZ];
	struct vz_link br, end;
	int r = rtnl < 0 ? rtnl : vz_link_find(rtnl, vz_lan_bridge(lan->name, bridge), &br, e);

	for (size_t i = 0; r >= 0 && i < lan->nmembers; i++) {
		autofree char *path = vz_ct_conf_path(lan->member[i].ctid);
		autoconf c = { 0 };
		autonetif dev = { 0 };
		struct vz_state st;

		if (vz_state_read(lan->member[i].ctid, &st) <= 0 || !path ||
		    vz_conf_load(path, &c, NULL, NULL) < 0 ||
		    vz_lan_device(&c, lan->name, &dev) < 0 ||
		    vz_link_find(rtnl, dev.v[VZ_NETIF_HOST_IFNAME], &end, NULL) < 0 ||
		    (end.master == br.index && end.flags & IFF_UP))
			continue;
		/* one whose bridge was missing is down */
		r = vz_link_set(rtnl, end.index, &(struct vz_link_change){ .master = br.index }, e);
		if (r >= 0)
			r = vz_link_set(rtnl, end.index, &(struct vz_link_change){ .up = true }, e);
	}
	return r;
}

/* ---- after set ---- */

/* The LAN's file, its server and its members after a change of the saved configuration of `ct`. */
static int follow(struct vz_ct *ct, const char *name, struct vz_err *e)
{
	autoclose int lock = vz_lan_lock(name, e);
	autolan lan = { 0 };
	autonetif dev = { 0 };
	bool changed = false;
	int r = lock < 0 ? lock : vz_lan_load(name, &lan, e);

	if (r < 0)
		return r;
	if (vz_lan_device(&ct->conf, name, &dev) >= 0)
		r = vz_lan_adopt(&lan, ct->id, &dev, &changed, e);
	else if ((changed = vz_lan_find(&lan, ct->id)))
		vz_lan_drop(&lan, ct->id);
	if (r >= 0 && changed)
		r = vz_lan_save(&lan, e);
	if (r >= 0)
		vz_lan_tell(ct, &lan, TAKE_FD(lock));
	return r;
}

/* The LANs of the configuration `lans`, but not those of `but`. */
static void follow_all(struct vz_ct *ct, const struct vz_conf *lans, const struct vz_conf *but)
{
	autonetifs l = { 0 };

	if (vz_netifs_of(&lans->netif, &l, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++) {
		const char *name = vz_lan_of_bridge(l.v[i].v[VZ_NETIF_BRIDGE]);
		autonetif other = { 0 };
		struct vz_err e = { 0 };

		if (!name || (but && vz_lan_device(but, name, &other) >= 0))
			continue;
		if (follow(ct, name, &e) < 0)
			vz_log(-1, "Warning: guest LAN %s: %s, ignoring", name, e.msg);
	}
}

void vz_lan_after_set(const struct vz_ct *ct, const struct vz_given *g)
{
	struct vz_ct now = *ct;
	autoconf conf = { 0 };

	if (!g->add.netif.set && !g->del.netif.set && !g->ifname.set && !g->add.hostname.set &&
	    !g->name_given)
		return;
	if (vz_conf_load(ct->conf_path, &conf, NULL, NULL) < 0)
		return;
	now.conf = conf;
	follow_all(&now, &conf, NULL);
	follow_all(&now, &ct->conf, &conf);
}

/* ---- for start ---- */

static int one_lan(struct vz_ct *ct, const char *name, const struct vz_netif *dev,
		   struct vz_err *e)
{
	autolan lan = { 0 };
	autoclose int lock = -EBADF;
	bool changed = false, pruned = false;
	int r = vz_lan_load(name, &lan, e);

	if (r < 0)
		return r;
	vz_lan_free(&lan);
	lock = vz_lan_lock(name, e);
	r = lock < 0 ? lock : vz_lan_load(name, &lan, e);
	if (r < 0)
		return r;
	if (!vz_lan_find(&lan, ct->id))
		vz_lan_prune(ct->host, &lan, &pruned); /* its address may be that of one long gone */
	r = vz_lan_adopt(&lan, ct->id, dev, &changed, e);
	if (r < 0)
		return r;
	if (changed || pruned) {
		r = vz_lan_save(&lan, e);
		if (r < 0)
			return r;
	}
	r = vz_lan_up(&lan, e);
	if (r < 0)
		return r;
	r = vz_lan_dhcp_up(&lan, e);
	if (r >= 0 && changed) /* it has come from another host, or by another command */
		vz_lan_tell_members(ct->host, &lan, ct->id, TAKE_FD(lock));
	return r;
}

int vz_lan_before_start(struct vz_ct *ct, struct vz_err *e)
{
	autonetifs l = { 0 };
	int r = vz_netifs_of(&ct->conf.netif, &l, e);

	for (size_t i = 0; r >= 0 && i < l.n; i++) {
		const char *name = vz_lan_of_bridge(l.v[i].v[VZ_NETIF_BRIDGE]);

		if (name)
			r = one_lan(ct, name, &l.v[i], e);
	}
	return r;
}
