/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guard looks at of the host's kernel: is there anything that would look at what it forwards, and is a
 * device a port of a bridge? With VZ_SEES_HOST by the kernel's own structures, which needs BTF and
 * Linux 6.2 (bpf_cast_to_kern_ctx()); with VZ_PROBES_DEVICE the device alone, by a helper that needs BTF
 * and no lockdown; with neither nothing is seen, and what is safe is taken for true.
 */
#ifndef VZ_GUARD_BPF_NET_HOST_H
#define VZ_GUARD_BPF_NET_HOST_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "net-frame.h"

enum { TO_HOST = 0, TO_OTHER = 3 }; /* PACKET_HOST, PACKET_OTHERHOST of <linux/if_packet.h> */

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

#endif
