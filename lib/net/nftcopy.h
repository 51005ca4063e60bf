/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All of nf_tables in a network namespace, as the messages that make it again. What the kernel shows of an expression it takes
 * back as it is, an extension of iptables too, which no text of nft(8) has. Rules keep their order, counters, and sets
 * their elements with the time that each has left; handles become others.
 */
#ifndef VZ_NET_NFTCOPY_H
#define VZ_NET_NFTCOPY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct vz_nftcopy { /* begins as { 0 } */
	struct vz_str msgs;  /* netlink messages, in the order in which they are sent */
	char extension[112]; /* the first rule with an extension of iptables, as "table T, chain C"; "" none */
	char owned[80];      /* the first table that belongs to a socket of a process, and goes with it; "" none */
	char lacks[112];     /* the first thing that these messages do not make again; "" none */
};
#define VZ_NFTCOPY_MAX (4u << 20) /* some ten thousand rules; the kernel takes them in one piece */

/* Errors: -EAGAIN: it was changed meanwhile; -E2BIG: it is more than VZ_NFTCOPY_MAX bytes;
 * -ETIMEDOUT: to read it takes too long, since there are thousands of sets. What the kernel has none of is empty.
 * `sock` is of NETLINK_NETFILTER, in that namespace. */
int vz_nftcopy_read(int sock, struct vz_nftcopy *ret);
void vz_nftcopy_free(struct vz_nftcopy *c);
#define autonftcopy __attribute__((cleanup(vz_nftcopy_free))) struct vz_nftcopy

/* Makes room in the socket for so many bytes; asked for by the host's root, whoever sends them. */
int vz_nftcopy_room(int sock, size_t n);
/*
 * All of it as one transaction, with the rights of the caller. On failure *ret_why, of `size` bytes, is what the kernel said of which table.
 * partly: without the tables that name network devices, which the namespace may not have.
 *
 * May be hostile: messages of a dump; therefore each is held against what is left, and none but those that make something of
 * nf_tables is sent. What is in them the kernel looks at, as it does when root inside sends it.
 */
int vz_nftcopy_load(int sock, const struct vz_str *msgs, bool partly, char *ret_why, size_t size);

#endif
