// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes of neighbour discovery frames; see nd.h. */
#include "net/nd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>

#define HOP_LIMIT 255 /* anything less came through a router */

struct nd_frame {
	uint8_t to[VZ_MAC], from[VZ_MAC];
	uint16_t ethertype;
	/* IPv6 */
	uint32_t version;
	uint16_t length; /* of what follows this header */
	uint8_t next, hops;
	struct in6_addr source, destination;
	/* ICMPv6 */
	uint8_t type, code;
	uint16_t checksum;
	uint32_t flags;
	struct in6_addr target;
	/* options follow */
} __attribute__((packed));

struct nd_option {
	uint8_t type, units; /* of 8 bytes */
	uint8_t mac[VZ_MAC];
} __attribute__((packed));

#define ND_BODY (sizeof(struct nd_frame) - offsetof(struct nd_frame, type))
_Static_assert(sizeof(struct nd_frame) + sizeof(struct nd_option) == VZ_ND_FRAME, "frame size");

static uint32_t add_words(uint32_t sum, const void *data, size_t n)
{
	const uint8_t *p = data;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return n % 2 ? sum + ((uint32_t)p[n - 1] << 8) : sum;
}

/* RFC 4443 2.3 over the pseudo-header and n bytes of ICMPv6: 0 for a message whose checksum is
 * right, what to put there for one whose checksum is 0. n < 65536, so the sum does not overflow. */
static uint16_t checksum(const struct nd_frame *f, const void *icmp, size_t n)
{
	uint32_t sum = (uint32_t)n + IPPROTO_ICMPV6;

	sum = add_words(sum, &f->source, sizeof(f->source));
	sum = add_words(sum, &f->destination, sizeof(f->destination));
	sum = add_words(sum, icmp, n);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static void group_mac(const struct in6_addr *group, uint8_t ret[static VZ_MAC])
{
	ret[0] = ret[1] = 0x33;
	memcpy(ret + 2, group->s6_addr + 12, 4);
}

static struct in6_addr solicited_node(const struct in6_addr *ip)
{
	struct in6_addr g = { .s6_addr = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff } };

	memcpy(g.s6_addr + 13, ip->s6_addr + 13, 3);
	return g;
}

void vz_nd_group_mac(const struct in6_addr *ip, uint8_t ret[static VZ_MAC])
{
	struct in6_addr g = solicited_node(ip);

	group_mac(&g, ret);
}

/* What both kinds have in common; the caller filled source, destination, type, flags, target. */
static size_t finish(uint8_t *frame, struct nd_frame *f, const uint8_t mac[static VZ_MAC],
		     const struct nd_option *option)
{
	size_t n = sizeof(*f) + (option ? sizeof(*option) : 0);
	size_t icmp = n - offsetof(struct nd_frame, type);
	struct in6_addr group = f->destination; /* of what is packed no address may be taken */

	group_mac(&group, f->to);
	memcpy(f->from, mac, VZ_MAC);
	f->ethertype = htons(ETH_P_IPV6);
	f->version = htonl(6U << 28);
	f->length = htons((uint16_t)icmp);
	f->next = IPPROTO_ICMPV6;
	f->hops = HOP_LIMIT;
	memset(frame, 0, VZ_ND_FRAME);
	memcpy(frame, f, sizeof(*f));
	if (option)
		memcpy(frame + sizeof(*f), option, sizeof(*option));
	f->checksum = checksum(f, frame + offsetof(struct nd_frame, type), icmp);
	memcpy(frame, f, sizeof(*f));
	return n;
}

size_t vz_nd_put_probe(uint8_t frame[static VZ_ND_FRAME], const uint8_t mac[static VZ_MAC],
		       const struct in6_addr *target)
{
	struct nd_frame f = {
		.destination = solicited_node(target),
		.type = ND_NEIGHBOR_SOLICIT,
		.target = *target,
	};

	return finish(frame, &f, mac, NULL);
}

size_t vz_nd_put_advert(uint8_t frame[static VZ_ND_FRAME], const uint8_t mac[static VZ_MAC],
			const struct in6_addr *source, const struct in6_addr *target)
{
	struct nd_option option = { .type = ND_OPT_TARGET_LINKADDR, .units = 1 };
	struct nd_frame f = {
		.source = *source,
		.destination = { .s6_addr = { 0xff, 2, [15] = 1 } },
		.type = ND_NEIGHBOR_ADVERT,
		.flags = ND_NA_FLAG_OVERRIDE,
		.target = *target,
	};

	memcpy(option.mac, mac, VZ_MAC);
	return finish(frame, &f, mac, &option);
}

