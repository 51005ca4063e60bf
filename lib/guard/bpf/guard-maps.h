/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the BPF programs and the library share: keys and values of the maps. The maps outlive an
 * upgrade of the tools, because running VPSes use them: whoever changes anything here raises
 * VZ_GUARD_LAYOUT, and VPSes that run keep the old maps until they are restarted. What programs
 * that do not know of it may overlook, a flag say, may be added without.
 */
#ifndef VZ_GUARD_MAPS_H
#define VZ_GUARD_MAPS_H

#include <linux/types.h>

#define VZ_GUARD_LAYOUT 1

#define VZ_GUARD_MAX_DEVS 16384
#define VZ_GUARD_MAX_ADDRS 131072
#define VZ_GUARD_MAX_CLASSES 65536 /* networks in the table of classes */

/* ---- devs: ifindex -> struct vz_dev ---- */

#define VZ_DEV_L2 1u
#define VZ_DEV_MAC_FILTER 2u
#define VZ_DEV_IP_FILTER 4u
#define VZ_DEV_ROUTER 8u
#define VZ_DEV_RATE_IN 16u /* a token bucket is its root queue */
#define VZ_DEV_RATE_OUT 32u /* a filter behind the guard sends what passes through another */
#define VZ_DEV_DIRECT 64u /* venet: what is for another such device goes into its VPS straight */
#define VZ_DEV_AUTO 128u /* the same, while nothing of the host's would look at it */
#define VZ_DEV_BRIDGED 256u /* veth: passes nothing while it is on no bridge */

struct vz_dev {
	__u32 ctid;
	__u32 flags; /* VZ_DEV_* */
	__u8 mac[6];
	__u16 pad;
};

/* ---- addrs: what a device may send from; for ifindex 0, that the host routes it to one ---- */

struct vz_guard_addr_key {
	__u32 ifindex;
	__u32 family; /* 4 or 6 */
	__u8 addr[16]; /* IPv4: the first four bytes, the others 0 */
};

struct vz_guard_addr {
	__u32 ifindex; /* the device */
};

/* ---- link_locals: ifindex -> the one link-local address that is not made of the MAC ---- */

struct vz_link_local {
	__u8 addr[16];
};

/* ---- counters: ctid -> struct vz_counters ---- */

#define VZ_CLASSES 16

enum vz_family { VZ_V4, VZ_V6, VZ_FAMILIES };
enum vz_direction { VZ_IN, VZ_OUT, VZ_DIRECTIONS }; /* as the VPS sees it */

struct vz_count {
	__u64 bytes, packets;
};

/* Why a frame from a VPS was dropped; the names are in meter.c. */
enum vz_drop {
	VZ_DROP_MALFORMED, /* cut short, or lengths that contradict each other */
	VZ_DROP_VLAN,
	VZ_DROP_ETHERTYPE,
	VZ_DROP_MAC,        /* foreign or multicast source MAC */
	VZ_DROP_BPDU,
	VZ_DROP_SOURCE4,
	VZ_DROP_SOURCE6,
	VZ_DROP_LINK_LOCAL,
	VZ_DROP_ARP_MAC,
	VZ_DROP_ARP_IP,
	VZ_DROP_ND_MAC,
	VZ_DROP_ND_IP,
	VZ_DROP_DHCP_SERVER,
	VZ_DROP_ROUTER,     /* router advertisement or redirect */
	VZ_DROP_ICMP6,      /* neighbour and multicast listener messages where there are no neighbours */
	VZ_DROP_HEADERS,    /* extension headers or a fragment that hide what is in it */
	VZ_DROPS
};

struct vz_counters {
	__u64 epoch; /* random, of this entry: tells it from an earlier or a later one of the VPS */
	struct vz_count traffic[VZ_CLASSES][VZ_FAMILIES][VZ_DIRECTIONS];
	__u64 drops[VZ_DROPS];
};

/* ---- classes: the longest prefix that holds an address -> class 0..15 ---- */

struct vz_class_key {
	__u32 prefix;   /* bits: 8 for the family, then those of the address */
	__u8 family;    /* 4 or 6 */
	__u8 addr[16];
	__u8 pad[3];
};

#endif
