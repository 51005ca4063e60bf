/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's own devices on which others look for the addresses of VPSes: where the host answers
 * for them (proxy ARP, proxy neighbour discovery), asks for their doubles and announces them.
 *
 * A device without an address of its own is never one, so the many devices of VPSes cost nothing:
 * the kernel's list of addresses is read, not that of devices.
 */
#ifndef VZ_NET_UPLINK_H
#define VZ_NET_UPLINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/ip.h"

/* vz.conf: NEIGHBOUR_DEVS "all" (or NULL), "detect", "list:NAME NAME"; VE_ROUTE_SRC_DEV, or NULL. */
struct vz_uplink_conf {
	const char *neighbour_devs, *route_src_dev;
};

struct vz_uplink {
	int index;
	char name[IFNAMSIZ];
};

struct vz_uplinks {
	struct vz_uplink *dev;
	size_t n;
	struct vz_addr *addr;     /* of all the host's devices, link-local ones left out */
	size_t naddr;
	bool detect;              /* a device is one for the addresses of its own subnets only */
	struct vz_ip src4, src6;  /* source addresses of routes to VPSes; family 0: the kernel's choice */
	char missing[IFNAMSIZ];   /* a configured device that is not there or not up, or "" */
};

/* VZ_INVALID_CONFIG (85) for a NEIGHBOUR_DEVS that means nothing. The caller frees. */
int vz_uplinks_find(int rtnl, const struct vz_uplink_conf *c, struct vz_uplinks *ret,
		    struct vz_err *e);
void vz_uplinks_free(struct vz_uplinks *u);
#define autouplinks __attribute__((cleanup(vz_uplinks_free))) struct vz_uplinks

/* Is device i one for this address? */
bool vz_uplink_takes(const struct vz_uplinks *u, size_t i, const struct vz_ip *ip);
/* Is it one of the host's own addresses? */
bool vz_uplinks_own(const struct vz_uplinks *u, const struct vz_ip *ip);

/* Makes the devices answer for others: IPv4 forwarding and IPv6 proxy_ndp of the device, no delay of
 * the answers. Only values that differ are written. ret_opened: the name of the first device
 * whose IPv4 forwarding was off and now is on, or "". Failures do not matter to the VPS's start
 * and are left to be seen by whoever looks for its addresses. */
void vz_uplinks_answer(const struct vz_uplinks *u, bool ipv6, char ret_opened[static IFNAMSIZ]);
/* Does the host forward IPv6? It is one switch for all devices (net.ipv6.conf.all.forwarding), and
 * turning it on makes the host itself deaf to router advertisements: not ours to do. */
bool vz_ipv6_forwards(void);

/* A device made by these tools, by its name: venet..., veth and a digit, vzs and a digit. */
bool vz_uplink_is_ours(const char *name);

#endif