/* The options: each has a length that is not 0 and stays inside. */
static int parse_options(const uint8_t *p, size_t left, struct vz_nd *ret)
{
	uint8_t want = ret->type == ND_NEIGHBOR_ADVERT ? ND_OPT_TARGET_LINKADDR :
							 ND_OPT_SOURCE_LINKADDR;

	while (left) {
		size_t n = left >= 2 ? (size_t)p[1] * 8 : 0;

		if (!n || n > left)
			return -EINVAL;
		if (p[0] == want && n == sizeof(struct nd_option)) {
			memcpy(ret->mac, p + 2, VZ_MAC);
			ret->has_mac = true;
		}
		p += n;
		left -= n;
	}
	return 0;
}

int vz_nd_parse(const void *frame, size_t len, struct vz_nd *ret)
{
	const uint8_t *bytes = frame;
	struct nd_frame f;
	struct vz_nd d;
	size_t icmp;

	if (len < sizeof(f))
		return -EINVAL;
	memcpy(&f, frame, sizeof(f));
	icmp = ntohs(f.length);
	if (f.ethertype != htons(ETH_P_IPV6) || ntohl(f.version) >> 28 != 6 ||
	    f.next != IPPROTO_ICMPV6 || f.hops != HOP_LIMIT)
		return -EINVAL;
	if (icmp < ND_BODY || icmp > len - offsetof(struct nd_frame, type))
		return -EINVAL;
	if ((f.type != ND_NEIGHBOR_SOLICIT && f.type != ND_NEIGHBOR_ADVERT) || f.code)
		return -EINVAL;
	if (f.target.s6_addr[0] == 0xff || f.source.s6_addr[0] == 0xff) /* multicast */
		return -EINVAL;
	if (checksum(&f, bytes + offsetof(struct nd_frame, type), icmp))
		return -EINVAL;
	d = (struct vz_nd){ .type = f.type, .source = f.source, .target = f.target };
	memcpy(d.from, f.from, VZ_MAC);
	if (parse_options(bytes + sizeof(f), icmp - ND_BODY, &d) < 0)
		return -EINVAL;
	if (f.type == ND_NEIGHBOR_ADVERT && f.destination.s6_addr[0] == 0xff &&
	    (f.flags & ND_NA_FLAG_SOLICITED))
		return -EINVAL;
	if (f.type == ND_NEIGHBOR_SOLICIT && IN6_IS_ADDR_UNSPECIFIED(&d.source)) {
		struct in6_addr group = solicited_node(&d.target);

		if (d.has_mac || memcmp(&f.destination, &group, sizeof(group)))
			return -EINVAL;
	}
	*ret = d;
	return 0;
}

bool vz_nd_claims(const struct vz_nd *d, const struct in6_addr *ip)
{
	if (memcmp(&d->target, ip, sizeof(*ip)))
		return false;
	return d->type == ND_NEIGHBOR_ADVERT || IN6_IS_ADDR_UNSPECIFIED(&d->source);
}

/*
 *	not ICMPv6: drop    neither type: drop    last word of the target in ip[]: pass    drop
 */
void vz_nd_filter(const struct vz_ip *ip, size_t n, struct sock_filter code[static VZ_ND_FILTER],
		  struct sock_fprog *ret)
{
	uint32_t want[VZ_ND_FILTER_IPS], word;
	uint16_t at = 0, end;
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (ip[i].family != AF_INET6)
			continue;
		memcpy(&word, ip[i].bytes + 12, sizeof(word));
		if (k < VZ_ND_FILTER_IPS)
			want[k] = ntohl(word);
		k++;
	}
	if (k > VZ_ND_FILTER_IPS)
		k = 0; /* all of them */
	end = (uint16_t)(k + 6); /* where "drop" will stand; "pass" follows */
#define PUT(...)                                          \
	do {                                              \
		code[at] = (struct sock_filter)__VA_ARGS__; \
		at++;                                     \
	} while (0)
#define LEAP (uint8_t)(end - at - 1)
	PUT(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offsetof(struct nd_frame, next)));
	PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, LEAP));
	PUT(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offsetof(struct nd_frame, type)));
	PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_NEIGHBOR_SOLICIT, 1, 0));
	PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_NEIGHBOR_ADVERT, 0, LEAP));
	if (k)
		PUT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nd_frame, target) + 12));
	else
		PUT(BPF_STMT(BPF_JMP | BPF_JA, 1));
	for (size_t i = 0; i < k; i++)
		PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, want[i], LEAP + 1, 0));
	PUT(BPF_STMT(BPF_RET | BPF_K, 0));
	PUT(BPF_STMT(BPF_RET | BPF_K, ~0U));
#undef LEAP
#undef PUT
	*ret = (struct sock_fprog){ .len = at, .filter = code };
}
