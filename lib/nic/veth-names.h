/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the words of NETIF leave unsaid: names on the host and hardware addresses are made up from
 * the id of the VPS and of the host, so they are the same at every start.
 */
#ifndef VZ_NIC_VETH_NAMES_H
#define VZ_NIC_VETH_NAMES_H

#include "base/err.h"
#include "param/netif.h"
#include "param/param.h"

/* Completes every device: host_ifname vethCTID.N, mac 00:18:51:.., host_mac FE:18:51:.. (a bridge
 * takes the lowest address of its ports, so that of a VPS must be high). VZ_INVALID_PARAMETER_VALUE
 * when two devices have one name on the host, or none fits. */
int vz_veth_complete_all(struct vz_netifs *l, unsigned ctid, struct vz_err *e);
/* The same for the words of a configuration. */
int vz_veth_complete(struct vz_plist *netif, unsigned ctid, struct vz_err *e);

/* What the host's end is really given: host_mac, but FE and the rest of `mac` where both are the
 * same, since a bridge takes frames to a port's own address for the host. */
void vz_veth_host_mac(const struct vz_netif *n, uint8_t ret[static 6]);

#endif
