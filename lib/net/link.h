/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network devices by rtnetlink: found, made in pairs, changed, moved, deleted. `rtnl` is a socket
 * of vz_nl_open(NETLINK_ROUTE, ...): its network namespace is where all of this happens.
 *
 * Errors: -errno of the kernel and VZ_SYSTEM with a sentence that names the device; e may be NULL.
 */
#ifndef VZ_NET_LINK_H
#define VZ_NET_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define VZ_LINK_MAC 6

struct vz_link {
	int index;
	char name[IFNAMSIZ];
	unsigned flags;           /* IFF_* */
	unsigned short type;      /* ARPHRD_* */
	int master;               /* index of its bridge or bond, or 0 */
	int lower;                /* IFLA_LINK: the other end of a veth, the device below a VLAN; or 0 */
	unsigned mtu;
	uint8_t mac[VZ_LINK_MAC]; /* zeros where the device has no Ethernet address */
	char kind[24];            /* "veth", "bridge" ...; "" for a real device */
};

/* -ENODEV when there is none. */
int vz_link_find(int rtnl, const char *name, struct vz_link *ret, struct vz_err *e);
int vz_link_get(int rtnl, int index, struct vz_link *ret, struct vz_err *e);
/* Calls each() for every device, in the order of their indices; it returns 0, or -errno to stop.
 * Costs time with every device of the host: not for what happens at each start. */
typedef int vz_link_each(const struct vz_link *link, void *arg);
int vz_link_list(int rtnl, vz_link_each *each, void *arg, struct vz_err *e);

/* A pair of veth devices; the inner end is made straight in its namespace and is never loose. Both
 * are down. */
struct vz_link_pair {
	const char *host, *inside; /* names */
	int netns;                 /* fd of the inner end's network namespace */
	const uint8_t *host_mac, *mac; /* NULL: the kernel's choice */
	bool noarp;                /* both ends: neither ARP nor neighbour discovery */
	unsigned mtu;              /* 0: the kernel's 1500 */
};
/* -EEXIST when either name is taken. */
int vz_link_pair(int rtnl, const struct vz_link_pair *p, struct vz_err *e);

/* What is to be different; a zeroed field changes nothing. */
struct vz_link_change {
	bool up, down;
	bool noarp;
	bool no_ipv6_auto;  /* addr_gen_mode none: no link-local address when it comes up */
	bool forward;       /* IPv4: packets that come in here are routed, whatever ip_forward says */
	bool no_redirects;  /* IPv4: sends no ICMP redirects */
	bool no_rp_filter;  /* IPv4: rp_filter 0 of the device; conf/all still counts (the greater) */
	const uint8_t *mac;
	unsigned mtu;
	int master;         /* index; -1: none */
	const char *name;   /* the device must be down on Linux < 6.2 (rename of an up device) */
	const int *netns;   /* fd: moved there, with all other changes, in one request */
};
int vz_link_set(int rtnl, int index, const struct vz_link_change *c, struct vz_err *e);

/* 0 also when there is no such device any more. A pair goes as a whole. */
int vz_link_delete(int rtnl, int index, struct vz_err *e);
int vz_link_delete_name(int rtnl, const char *name, struct vz_err *e);

/* Would the kernel take it as a device's name? (1 to 15 bytes, no '/', ':', blank, "." or "..") */
bool vz_link_name_ok(const char *name);

#endif
