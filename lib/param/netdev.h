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
 * NAME is what it is called inside: PARENT, or PARENT.ID of a VLAN, unless given. The word is what
 * configurations and commands hold; this is the word taken apart, and the list of all words.
 */
#ifndef VZ_PARAM_NETDEV_H
#define VZ_PARAM_NETDEV_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "param/param.h"

enum vz_netdev_kind { VZ_NETDEV_PLAIN, VZ_NETDEV_MACVLAN, VZ_NETDEV_IPVLAN, VZ_NETDEV_VLAN };

struct vz_netdev {
	enum vz_netdev_kind kind;
	char parent[IFNAMSIZ]; /* "" for a plain device */
	char name[IFNAMSIZ];   /* on the host (plain), or inside */
	unsigned arg;          /* MACVLAN_MODE_*, IPVLAN_MODE_*, VLAN id */
};

/* -EINVAL, where possible with a sentence in *e. */
int vz_netdev_parse(const char *word, struct vz_netdev *ret, struct vz_err *e);
/* The canonical word, in buf: no default is written. */
#define VZ_NETDEV_TEXT 64
const char *vz_netdev_text(const struct vz_netdev *d, char buf[static VZ_NETDEV_TEXT]);
/* Is all that they say the same? */
bool vz_netdev_same(const struct vz_netdev *a, const struct vz_netdev *b);
/* The kernel's name of a kind, "" for a plain device. */
const char *vz_netdev_kind(const struct vz_netdev *d);

/* ---- lists: each device once, in the order in which they came ---- */

struct vz_netdevs {
	struct vz_netdev *v;
	size_t n;
};
void vz_netdevs_free(struct vz_netdevs *l);
#define autonetdevs __attribute__((cleanup(vz_netdevs_free))) struct vz_netdevs

/* The words of a configuration or a command line taken apart. *e says what is wrong with one that is no
 * device, which the table lets through nowhere. */
int vz_netdevs_of(const struct vz_plist *words, struct vz_netdevs *ret, struct vz_err *e);
/* A copy comes last, unless the device is there already. -ENOMEM. */
int vz_netdevs_put(struct vz_netdevs *l, const struct vz_netdev *d);
/* The list's own, or NULL. */
struct vz_netdev *vz_netdevs_find(const struct vz_netdevs *l, const struct vz_netdev *d);

#endif
