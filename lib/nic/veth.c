// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pairs of veth devices for a VPS; see veth.h. Which devices a VPS has, and when, is not known here:
 * apply/nics.c.
 *
 * The inner end may be renamed by the guest at any time, so it is always found as the other end of
 * the host's, never by its name.
 */
#include "nic/veth.h"
#include "base/own.h"
#include "base/str.h"
#include "guard/guard.h"
#include "net/addr.h"
#include "net/link.h"
#include "nic/veth-names.h"
#include "sys/file.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECORD_DIR VZ_RUNDIR "/netif"
#define RECORD_MAX (1u << 20)
#define VZNETCFG VZ_SBINDIR "/vznetcfg"
#define VZNET_CONF VZ_CONFDIR "/vznet.conf"

/* Whatever failed below, the operator's code is that of veth devices. */
static int as_veth(int r, struct vz_err *e, const struct vz_netif *n)
{
	if (r >= 0)
		return r;
	if (e)
		e->exit = VZ_VETH_ERROR;
	return vz_within(e, r, "Unable to set up veth device %s", n->v[VZ_NETIF_IFNAME]);
}

/* ---- the host's end ---- */

/* *ret is zeroed where there is no device of that name. */
static int bridge_find(int rtnl, const char *name, struct vz_link *ret, struct vz_err *e)
{
	int r = vz_link_find(rtnl, name, ret, NULL);

	if (r == -ENODEV) {
		*ret = (struct vz_link){ 0 };
		return 0;
	}
	if (r < 0)
		return vz_fail(e, VZ_VETH_ERROR, -r, "cannot look at bridge %s", name);
	if (strcmp(ret->kind, "bridge"))
		return vz_fail(e, VZ_VETH_ERROR, 0, "%s is not a bridge", name);
	return 0;
}

static struct vz_guard_dev guard_of(const struct vz_veth_at *at, int index,
				    const struct vz_netif *n)
{
	struct vz_guard_dev d = { .ifindex = index,
				  .ctid = at->ctid,
				  .l2 = true,
				  .bridged = *n->v[VZ_NETIF_BRIDGE],
				  .mac_filter = vz_netif_is_on(n, VZ_NETIF_MAC_FILTER),
				  .ip_filter = vz_netif_is_on(n, VZ_NETIF_IP_FILTER),
				  .router = vz_netif_is_on(n, VZ_NETIF_ROUTER) };

	(void)vz_netif_mac(n, VZ_NETIF_MAC, d.mac);
	return d;
}

static int guard(const struct vz_veth_at *at, int index, const struct vz_netif *n, struct vz_err *e)
{
	struct vz_guard_dev d = guard_of(at, index, n);
	int r = vz_guard_attach(at->rtnl, &d, e);

	return r >= 0 && n->n_ip ? vz_guard_addr_add(index, n->ip, n->n_ip, e) : r;
}

/* Guarded before anything can pass; the guard of a pair that is given up goes with it. */
static int set_up_end(const struct vz_veth_at *at, const struct vz_netif *n,
		      const struct vz_link *link, struct vz_err *e)
{
	const struct vz_link_change c = { .no_ipv6_auto = true };
	int r = guard(at, link->index, n, e);

	if (r >= 0 && *n->v[VZ_NETIF_BRIDGE])
		r = vz_link_set(at->rtnl, link->index, &c, e);
	return r;
}

static int set_up(int rtnl, int index, bool up, struct vz_err *e)
{
	return vz_link_set(rtnl, index, &(struct vz_link_change){ .up = up, .down = !up }, e);
}

/* Up only when it is a port: before Linux 6.5 one request for both would do it the other way round. */
static int plug(int rtnl, int index, int bridge, struct vz_err *e)
{
	int r = vz_link_set(rtnl, index, &(struct vz_link_change){ .master = bridge }, e);

	return r < 0 ? r : set_up(rtnl, index, true, e);
}

/* What vznetcfg has put on a bridge, the named one or another, stays there. A bridge that is missing, on a
 * host that is not ready or not the one the configuration was made for, keeps no VPS down. But its device
 * stays down, whatever vznetcfg did: up and on no bridge, its frames would come to the host's own stack. */
