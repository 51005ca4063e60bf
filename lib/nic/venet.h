/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * venet: the routed network of a VPS. A pair of veth devices, venet<CTID> on the host and venet0
 * inside, without ARP and with the same fixed MAC on both ends, so that whatever one end sends is
 * for the other. Inside lie the addresses and default routes by the device alone; on the host one
 * route for each address, which also is the register of who has it: the kernel refuses a second.
 *
 * The order, which leaves no moment at which the VPS can send unguarded or an address is announced
 * that does not answer: vz_venet_make() (both ends down, the guard on), vz_venet_fill() (inside),
 * vz_venet_up() (host end up, routes, answering on the uplinks), then the announcement, which is
 * the caller's. A restore makes the device, lets CRIU fill it, and calls vz_venet_up() when the
 * network is unlocked.
 *
 * Masks are not looked at. What is in force stands in VZ_STATEDIR/veip/<CTID>, in the order of
 * addition.
 */
#ifndef VZ_NIC_VENET_H
#define VZ_NIC_VENET_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/ip.h"
#include "guard/guard.h"

struct vz_uplinks;

#define VZ_VENET_INSIDE "venet0"
/* venet<CTID>, the host's end. */
void vz_venet_host_name(unsigned ctid, char name[static IFNAMSIZ]);

struct vz_venet {
	unsigned ctid;
	enum vz_direct direct; /* for vz_venet_make() */
	int rtnl;         /* rtnetlink socket of the host; the caller's */
	int inside;       /* rtnetlink socket inside the VPS; vz_venet_close() */
	int index, inner; /* of the host's and of the inner end */
};

/* Makes the pair and attaches the guard; what is left of an earlier venet<CTID> goes first. Nothing
 * is left on failure. The VPS has no address yet, and its record is empty. */
int vz_venet_make(struct vz_venet *v, int netns, struct vz_err *e);
/* Finds a pair made earlier; v->ctid and v->rtnl are given. VZ_SYSTEM, -ENODEV when it is gone or
 * no longer inside: the VPS's root may delete, rename and move its end. */
int vz_venet_open(struct vz_venet *v, int netns, struct vz_err *e);
void vz_venet_close(struct vz_venet *v);

/* Puts addresses and default routes inside; those that are there are fine. All or none. */
int vz_venet_fill(struct vz_venet *v, const struct vz_ip *ip, size_t n, struct vz_err *e);

/* How addresses come into force on the host. */
struct vz_venet_how {
	const struct vz_uplinks *uplinks;
	bool force_route; /* takes the place of a route that is not another VPS's */
};
/* Lets the VPS send from the addresses, brings the host end up, adds the routes, writes the record,
 * answers on the uplinks. All or none. "Unable to add IP A: ...": VZ_IP_INUSE (78) when a VPS or
 * the host has it, VZ_CANT_ADDIP (34) for another route to it and everything else. */
int vz_venet_up(struct vz_venet *v, const struct vz_venet_how *how, const struct vz_ip *ip, size_t n,
		struct vz_err *e);
/* Takes addresses out of force everywhere; those that are not there are fine. Goes on after a
 * failure and returns the first. */
int vz_venet_drop(struct vz_venet *v, const struct vz_uplinks *uplinks, const struct vz_ip *ip,
		  size_t n, struct vz_err *e);
/* Answers on the uplinks for addresses in force; what is there is fine. */
int vz_venet_answer(const struct vz_venet *v, const struct vz_uplinks *uplinks,
		    const struct vz_ip *ip, size_t n, struct vz_err *e);
/* Takes addresses out of the inside only: what vz_venet_fill() put there. */
void vz_venet_empty(struct vz_venet *v, const struct vz_ip *ip, size_t n);

/* Ends the answers on these uplinks for all that stands in the record. */
void vz_venet_silence(int rtnl, unsigned ctid, const struct vz_uplinks *uplinks);
/* Takes everything else of venet<CTID> away: device (and with it the routes), guard, record. Fine
 * when there is nothing. */
int vz_venet_gone(int rtnl, unsigned ctid, struct vz_err *e);

/* ---- the record ---- */

/* Addresses in force, the caller's to free. -ENOENT when the VPS has no venet. A stopped VPS's
 * record may be an old one. */
int vz_venet_read(unsigned ctid, struct vz_ips *ret);
/* For taking a change back: the order counts. */
int vz_venet_write(unsigned ctid, const struct vz_ips *l, struct vz_err *e);

#endif
