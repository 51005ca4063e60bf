/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole Ethernet frames in and out of devices of the current network namespace, by packet sockets.
 * Knows nothing of what is in them.
 */
#ifndef VZ_NET_WIRE_H
#define VZ_NET_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <linux/filter.h>
#include <net/if.h>

#define VZ_WIRE_FRAME 88 /* the longest that is sent */

struct vz_wire_dev {
	int ifindex;
	char name[IF_NAMESIZE];
	unsigned flags; /* IFF_* */
	bool ethernet;
	uint8_t mac[6];
	struct in_addr ip4; /* its first IPv4 address; 0.0.0.0: none */
};

/* What is known of a device: by its index, or by its name when ifindex is 0. -ENODEV. */
int vz_wire_dev_get(int ifindex, const char *name, struct vz_wire_dev *ret);
/* The IPv6 address the kernel would send to the neighbours of the device from; -errno: none. */
int vz_wire_dev_ip6(int ifindex, struct in6_addr *ret);

/* A socket for frames of one ethertype (ETH_P_*) that the filter (NULL: all) passes, from every
 * device; 0: only for sending. The caller's; vz_close_later() closes it without waiting. */
int vz_wire_open(uint16_t ethertype, const struct sock_fprog *filter);
/* Lets frames to this group address in on the device, for as long as the socket is open;
 * NULL: to all groups. */
int vz_wire_join(int sock, int ifindex, const uint8_t *mac);

struct vz_wire_frame {
	int ifindex;
	uint16_t len; /* 0: nothing to send */
	uint8_t data[VZ_WIRE_FRAME];
};

/* Sends up to n <= VZ_WIRE_BATCH frames without blocking. Returns how many are dealt with: sent, or
 * dropped because their device is down or gone; 0 when the queue is full just now. -errno. */
#define VZ_WIRE_BATCH 64
int vz_wire_send(int sock, const struct vz_wire_frame *f, size_t n);

/* Takes one frame without blocking into buf; returns its length and the device it came from; 0 for
 * one that is addressed to another host, or was sent by this one. -EAGAIN: none is waiting. */
int vz_wire_receive(int sock, void *buf, size_t size, int *ret_ifindex);

#endif
