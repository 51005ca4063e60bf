// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many TCP sockets a VPS has, and no more than its limit. Compiled for the BPF machine, loaded once by
 * vzpolicy, and attached to the group of each VPS: the kernel runs them for sockets that were born there or
 * below, whoever has them by now.
 *
 * A socket is counted from socket(2), or from the moment in which a connection that came in stands, whether
 * accept(2) has taken it or not. It is counted until its last descriptor is closed, or, when it never had one,
 * until the connection is over: of one that broke while it waited for accept(2) that is early, since nothing
 * tells of it later. Subflows of MPTCP are no sockets of their own.
 * A mark in the socket's storage costs as much as a third of socket(2), so what came from there is counted
 * without one; but with MPTCP, which tells nothing of what came in.
 *
 * At the limit socket(2) fails with ENOBUFS, and what would make a connection is dropped before the listener,
 * so that a peer tries again: that is what the kernel does where a listener's queue is full.
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "res/bpf/sockets-pins.h"

#define PASS 1
#define REFUSE 0
#define TRIES 4 /* for the peak, of CPUs that raise it at once */

/* Of the kernel's own types only what is read; libbpf finds the offsets. */
#define CORE __attribute__((preserve_access_index))
struct socket;
struct sock {
	struct socket *sk_socket;
} CORE;
struct inet_sock {
	struct sock sk;
} CORE;
struct inet_connection_sock {
	struct inet_sock icsk_inet;
} CORE;
struct tcp_sock {
	struct inet_connection_sock inet_conn;
	bool is_mptcp;
} CORE;

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, struct vz_socket_count);
} vz_sockets SEC(".maps");

/* Apart, so that a limit can be written while all is counted on. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, __u64);
} vz_bounds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} vz_counted SEC(".maps");

static __always_inline __u32 *mark_of(struct bpf_sock *sk, __u64 flags)
{
	return bpf_sk_storage_get(&vz_counted, sk, 0, flags);
}

static __always_inline void raise_peak(struct vz_socket_count *c, __u64 held)
{
	for (int i = 0; i < TRIES; i++) {
		__u64 was = *(volatile __u64 *)&c->peak;

		if (held <= was || __sync_val_compare_and_swap(&c->peak, was, held) == was)
			break;
	}
}

static __always_inline void uncount(__u32 *mark)
{
	struct vz_socket_count *c = bpf_get_local_storage(&vz_sockets, 0);

	if (!mark || __sync_lock_test_and_set(mark, 0))
		__sync_fetch_and_add(&c->held, -1);
}

static __always_inline bool set_mark(struct bpf_sock *sk)
{
	__u32 *mark = mark_of(sk, BPF_SK_STORAGE_GET_F_CREATE);

	if (mark)
		*mark = 1;
	return mark;
}

SEC("cgroup/sock_create")
int vz_made(struct bpf_sock *sk)
{
	struct vz_socket_count *c = bpf_get_local_storage(&vz_sockets, 0);
	__u64 *bound = bpf_get_local_storage(&vz_bounds, 0);
	__u64 had;

	if (sk->protocol != IPPROTO_TCP && sk->protocol != IPPROTO_MPTCP)
		return PASS;
	had = __sync_fetch_and_add(&c->held, 1);
	if ((!*bound || VZ_SOCKET_BOUND(had) < *bound) && (sk->protocol == IPPROTO_TCP || set_mark(sk))) {
		raise_peak(c, had + 1);
		return PASS;
	}
	__sync_fetch_and_add(&c->held, -1);
	__sync_fetch_and_add(&c->failed, 1);
	bpf_set_retval(-ENOBUFS);
	return REFUSE;
}

SEC("cgroup/sock_release")
int vz_closed(struct bpf_sock *sk)
{
	__u32 *mark = mark_of(sk, 0);

	if (mark || sk->protocol == IPPROTO_TCP)
		uncount(mark);
	return PASS;
}

/* Where both sides call at once, it is one that came from socket(2) and has a descriptor. */
static __always_inline void came(struct bpf_sock_ops *ops, struct bpf_sock *sk)
{
	struct vz_socket_count *c = bpf_get_local_storage(&vz_sockets, 0);
	struct tcp_sock *tcp = (void *)bpf_skc_to_tcp_sock(sk);

	if (!tcp || tcp->inet_conn.icsk_inet.sk.sk_socket ||
	    (bpf_core_field_exists(tcp->is_mptcp) && tcp->is_mptcp))
		return;
	raise_peak(c, __sync_fetch_and_add(&c->held, 1) + 1);
	if (set_mark(sk))
		bpf_sock_ops_cb_flags_set(ops, BPF_SOCK_OPS_STATE_CB_FLAG);
}

/* What has a descriptor is left to the end of that. */
static __always_inline void over(struct bpf_sock *sk)
{
	struct tcp_sock *tcp = (void *)bpf_skc_to_tcp_sock(sk);
	__u32 *mark = mark_of(sk, 0);

	if (tcp && mark && !tcp->inet_conn.icsk_inet.sk.sk_socket)
		uncount(mark);
}

SEC("sockops")
int vz_connected(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;

	if (!sk)
		return PASS;
	if (ops->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		came(ops, sk);
	else if (ops->op == BPF_SOCK_OPS_STATE_CB && ops->args[1] == BPF_TCP_CLOSE)
		over(sk);
	return PASS;
}

/* Attached where there is a limit only: it sees every packet. */
SEC("cgroup_skb/ingress")
int vz_asked(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct vz_socket_count *c;
	__u64 *bound;

	if (!sk || sk->state != BPF_TCP_LISTEN)
		return PASS;
	sk = bpf_sk_fullsock(sk);
	if (!sk || sk->protocol != IPPROTO_TCP)
		return PASS;
	bound = bpf_get_local_storage(&vz_bounds, 0);
	c = bpf_get_local_storage(&vz_sockets, 0);
	if (!*bound || VZ_SOCKET_BOUND(c->held) < *bound)
		return PASS;
	__sync_fetch_and_add(&c->failed, 1);
	return REFUSE;
}

char _license[] SEC("license") = "GPL";
