/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The veth devices of a VPS (NETIF): a pair, its inner end made straight in the network namespace of
 * the VPS, its host end with the guard, on a bridge when one is named. All words are complete
 * (vz_veth_complete()). What is in force stands in VZ_RUNDIR/netif/CTID, in the grammar of NETIF.
 *
 * Failures are VZ_VETH_ERROR with one sentence, and leave nothing behind.
 */
#ifndef VZ_NIC_VETH_H
#define VZ_NIC_VETH_H

#include "base/err.h"
#include "param/netif.h"
#include "param/param.h"

/* Where: fds stay the caller's. */
struct vz_veth_at {
	unsigned ctid;
	int rtnl;   /* of the host's namespace */
	int inner;  /* rtnetlink socket of the VPS's namespace */
	int netns;  /* the VPS's network namespace */
};

/* Makes the pair; both ends are down, the host's is guarded. Inside, addresses and
 * gateways that the word names are set and the device is then up. */
int vz_veth_make(const struct vz_veth_at *at, const struct vz_netif *n, struct vz_err *e);
/* From now on frames pass: the host's end comes up, vznetcfg is told if it is used here, and what is
 * on no bridge then joins the one that is named. 1: all is done, but there is no such bridge; *e says so. */
int vz_veth_up(const struct vz_veth_at *at, const struct vz_netif *n, struct vz_err *e);
/* The device becomes what `to` says, without losing its connections where it can; taken back when
 * a part fails. Both have the same ifname. */
int vz_veth_change(const struct vz_veth_at *at, const struct vz_netif *from,
		   const struct vz_netif *to, struct vz_err *e);
/* Deletes it by its host name, if a veth device of its hardware address has that; missing is fine. */
/* One that is up already, or should be: on no bridge, as vz_veth_up(). move: also from another bridge, and
 * up. */
int vz_veth_connect(const struct vz_veth_at *at, const struct vz_netif *n, bool move, struct vz_err *e);
int vz_veth_delete(int rtnl, const struct vz_netif *n, struct vz_err *e);

/* What is in force; empty without a record. The caller frees. */
int vz_veth_record_read(unsigned ctid, struct vz_netifs *ret);
/* The list becomes the record; without devices there is none. */
int vz_veth_record_write(unsigned ctid, const struct vz_netifs *l, struct vz_err *e);
/* Deletes all that the record names, then the record. For stop, failed starts and healing. */
void vz_veth_delete_all(int rtnl, unsigned ctid);

#endif
