/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multicast groups that sockets have joined, ip(7), ipv6(7): CRIU leaves them out. The kernel does not list those of a
 * socket, but it tells which are joined at all on a device, and of each whether this socket has joined it.
 */
#ifndef VZ_CPT_SOCKGROUPS_H
#define VZ_CPT_SOCKGROUPS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define VZ_SOCKGROUPS_MAX 1024 /* some for each device: a group for each address, and for routers */
#define VZ_SOCKGROUPS_SOURCES 8

/* A membership with its sources, as getsockopt(2) of MCAST_MSFILTER tells it; n bytes of it are in use. */
struct vz_sockgroup {
	struct group_filter f;
	struct sockaddr_storage more[VZ_SOCKGROUPS_SOURCES];
	size_t n;
};
#define VZ_SOCKGROUP_BYTES (GROUP_FILTER_SIZE(VZ_SOCKGROUPS_SOURCES))

/* What is joined in one network namespace. */
struct vz_sockgroups {
	struct { int family; unsigned ifindex; struct in6_addr group; } v[VZ_SOCKGROUPS_MAX];
	size_t n;
	bool cut; /* there are more */
};

/* Of the namespace that this process is in. */
void vz_sockgroups_read(pid_t pid, struct vz_sockgroups *ret);
/* Whether the socket has joined the i-th of them. -E2BIG: with more sources than we keep. */
int vz_sockgroups_of(const struct vz_sockgroups *g, size_t i, int family, int fd, struct vz_sockgroup *ret);
/* Joins. One that it has joined already is fine. -EBADMSG: that is none. */
int vz_sockgroups_join(int family, int fd, const void *bytes, size_t n);

#endif
