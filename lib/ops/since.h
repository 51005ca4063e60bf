/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the configuration says otherwise than at the dump that is resumed. CRIU needs the network devices and names
 * that the image has; what is new comes into force afterwards, as set does it on a VPS that runs.
 *
 *	begin() ... devices() before the devices are made, stand_ins() with them, drop() when the network is
 *	there, apply() when it runs ... free()
 */
#ifndef VZ_OPS_SINCE_H
#define VZ_OPS_SINCE_H

#include "apply/network.h"
#include "base/str.h"
#include "cpt/image.h"
#include "param/netif.h"

struct vz_since {
	struct vz_given change; /* what set is told afterwards */
	struct vz_netifs made;  /* veth devices of the image that are still wanted, as they were */
	struct vz_str gone;     /* names of devices of the image that are not, with blanks between */
	struct vz_ips left;     /* addresses of then that are not wanted any more */
	bool has_venet;         /* the image */
	bool is_any;            /* there is a change */
};

/* Compares with the configuration in the dump. ct->conf has only those addresses and given devices afterwards that the
 * image has too. */
int vz_since_begin(struct vz_since *s, struct vz_ct *ct, const struct vz_image *im, struct vz_err *e);
void vz_since_free(struct vz_since *s);
/* The same of its veth devices. */
int vz_since_devices(const struct vz_since *s, struct vz_ct *ct, struct vz_err *e);
/* A device in this network namespace for each that the image has and nobody wants: it goes with the namespace. */
int vz_since_stand_ins(const struct vz_since *s, int netns, struct vz_err *e);
/* Takes the addresses that have left off venet. */
int vz_since_drop(const struct vz_since *s, struct vz_network *n, struct vz_err *e);
/* The rest, of one that runs. What fails is told, and it goes on with what it had. */
void vz_since_apply(struct vz_since *s, struct vz_ct *ct);

#endif
