/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbour discovery frames on Ethernet (RFC 4861, RFC 4862): the solicitation of duplicate address
 * detection and the unsolicited advertisement are made; solicitations and advertisements are taken
 * apart, and told apart by a socket filter. Nothing here sends or receives; net/wire.h does.
 */
#ifndef VZ_NET_ND_H
#define VZ_NET_ND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <linux/filter.h>

#include "base/ip.h"
#include "net/arp.h"

#define VZ_ND_FRAME 86 /* the larger one: Ethernet, IPv6, advertisement, one option */

struct vz_nd {
	uint8_t type; /* ND_NEIGHBOR_SOLICIT, ND_NEIGHBOR_ADVERT */
	uint8_t from[VZ_MAC];
	struct in6_addr source, target;
	bool has_mac; /* the option that belongs to the type is there */
	uint8_t mac[VZ_MAC];
};

/* Of duplicate address detection: from "::" to the solicited-node group. Returns the length. */
size_t vz_nd_put_probe(uint8_t frame[static VZ_ND_FRAME], const uint8_t mac[static VZ_MAC],
		       const struct in6_addr *target);
/* Unsolicited, to all nodes, with the override flag: caches take `mac` for target from now on.
 * source: an address of the sending device. Returns the length. */
size_t vz_nd_put_advert(uint8_t frame[static VZ_ND_FRAME], const uint8_t mac[static VZ_MAC],
			const struct in6_addr *source, const struct in6_addr *target);
/* The Ethernet address of the solicited-node group of an address. */
void vz_nd_group_mac(const struct in6_addr *ip, uint8_t ret[static VZ_MAC]);

/* May be hostile: anyone on the wire sends it; therefore it is held to every rule of RFC 4861 7.1
 * (hop limit, checksum, lengths, options) and what fails one is -EINVAL. */
int vz_nd_parse(const void *frame, size_t len, struct vz_nd *ret);
/* Somebody says that he has the address, or probes for it as one who wants it. */
bool vz_nd_claims(const struct vz_nd *d, const struct in6_addr *ip);

/* A filter that passes solicitations and advertisements for the n IPv6 addresses among ip[] and
 * drops the rest; with many addresses it passes all of those. */
#define VZ_ND_FILTER_IPS 64
#define VZ_ND_FILTER (VZ_ND_FILTER_IPS + 10)
void vz_nd_filter(const struct vz_ip *ip, size_t n, struct sock_filter code[static VZ_ND_FILTER],
		  struct sock_fprog *ret);

#endif
