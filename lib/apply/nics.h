/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices of a VPS other than venet: veth (NETIF) and given ones (NETDEV). Parts of apply/network.h,
 * whose callers bring the sockets. */
#ifndef VZ_APPLY_NICS_H
#define VZ_APPLY_NICS_H

#include "ct/ct.h"

struct vz_netif_at {
	struct vz_ct *ct;
	int rtnl;  /* rtnetlink socket of the host */
	int netns; /* the VPS's network namespace; -1 for stop */
};

/* Every device of the configuration, for a VPS whose init does not run yet; after venet, since a
 * gateway given to a device goes before venet's default route. What is made by a call that fails
 * is vz_netif_stop()'s to take away. VZ_VETH_ERROR (130), VZ_NETDEV_ERROR (104). */
int vz_netif_start(const struct vz_netif_at *at, struct vz_err *e);
/* Takes all away that the records name; says what fails and goes on. */
void vz_netif_stop(const struct vz_netif_at *at);
/* What a command line says about devices of a running VPS comes into force, or nothing of it; conf
 * is all that holds from now on. */
int vz_netif_set(const struct vz_netif_at *at, const struct vz_given *g, const struct vz_conf *conf,
		 struct vz_err *e);

#endif
