// SPDX-License-Identifier: GPL-2.0-or-later
/* The routed network of a VPS; see venet.h. Which addresses it is to have, and whether somebody on
 * the wire has them, is decided by the caller. */
#include "nic/venet.h"
#include "base/own.h"
#include "base/str.h"
#include "guard/guard.h"
#include "net/addr.h"
#include "net/link.h"
#include "net/uplink.h"
#include "sys/file.h"
#include "sys/nl.h"

#include <fcntl.h>
#include <string.h>

#define RECORD_DIR VZ_STATEDIR "/veip"
#define RECORD_MAX (1 << 20)

/* The same on both ends of every VPS: what one end sends is addressed to the other. */
static const uint8_t venet_mac[VZ_LINK_MAC] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };

void vz_venet_host_name(unsigned ctid, char name[static IFNAMSIZ])
{
	/* 15 characters with the greatest id there is */
	snprintf(name, IFNAMSIZ, "venet%u", ctid);
}

/* ---- the record ---- */

int vz_venet_read(unsigned ctid, struct vz_ips *ret)
{
	char path[sizeof(RECORD_DIR) + 12];
	autofree char *text = NULL;
	autoips l = { 0 };
	ssize_t n;

	snprintf(path, sizeof(path), RECORD_DIR "/%u", ctid);
	n = vz_file_read(AT_FDCWD, path, RECORD_MAX, &text);
	if (n < 0)
		return (int)n;
	if (vz_ips_read(text, &l) < 0)
		return -ENOMEM;
	*ret = l;
	l = (struct vz_ips){ 0 };
	return 0;
}

int vz_venet_write(unsigned ctid, const struct vz_ips *l, struct vz_err *e)
{
	char path[sizeof(RECORD_DIR) + 12], text[VZ_IP_TEXT];
	autostr s = { 0 };
	int r;

	for (size_t i = 0; i < l->n; i++)
		vz_str_addf(&s, "%s%s", i ? " " : "", vz_ip_text(&l->v[i], text));
	vz_str_add(&s, "\n");
	snprintf(path, sizeof(path), RECORD_DIR "/%u", ctid);
	r = s.failed ? -ENOMEM : vz_file_replace(path, s.s, s.len, 0644, false);
	if (r == -ENOENT) {
		r = vz_mkdir_p(RECORD_DIR, 0755);
		if (r >= 0)
			r = vz_file_replace(path, s.s, s.len, 0644, false);
	}
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot write %s", path) : 0;
}

/* Is there none now? */
static bool forget(unsigned ctid)
{
	char path[sizeof(RECORD_DIR) + 12];

	snprintf(path, sizeof(path), RECORD_DIR "/%u", ctid);
	return !unlink(path) || (access(path, F_OK) < 0 && errno == ENOENT);
}

/* ---- the pair ---- */

/* The namespace of a VPS that has just ended is taken apart later, and its devices with it. */
static int make_pair(const struct vz_venet *v, int netns, struct vz_err *e)
{
	char name[IFNAMSIZ];
	const struct vz_link_pair p = { .host = name, .inside = VZ_VENET_INSIDE, .netns = netns,
					.host_mac = venet_mac, .mac = venet_mac, .noarp = true };
	struct vz_link old;
	int r;

	vz_venet_host_name(v->ctid, name);
	r = vz_link_pair(v->rtnl, &p, e);
	if (r != -EEXIST || vz_link_find(v->rtnl, name, &old, NULL) < 0 || strcmp(old.kind, "veth"))
		return r;
	r = vz_link_delete(v->rtnl, old.index, e);
	return r < 0 ? r : vz_link_pair(v->rtnl, &p, e);
}

