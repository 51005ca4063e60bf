/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a given device was, and the record of it. */
#ifndef VZ_NIC_NETDEV_INTERNAL_H
#define VZ_NIC_NETDEV_INTERNAL_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "net/link.h"
#include "param/netdev.h"

#define VZ_ALTNAMES 8
#define VZ_ALTNAME 128 /* ALTIFNAMSIZ */

/* A device as it was on the host, or, of one that was made, as it was wanted. */
struct vz_held {
	struct vz_netdev asked;  /* what NETDEV says, maybe by an alternative name */
	struct vz_netdev dev;    /* the same by the name that it had */
	int inner;               /* its index inside */
	int index;               /* on the host; of a made one: of its parent */
	char kind[24];           /* "" for a real device */
	unsigned flags, mtu, queue, group;
	uint8_t mac[VZ_LINK_MAC], perm[VZ_LINK_MAC];
	bool has_mac, has_perm;
	char bus[64];            /* "PARENT_DEV_NAME": "0000:03:00.0", or "" */
	char master[IFNAMSIZ];   /* or "" */
	char alias[256];
	char alt[VZ_ALTNAMES][VZ_ALTNAME];
	size_t n_alt;
};
struct vz_held_list {
	struct vz_held *v;
	size_t n;
};
void vz_held_free(struct vz_held_list *l);
#define autoheld __attribute__((cleanup(vz_held_free))) struct vz_held_list

/* The device with this index, or with this name when the index is 0, as it is now; asked and
 * inner are left alone. -ENODEV. */
int vz_held_look(int rtnl, int index, const char *name, struct vz_held *ret);
/* Calls each() for every device of the namespace until it returns not 0; returns that. */
int vz_held_each(int rtnl, int (*each)(const struct vz_held *, void *), void *arg);
/* Is `is` the device that `was` was? Its names and what else a guest can change do not count. */
bool vz_held_same(const struct vz_held *was, const struct vz_held *is);

/* The record of a VPS; empty when there is none. */
int vz_held_read(unsigned ctid, struct vz_held_list *ret);
/* Without devices the record goes. */
int vz_held_write(unsigned ctid, const struct vz_held_list *l, struct vz_err *e);
int vz_held_parse(const char *text, struct vz_held_list *ret);
void vz_held_print(const struct vz_held_list *l, struct vz_str *to);
int vz_held_add(struct vz_held_list *l, const struct vz_held *h); /* -ENOMEM */
void vz_held_drop(struct vz_held_list *l, const struct vz_netdev *asked);
struct vz_held *vz_held_find(const struct vz_held_list *l, const struct vz_netdev *asked);
/* The VPS that has this device of the host, or 0. */
unsigned vz_held_by(const struct vz_netdev *asked);

#endif
