// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A limit of connection tracking entries for one network namespace. The kernel has one number for
 * all of them (net.netfilter.nf_conntrack_max), which each may reach. This program stands behind
 * connection tracking in the hooks of a VPS: a packet whose entry is new, in a namespace that has
 * more than its share, is dropped, and the entry, which nothing has confirmed yet, with it. That is
 * what the kernel does at its own limit.
 *
 * How many there are stands in a structure that only a number unknown to BPF leads to. The program
 * looks for it among the namespace's structures: it is the one whose own sysctl table points at
 * its counter, which nothing else can do by accident. The number is kept and tried first.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define NF_DROP 0
#define NF_ACCEPT 1
#define NFCT_PTRMASK (~7ul)
#define IPS_CONFIRMED (1u << 3)
#define IPS_TEMPLATE (1u << 11)

#define IDS_MAX 256
#define ENTRIES_MAX 4 /* "nf_conntrack_count" is among the first of the table */
#define NAMESPACES_MAX 16384

#define CORE __attribute__((preserve_access_index))

typedef struct {
	int counter;
} atomic_t;
struct ns_common {
	unsigned int inum;
} CORE;
struct net_generic {
	struct {
		unsigned int len;
	} s;
} CORE;
struct net {
	struct ns_common ns;
	struct net_generic *gen;
} CORE;
struct ctl_table {
	void *data;
} CORE;
struct ctl_table_header {
	const struct ctl_table *ctl_table;
} CORE;
struct nf_conntrack_net {
	atomic_t count;
	struct ctl_table_header *sysctl_header;
} CORE;
struct nf_conn {
	unsigned long status;
} CORE;
struct nf_hook_state {
	struct net *net;
} CORE;
struct sk_buff {
	unsigned long _nfct;
} CORE;
struct bpf_nf_ctx {
	const struct nf_hook_state *state;
	struct sk_buff *skb;
};

/* inode number of a network namespace -> entries it may have */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NAMESPACES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u32);
} vz_ct_limits SEC(".maps");

/* 0: the number of the structure, once found */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} vz_ct_id SEC(".maps");

/* The structure of this number, if it is that of connection tracking. */
static __always_inline struct nf_conntrack_net *get(struct net_generic *gen, __u32 id)
{
	struct nf_conntrack_net *c = NULL;
	struct ctl_table_header *h = NULL;
	const char *table = NULL;
	void *data;

	/* the array of pointers shares its place with the header, which is longer than a pointer */
	if (bpf_probe_read_kernel(&c, sizeof(c), (void *)gen + id * sizeof(void *)) || !c)
		return NULL;
	if (BPF_CORE_READ_INTO(&h, c, sysctl_header) || !h ||
	    BPF_CORE_READ_INTO(&table, h, ctl_table) || !table)
		return NULL;
	for (int i = 0; i < ENTRIES_MAX; i++) {
		const struct ctl_table *t =
			(void *)(table + i * bpf_core_type_size(struct ctl_table));

		data = NULL;
		if (!BPF_CORE_READ_INTO(&data, t, data) &&
		    data == (void *)__builtin_preserve_access_index(&c->count))
			return c;
	}
	return NULL;
}

struct search {
	struct net_generic *gen;
	struct nf_conntrack_net *found;
	__u32 id;
};

static int try_id(__u32 i, struct search *s)
{
	s->found = get(s->gen, i);
	s->id = i;
	return s->found != NULL;
}

static __always_inline struct nf_conntrack_net *counters_of(struct net *net)
{
	struct net_generic *gen = net->gen;
	struct search s = { .gen = gen };
	__u32 len = 0, zero = 0, *known = bpf_map_lookup_elem(&vz_ct_id, &zero);

	if (!gen || !known)
		return NULL;
	if (*known)
		s.found = get(gen, *known);
	if (!s.found) {
		BPF_CORE_READ_INTO(&len, gen, s.len);
		bpf_loop(len < IDS_MAX ? len : IDS_MAX, try_id, &s, 0);
		if (s.found)
			*known = s.id;
	}
	return s.found;
}

SEC("tc") /* the loader says what it is: older libbpf has no word for it */
int vz_conntrack(struct bpf_nf_ctx *ctx)
{
	struct nf_conn *ct = (void *)(ctx->skb->_nfct & NFCT_PTRMASK);
	struct net *net = ctx->state->net;
	struct nf_conntrack_net *c;
	unsigned long status = 0;
	__u32 ns = net->ns.inum, *limit;
	int count = 0;

	if (!ct || BPF_CORE_READ_INTO(&status, ct, status) ||
	    status & (IPS_CONFIRMED | IPS_TEMPLATE))
		return NF_ACCEPT;
	limit = bpf_map_lookup_elem(&vz_ct_limits, &ns);
	if (!limit)
		return NF_ACCEPT;
	c = counters_of(net);
	if (!c || BPF_CORE_READ_INTO(&count, c, count.counter))
		return NF_ACCEPT;
	return (__u32)count > *limit ? NF_DROP : NF_ACCEPT;
}

char _license[] SEC("license") = "GPL";
