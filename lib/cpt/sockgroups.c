// SPDX-License-Identifier: GPL-2.0-or-later
/* Multicast groups of sockets; see sockgroups.h. */
#include "cpt/sockgroups.h"
#include "base/own.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define TEXT_MAX (4u << 20)

static int level_of(int family)
{
	return family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
}

static void add_group(struct vz_sockgroups *g, int family, unsigned ifindex, const void *group, size_t n)
{
	if (g->n == VZ_SOCKGROUPS_MAX) {
		g->cut = true;
		return;
	}
	g->v[g->n].family = family;
	g->v[g->n].ifindex = ifindex;
	memcpy(&g->v[g->n++].group, group, n);
}

static char *read_table(pid_t pid, const char *name)
{
	char path[sizeof("/proc//net/igmp6") + 10], *text;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", pid, name);
	return vz_file_read(AT_FDCWD, path, TEXT_MAX, &text) < 0 ? NULL : text;
}

/* A line of a device, with its number, and one for each group below it, which all machines have joined but this one. */
static void read_igmp(pid_t pid, struct vz_sockgroups *g)
{
	autofree char *text = read_table(pid, "igmp");
	unsigned ifindex = 0, number, group;
	char *p = text, *line;

	while (p && (line = strsep(&p, "\n"))) {
		if (*line >= '0' && *line <= '9' && sscanf(line, "%u", &number) == 1)
			ifindex = number;
		else if (*line == '\t' && sscanf(line, " %8x", &group) == 1 && group != htonl(INADDR_ALLHOSTS_GROUP))
			add_group(g, AF_INET, ifindex, &group, sizeof(group));
	}
}

/* All nodes, of the interface and of the link, which the kernel joins for each device. */
static bool is_kernels(const struct in6_addr *a)
{
	static const unsigned char zero[13];

	return a->s6_addr[0] == 0xff && (a->s6_addr[1] == 1 || a->s6_addr[1] == 2) &&
	       !memcmp(a->s6_addr + 2, zero, sizeof(zero)) && a->s6_addr[15] == 1;
}

/* "1    lo    ff020000000000000000000000000001     1 0000000C 0", the number being that of users */
static void read_igmp6(pid_t pid, struct vz_sockgroups *g)
{
	autofree char *text = read_table(pid, "igmp6");
	char *p = text, *line, hex[33];
	unsigned ifindex, users;

	while (p && (line = strsep(&p, "\n"))) {
		struct in6_addr a;
		unsigned byte;

		if (sscanf(line, "%u %*s %32[0-9a-f] %u", &ifindex, hex, &users) != 3 || strlen(hex) != 32)
			continue;
		for (size_t i = 0; i < sizeof(a); i++) {
			(void)sscanf(hex + 2 * i, "%2x", &byte);
			a.s6_addr[i] = (unsigned char)byte;
		}
		if (users != 1 || !is_kernels(&a)) /* one user: no socket */
			add_group(g, AF_INET6, ifindex, &a, sizeof(a));
	}
}

void vz_sockgroups_read(pid_t pid, struct vz_sockgroups *ret)
{
	*ret = (struct vz_sockgroups){ 0 };
	read_igmp(pid, ret);
	read_igmp6(pid, ret);
}

int vz_sockgroups_of(const struct vz_sockgroups *g, size_t i, int family, int fd, struct vz_sockgroup *ret)
{
	struct sockaddr_in *a4 = (struct sockaddr_in *)&ret->f.gf_group;
	struct sockaddr_in6 *a6 = (struct sockaddr_in6 *)&ret->f.gf_group;
	socklen_t n = VZ_SOCKGROUP_BYTES;

	if (g->v[i].family != family)
		return 0;
	memset(ret, 0, sizeof(*ret));
	ret->f.gf_interface = g->v[i].ifindex;
	ret->f.gf_numsrc = VZ_SOCKGROUPS_SOURCES;
	ret->f.gf_group.ss_family = (sa_family_t)family;
	if (family == AF_INET)
		memcpy(&a4->sin_addr, &g->v[i].group, sizeof(a4->sin_addr));
	else
		a6->sin6_addr = g->v[i].group;
	if (getsockopt(fd, level_of(family), MCAST_MSFILTER, &ret->f, &n) < 0)
		return 0;
	if (ret->f.gf_numsrc > VZ_SOCKGROUPS_SOURCES)
		return -E2BIG;
	ret->n = GROUP_FILTER_SIZE(ret->f.gf_numsrc);
	return 1;
}

int vz_sockgroups_join(int family, int fd, const void *bytes, size_t n)
{
	struct vz_sockgroup g = { 0 };
	struct group_req r = { 0 };

	if (n < GROUP_FILTER_SIZE(0) || n > VZ_SOCKGROUP_BYTES)
		return -EBADMSG;
	memcpy(&g.f, bytes, n);
	if (g.f.gf_numsrc > VZ_SOCKGROUPS_SOURCES || n != GROUP_FILTER_SIZE(g.f.gf_numsrc) || g.f.gf_group.ss_family != family)
		return -EBADMSG;
	r.gr_interface = g.f.gf_interface;
	r.gr_group = g.f.gf_group;
	if (setsockopt(fd, level_of(family), MCAST_JOIN_GROUP, &r, sizeof(r)) < 0 && errno != EADDRINUSE)
		return -errno;
	if (g.f.gf_fmode == MCAST_EXCLUDE && !g.f.gf_numsrc)
		return 0;
	return setsockopt(fd, level_of(family), MCAST_MSFILTER, &g.f, (socklen_t)n) < 0 ? -errno : 0;
}
