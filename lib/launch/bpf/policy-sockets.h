/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which sockets a VPS may make: an allow list, because the kernel loads a module for each family
 * and protocol that anybody names, and what it loads may know of no network namespace. The list
 * stands twice: here as bits, for the policy programs, and in rows of lib/launch/policy.c with the
 * reasons, for seccomp. tests/unit/test-policy.c holds them together. Numbers, because the two
 * compilers have different headers. Only macros here.
 */
#ifndef VZ_LAUNCH_POLICY_SOCKETS_H
#define VZ_LAUNCH_POLICY_SOCKETS_H

#define VZ_SOCKETS_NUMBERS 64 /* there is none of these or beyond; the kernel says so itself */

/* Families: unix 1, inet 2, inet6 10, key 15 (IPsec), netlink 16, packet 17. */
#define VZ_SOCKETS_FAMILIES (1ull << 1 | 1ull << 2 | 1ull << 10 | 1ull << 15 | 1ull << 16 | 1ull << 17)
#define VZ_SOCKETS_PPPOX (1ull << 24) /* PPPoE and L2TP, with ppp:on */

/* Netlink: route 0, usersock 2, sock_diag 4, xfrm 6, fib_lookup 10, netfilter 12, uevent 15,
 * generic 16: the kernel's end of each belongs to a network namespace. */
#define VZ_SOCKETS_NETLINK (1ull << 0 | 1ull << 2 | 1ull << 4 | 1ull << 6 | 1ull << 10 | 1ull << 12 | \
			    1ull << 15 | 1ull << 16)

#endif
