/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May a VPS send this frame? A check returns 0, "I do not object", or objection(reason). No check accepts,
 * and a frame passes only when none objects: so the order of the checks cannot matter, and an exception
 * (a DHCP client without address, duplicate address detection) is an exception to one check and never
 * to the others.
 */
#ifndef VZ_GUARD_BPF_NET_FILTER_H
#define VZ_GUARD_BPF_NET_FILTER_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "net-frame.h"
#include "net-maps.h"

#define ND_OPTIONS 16
enum { MLD_QUERY = 130, MLD_REPORT = 131, MLD_DONE = 132, RS = 133, RA = 134, NS = 135, NA = 136,
       REDIRECT = 137, MLD2_REPORT = 143 };
enum { DHCP_SERVER = 67, DHCP_CLIENT = 68, DHCP6_CLIENT = 546, DHCP6_SERVER = 547 };

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

/* ---- whose is an address ---- */

static __always_inline bool owns4(const struct frame *f, const __u8 *addr)
{
	struct vz_guard_addr_key k = { .ifindex = f->ifindex, .family = FAMILY4 };

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
	struct vz_guard_addr_key k = { .ifindex = f->ifindex, .family = FAMILY6 };

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

#endif
