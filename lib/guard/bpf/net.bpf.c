// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guard, in the kernel. vz_from runs on what a VPS sends (tc ingress of the host end of its
 * device), vz_to on what it gets (tc egress). One order: filter, count, shape. Shaping is the next
 * filter's (shape.c): to hand a frame to ifb needs act_mirred, since ifb before 6.5 does not take
 * what bpf_redirect() sends. What a direct device sends to another is counted for both by vz_from,
 * since it never comes to the other's vz_to.
 *
 * A check of the filter returns 0, "I do not object", or objection(reason). No check accepts, and a
 * frame passes only when none objects: so the order of the checks cannot matter, and an exception
 * (a DHCP client without address, duplicate address detection) is an exception to one check and
 * never to the others.
 *
 * What is read lies within the IP packet as its own length says, not as the frame says: bytes behind
 * that end (Ethernet padding) are not what the receiver sees, and must not stand in for a header
 * that comes in a later fragment.
 *
 * It must load on Linux 6.1: loops are bounded and short, nothing newer than its helpers is used. It
 * is compiled three times, and the loader takes the first that the kernel does. With VZ_SEES_HOST it also
 * looks at kernel structures, which needs BTF and Linux 6.2 (bpf_cast_to_kern_ctx()); with
 * VZ_PROBES_DEVICE at the device alone, by a helper that needs BTF and no lockdown.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "guard-maps.h"

#define TAGS 2          /* VLAN tags in a frame that are looked through */
#define EXT_HEADERS 8   /* IPv6 extension headers of a packet */
#define ND_OPTIONS 16

enum { ETH_LEN = 14, TAG_LEN = 4, V4_LEN = 20, V6_LEN = 40, ARP_LEN = 28, LLC_MAX = 0x5ff };
enum { P_V4 = 0x0800, P_ARP = 0x0806, P_8021Q = 0x8100, P_V6 = 0x86dd, P_8021AD = 0x88a8 };
enum { HOP = 0, TCP = 6, UDP = 17, ROUTING = 43, FRAGMENT = 44, AUTH = 51, ICMP6 = 58, DSTOPT = 60 };
enum { MLD_QUERY = 130, MLD_REPORT = 131, MLD_DONE = 132, RS = 133, RA = 134, NS = 135, NA = 136,
       REDIRECT = 137, MLD2_REPORT = 143 };
enum { DHCP_SERVER = 67, DHCP_CLIENT = 68, DHCP6_CLIENT = 546, DHCP6_SERVER = 547 };
enum { FAMILY4 = 4, FAMILY6 = 6 };
enum { TO_HOST = 0, TO_OTHER = 3 }; /* PACKET_HOST, PACKET_OTHERHOST of <linux/if_packet.h> */
enum { INET = 2, INET6 = 10 }; /* AF_* */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VZ_GUARD_MAX_DEVS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct vz_dev);
} vz_devs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VZ_GUARD_MAX_ADDRS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct vz_addr_key);
	__type(value, struct vz_addr);
} vz_addrs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VZ_GUARD_MAX_DEVS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct vz_link_local);
} vz_link_locals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VZ_GUARD_MAX_DEVS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct vz_counters);
} vz_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, VZ_GUARD_MAX_CLASSES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct vz_class_key);
	__type(value, __u32);
} vz_classes SEC(".maps");

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

static __always_inline bool same(const __u8 *a, const __u8 *b, int n)
{
	__u8 diff = 0;

#pragma unroll
	for (int i = 0; i < n; i++)
		diff |= a[i] ^ b[i];
	return !diff;
}