static int join(const struct vz_veth_at *at, const struct vz_netif *n, struct vz_err *e)
{
	const char *name = n->v[VZ_NETIF_HOST_IFNAME], *of = n->v[VZ_NETIF_BRIDGE];
	struct vz_link host = { 0 }, bridge = { 0 };
	int r = *of ? vz_link_find(at->rtnl, name, &host, e) : 0;

	if (r < 0 || !*of || host.master)
		return r;
	r = bridge_find(at->rtnl, of, &bridge, e);
	if (r >= 0 && bridge.index)
		return plug(at->rtnl, host.index, bridge.index, e);
	if (r >= 0)
		r = set_up(at->rtnl, host.index, false, e);
	if (r < 0)
		return r;
	(void)vz_fail(e, VZ_VETH_ERROR, 0, "%s is not connected: there is no bridge %s (NETIF bridge=, "
		      "--netif_add); make it, then run "
		      "'ip link set %s up master %s'", name, of, name, of);
	return 1;
}

static int pair(const struct vz_veth_at *at, const struct vz_netif *n, struct vz_err *e)
{
	struct vz_link bridge = { 0 };
	uint8_t mac[6], host_mac[6];
	struct vz_link_pair p = { .host = n->v[VZ_NETIF_HOST_IFNAME],
				  .inside = n->v[VZ_NETIF_IFNAME],
				  .netns = at->netns,
				  .host_mac = host_mac,
				  .mac = mac };
	struct vz_link old;
	int r = vz_netif_mac(n, VZ_NETIF_MAC, mac);

	if (r < 0)
		return vz_fail(e, VZ_VETH_ERROR, -r, "no hardware address");
	vz_veth_host_mac(n, host_mac);
	if (*n->v[VZ_NETIF_BRIDGE] && vz_link_find(at->rtnl, n->v[VZ_NETIF_BRIDGE], &bridge, NULL) >= 0)
		p.mtu = bridge.mtu; /* or the bridge's would shrink */
	r = vz_link_pair(at->rtnl, &p, e);
	if (r != -EEXIST)
		return r;
	if (vz_link_find(at->rtnl, p.host, &old, NULL) >= 0)
		return vz_fail(e, VZ_VETH_ERROR, 0, "there is a device %s on the host", p.host);
	return vz_fail(e, VZ_VETH_ERROR, 0, "there is a device %s in the container", p.inside);
}

/* ---- the inner end ---- */

static const struct vz_ip any4 = { .family = AF_INET }, any6 = { .family = AF_INET6 };

static int gateway(const struct vz_veth_at *at, int index, const char *text, bool del,
		   struct vz_err *e)
{
	struct vz_route route = { .dev = index };
	struct vz_ip gw;
	int r;

	if (!*text || vz_ip_parse(text, &gw) < 0)
		return 0;
	route.to = gw.family == AF_INET ? any4 : any6;
	route.via = &gw;
	if (del)
		return vz_route_del(at->inner, &route, NULL) == -ENOMEM ? -ENOMEM : 0;
	r = vz_route_replace(at->inner, &route, NULL);
	return r < 0 ? vz_fail(e, VZ_VETH_ERROR, -r, "cannot set the gateway %s", text) : 0;
}

static int gateways(const struct vz_veth_at *at, int index, const struct vz_netif *n,
		    struct vz_err *e)
{
	int r = gateway(at, index, n->v[VZ_NETIF_GW], false, e);

	return r < 0 ? r : gateway(at, index, n->v[VZ_NETIF_GW6], false, e);
}

static bool has_ip(const struct vz_netif *n, const struct vz_ip *ip)
{
	for (size_t i = 0; i < n->n_ip; i++)
		if (vz_ip_same(&n->ip[i], ip) && n->ip[i].prefix == ip->prefix)
			return true;
	return false;
}

/* Addresses of `to` that `from` (NULL: nothing) has not got, and the reverse. What the guest did
 * to them itself is fine. */
static int addresses(const struct vz_veth_at *at, int index, const struct vz_netif *from,
		     const struct vz_netif *to, struct vz_err *e)
{
	for (size_t i = 0; from && i < from->n_ip; i++)
		if (!has_ip(to, &from->ip[i]))
			(void)vz_addr_del(at->inner, index, &from->ip[i], NULL);
	for (size_t i = 0; i < to->n_ip; i++) {
		int r = from && has_ip(from, &to->ip[i]) ? 0 :
			vz_addr_add(at->inner, index, &to->ip[i], e);

		if (r < 0 && r != -EEXIST)
			return r;
	}
	return 0;
}

static int inside(const struct vz_veth_at *at, const struct vz_link *host, const struct vz_netif *n,
		  struct vz_err *e)
{
	int r;

