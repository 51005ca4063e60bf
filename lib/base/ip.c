// SPDX-License-Identifier: GPL-2.0-or-later
/* Internet addresses: text to value and back; see ip.h. */
#include "base/ip.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse_mask(const char *text, struct vz_ip *ip)
{
	struct in_addr mask;
	uint32_t m;

	if (!strchr(text, '.'))
		return vz_num_u32(text, vz_ip_bits(ip), &ip->prefix);
	if (ip->family != AF_INET || inet_pton(AF_INET, text, &mask) != 1)
		return -EINVAL;
	m = ntohl(mask.s_addr);
	if (~m & (~m + 1)) /* ones, then zeros, nothing else */
		return -EINVAL;
	ip->prefix = (unsigned)__builtin_popcount(m);
	return 0;
}

int vz_ip_parse(const char *text, struct vz_ip *ret)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char addr[VZ_IP_TEXT];
	struct vz_ip ip = { 0 };

	if (n >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, text, n);
	addr[n] = 0;
	ip.family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(ip.family, addr, ip.bytes) != 1)
		return -EINVAL;
	ip.prefix = vz_ip_bits(&ip);
	ip.masked = slash != NULL;
	if (slash && parse_mask(slash + 1, &ip) < 0)
		return -EINVAL;
	*ret = ip;
	return 0;
}

const char *vz_ip_text(const struct vz_ip *ip, char buf[static VZ_IP_TEXT])
{
	if (!inet_ntop(ip->family, ip->bytes, buf, VZ_IP_TEXT))
		buf[0] = 0;
	return buf;
}

bool vz_ip_same(const struct vz_ip *a, const struct vz_ip *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, vz_ip_size(a));
}

bool vz_ip_in(const struct vz_ip *ip, const struct vz_ip *net)
{
	size_t whole = net->prefix / 8;
	unsigned rest = net->prefix % 8;

	return ip->family == net->family && !memcmp(ip->bytes, net->bytes, whole) &&
	       (!rest || !((ip->bytes[whole] ^ net->bytes[whole]) >> (8 - rest)));
}

/* ---- lists ---- */

void vz_ips_free(struct vz_ips *l)
{
	free(l->v);
	*l = (struct vz_ips){ 0 };
}

bool vz_ips_has(const struct vz_ips *l, const struct vz_ip *ip)
{
	for (size_t i = 0; i < l->n; i++)
		if (vz_ip_same(&l->v[i], ip))
			return true;
	return false;
}

int vz_ips_add(struct vz_ips *l, const struct vz_ip *ip)
{
	struct vz_ip *more;

	if (vz_ips_has(l, ip))
		return 0;
	if (l->n % 16 == 0) { /* full */
		more = realloc(l->v, (l->n + 16) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		l->v = more;
	}
	l->v[l->n] = *ip;
	l->v[l->n].prefix = vz_ip_bits(ip);
	l->v[l->n++].masked = false;
	return 0;
}

void vz_ips_remove(struct vz_ips *l, const struct vz_ip *ip)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++)
		if (!vz_ip_same(&l->v[i], ip))
			l->v[kept++] = l->v[i];
	l->n = kept;
}

int vz_ips_read(const char *text, struct vz_ips *ret)
{
	const char *s = text;

	for (;;) {
		autofree char *word = vz_str_word(&s, " \n");
		struct vz_ip ip;

		if (!word)
			return 0;
		if (vz_ip_parse(word, &ip) >= 0 && vz_ips_add(ret, &ip) < 0)
			return -ENOMEM;
	}
}