static int set_up_ends(struct vz_venet *v, struct vz_err *e)
{
	const struct vz_link_change out = { .no_ipv6_auto = true, .forward = true,
					    .no_redirects = true };
	const struct vz_link_change in = { .no_ipv6_auto = true, .up = true };
	const struct vz_guard_dev guard = { .ifindex = v->index, .ctid = v->ctid,
					    .direct = v->direct };
	int r = vz_link_set(v->rtnl, v->index, &out, e);

	if (r >= 0)
		r = vz_guard_attach(v->rtnl, &guard, e);
	if (r >= 0)
		r = vz_link_set(v->inside, v->inner, &in, e);
	if (r < 0)
		return r;
	/* where the disk is full: a pair without a record is made again with the first address (set) */
	r = vz_venet_write(v->ctid, &(struct vz_ips){ 0 }, e);
	return r < 0 && forget(v->ctid) ? 0 : r;
}

int vz_venet_make(struct vz_venet *v, int netns, struct vz_err *e)
{
	int r;

	v->inside = vz_nl_open(NETLINK_ROUTE, netns, e);
	if (v->inside < 0)
		return v->inside;
	r = make_pair(v, netns, e);
	if (r >= 0) {
		r = vz_venet_open(v, netns, e);
		if (r >= 0)
			r = set_up_ends(v, e);
		if (r < 0)
			(void)vz_venet_gone(v->rtnl, v->ctid, NULL);
	}
	if (r < 0)
		vz_venet_close(v);
	return r;
}

int vz_venet_open(struct vz_venet *v, int netns, struct vz_err *e)
{
	struct vz_link out, in;
	char name[IFNAMSIZ];

	vz_venet_host_name(v->ctid, name);
	if (v->inside < 0)
		v->inside = vz_nl_open(NETLINK_ROUTE, netns, e);
	if (v->inside < 0)
		return v->inside;
	/* by the host end, since the VPS's root names his end as he likes */
	if (vz_link_find(v->rtnl, name, &out, NULL) < 0 ||
	    vz_link_get(v->inside, out.lower, &in, NULL) < 0 || in.lower != out.index ||
	    strcmp(in.kind, "veth"))
		return vz_fail(e, VZ_SYSTEM, ENODEV, "the network device " VZ_VENET_INSIDE
			       " of the container has been taken away, restart the container");
	v->index = out.index;
	v->inner = in.index;
	return 0;
}

void vz_venet_close(struct vz_venet *v)
{
	vz_closep(&v->inside);
}

/* ---- inside ---- */

static struct vz_ip any_of(int family)
{
	return (struct vz_ip){ .family = family };
}

static int fail_add(struct vz_err *e, const struct vz_ip *ip, int r)
{
	char text[VZ_IP_TEXT];

	return vz_fail(e, r == -EADDRINUSE ? VZ_IP_INUSE :
			  r == -EADDRNOTAVAIL ? VZ_IP_NA : VZ_CANT_ADDIP,
		       -r, "Unable to add IP %s", vz_ip_text(ip, text));
}

/* One host's address, that others may know it by. */
static bool is_usable(const struct vz_ip *ip)
{
	if (ip->family == AF_INET)
		return ip->bytes[0] && ip->bytes[0] != 127 && ip->bytes[0] < 224;
	return !IN6_IS_ADDR_UNSPECIFIED(&ip->v6) && !IN6_IS_ADDR_LOOPBACK(&ip->v6) &&
	       !IN6_IS_ADDR_MULTICAST(&ip->v6) && !IN6_IS_ADDR_LINKLOCAL(&ip->v6) &&
	       !IN6_IS_ADDR_V4MAPPED(&ip->v6);
}

/* A default route that is there is the VPS's own affair. */
static int fill_one(struct vz_venet *v, const struct vz_ip *ip)
{
	const struct vz_route route = { .to = any_of(ip->family), .dev = v->inner };
	struct vz_ip bare = *ip;
	int r;

	if (!is_usable(ip))
		return -EADDRNOTAVAIL;
	bare.prefix = vz_ip_bits(ip);
	r = vz_addr_add(v->inside, v->inner, &bare, NULL);
	if (r < 0 && r != -EEXIST)
		return r;
	r = vz_route_add(v->inside, &route, NULL);
	return r == -EEXIST ? 0 : r;
}