	if (!n->n_ip && !*n->v[VZ_NETIF_GW] && !*n->v[VZ_NETIF_GW6])
		return 0; /* the guest's own affair */
	r = vz_link_set(at->inner, host->lower, &(struct vz_link_change){ .up = true }, e);
	if (r >= 0)
		r = addresses(at, host->lower, NULL, n, e);
	return r < 0 ? r : gateways(at, host->lower, n, e);
}

/* ---- the whole ---- */

static int make(const struct vz_veth_at *at, const struct vz_netif *n, struct vz_err *e)
{
	struct vz_link host = { 0 };
	int r = pair(at, n, e);

	if (r < 0)
		return r;
	r = vz_link_find(at->rtnl, n->v[VZ_NETIF_HOST_IFNAME], &host, e);
	if (r >= 0)
		r = set_up_end(at, n, &host, e);
	if (r >= 0)
		r = inside(at, &host, n, e);
	if (r < 0)
		(void)vz_veth_delete(at->rtnl, n, NULL);
	return r;
}

int vz_veth_make(const struct vz_veth_at *at, const struct vz_netif *n, struct vz_err *e)
{
	return as_veth(make(at, n, e), e, n);
}

/* Where the administrator has no vznet.conf the script would only bring the device up: a process less at
 * every start. */
static bool has_vznetcfg(void)
{
	return !access(VZNET_CONF, F_OK) && !access(VZNETCFG, X_OK);
}

static int tell_vznetcfg(unsigned ctid, const char *host, struct vz_err *e)
{
	autofree char *veid = NULL, *dev = NULL;

	veid = vz_fmt("VEID=%u", ctid);
	dev = strdup(host);
	if (!veid || !dev)
		return vz_fail(e, VZ_RESOURCE, ENOMEM, "cannot run %s", VZNETCFG);
	{
		char *argv[] = { (char[]){ VZNETCFG }, (char[]){ "init" }, (char[]){ "veth" }, dev,
				 NULL };
		char *env[] = { veid, NULL };
		struct vz_spawn s = VZ_SPAWN_INIT;

		s.argv = argv;
		s.env = env;
		if (vz_spawn_run(&s))
			return vz_fail(e, VZ_VETH_ERROR, 0, "%s exited with error", VZNETCFG);
	}
	return 0;
}

/* Scripts of 4.x find the device up. As long as it is on no bridge the guard, which passes nothing from a
 * device that is not entered, keeps what the VPS sends from the host's own stack. */
static int up_by_script(const struct vz_veth_at *at, const struct vz_netif *n, int index, struct vz_err *e)
{
	const char *name = n->v[VZ_NETIF_HOST_IFNAME];
	bool shut = *n->v[VZ_NETIF_BRIDGE];
	int r = shut ? vz_guard_gone(index, e) : 0, joined;

	if (r >= 0)
		r = set_up(at->rtnl, index, true, e);
	if (r < 0)
		return as_veth(r, e, n);
	/* first, since brctl fails on a device that is on its bridge, and the script may make the bridge */
	r = tell_vznetcfg(at->ctid, name, e);
	if (r < 0)
		return r;
	joined = join(at, n, e);
	if (joined >= 0 && shut)
		r = guard(at, index, n, e);
	return as_veth(r < 0 ? r : joined, e, n);
}

int vz_veth_up(const struct vz_veth_at *at, const struct vz_netif *n, struct vz_err *e)
{
	struct vz_link host = { 0 };
	int r = vz_link_find(at->rtnl, n->v[VZ_NETIF_HOST_IFNAME], &host, e);

	if (r >= 0 && has_vznetcfg())
		return up_by_script(at, n, host.index, e);
	if (r >= 0)
		r = *n->v[VZ_NETIF_BRIDGE] ? join(at, n, e) : set_up(at->rtnl, host.index, true, e);
	return as_veth(r, e, n);
}

static int move_to_bridge(const struct vz_veth_at *at, const struct vz_netif *n, const struct vz_link *host,
			  struct vz_err *e)
{
	struct vz_link bridge = { 0 };
	int r = bridge_find(at->rtnl, n->v[VZ_NETIF_BRIDGE], &bridge, e);

	if (r >= 0 && !bridge.index)
		return vz_fail(e, VZ_VETH_ERROR, 0, "there is no bridge %s", n->v[VZ_NETIF_BRIDGE]);
	if (r >= 0 && host->master != bridge.index)
		return plug(at->rtnl, host->index, bridge.index, e);
	return r >= 0 && !(host->flags & IFF_UP) ? set_up(at->rtnl, host->index, true, e) : r;
}

