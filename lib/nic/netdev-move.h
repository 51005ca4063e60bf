/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices given to a VPS (NETDEV): a device of the host moved into its network namespace, or one
 * made for it on a device of the host (param/netdev.h).
 *
 * A device of the host comes back whole. When a network namespace dies the kernel sends only real
 * devices home, under the name they have then, and destroys all others. So what a device was is
 * written down in VZ_RUNDIR/netdev/CTID before it leaves, and the namespace is pinned at
 * VZ_RUNDIR/netns/CTID as long as the record exists: however the VPS ends, the next command finds
 * the devices there and takes them back. Inside a device is known by an index that we choose when
 * it goes in, since its names are the guest's to change.
 *
 * Failures are VZ_NETDEV_ERROR with one sentence.
 */
#ifndef VZ_NIC_NETDEV_MOVE_H
#define VZ_NIC_NETDEV_MOVE_H

#include <stdbool.h>

#include "base/err.h"
#include "param/netdev.h"

struct vz_nic_at {
	unsigned ctid;
	int rtnl;  /* of the host's namespace */
	int netns; /* the VPS's network namespace */
};

/* Gives a device; it is down inside. On failure it is as it was. Giving one that the VPS has is fine. */
int vz_nic_give(const struct vz_nic_at *at, const struct vz_netdev *d, struct vz_err *e);
/* Takes one back while the VPS runs; one that was not given is fine. 1 when it is back, but with
 * something in *e that it is not any more. */
int vz_nic_take(const struct vz_nic_at *at, const struct vz_netdev *d, struct vz_err *e);
/* Takes all back and lets the namespace go; to be called when nobody lives in the VPS any more.
 * What could not be had back, or not whole, is told in *e, one sentence for the first, and the
 * result is not 0; the others are taken all the same. Nothing given: two look-ups. */
int vz_nic_take_all(int rtnl, unsigned ctid, struct vz_err *e);
bool vz_nic_is_given(unsigned ctid, const struct vz_netdev *d);

#endif
