// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guard, in the kernel. vz_from runs on what a VPS sends (tc ingress of the host end of its
 * device), vz_to on what it gets (tc egress). One order: filter (net-filter.h), count (net-count.h), shape.
 * Shaping is the next filter's (shape.c): to hand a frame to ifb needs act_mirred, since ifb before 6.5
 * does not take what bpf_redirect() sends. What a direct device sends to another is counted for both by
 * vz_from, since it never comes to the other's vz_to.
 *
 * It must load on Linux 6.1: loops are bounded and short, nothing newer than its helpers is used. It
 * is compiled three times, and the loader takes the first that the kernel does: with VZ_SEES_HOST, with
 * VZ_PROBES_DEVICE, and without (net-host.h).
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "net-count.h"
#include "net-filter.h"
#include "net-frame.h"
#include "net-host.h"
#include "net-maps.h"

enum { INET = 2, INET6 = 10 }; /* AF_* */

/* ---- from VPS to VPS ---- */

/* A hint, which spares most of what leaves the host a second search of the routes. */
static __always_inline bool is_of_a_vps(const struct frame *f, const __u8 *addr)
{
	struct vz_guard_addr_key k = { .family = f->family };

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