int vz_veth_connect(const struct vz_veth_at *at, const struct vz_netif *n, bool move, struct vz_err *e)
{
	struct vz_link host = { 0 };
	int r = *n->v[VZ_NETIF_BRIDGE] ? vz_link_find(at->rtnl, n->v[VZ_NETIF_HOST_IFNAME], &host, e) : 0;

	if (r < 0 || !host.index)
		return as_veth(r, e, n);
	if (!host.master)
		return vz_veth_up(at, n, e);
	return as_veth(move ? move_to_bridge(at, n, &host, e) : 0, e, n);
}

int vz_veth_delete(int rtnl, const struct vz_netif *n, struct vz_err *e)
{
	struct vz_link host = { 0 };
	uint8_t mac[6];
	int r = vz_link_find(rtnl, n->v[VZ_NETIF_HOST_IFNAME], &host, NULL);

	if (r == -ENODEV)
		return 0;
	/* whatever else has this name now is not ours */
	vz_veth_host_mac(n, mac);
	if (r >= 0 && (strcmp(host.kind, "veth") || memcmp(host.mac, mac, sizeof(mac))))
		return 0;
	if (r >= 0)
		r = vz_link_delete(rtnl, host.index, e);
	if (r < 0)
		return as_veth(r, e, n);
	(void)vz_guard_gone(host.index, NULL);
	return 0;
}

/* ---- changes ---- */

static bool differ(const struct vz_netif *a, const struct vz_netif *b, enum vz_netif_key key)
{
	return strcmp(a->v[key], b->v[key]) != 0;
}

static int rename_host(int rtnl, int index, const char *name, bool up, struct vz_err *e)
{
	struct vz_link there;
	int r;

	if (vz_link_find(rtnl, name, &there, NULL) >= 0)
		return vz_fail(e, VZ_VETH_ERROR, 0, "there is a device %s on the host", name);
	r = set_up(rtnl, index, false, e);
	if (r >= 0)
		r = vz_link_set(rtnl, index, &(struct vz_link_change){ .name = name }, e);
	return r >= 0 && up ? set_up(rtnl, index, true, e) : r;
}

static int host_change(const struct vz_veth_at *at, const struct vz_link *host,
		       const struct vz_netif *from, const struct vz_netif *to, struct vz_err *e)
{
	struct vz_link bridge = { 0 };
	uint8_t mac[6];
	struct vz_link_change c = { 0 };
	bool up = host->flags & IFF_UP;
	int r = 0;

	if (differ(from, to, VZ_NETIF_BRIDGE)) {
		if (*to->v[VZ_NETIF_BRIDGE])
			r = bridge_find(at->rtnl, to->v[VZ_NETIF_BRIDGE], &bridge, e);
		/* not off the bridge it is on for one that is missing; but the way back may lead there */
		if (r >= 0 && e && *to->v[VZ_NETIF_BRIDGE] && !bridge.index)
			r = vz_fail(e, VZ_VETH_ERROR, 0, "there is no bridge %s", to->v[VZ_NETIF_BRIDGE]);
		if (r < 0)
			return r;
		c.master = bridge.index ? bridge.index : -1;
		c.no_ipv6_auto = bridge.index;
		/* on none, though it shall be on one: down, as join() leaves it, and before it leaves the other */
		up = bridge.index || !*to->v[VZ_NETIF_BRIDGE];
		c.down = !up;
	}
	vz_veth_host_mac(to, mac);
	if (memcmp(mac, host->mac, sizeof(mac)))
		c.mac = mac;
	if (c.master || c.mac)
		r = vz_link_set(at->rtnl, host->index, &c, e);
	if (r >= 0 && up && !(host->flags & IFF_UP))
		r = set_up(at->rtnl, host->index, true, e);
	if (r >= 0 && differ(from, to, VZ_NETIF_HOST_IFNAME))
		r = rename_host(at->rtnl, host->index, to->v[VZ_NETIF_HOST_IFNAME], up, e);
	return r;
}

