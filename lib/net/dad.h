/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether others on the wire have the addresses of a VPS, and telling them that they are here now:
 * duplicate address detection and announcements, for both families, all addresses and all devices
 * at once (what arpsend -D, arpsend -U and ndsend did one by one).
 *
 * The time an answer takes is used for other work:
 *
 *	vz_dad_begin(&q, &d, e);		first of all: asks
 *	... mount, launch ...
 *	n = vz_dad_finish(d, wait_ms, &found, e);	before the addresses are put in force
 *	... routes, proxy entries, device up ...
 *	vz_dad_announce(d, e);			now they are ours
 *	vz_dad_free(d);				returns at once, see sys/close-later.h
 *
 * Where nothing has to be asked (vz.conf: SKIP_ARPDETECT), vz_announce() alone does the rest.
 *
 * Two questions are asked for an IPv4 address. A probe (RFC 5227, from 0.0.0.0) is answered by
 * every owner, but Linux answers no probe for an address it is only a proxy for, and that is what
 * other hosts of VPSes are. So an ordinary request follows, from the device's own address. IPv6 has
 * one question for both (RFC 4862). Such a host answers a broadcast after a random time of up to
 * 0.8 s, unless its neigh/DEV/proxy_delay is 0.
 */
#ifndef VZ_NET_DAD_H
#define VZ_NET_DAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/* Devices of the current network namespace, and addresses; prefixes are not looked at. Devices that
 * nothing can be asked on are left out: down, without carrier, loopback, NOARP, not Ethernet,
 * slave, or gone. With none left every function does nothing, and waits for nothing. */
struct vz_dad_ask {
	const int *ifindex;
	size_t ndev;
	const struct vz_ip *ip;
	size_t nip;
	/* Is ip one for ifindex[dev]? Called by begin and announce only; NULL: all are for all. */
	bool (*on)(const void *arg, size_t dev, const struct vz_ip *ip);
	const void *arg;
};

struct vz_dad; /* keeps copies of what it needs */

/* Asks for the first addresses, without waiting. *ret is the caller's, to vz_dad_free(). VZ_SYSTEM
 * where there are no packet sockets. */
int vz_dad_begin(const struct vz_dad_ask *q, struct vz_dad **ret, struct vz_err *e);

/* Somebody else has `ip`: the first who said so. */
struct vz_dad_found {
	struct vz_ip ip;
	int ifindex;
	uint8_t mac[6];
};

/* Asks the rest (64 questions every millisecond), waits until wait_ms after the last question or
 * until every address is known to be taken, and returns how many are; *ret is an array of them in
 * the order of their answers, d's. Answers of this host, by any of its devices, do not count. */
int vz_dad_finish(struct vz_dad *d, int wait_ms, const struct vz_dad_found **ret, struct vz_err *e);

/* Announces every address on every device: gratuitous ARP requests, unsolicited neighbour
 * advertisements. Devices that went away meanwhile are passed over. */
int vz_dad_announce(struct vz_dad *d, struct vz_err *e);

/* NULL is fine. */
void vz_dad_free(struct vz_dad *d);
#define autodad __attribute__((cleanup(vz_dad_freep))) struct vz_dad
static inline void vz_dad_freep(struct vz_dad **d)
{
	vz_dad_free(*d);
}

/* Announces without having asked. */
int vz_announce(const struct vz_dad_ask *q, struct vz_err *e);

#endif