static __always_inline bool is_zero(const __u8 *a, int from, int to)
{
	__u8 any = 0;

#pragma unroll
	for (int i = from; i < to; i++)
		any |= a[i];
	return !any;
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

/* ---- taking a frame apart ---- */

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

/* ---- whose is an address ---- */

static __always_inline bool owns4(const struct frame *f, const __u8 *addr)
{
	struct vz_addr_key k = { .ifindex = f->ifindex, .family = FAMILY4 };

	__builtin_memcpy(k.addr, addr, 4);
	return bpf_map_lookup_elem(&vz_addrs, &k);
}

static __always_inline bool is_link_local(const __u8 *a)
{
	return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

static __always_inline bool is_eui64(const __u8 *a, const __u8 *mac)
{
	return a[8] == (mac[0] ^ 2) && a[9] == mac[1] && a[10] == mac[2] && a[11] == 0xff &&
	       a[12] == 0xfe && a[13] == mac[3] && a[14] == mac[4] && a[15] == mac[5];
}

/*
 * fe80::/64 with the EUI-64 of the MAC is the device's own. So that guests with stable-privacy or
 * random identifiers work, the first other one that it uses becomes its second, for the life of the
 * device; but not one that a router or another host is likely to have: with a small number
 * (fe80::1) or the EUI-64 of another MAC.
 */
static __always_inline bool owns_link_local(const struct frame *f, const __u8 *a)
{
	struct vz_link_local mine, *have;

	if (a[0] != 0xfe || a[1] != 0x80 || !is_zero(a, 2, 8))
		return false;
	if (is_eui64(a, f->dev->mac))
		return true;
	if (is_zero(a, 8, 12) || (a[11] == 0xff && a[12] == 0xfe))
		return false;
	have = bpf_map_lookup_elem(&vz_link_locals, &f->ifindex);
	if (have)
		return same(have->addr, a, 16);
	__builtin_memcpy(mine.addr, a, 16);
	return !bpf_map_update_elem(&vz_link_locals, &f->ifindex, &mine, BPF_NOEXIST);
}

static __always_inline bool owns6(const struct frame *f, const __u8 *addr)
{
	struct vz_addr_key k = { .ifindex = f->ifindex, .family = FAMILY6 };

	__builtin_memcpy(k.addr, addr, 16);
	if (bpf_map_lookup_elem(&vz_addrs, &k))
		return true;
	return f->dev->flags & VZ_DEV_L2 && owns_link_local(f, addr);
}

/* ---- checks of a routed device: plain IP from own addresses ---- */

static __always_inline int check_venet(const struct frame *f)
{
	if (f->tagged)
		return objection(VZ_DROP_VLAN);
	if (f->family == FAMILY4)
		return owns4(f, f->src) ? 0 : objection(VZ_DROP_SOURCE4);
	if (f->family != FAMILY6)
		return objection(VZ_DROP_ETHERTYPE);
	if (is_link_local(f->src))
		return objection(VZ_DROP_LINK_LOCAL);
	if (!owns6(f, f->src))
		return objection(VZ_DROP_SOURCE6);
	if ((f->icmp6 >= MLD_QUERY && f->icmp6 <= REDIRECT) || f->icmp6 == MLD2_REPORT)
		return objection(VZ_DROP_ICMP6);
	return 0;
}

/* ---- checks of an Ethernet device, one per promise ---- */

static __always_inline int check_ethernet(const struct frame *f)
{
	const __u8 *to = f->dst_mac;
	__u32 flags = f->dev->flags;
	bool filtered = flags & (VZ_DEV_MAC_FILTER | VZ_DEV_IP_FILTER);

	if (f->src_mac[0] & 1)
		return objection(VZ_DROP_MAC);
	if (flags & VZ_DEV_MAC_FILTER && !same(f->src_mac, f->dev->mac, 6))
		return objection(VZ_DROP_MAC);
	if (f->tagged && filtered)
		return objection(VZ_DROP_VLAN);
	if (!(flags & VZ_DEV_ROUTER)) {
		/* 01:80:c2:00:00:0X, which no bridge passes on: STP, LLDP, 802.1X ... */
		if (to[0] == 0x01 && to[1] == 0x80 && to[2] == 0xc2 && !to[3] && !to[4] &&
		    to[5] < 16)
			return objection(VZ_DROP_BPDU);
		/* three tags, of which the innermost was not looked behind */
		if (f->type == P_8021Q || f->type == P_8021AD)
			return objection(VZ_DROP_VLAN);
	}
	/* 802.2 could carry IP in another dress */
	if (f->type <= LLC_MAX && (filtered || !(flags & VZ_DEV_ROUTER)))
		return objection(VZ_DROP_ETHERTYPE);
	if (flags & VZ_DEV_IP_FILTER && !f->family && f->type != P_ARP)
		return objection(VZ_DROP_ETHERTYPE);
	return 0;
}

static __always_inline int check_arp(struct __sk_buff *skb, const struct frame *f)
{
	struct {
		__be16 htype, ptype;
		__u8 hlen, plen;
		__be16 op;
		__u8 sha[6], spa[4], tha[6], tpa[4];
	} arp;
	__u32 flags = f->dev->flags;

	if (f->type != P_ARP || !(flags & (VZ_DEV_MAC_FILTER | VZ_DEV_IP_FILTER)))
		return 0;
	if (bpf_skb_load_bytes(skb, f->net, &arp, sizeof(arp)))
		return objection(VZ_DROP_MALFORMED);
	if (arp.htype != bpf_htons(1) || arp.ptype != bpf_htons(P_V4) || arp.hlen != 6 ||
	    arp.plen != 4 || (arp.op != bpf_htons(1) && arp.op != bpf_htons(2)))
		return objection(VZ_DROP_MALFORMED);
	if (flags & VZ_DEV_MAC_FILTER && !same(arp.sha, f->dev->mac, 6))
		return objection(VZ_DROP_ARP_MAC);
	if (!(flags & VZ_DEV_IP_FILTER))
		return 0;
	/* RFC 5227: who probes for an address does not claim it yet, but makes others wait */
	if (arp.op == bpf_htons(1) && is_zero(arp.spa, 0, 4))
		return owns4(f, arp.tpa) ? 0 : objection(VZ_DROP_ARP_IP);
	return owns4(f, arp.spa) ? 0 : objection(VZ_DROP_ARP_IP);
}

/* Clients take an answer from whatever port, so it is also known by where it goes. */
static __always_inline int check_dhcp_server(const struct frame *f)
{
	if (f->dev->flags & VZ_DEV_ROUTER || f->upper != UDP || f->later)
		return 0;
	if (f->family == FAMILY4 && (f->sport == DHCP_SERVER || f->dport == DHCP_CLIENT))
		return objection(VZ_DROP_DHCP_SERVER);
	if (f->family == FAMILY6 && (f->sport == DHCP6_SERVER || f->dport == DHCP6_CLIENT))
		return objection(VZ_DROP_DHCP_SERVER);
	return 0;
}

static __always_inline int check_router(const struct frame *f)
{
	if (f->dev->flags & VZ_DEV_ROUTER)
		return 0;
	if (f->icmp6 == RA || f->icmp6 == REDIRECT || f->icmp6 == MLD_QUERY)
		return objection(VZ_DROP_ROUTER);
	return 0;
}

static __always_inline int check_source4(const struct frame *f)
{
	if (f->family != FAMILY4 || !(f->dev->flags & VZ_DEV_IP_FILTER) || owns4(f, f->src))
		return 0;
	if (is_zero(f->src, 0, 4) && f->upper == UDP && !f->fragment && f->sport == DHCP_CLIENT &&
	    f->dport == DHCP_SERVER && (f->dst[0] & f->dst[1] & f->dst[2] & f->dst[3]) == 0xff)
		return 0;
	return objection(VZ_DROP_SOURCE4);
}

/* The unspecified address is for who has none yet (RFC 4861, 4862, 3590). */
static __always_inline bool may_be_unspecified(const struct frame *f)
{
	return f->icmp6 == RS || f->icmp6 == NS || f->icmp6 == MLD_REPORT ||
	       f->icmp6 == MLD_DONE || f->icmp6 == MLD2_REPORT;
}

static __always_inline int check_source6(const struct frame *f)
{
	if (f->family != FAMILY6 || !(f->dev->flags & VZ_DEV_IP_FILTER))
		return 0;
	if (is_zero(f->src, 0, 16))
		return may_be_unspecified(f) ? 0 : objection(VZ_DROP_SOURCE6);
	if (owns6(f, f->src))
		return 0;
	return objection(is_link_local(f->src) ? VZ_DROP_LINK_LOCAL : VZ_DROP_SOURCE6);
}

/* Every link-layer address option is the device's own; what cannot be read to its end is not. */
static __always_inline int check_nd_options(struct __sk_buff *skb, const struct frame *f)
{
	__u32 at = f->upper_at + (f->icmp6 == RS ? 8 : f->icmp6 == RA ? 16 :
				  f->icmp6 == REDIRECT ? 40 : 24);

	for (int i = 0; i < ND_OPTIONS; i++) {
		__u8 o[8];

		if (at == f->end)
			return 0;
		if (!take_bytes(skb, f, at, o, sizeof(o)) || !o[1])
			return objection(VZ_DROP_ND_MAC);
		/* of a redirect, the target's address is that of another */
		if (o[0] == 1 || (o[0] == 2 && f->icmp6 != REDIRECT))
			if (o[1] != 1 || !same(o + 2, f->dev->mac, 6))
				return objection(VZ_DROP_ND_MAC);
		at += o[1] * 8;
	}
	return at == f->end ? 0 : objection(VZ_DROP_ND_MAC);
}

static __always_inline int check_nd_target(struct __sk_buff *skb, const struct frame *f)
{
	__u8 target[16];

	if (f->icmp6 != NA && !(f->icmp6 == NS && is_zero(f->src, 0, 16)))
		return 0;
	if (!take_bytes(skb, f, f->upper_at + 8, target, sizeof(target)))
		return objection(VZ_DROP_ND_IP);
	return owns6(f, target) ? 0 : objection(VZ_DROP_ND_IP);
}

static __always_inline int check_nd(struct __sk_buff *skb, const struct frame *f)
{
	__u32 flags = f->dev->flags;
	int no = 0;

	if (f->icmp6 < RS || f->icmp6 > REDIRECT)
		return 0;
	if (f->fragment) /* RFC 6980 */
		return objection(VZ_DROP_HEADERS);
	if (flags & VZ_DEV_MAC_FILTER)
		no = check_nd_options(skb, f);
	if (!no && flags & VZ_DEV_IP_FILTER)
		no = check_nd_target(skb, f);
	return no;
}

static __always_inline int filter(struct __sk_buff *skb, struct frame *f)
{
	int no = parse_ethernet(skb, f);

	no = no ?: parse_ip(skb, f);
	if (no)
		return no;
	if (!(f->dev->flags & VZ_DEV_L2))
		return check_venet(f);
	no = check_ethernet(f);
	no = no ?: check_arp(skb, f);
	no = no ?: check_router(f);
	no = no ?: check_dhcp_server(f);
	no = no ?: check_source4(f);
	no = no ?: check_nd(skb, f);
	no = no ?: check_source6(f);
	return no;
}

/* ---- counting ---- */

static __always_inline __u32 class_of(const struct frame *f, const __u8 *far)
{
	struct vz_class_key k = { .family = f->family };
	__u32 *class;

	k.prefix = 8 + (f->family == FAMILY4 ? 32 : 128);
	__builtin_memcpy(k.addr, far, 16);
	class = bpf_map_lookup_elem(&vz_classes, &k);
	return class ? *class : 1;
}

/* One buffer may stand for many packets of gso_size bytes of data each, all with these headers. */
static __always_inline struct vz_count weigh(struct __sk_buff *skb, struct frame *f)
{
	__u32 headers = f->upper_at - f->net, size = skb->gso_size, data;
	struct vz_count w = { .bytes = f->end - f->net, .packets = 1 };
	__u8 offset = 0;

	f->largest = w.bytes;
	if (!size)
		return w;
	if (f->upper == TCP && !load_bytes(skb, f->upper_at + 12, &offset, 1))
		headers += (offset >> 4) * 4;
	else if (f->upper == UDP)
		headers += 8;
	data = w.bytes > headers ? w.bytes - headers : 0;
	if (data <= size)
		return w;
	w.packets = (data + size - 1) / size;
	w.bytes += (w.packets - 1) * headers;
	f->largest = headers + size;
	return w;
}

static __always_inline void count(const struct frame *f, const struct vz_count *w,
				  struct vz_counters *c, bool out)
{
	__u32 class = class_of(f, out ? f->dst : f->src);
	struct vz_count *n;

	class &= VZ_CLASSES - 1; /* which it is; the verifier cannot know */
	if (!class)
		return;
	n = &c->traffic[class][f->family == FAMILY4 ? VZ_V4 : VZ_V6][out ? VZ_OUT : VZ_IN];
	__sync_fetch_and_add(&n->bytes, w->bytes);
	__sync_fetch_and_add(&n->packets, w->packets);
}

/* ---- from VPS to VPS ---- */

#if defined(VZ_SEES_HOST) || defined(VZ_PROBES_DEVICE)
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct netns_nf {
	void *hooks_ipv4[5], *hooks_ipv6[5];
};
struct netns_xfrm {
	unsigned int policy_count[6];
};
struct netns_ipv4 {
	bool fib_has_custom_rules;
};
struct netns_ipv6 {
	bool fib6_has_custom_rules;
};
struct net {
	struct netns_nf nf;
	struct netns_xfrm xfrm;
	struct netns_ipv4 ipv4;
	struct netns_ipv6 ipv6;
};
typedef struct {
	struct net *net;
} possible_net_t;
struct net_device {
	possible_net_t nd_net;
	void *nf_hooks_ingress;
	void *rx_handler; /* of the bridge, or whatever else the device is a port of */
};
struct sk_buff {
	struct net_device *dev;
};
#pragma clang attribute pop
#endif

#ifdef VZ_SEES_HOST
enum { PRE_ROUTING = 0, FORWARD = 2, POST_ROUTING = 4 }; /* <linux/netfilter.h> */
enum { POLICY_OUT = 1, POLICY_FWD = 2 };                 /* <linux/xfrm.h> */

extern void *bpf_cast_to_kern_ctx(void *) __ksym;

/* Would anything but the routes look at what the host forwards: netfilter (iptables, nftables,
 * connection tracking), IPsec policies, rules that choose a table? A kernel built without one of
 * them has no such member. */
static __always_inline bool host_looks(struct __sk_buff *ctx, const struct frame *f)
{
	struct sk_buff *skb = bpf_cast_to_kern_ctx(ctx);
	struct net_device *dev = skb->dev;
	struct net *net = dev->nd_net.net;

	if (bpf_core_field_exists(net->xfrm) &&
	    (net->xfrm.policy_count[POLICY_OUT] || net->xfrm.policy_count[POLICY_FWD]))
		return true;
	if (bpf_core_field_exists(dev->nf_hooks_ingress) && dev->nf_hooks_ingress)
		return true;
	if (f->family == FAMILY4)
		return net->nf.hooks_ipv4[PRE_ROUTING] || net->nf.hooks_ipv4[FORWARD] ||
		       net->nf.hooks_ipv4[POST_ROUTING] ||
		       (bpf_core_field_exists(net->ipv4.fib_has_custom_rules) &&
			net->ipv4.fib_has_custom_rules);
	return net->nf.hooks_ipv6[PRE_ROUTING] || net->nf.hooks_ipv6[FORWARD] ||
	       net->nf.hooks_ipv6[POST_ROUTING] ||
	       (bpf_core_field_exists(net->ipv6.fib6_has_custom_rules) &&
		net->ipv6.fib6_has_custom_rules);
}
#else
static __always_inline bool host_looks(struct __sk_buff *ctx, const struct frame *f)
{
	(void)ctx;
	(void)f;
	return true; /* it cannot be seen */
}
#endif

/* A hint, which spares most of what leaves the host a second search of the routes. */
static __always_inline bool is_of_a_vps(const struct frame *f, const __u8 *addr)
{
	struct vz_addr_key k = { .family = f->family };

	__builtin_memcpy(k.addr, addr, 16);
	return bpf_map_lookup_elem(&vz_addrs, &k);
}

/* The device that the host would route it to; 0 when it would do something else with it. */
static __always_inline __u32 next_device(struct __sk_buff *skb, const struct frame *f)
{
	struct bpf_fib_lookup r = { .ifindex = f->ifindex, .l4_protocol = f->upper,
				    .tot_len = f->largest };
	long no;

	if (f->family == FAMILY4) {
		r.family = INET;
		__builtin_memcpy(&r.ipv4_src, f->src, 4);
		__builtin_memcpy(&r.ipv4_dst, f->dst, 4);
	} else {
		r.family = INET6;
		__builtin_memcpy(r.ipv6_src, f->src, 16);
		__builtin_memcpy(r.ipv6_dst, f->dst, 16);
	}
	no = bpf_fib_lookup(skb, &r, sizeof(r), 0);
	/* where there is no ARP, neighbours need not be known */
	return no == BPF_FIB_LKUP_RET_SUCCESS || no == BPF_FIB_LKUP_RET_NO_NEIGH ? r.ifindex : 0;
}

/* Into the VPS that the host would route it to when both devices allow it and no rate is to be
 * kept; else the host routes it. Frames that it would not route, since they are not for its MAC,
 * are its affair too. */
static __always_inline int go_straight(struct __sk_buff *skb, const struct frame *f,
				       const struct vz_count *w)
{
	__u32 allowed = host_looks(skb, f) ? VZ_DEV_DIRECT : VZ_DEV_DIRECT | VZ_DEV_AUTO;
	struct vz_counters *c;
	struct vz_dev *to;
	__u32 ifindex;

	if (!(f->dev->flags & allowed) || f->dev->flags & VZ_DEV_RATE_OUT ||
	    skb->pkt_type != TO_HOST || !is_of_a_vps(f, f->dst))
		return TC_ACT_UNSPEC;
	ifindex = next_device(skb, f);
	if (!ifindex || ifindex == f->ifindex)
		return TC_ACT_UNSPEC;
	to = bpf_map_lookup_elem(&vz_devs, &ifindex);
	if (!to || !(to->flags & allowed) || to->flags & VZ_DEV_RATE_IN)
		return TC_ACT_UNSPEC;
	c = bpf_map_lookup_elem(&vz_counters, &to->ctid);
	if (c)
		count(f, w, c, false);
	return bpf_redirect_peer(ifindex, 0);
}

/* ---- what is to be on a bridge ---- */

/* Without one, the host's own stack would take the frame. It takes none for another host: where the device
 * cannot be looked at, those for its own MAC become that. A bridge looks again what is for its own. */
static __always_inline bool has_no_bridge(struct __sk_buff *ctx)
{
#if defined(VZ_SEES_HOST)
	return !((struct sk_buff *)bpf_cast_to_kern_ctx(ctx))->dev->rx_handler;
#elif defined(VZ_PROBES_DEVICE)
	struct net_device *dev = NULL;
	void *handler = NULL;

	bpf_probe_read_kernel(&dev, sizeof(dev), &((struct sk_buff *)ctx)->dev);
	bpf_probe_read_kernel(&handler, sizeof(handler), &dev->rx_handler);
	return !handler;
#else
	return ctx->pkt_type == TO_HOST && bpf_skb_change_type(ctx, TO_OTHER);
#endif
}

/* ---- the programs ---- */

SEC("tc")
int vz_from(struct __sk_buff *skb)
{
	struct frame f = { .ifindex = skb->ifindex };
	struct vz_counters *c;
	struct vz_count w;
	int no;

	f.dev = bpf_map_lookup_elem(&vz_devs, &f.ifindex);
	if (!f.dev || (f.dev->flags & VZ_DEV_BRIDGED && has_no_bridge(skb)))
		return TC_ACT_SHOT;
	c = bpf_map_lookup_elem(&vz_counters, &f.dev->ctid);
	no = filter(skb, &f);
	if (no) {
		if (c && (__u32)no <= VZ_DROPS)
			__sync_fetch_and_add(&c->drops[no - 1], 1);
		return TC_ACT_SHOT;
	}
	if (!f.family)
		return TC_ACT_UNSPEC; /* on to the filter that shapes, if there is one */
	w = weigh(skb, &f);
	if (c)
		count(&f, &w, c, true);
	return f.dev->flags & VZ_DEV_L2 ? TC_ACT_UNSPEC : go_straight(skb, &f, &w);
}

SEC("tc")
int vz_to(struct __sk_buff *skb)
{
	struct frame f = { .ifindex = skb->ifindex };
	struct vz_counters *c;
	struct vz_count w;

	f.dev = bpf_map_lookup_elem(&vz_devs, &f.ifindex);
	if (!f.dev)
		return TC_ACT_UNSPEC;
	c = bpf_map_lookup_elem(&vz_counters, &f.dev->ctid);
	if (c && !parse_ethernet(skb, &f) && (!parse_ip(skb, &f) || f.family) && f.family) {
		w = weigh(skb, &f);
		count(&f, &w, c, false);
	}
	return TC_ACT_UNSPEC;
}

char vz_license[] SEC("license") = "GPL";