int vz_venet_fill(struct vz_venet *v, const struct vz_ip *ip, size_t n, struct vz_err *e)
{
	for (size_t i = 0; i < n; i++) {
		int r = fill_one(v, &ip[i]);

		if (r < 0) {
			vz_venet_empty(v, ip, i + 1);
			return fail_add(e, &ip[i], r);
		}
	}
	return 0;
}

/* With the last address of a device the kernel takes its IPv4 routes; those of IPv6 stay, and a
 * program that believes in them waits for answers that do not come. */
static void drop_default_v6(struct vz_venet *v, const struct vz_ips *left)
{
	const struct vz_route route = { .to = any_of(AF_INET6), .dev = v->inner };

	for (size_t i = 0; i < left->n; i++)
		if (left->v[i].family == AF_INET6)
			return;
	(void)vz_route_del(v->inside, &route, NULL);
}

void vz_venet_empty(struct vz_venet *v, const struct vz_ip *ip, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct vz_ip bare = ip[i];

		bare.prefix = vz_ip_bits(&ip[i]);
		(void)vz_addr_del(v->inside, v->inner, &bare, NULL);
	}
}

/* ---- on the host ---- */

static struct vz_route route_of(const struct vz_venet *v, const struct vz_uplinks *u,
				const struct vz_ip *ip)
{
	struct vz_route route = { .to = *ip, .dev = v->index };
	const struct vz_ip *src = ip->family == AF_INET ? &u->src4 : &u->src6;

	route.to.prefix = vz_ip_bits(ip);
	route.src = src->family ? src : NULL;
	return route;
}

/* There is a route to the address: whose? */
static int route_exists(struct vz_venet *v, const struct vz_venet_how *how, const struct vz_ip *ip,
			struct vz_err *e)
{
	const struct vz_route route = route_of(v, how->uplinks, ip);
	struct vz_way way = { 0 };
	struct vz_link l = { 0 };
	char text[VZ_IP_TEXT];
	int r;

	if (vz_route_get(v->rtnl, ip, &way, NULL) >= 0 && way.dev == v->index)
		return 0;
	if (way.dev && vz_link_get(v->rtnl, way.dev, &l, NULL) >= 0 && vz_uplink_is_ours(l.name))
		return fail_add(e, ip, -EADDRINUSE);
	if (!how->force_route)
		return vz_fail(e, VZ_CANT_ADDIP, 0, "Unable to add IP %s: the host has a route to it%s%s "
			       "(FORCE_ROUTE=yes takes its place)", vz_ip_text(ip, text),
			       *l.name ? " by " : "", l.name);
	r = vz_route_replace(v->rtnl, &route, NULL);
	return r < 0 ? fail_add(e, ip, r) : 0;
}

static int add_route(struct vz_venet *v, const struct vz_venet_how *how, const struct vz_ip *ip,
		     struct vz_err *e)
{
	const struct vz_route route = route_of(v, how->uplinks, ip);
	int r;

	if (!is_usable(ip))
		return fail_add(e, ip, -EADDRNOTAVAIL);
	if (vz_uplinks_own(how->uplinks, ip))
		return fail_add(e, ip, -EADDRINUSE);
	r = vz_route_add(v->rtnl, &route, NULL);
	if (r == -EEXIST)
		return route_exists(v, how, ip, e);
	return r < 0 ? fail_add(e, ip, r) : 0;
}

static void del_routes(struct vz_venet *v, const struct vz_ip *ip, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct vz_route route = { .to = ip[i], .dev = v->index };

		route.to.prefix = vz_ip_bits(&ip[i]);
		(void)vz_route_del(v->rtnl, &route, NULL);
	}
}

static int answer_one(int rtnl, const struct vz_uplinks *u, const struct vz_ip *ip)
{
	for (size_t i = 0; i < u->n; i++) {
		int r = 0;

		if (vz_uplink_takes(u, i, ip))
			r = vz_proxy_add(rtnl, u->dev[i].index, ip, NULL);
		if (r < 0 && r != -ENODEV && r != -EAFNOSUPPORT)
			return r;
	}
	return 0;
}