static int guard_change(const struct vz_veth_at *at, int index, const struct vz_netif *from,
			const struct vz_netif *to, struct vz_err *e)
{
	struct vz_guard_dev guard = guard_of(at, index, to);
	int r = 0;

	/* first what may pass, then who is watched: no frame in between is lost */
	if (to->n_ip)
		r = vz_guard_addr_add(index, to->ip, to->n_ip, e);
	if (r >= 0)
		r = vz_guard_change(&guard, e);
	for (size_t i = 0; i < from->n_ip && r >= 0; i++) {
		bool kept = false;

		for (size_t k = 0; k < to->n_ip; k++)
			kept |= vz_ip_same(&to->ip[k], &from->ip[i]);
		if (!kept)
			r = vz_guard_addr_del(index, &from->ip[i], 1, e);
	}
	return r;
}

static int inner_change(const struct vz_veth_at *at, const struct vz_link *host,
			const struct vz_netif *from, const struct vz_netif *to, struct vz_err *e)
{
	uint8_t mac[6];
	int r = 0;

	if (differ(from, to, VZ_NETIF_MAC)) {
		(void)vz_netif_mac(to, VZ_NETIF_MAC, mac);
		r = vz_link_set(at->inner, host->lower, &(struct vz_link_change){ .mac = mac }, e);
	}
	if (r >= 0 && to->n_ip && !from->n_ip)
		r = vz_link_set(at->inner, host->lower, &(struct vz_link_change){ .up = true }, e);
	if (r >= 0)
		r = addresses(at, host->lower, from, to, e);
	for (unsigned k = VZ_NETIF_GW; k <= VZ_NETIF_GW6 && r >= 0; k++)
		if (differ(from, to, k)) {
			(void)gateway(at, host->lower, from->v[k], true, NULL);
			r = gateway(at, host->lower, to->v[k], false, e);
		}
	return r;
}

static int apply(const struct vz_veth_at *at, const struct vz_netif *from,
		 const struct vz_netif *to, struct vz_err *e)
{
	struct vz_link host = { 0 };
	int r = vz_link_find(at->rtnl, from->v[VZ_NETIF_HOST_IFNAME], &host, e);

	/* a way back finds it under the new name already */
	if (r == -ENODEV)
		r = vz_link_find(at->rtnl, to->v[VZ_NETIF_HOST_IFNAME], &host, e);
	if (r >= 0)
		r = guard_change(at, host.index, from, to, e);
	if (r >= 0)
		r = host_change(at, &host, from, to, e);
	return r < 0 ? r : inner_change(at, &host, from, to, e);
}

int vz_veth_change(const struct vz_veth_at *at, const struct vz_netif *from,
		   const struct vz_netif *to, struct vz_err *e)
{
	int r = apply(at, from, to, e);

	if (r < 0)
		(void)apply(at, to, from, NULL);
	return as_veth(r, e, to);
}

/* ---- the record ---- */

static char *record_path(unsigned ctid)
{
	return vz_fmt(RECORD_DIR "/%u", ctid);
}

int vz_veth_record_read(unsigned ctid, struct vz_netifs *ret)
{
	autofree char *path = record_path(ctid), *text = NULL;
	ssize_t n = path ? vz_file_read(AT_FDCWD, path, RECORD_MAX, &text) : -ENOMEM;

	if (n == -ENOENT) {
		*ret = (struct vz_netifs){ 0 };
		return 0;
	}
	return n < 0 ? (int)n : vz_netifs_read(text, ret);
}

int vz_veth_record_write(unsigned ctid, const struct vz_netifs *l, struct vz_err *e)
{
	autofree char *path = record_path(ctid), *text = NULL;
	int r = path ? 0 : -ENOMEM;

	if (r >= 0 && !l->n)
		return unlink(path) < 0 && errno != ENOENT ?
			       vz_fail(e, VZ_VETH_ERROR, errno, "cannot remove %s", path) : 0;
	text = vz_netifs_text(l);
	if (!text)
		r = -ENOMEM;
	if (r >= 0)
		r = vz_mkdir_p(RECORD_DIR, 0700);
	if (r >= 0)
		r = vz_file_replace(path, text, strlen(text), 0600, false);
	return r < 0 ? vz_fail(e, VZ_VETH_ERROR, -r, "cannot record the veth devices") : 0;
}

void vz_veth_delete_all(int rtnl, unsigned ctid)
{
	autonetifs l = { 0 };

	if (vz_veth_record_read(ctid, &l) < 0)
		return;
	for (size_t i = 0; i < l.n; i++)
		(void)vz_veth_delete(rtnl, &l.v[i], NULL);
	(void)vz_veth_record_write(ctid, &(struct vz_netifs){ 0 }, NULL);
}
