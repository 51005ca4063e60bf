/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One word of NETDEV: a device of the host, or one that is made for the VPS on top of a device of
 * the host, which stays where it is:
 *
 *	eth1                            the device itself
 *	macvlan@PARENT[:MODE][,NAME]    MODE bridge (the default), vepa, private, passthru
 *	ipvlan@PARENT[:MODE][,NAME]     MODE l2 (the default), l3, l3s
 *	vlan@PARENT:ID[,NAME]           802.1Q, ID 1 to 4094
 *
 * NAME is what it is called inside: PARENT, or PARENT.ID of a VLAN, unless given.
 */
#ifndef VZ_PARAM_NETDEV_H
#define VZ_PARAM_NETDEV_H

#include <net/if.h>

#include "base/err.h"

enum vz_netdev_kind { VZ_NETDEV_PLAIN, VZ_NETDEV_MACVLAN, VZ_NETDEV_IPVLAN, VZ_NETDEV_VLAN };

struct vz_netdev {
	enum vz_netdev_kind kind;
	char parent[IFNAMSIZ]; /* "" for a plain device */
	char name[IFNAMSIZ];   /* on the host (plain), or inside */
	unsigned arg;          /* MACVLAN_MODE_*, IPVLAN_MODE_*, VLAN id */
};

/* -EINVAL, where possible with a sentence in *e. */
int vz_netdev_parse(const char *word, struct vz_netdev *ret, struct vz_err *e);
/* The canonical word: no default is written. Caller frees; NULL without memory. */
char *vz_netdev_word(const struct vz_netdev *d);
/* The kernel's name of a kind, "" for a plain device. */
const char *vz_netdev_kind(const struct vz_netdev *d);

#endif
