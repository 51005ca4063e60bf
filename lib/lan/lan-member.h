/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VPSes in guest LANs: members, their names, the DHCP server; what start and set do about them.
 *
 * An attachment is a NETIF device of the VPS whose bridge is the LAN's; the LAN's file remembers
 * who has which address. Where the two differ the VPS's configuration is right.
 */
#ifndef VZ_LAN_LAN_MEMBER_H
#define VZ_LAN_LAN_MEMBER_H

#include "base/str.h"
#include "ct/ct.h"
#include "lan/lan.h"
#include "param/netif.h"

/* ---- lan-member.c ---- */
/* The device of a configuration that is on the LAN's bridge: 0 and *ret (the caller frees), or
 * -ENOENT; -ENOMEM. */
int vz_lan_device(const struct vz_conf *c, const char *name, struct vz_netif *ret);
/* Enters (or corrects) the VPS in the LAN by its device. VZ_IP_INUSE and so on when the device's
 * address cannot be. *ret_changed: the LAN has to be saved. */
int vz_lan_adopt(struct vz_lan *lan, unsigned ctid, const struct vz_netif *dev, bool *ret_changed,
		 struct vz_err *e);
/* Drops members whose VPS is gone or has no device on the LAN any more. A VPS that this host does
 * not know may live on another host of a VXLAN, and stays; so does one that another command is at work
 * on, which may be about to give it its device. */
void vz_lan_prune(const struct vz_host *host, struct vz_lan *lan, bool *ret_changed);
/* Puts the devices of running members on the bridge again. */
int vz_lan_relink(const struct vz_lan *lan, struct vz_err *e);

/* ---- lan-hosts.c ---- */
/* "10.0.0.2 ct101 ct101.NAME.vz web web.example" and so on, one line for each address. */
void vz_lan_hosts(struct vz_str *out, const struct vz_lan *lan);

/* ---- lan-names.c ---- */
/* Every running member but `except` writes its hosts file anew. Only warns. `lock`, the LAN's, is closed
 * first: a member may take as long as its deadline, and nobody else shall wait for it. */
void vz_lan_tell_members(const struct vz_host *host, const struct vz_lan *lan, unsigned except,
			 int lock);
/* Who is in the LAN, or his name, has changed: its server, its members and the VPS itself (which may
 * have left it) learn it. Only warns. Closes `lock` before any of them is told. */
void vz_lan_tell(struct vz_ct *ct, const struct vz_lan *lan, int lock);

/* ---- lan-dhcp.c ---- */
/* Starts the LAN's server when it should run and does not, and tells it of the members. */
int vz_lan_dhcp_up(const struct vz_lan *lan, struct vz_err *e);
void vz_lan_dhcp_down(const char *name);

/* ---- after set ---- */

/* When `g` has been saved in the configuration of the VPS (ct as it was before): what it says of
 * devices and names reaches the LANs and their running members. Only warns. The caller holds no
 * lock of a LAN. */
void vz_lan_after_set(const struct vz_ct *ct, const struct vz_given *g);

/* ---- for start ---- */

/* Before the devices of a VPS are made: each of its LANs is brought up, and its address there
 * entered. VZ_NO_LAN when one does not exist on this host. */
int vz_lan_before_start(struct vz_ct *ct, struct vz_err *e);
/* When the VPS's namespaces exist (st), before its init runs: it learns the names of the others.
 * had_lan: it has just left one, so also when it is in none. Only warns. */
void vz_lan_tell_names(struct vz_ct *ct, const struct vz_state *st, bool had_lan);

#endif
