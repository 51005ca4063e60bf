/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices of a VPS other than venet: veth (NETIF) and given ones (NETDEV). Parts of apply/network.h,
 * whose callers bring the sockets. */
#ifndef VZ_APPLY_NICS_H
#define VZ_APPLY_NICS_H

#include "ct/ct.h"
#include "param/netdev.h"

struct vz_nics_at {
	struct vz_ct *ct;
	int rtnl;  /* rtnetlink socket of the host */
	int netns; /* the VPS's network namespace; -1 for stop */
};

/* All devices of the configuration of one kind, for a VPS whose init does not run yet. What is made
 * by a call that fails is vz_nics_stop()'s to take away. VZ_NETDEV_ERROR (104), VZ_VETH_ERROR (130). */
int vz_nics_start_netdevs(const struct vz_nics_at *at, struct vz_err *e);
/* veth devices are made, and nothing passes; then they come up, whatever namespace the inner ends are in. */
int vz_nics_make_veths(const struct vz_nics_at *at, struct vz_err *e);
int vz_nics_up_veths(const struct vz_nics_at *at, struct vz_err *e);
/* Takes all away that the records name; says what fails and goes on. */
void vz_nics_stop(const struct vz_nics_at *at);
/* What a command line says about devices of one kind of a running VPS comes into force, or nothing
 * of it; conf is all that holds from now on. */
int vz_nics_set_netdevs(const struct vz_nics_at *at, const struct vz_given *g, struct vz_err *e);
/* A device to remove that the VPS does not have is told, and is no failure. */
void vz_nics_say_unknown(const char *ifname);
/* The same of devices of the host; they are taken off the list. */
void vz_nics_leave_unknown_netdevs(struct vz_netdevs *del, const struct vz_ct *ct);
int vz_nics_set_veths(const struct vz_nics_at *at, const struct vz_given *g,
		      const struct vz_conf *conf, struct vz_err *e);

#endif
