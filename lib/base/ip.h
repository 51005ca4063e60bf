/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internet addresses of both families as values. */
#ifndef VZ_BASE_IP_H
#define VZ_BASE_IP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vz_ip {
	int family; /* AF_INET or AF_INET6 */
	union {
		uint8_t bytes[16]; /* network order; the first vz_ip_size() count, the rest is 0 */
		struct in_addr v4;
		struct in6_addr v6;
	};
	unsigned prefix; /* length; 32 or 128 when the text had none */
	bool masked;     /* the text had a mask */
};

#define VZ_IP_TEXT INET6_ADDRSTRLEN

/* "10.0.0.1", "10.0.0.1/24", "10.0.0.1/255.255.255.0", "2001:db8::1/64". -EINVAL for anything
 * else; a mask out of range or with holes is anything else. */
int vz_ip_parse(const char *text, struct vz_ip *ret);
/* The canonical address, without the mask; returns buf. */
const char *vz_ip_text(const struct vz_ip *ip, char buf[static VZ_IP_TEXT]);
/* The same address (masks do not count)? */
bool vz_ip_same(const struct vz_ip *a, const struct vz_ip *b);
/* Is it inside net/net->prefix? */
bool vz_ip_in(const struct vz_ip *ip, const struct vz_ip *net);

static inline size_t vz_ip_size(const struct vz_ip *ip)
{
	return ip->family == AF_INET ? 4 : 16;
}

static inline unsigned vz_ip_bits(const struct vz_ip *ip)
{
	return ip->family == AF_INET ? 32 : 128;
}

/* ---- lists: each address once, without its mask, in the order in which they came ---- */

struct vz_ips {
	struct vz_ip *v;
	size_t n;
};
void vz_ips_free(struct vz_ips *l);
#define autoips __attribute__((cleanup(vz_ips_free))) struct vz_ips
/* -ENOMEM. An address that is there already is not added again. */
int vz_ips_add(struct vz_ips *l, const struct vz_ip *ip);
void vz_ips_remove(struct vz_ips *l, const struct vz_ip *ip);
bool vz_ips_has(const struct vz_ips *l, const struct vz_ip *ip);
/* Adds the addresses of a text, apart by blanks or lines; a word that is none is left out. -ENOMEM. */
int vz_ips_read(const char *text, struct vz_ips *ret);

#endif
