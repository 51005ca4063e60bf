/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network of a VPS: what its effects (effects.c) call in the steps of a start and of a restore and
 * for set, and how a stop and healing take all of it away.
 */
#ifndef VZ_APPLY_NETWORK_H
#define VZ_APPLY_NETWORK_H

#include "ct/ct.h"
#include "net/uplink.h"
#include "nic/venet.h"

/* Words that a start and check share. */
#define VZ_SAY_NO_FORWARD6 "this host does not forward IPv6, so only itself reaches the container"
#define VZ_DO_FORWARD6                                                                            \
	"set net.ipv6.conf.all.forwarding=1, and accept_ra=2 for a device that is configured by "  \
	"router advertisements"
#define VZ_SAY_NO_UPLINK "there is no network device %s (NEIGHBOUR_DEVS, VE_ROUTE_SRC_DEV)"

struct vz_dad;

/* What a verb knows of the host's network and of the addresses it is about to put in force. */
struct vz_network {
	int rtnl;               /* of the host */
	int netns;              /* of the VPS, or to become its, once entered */
	struct vz_uplinks uplinks;
	struct vz_ips ips;
	struct vz_dad *dad;     /* asks for their doubles; NULL: nothing to ask */
	struct vz_venet venet;
	int venet_is;           /* of an image: 1 it has one, -1 none; 0: as the configuration says */
};
#define VZ_NETWORK_INIT { .rtnl = -EBADF, .netns = -EBADF, .venet = { .inside = -EBADF } }
void vz_network_close(struct vz_network *n);

/* Looks at the host and asks the neighbours for the addresses of the configuration; the answers
 * come while the VPS is made. Changes nothing. */
int vz_network_probe(struct vz_network *n, struct vz_ct *ct, struct vz_err *e);
/* The network namespace of a process, for what follows: the VPS's init, or one that holds what will be
 * moved to it. */
int vz_network_enter(struct vz_network *n, pid_t pid, struct vz_err *e);
/* The device venet of a VPS whose init does not run yet, if it has one; nothing passes. After a failure, or
 * when the next one fails, vz_network_stop() takes away what is left. */
int vz_network_make_venet(struct vz_network *n, struct vz_ct *ct, struct vz_err *e);
/* The addresses that were probed come into force and are announced. Where the device was moved since, the
 * namespace that it is in now is entered. */
int vz_network_up_venet(struct vz_network *n, struct vz_ct *ct, struct vz_err *e);
/* Takes it all away: after a failed start, a stop, a crash. Says what fails and goes on. */
void vz_network_stop(struct vz_ct *ct);

/* The host no longer answers for the addresses of a VPS that another host may have from now on; and again. */
void vz_network_silence(struct vz_ct *ct);
void vz_network_answer(struct vz_ct *ct);

/* What a command line says about a running VPS comes into force: addresses, given devices, veth
 * devices. conf is all that holds from now on. Taken back on failure. */
int vz_network_set_addresses(struct vz_ct *ct, const struct vz_given *g, const struct vz_conf *conf,
			     struct vz_err *e);
int vz_network_set_netdevs(struct vz_ct *ct, const struct vz_given *g, struct vz_err *e);
int vz_network_set_veths(struct vz_ct *ct, const struct vz_given *g, const struct vz_conf *conf,
			 struct vz_err *e);

#endif