int vz_venet_answer(const struct vz_venet *v, const struct vz_uplinks *uplinks,
		    const struct vz_ip *ip, size_t n, struct vz_err *e)
{
	for (size_t i = 0; i < n; i++) {
		int r = answer_one(v->rtnl, uplinks, &ip[i]);

		if (r < 0)
			return fail_add(e, &ip[i], r);
	}
	return 0;
}

static void stop_answering(int rtnl, const struct vz_uplinks *u, const struct vz_ip *ip, size_t n)
{
	for (size_t i = 0; i < u->n; i++)
		for (size_t k = 0; k < n; k++)
			(void)vz_proxy_del(rtnl, u->dev[i].index, &ip[k], NULL);
}

/* The record before the answers: what is written there is taken back after a crash, and nothing else
 * may be, since until the routes were in it could have been another VPS's. */
static int record_and_answer(struct vz_venet *v, const struct vz_uplinks *u, const struct vz_ip *ip,
			     size_t n, struct vz_err *e)
{
	autoips l = { 0 };
	int r = n ? vz_venet_read(v->ctid, &l) : 0;

	if (!n)
		return 0;
	r = r == -ENOENT ? 0 : r;
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = vz_ips_add(&l, &ip[i]);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot read the record of addresses");
	r = vz_venet_write(v->ctid, &l, e);
	return r < 0 ? r : vz_venet_answer(v, u, ip, n, e);
}

int vz_venet_up(struct vz_venet *v, const struct vz_venet_how *how, const struct vz_ip *ip, size_t n,
		struct vz_err *e)
{
	size_t done = 0;
	int r = vz_guard_addr_add(v->index, ip, n, e);

	if (r < 0)
		return r;
	r = vz_link_set(v->rtnl, v->index, &(struct vz_link_change){ .up = true }, e);
	for (; r >= 0 && done < n; done += r >= 0)
		r = add_route(v, how, &ip[done], e);
	if (r >= 0)
		r = vz_guard_routed(v->index, ip, n, e);
	if (r >= 0) {
		r = record_and_answer(v, how->uplinks, ip, n, e);
		if (r >= 0)
			return 0;
		/* the routes are in, so nobody else answers for these */
		(void)vz_venet_drop(v, how->uplinks, ip, n, NULL);
	}
	del_routes(v, ip, done);
	(void)vz_guard_addr_del(v->index, ip, n, NULL);
	return r;
}

int vz_venet_drop(struct vz_venet *v, const struct vz_uplinks *uplinks, const struct vz_ip *ip,
		  size_t n, struct vz_err *e)
{
	autoips l = { 0 };
	int r = vz_venet_read(v->ctid, &l);

	if (r < 0 && r != -ENOENT)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot read the record of addresses");
	stop_answering(v->rtnl, uplinks, ip, n);
	for (size_t i = 0; i < n; i++)
		vz_ips_remove(&l, &ip[i]);
	r = vz_venet_write(v->ctid, &l, e);
	del_routes(v, ip, n);
	vz_venet_empty(v, ip, n);
	drop_default_v6(v, &l);
	if (r >= 0)
		r = vz_guard_addr_del(v->index, ip, n, e);
	return r;
}

void vz_venet_silence(int rtnl, unsigned ctid, const struct vz_uplinks *uplinks)
{
	autoips l = { 0 };

	if (vz_venet_read(ctid, &l) >= 0)
		stop_answering(rtnl, uplinks, l.v, l.n);
}

int vz_venet_gone(int rtnl, unsigned ctid, struct vz_err *e)
{
	char name[IFNAMSIZ];
	int r, r2;

	vz_venet_host_name(ctid, name);
	r = vz_link_delete_name(rtnl, name, e);
	r2 = vz_guard_gone_all(ctid, r < 0 ? NULL : e);
	(void)forget(ctid);
	return r < 0 ? r : r2;
}
