/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much a frame is, and of which class: what vznetstat shows. */
#ifndef VZ_GUARD_BPF_NET_COUNT_H
#define VZ_GUARD_BPF_NET_COUNT_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "net-frame.h"
#include "net-maps.h"

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

#endif
