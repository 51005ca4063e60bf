// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a VPS may ask of netlink, of the socket options of the old packet filters, and which sockets
 * it may make: the levels of NETFILTER, the features that are kinds of network devices, and what a
 * network namespace holds. Compiled for the BPF machine,
 * loaded and attached once by vzpolicy for all VPSes; a process is one of a VPS when a group above
 * it is in the map.
 *
 * They stand before the kernel's security hooks, which see a message once it is in kernel memory:
 * nobody can change it after we have looked. How a message is read is in netlink-walk.h. A kernel
 * needs BPF trampolines and its type information for this. Where the BPF security module is on, the
 * loader makes them programs of that: those of the sections' names are passed over by the kernel
 * while one runs on the same processor, and on a kernel that preempts itself a guest can bring that
 * about.
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/netlink.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "ct/features.h"
#include "launch/bpf/policy-names.h"
#include "launch/bpf/policy-sockets.h"

#define LEVELS_MAX 10 /* of groups below the root; ours is the second to fourth */

#define NETLINK 16 /* AF_NETLINK */

#define LINK_FEATURES (VZ_FEAT_PPP | VZ_FEAT_WIREGUARD | VZ_FEAT_BRIDGE | VZ_FEAT_TUNNELS)

/* Of the kernel's own types only what is read; libbpf finds the offsets. */
struct sock {
	__u16 sk_protocol;
} __attribute__((preserve_access_index));
struct sk_buff {
	unsigned int len;
	unsigned char *data;
} __attribute__((preserve_access_index));
struct socket;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VZ_POLICY_VPSES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
} vz_vpses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VZ_POLICY_NAMES);
	__type(key, struct vz_policy_name);
	__type(value, __u32);
} vz_names SEC(".maps");

static long (*const vz_read)(void *dst, __u32 n, const void *from) =
	(void *)BPF_FUNC_probe_read_kernel;
static long (*const vz_read_name)(void *dst, __u32 n, const void *from) =
	(void *)BPF_FUNC_probe_read_kernel_str;

static __always_inline __u32 *vz_name_value(const struct vz_policy_name *key)
{
	return bpf_map_lookup_elem(&vz_names, key);
}

#include "launch/bpf/netlink-walk.h"

/* The features of the VPS that the caller is in; ~0: none. */
#define NO_VPS (~0u)
static __always_inline __u32 features_here(void)
{
	for (int level = 1; level <= LEVELS_MAX; level++) {
		__u64 id = bpf_get_current_ancestor_cgroup_id(level);
		__u32 *f;

		if (!id)
			break;
		f = bpf_map_lookup_elem(&vz_vpses, &id);
		if (f)
			return *f;
	}
	return NO_VPS;
}

/*
 * Where a sender's walk keeps its place. Not on the stack: the verifiers of older kernels (6.1 among
 * them) follow the function of a loop once only, from the values it begins with if they know them,
 * and take out as dead what these do not reach: here all below the first header. What lies in a map
 * they never know. It is of the task, because another sender may take the processor in between.
 */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct walk);
} vz_walks SEC(".maps");

static int step_of(__u32 i, struct walk **w)
{
	return walk_step(i, *w);
}

static __always_inline int check_message(const struct sk_buff *skb, __u32 proto, __u32 features)
{
	struct walk *w = bpf_task_storage_get(&vz_walks, bpf_get_current_task_btf(), NULL,
					      BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!w)
		return -ENOMEM;
	*w = (struct walk){ .data = skb->data, .features = features, .proto = proto };
	w->level[0].end = skb->len;
	if (bpf_loop(STEPS_MAX, step_of, &w, 0) >= STEPS_MAX)
		return -EPERM;
	return w->verdict ? -EPERM : 0; /* a range that the verifier sees */
}

SEC("fmod_ret/security_netlink_send")
int BPF_PROG(vz_netlink, struct sock *sk, struct sk_buff *skb, int ret)
{
	__u32 proto = sk->sk_protocol, features;

	if (ret || (proto != NETLINK_ROUTE && proto != NETLINK_NETFILTER))
		return ret;
	features = features_here();
	if (features == NO_VPS)
		return 0;
	if (proto == NETLINK_ROUTE)
		return (features & LINK_FEATURES) == LINK_FEATURES ? 0 : check_message(skb, proto, features);
	switch (VZ_FEAT_NETFILTER(features)) {
	case VZ_NETFILTER_FULL:
		if (!(features & VZ_FEAT_CT_LIMIT))
			return 0;
		break;
	case VZ_NETFILTER_DISABLED:
		return -EPROTONOSUPPORT;
	}
	return check_message(skb, proto, features);
}

/* The rows of lib/launch/policy.c once more, for socketcall(2) of the 32-bit ABI, whose arguments no
 * system call filter sees. A socket of the kernel's own is nobody's wish. */
static __always_inline bool is_one_of(__u64 set, int number)
{
	return (__u32)number < VZ_SOCKETS_NUMBERS && (set >> (__u32)number & 1);
}

static __always_inline int check_socket(int family, int protocol)
{
	__u32 features = features_here();
	__u64 families = VZ_SOCKETS_FAMILIES;

	if (features == NO_VPS)
		return 0;
	if (features & VZ_FEAT_PPP)
		families |= VZ_SOCKETS_PPPOX;
	if (!is_one_of(families, family))
		return -EAFNOSUPPORT;
	if (family == NETLINK && !is_one_of(VZ_SOCKETS_NETLINK, protocol))
		return -EPROTONOSUPPORT;
	return 0;
}

SEC("fmod_ret/security_socket_create")
int BPF_PROG(vz_socket, int family, int type, int protocol, int kern, int ret)
{
	return ret || kern ? ret : check_socket(family, protocol);
}

static __always_inline int check_option(int level, int option)
{
	__u32 o = (__u32)option, features;
	bool v4 = level == IPPROTO_IP && ((o & ~3u) == 64 || (o & ~3u) == 96 || (o & ~3u) == 128);
	bool v6 = level == IPPROTO_IPV6 && ((o & ~1u) == 64 || (o & ~1u) == 68);

	if (!v4 && !v6)
		return 0;
	features = features_here();
	if (features == NO_VPS || VZ_FEAT_NETFILTER(features) == VZ_NETFILTER_FULL)
		return 0;
	return -ENOPROTOOPT;
}

SEC("fmod_ret/security_socket_setsockopt")
int BPF_PROG(vz_setsockopt, struct socket *sock, int level, int option, int ret)
{
	return ret ? ret : check_option(level, option);
}

SEC("fmod_ret/security_socket_getsockopt")
int BPF_PROG(vz_getsockopt, struct socket *sock, int level, int option, int ret)
{
	return ret ? ret : check_option(level, option);
}

char _license[] SEC("license") = "GPL";
