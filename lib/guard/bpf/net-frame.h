/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame taken apart, as far as filter and counters look at it.
 *
 * May be hostile: every byte of it; therefore what is read lies within the IP packet as its own length
 * says, not as the frame says: bytes behind that end (Ethernet padding) are not what the receiver sees,
 * and must not stand in for a header that comes in a later fragment.
 */
#ifndef VZ_GUARD_BPF_NET_FRAME_H
#define VZ_GUARD_BPF_NET_FRAME_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "guard-maps.h"

#define TAGS 2          /* VLAN tags in a frame that are looked through */
#define EXT_HEADERS 8   /* IPv6 extension headers of a packet */

enum { ETH_LEN = 14, TAG_LEN = 4, V4_LEN = 20, V6_LEN = 40, ARP_LEN = 28, LLC_MAX = 0x5ff };
enum { P_V4 = 0x0800, P_ARP = 0x0806, P_8021Q = 0x8100, P_V6 = 0x86dd, P_8021AD = 0x88a8 };
enum { HOP = 0, TCP = 6, UDP = 17, ROUTING = 43, FRAGMENT = 44, AUTH = 51, ICMP6 = 58, DSTOPT = 60 };
enum { FAMILY4 = 4, FAMILY6 = 6 };

/* What is known of a frame. */
struct frame {
	const struct vz_dev *dev;
	__u32 ifindex;
	__u32 net;     /* offset of what follows Ethernet and its tags */
	__u32 end;     /* IP: offset behind the packet */
	__u32 largest; /* IP: bytes of the longest packet that the buffer stands for */
	__u16 type;    /* of what follows */
	bool tagged;
	bool fragment; /* IP: one of several */
	bool later;    /* IP: not the first of them, so there is no upper header in it */
	__u8 family;   /* 0: not IP */
	__u8 upper;    /* protocol above IP */
	__u32 upper_at;
	__u16 sport, dport; /* UDP */
	__u8 icmp6;    /* type, when upper is ICMP6 */
	__u8 dst_mac[6], src_mac[6];
	__u8 src[16], dst[16]; /* IPv4: the first four bytes */
};

static __always_inline int objection(enum vz_drop reason)
{
	return (int)reason + 1;
}

/* n bytes at `at`; not 0 when the frame is shorter. Headers are nearly always in the part of the
 * buffer that can be read without a call. */
static __always_inline int load_bytes(struct __sk_buff *skb, __u32 at, void *to, __u32 n)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (at < 64 && data + at + n <= end) {
		__builtin_memcpy(to, data + at, n);
		return 0;
	}
	return bpf_skb_load_bytes(skb, at, to, n);
}

/* n bytes at `at` of the IP packet; false when they are not all in it. */
static __always_inline bool take_bytes(struct __sk_buff *skb, const struct frame *f, __u32 at,
				       void *to, __u32 n)
{
	return at + n <= f->end && !bpf_skb_load_bytes(skb, at, to, n);
}

static __always_inline int parse_ethernet(struct __sk_buff *skb, struct frame *f)
{
	struct {
		__u8 dst[6], src[6];
		__be16 type;
	} eth;

	if (load_bytes(skb, 0, &eth, sizeof(eth)))
		return objection(VZ_DROP_MALFORMED);
	__builtin_memcpy(f->dst_mac, eth.dst, 6);
	__builtin_memcpy(f->src_mac, eth.src, 6);
	f->tagged = skb->vlan_present;
	f->type = bpf_ntohs(eth.type);
	f->net = ETH_LEN;
	for (int i = 0; i < TAGS && (f->type == P_8021Q || f->type == P_8021AD); i++) {
		__be16 tag[2];

		if (bpf_skb_load_bytes(skb, f->net, tag, sizeof(tag)))
			return objection(VZ_DROP_MALFORMED);
		f->tagged = true;
		f->type = bpf_ntohs(tag[1]);
		f->net += TAG_LEN;
	}
	return 0;
}

