/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lies on network devices, by rtnetlink: addresses, routes, proxy neighbours; and the device's
 * values below /proc/sys/net. `rtnl` is a socket of vz_nl_open(NETLINK_ROUTE, ...): its network
 * namespace is where all of this happens.
 *
 * Errors: -errno of the kernel and VZ_SYSTEM with a sentence that names the address; e may be NULL.
 */
#ifndef VZ_NET_ADDR_H
#define VZ_NET_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/* ---- addresses ---- */

/* With ip->prefix; an IPv6 address is usable at once (no duplicate detection). -EEXIST when the
 * device has it. */
int vz_addr_add(int rtnl, int index, const struct vz_ip *ip, struct vz_err *e);
/* -EADDRNOTAVAIL when the device has not got it. */
int vz_addr_del(int rtnl, int index, const struct vz_ip *ip, struct vz_err *e);
/* Calls each() for every address of one family (AF_UNSPEC: both); it returns 0, or -errno to stop. */
struct vz_addr {
	int index;         /* of the device */
	struct vz_ip ip;   /* its own address and the length of the prefix that is on the link */
	unsigned scope;    /* RT_SCOPE_* */
};
typedef int vz_addr_each(const struct vz_addr *a, void *arg);
int vz_addr_list(int rtnl, int family, vz_addr_each *each, void *arg, struct vz_err *e);

/* ---- routes of the main table ---- */

struct vz_route {
	struct vz_ip to;         /* with to.prefix; prefix 0: the default route of to.family */
	int dev;                 /* index */
	const struct vz_ip *via; /* gateway, or NULL: everything is on the link */
	const struct vz_ip *src; /* preferred source address, or NULL */
};
/* -EEXIST when there is a route to the same network, whoever made it. */
int vz_route_add(int rtnl, const struct vz_route *route, struct vz_err *e);
/* Takes the place of a route to the same network, or adds. */
int vz_route_replace(int rtnl, const struct vz_route *route, struct vz_err *e);
/* -ESRCH when there is none by this device. */
int vz_route_del(int rtnl, const struct vz_route *route, struct vz_err *e);

/* The way a packet to `ip` would take. */
struct vz_way {
	int dev;               /* index */
	unsigned type;         /* RTN_UNICAST, RTN_LOCAL ... */
	unsigned prefix;       /* of the route that decides */
	struct vz_ip src;      /* the source address it would have; family 0 when there is none */
};
/* -ENETUNREACH and the like when there is no way. */
int vz_route_get(int rtnl, const struct vz_ip *ip, struct vz_way *ret, struct vz_err *e);

/* ---- proxy neighbours: the host answers ARP or neighbour discovery for `ip` on a device ---- */

/* Adding one that is there is fine, deleting one that is not too. The answers need forwarding, and
 * IPv6 also proxy_ndp, on the device. */
int vz_proxy_add(int rtnl, int index, const struct vz_ip *ip, struct vz_err *e);
int vz_proxy_del(int rtnl, int index, const struct vz_ip *ip, struct vz_err *e);

/* ---- /proc/sys/net of one device, in the network namespace of the calling process ---- */

/* "ipv4" or "ipv6"; "conf" or "neigh"; the device ("all" and "default" too); the key. A name with
 * dots is one name. */
struct vz_net_sysctl {
	const char *family, *kind, *dev, *key;
};
/* Written only when it differs. -ENOENT when the kernel has not got it. */
int vz_net_sysctl_set(const struct vz_net_sysctl *s, uint32_t value, struct vz_err *e);
int vz_net_sysctl_get(const struct vz_net_sysctl *s, uint32_t *ret, struct vz_err *e);

#endif
