/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard: two tc-BPF programs on the host end of every device of a VPS (bpf/net.bpf.c). What
 * the VPS sends is filtered, then counted, then shaped; what it gets is counted. The programs and
 * their maps are loaded once per host boot by the helper vzguard and pinned below VZ_RUNDIR/bpf,
 * so everything here opens pins and writes map entries.
 *
 * The way of a device: vz_guard_attach() while it is down, vz_guard_addr_add(), up; later
 * vz_guard_addr_add/del() and vz_guard_change(); vz_guard_gone() when it has been deleted. A device
 * with no entry in the maps passes nothing from the VPS.
 *
 * Nothing here is undone by a later failure: whoever made the device deletes it, and then calls
 * vz_guard_gone(), which accepts a device that was never attached.
 */
#ifndef VZ_GUARD_GUARD_H
#define VZ_GUARD_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct vz_ip; /* base/ip.h */

/* May packets between two such devices go from VPS to VPS, past the host's forwarding? The route
 * decides all the same which device it is. */
enum vz_direct {
	VZ_DIRECT_NO,
	VZ_DIRECT_AUTO, /* while nothing of the host's looks at what it forwards (Linux >= 6.2) */
	VZ_DIRECT_YES,  /* also past the host's rules, when the other one's is the same */
};

struct vz_guard_dev {
	int ifindex;     /* of the host end, in the host's network namespace */
	unsigned ctid;   /* whose traffic it is */
	bool l2;         /* veth: Ethernet. false: venet, where addresses are always filtered */
	bool mac_filter; /* l2: only frames of `mac`, also inside ARP and neighbour discovery */
	bool ip_filter;  /* l2: only the device's addresses (vz_guard_addr_add()) */
	bool router;     /* l2: may be a DHCP server, send router advertisements, redirects, BPDUs */
	bool bridged;    /* l2: it is to be a port of a bridge; while it is none, nothing passes from the VPS */
	enum vz_direct direct; /* venet */
	uint8_t mac[6];  /* l2: of the end inside the VPS */
};

/* Loads what the first device since boot would, unless it is there. It takes a second, and a VPS that comes from
 * another host is down while it waits. */
int vz_guard_ready(struct vz_err *e);
/* Enters the device in the maps and puts clsact and both programs on it; loads them first when
 * this is the first device since boot. Call it before the device is brought up. Attaching twice
 * replaces settings and programs, and keeps the addresses. rtnl: an rtnetlink socket (sys/nl.h) of
 * the host's namespace. VZ_SYSTEM when the kernel or the helper refuses. */
int vz_guard_attach(int rtnl, const struct vz_guard_dev *d, struct vz_err *e);
/* New settings for an attached device, at once; -ENOENT when it is not attached. */
int vz_guard_change(const struct vz_guard_dev *d, struct vz_err *e);

/* Addresses that the device may send from; the prefix length is not looked at. Adding one that is
 * there and removing one that is not are fine. Up to thousands in one call; of a failed add none
 * of the n stays. */
int vz_guard_addr_add(int ifindex, const struct vz_ip *ip, size_t n, struct vz_err *e);
int vz_guard_addr_del(int ifindex, const struct vz_ip *ip, size_t n, struct vz_err *e);

/* The host routes these addresses to the venet device. A hint: the guard looks for the route of such
 * addresses only (enum vz_direct). vz_guard_addr_del() takes it back. */
int vz_guard_routed(int ifindex, const struct vz_ip *ip, size_t n, struct vz_err *e);

/* Host ends of all devices of the VPS that are guarded; the caller frees *ret. */
int vz_guard_devs(unsigned ctid, int **ret, size_t *ret_n, struct vz_err *e);

/* Forgets devices that have been deleted: one, or (stop, heal) all of a VPS. Never fails for what
 * is not there. Counters stay; they are vz_meter_fold()'s. */
int vz_guard_gone(int ifindex, struct vz_err *e);
int vz_guard_gone_all(unsigned ctid, struct vz_err *e);

#endif