static __always_inline int parse_v4(struct __sk_buff *skb, struct frame *f)
{
	struct {
		__u8 version_ihl, tos;
		__be16 len, id, frag;
		__u8 ttl, proto;
		__be16 sum;
		__u8 src[4], dst[4];
	} ip;
	__u32 header, len;

	if (load_bytes(skb, f->net, &ip, sizeof(ip)))
		return objection(VZ_DROP_MALFORMED);
	header = (ip.version_ihl & 15) * 4;
	len = bpf_ntohs(ip.len);
	if (!len && skb->gso_size) /* larger than the field can say */
		len = skb->len - f->net;
	if (ip.version_ihl >> 4 != 4 || header < V4_LEN || len < header || f->net + len > skb->len)
		return objection(VZ_DROP_MALFORMED);
	f->family = FAMILY4;
	f->end = f->net + len;
	f->upper = ip.proto;
	f->upper_at = f->net + header;
	f->fragment = ip.frag & bpf_htons(0x3fff);
	f->later = ip.frag & bpf_htons(0x1fff);
	__builtin_memcpy(f->src, ip.src, 4);
	__builtin_memcpy(f->dst, ip.dst, 4);
	return 0;
}

/* Finds the upper header behind extension headers. What cannot be walked is an objection. */
static __always_inline int walk_v6(struct __sk_buff *skb, struct frame *f, __u8 next)
{
	__u32 at = f->net + V6_LEN;

	for (int i = 0; i < EXT_HEADERS; i++) {
		struct {
			__u8 next, len;
			__be16 frag;
		} h;

		f->upper = next;
		f->upper_at = at;
		if (next != HOP && next != ROUTING && next != DSTOPT && next != AUTH &&
		    next != FRAGMENT)
			return 0;
		if (!take_bytes(skb, f, at, &h, sizeof(h)))
			return objection(VZ_DROP_HEADERS);
		if (next == FRAGMENT) {
			if (f->fragment)
				return objection(VZ_DROP_HEADERS);
			f->fragment = true;
			f->later = h.frag & bpf_htons(0xfff8);
			if (f->later)
				return 0;
			at += 8;
		} else if (next == AUTH) {
			at += (h.len + 2) * 4;
		} else {
			at += (h.len + 1) * 8;
		}
		next = h.next;
	}
	return objection(VZ_DROP_HEADERS);
}

static __always_inline int parse_v6(struct __sk_buff *skb, struct frame *f)
{
	struct {
		__u8 version, flow[3];
		__be16 len;
		__u8 next, hops;
		__u8 src[16], dst[16];
	} ip;
	__u32 len;

	if (load_bytes(skb, f->net, &ip, sizeof(ip)))
		return objection(VZ_DROP_MALFORMED);
	len = bpf_ntohs(ip.len) + V6_LEN;
	if (len == V6_LEN && skb->gso_size)
		len = skb->len - f->net;
	if (ip.version >> 4 != 6 || f->net + len > skb->len)
		return objection(VZ_DROP_MALFORMED);
	f->family = FAMILY6;
	f->end = f->net + len;
	__builtin_memcpy(f->src, ip.src, 16);
	__builtin_memcpy(f->dst, ip.dst, 16);
	return walk_v6(skb, f, ip.next);
}

/* The little that is looked at above IP. A first fragment that ends before it hides it. */
static __always_inline int parse_upper(struct __sk_buff *skb, struct frame *f)
{
	if (f->later)
		return 0;
	if (f->upper == UDP) {
		__be16 ports[4];

		if (!take_bytes(skb, f, f->upper_at, ports, sizeof(ports)))
			return objection(VZ_DROP_HEADERS);
		f->sport = bpf_ntohs(ports[0]);
		f->dport = bpf_ntohs(ports[1]);
	}
	if (f->upper == ICMP6 && f->family == FAMILY6) {
		__u8 head[8];

		if (!take_bytes(skb, f, f->upper_at, head, sizeof(head)))
			return objection(VZ_DROP_HEADERS);
		f->icmp6 = head[0];
	}
	return 0;
}

static __always_inline int parse_ip(struct __sk_buff *skb, struct frame *f)
{
	int no = 0;

	if (f->type == P_V4)
		no = parse_v4(skb, f);
	else if (f->type == P_V6)
		no = parse_v6(skb, f);
	if (no || !f->family)
		return no;
	return parse_upper(skb, f);
}

#endif
