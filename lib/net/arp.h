/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARP frames for IPv4 on Ethernet (RFC 826, RFC 5227): made, taken apart, and told apart by a
 * socket filter. Nothing here sends or receives; net/wire.h does.
 */
#ifndef VZ_NET_ARP_H
#define VZ_NET_ARP_H

#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <linux/filter.h>

#include "base/ip.h"

#define VZ_MAC 6
#define VZ_ARP_FRAME 60 /* padded to what Ethernet asks for, without the checksum */

struct vz_arp {
	uint8_t to[VZ_MAC], from[VZ_MAC]; /* Ethernet header */
	uint16_t op;                      /* ARPOP_REQUEST, ARPOP_REPLY; host order */
	uint8_t sender_mac[VZ_MAC];
	struct in_addr sender;
	uint8_t target_mac[VZ_MAC];
	struct in_addr target;
};

void vz_arp_put(uint8_t frame[static VZ_ARP_FRAME], const struct vz_arp *a);
/* May be hostile: anyone on the wire sends it; therefore every length and type is looked at before
 * a field is read. -EINVAL for what is not an ARP request or reply for IPv4 on Ethernet. */
int vz_arp_parse(const void *frame, size_t len, struct vz_arp *ret);
/* Somebody says that he has the address, or probes for it as one who wants it (RFC 5227 2.1.1). */
bool vz_arp_claims(const struct vz_arp *a, struct in_addr ip);

/* A filter that passes ARP frames from or about the n IPv4 addresses among ip[] and drops most of
 * the rest; vz_arp_claims() has the last word. With many addresses it passes all ARP. */
#define VZ_ARP_FILTER_IPS 64
#define VZ_ARP_FILTER (2 * VZ_ARP_FILTER_IPS + 8)
void vz_arp_filter(const struct vz_ip *ip, size_t n, struct sock_filter code[static VZ_ARP_FILTER],
		   struct sock_fprog *ret);

#endif
