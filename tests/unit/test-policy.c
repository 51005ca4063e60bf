// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the compiled system call filter says to a call: its instructions are followed here as the
 * kernel would, for each ABI of the machine.
 */
#include "launch/policy.h"
#include "ct/ct.h"
#include "launch/bpf/policy-sockets.h"
#include "unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static uint32_t word_at(const struct seccomp_data *d, uint32_t at)
{
	uint32_t w = 0;

	if (at + sizeof(w) <= sizeof(*d))
		memcpy(&w, (const char *)d + at, sizeof(w));
	return w;
}

static bool jumps(const struct sock_filter *i, uint32_t a)
{
	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return a == i->k;
	case BPF_JGT:
		return a > i->k;
	case BPF_JGE:
		return a >= i->k;
	case BPF_JSET:
		return a & i->k;
	}
	abort();
}

/* The errno that the filter gives; 0: allowed; -1: it goes astray. */
static int verdict(const struct vz_filter *f, const struct seccomp_data *d)
{
	const struct sock_filter *p = f->bpf;
	uint32_t a = 0;

	for (size_t at = 0; at < f->n; at++) {
		const struct sock_filter *i = &p[at];

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			a = BPF_MODE(i->code) == BPF_ABS ? word_at(d, i->k) : i->k;
			break;
		case BPF_ALU:
			if (i->code != (BPF_ALU | BPF_AND | BPF_K))
				return -1;
			a &= i->k;
			break;
		case BPF_JMP:
			at += i->code == (BPF_JMP | BPF_JA) ? i->k : jumps(i, a) ? i->jt : i->jf;
			break;
		case BPF_RET:
			return i->k == SECCOMP_RET_ALLOW ? 0 : (int)(i->k & SECCOMP_RET_DATA);
		default:
			return -1;
		}
	}
	return -1;
}

struct abi {
	const char *name;
	uint32_t arch;
	int socket, socketpair, setsockopt;
};

static const struct abi abis[] = {
#if defined(__x86_64__)
	{ "x86-64", AUDIT_ARCH_X86_64, SYS_socket, SYS_socketpair, SYS_setsockopt },
	{ "i386", AUDIT_ARCH_I386, 359, 360, 366 }, /* asm/unistd_32.h */
#elif defined(__aarch64__)
	{ "aarch64", AUDIT_ARCH_AARCH64, SYS_socket, SYS_socketpair, SYS_setsockopt },
	{ "arm", AUDIT_ARCH_ARM, 281, 288, 294 },
#endif
	{ 0 },
};

static int call(const struct vz_filter *f, const struct abi *abi, int nr, uint64_t a, uint64_t b,
		uint64_t c)
{
	struct seccomp_data d = { .nr = nr, .arch = abi->arch, .args = { a, b, c } };

	return verdict(f, &d);
}

static bool is_in(uint64_t set, int n)
{
	return set >> n & 1;
}

/* Every family, by each call that makes one, with bits above the int that the kernel looks at. */
static void families(const struct vz_filter *f, const struct abi *abi, uint64_t allowed)
{
	const uint64_t high = 1ull << 32;

	for (int family = 0; family < VZ_SOCKETS_NUMBERS; family++) {
		int want = is_in(allowed, family) ? 0 : EAFNOSUPPORT;
		uint64_t as = (uint64_t)family | high;

		if (call(f, abi, abi->socket, as, SOCK_STREAM, 0) != want)
			printf("%s: socket family %d\n", abi->name, family);
		CHECK_INT(call(f, abi, abi->socket, as, SOCK_STREAM, 0), want);
		CHECK_INT(call(f, abi, abi->socketpair, as, SOCK_STREAM, 0), want);
	}
}

static void netlink(const struct vz_filter *f, const struct abi *abi, bool netfilter)
{
	for (int proto = 0; proto < MAX_LINKS; proto++) {
		bool may = is_in(VZ_SOCKETS_NETLINK, proto) &&
			   (netfilter || proto != NETLINK_NETFILTER);

		if (call(f, abi, abi->socket, AF_NETLINK, SOCK_RAW, (uint64_t)proto) !=
		    (may ? 0 : EPROTONOSUPPORT))
			printf("%s: netlink protocol %d\n", abi->name, proto);
		CHECK_INT(call(f, abi, abi->socket, AF_NETLINK, SOCK_RAW, (uint64_t)proto),
			  may ? 0 : EPROTONOSUPPORT);
	}
	/* the protocol of another family is another thing */
	CHECK_INT(call(f, abi, abi->socket, AF_INET, SOCK_RAW, NETLINK_AUDIT), 0);
}

static void options(const struct vz_filter *f, const struct abi *abi, int want)
{
	CHECK_INT(call(f, abi, abi->setsockopt, 0, IPPROTO_IP, 64), want);
	CHECK_INT(call(f, abi, abi->setsockopt, 0, IPPROTO_IP, 131), want);
	CHECK_INT(call(f, abi, abi->setsockopt, 0, IPPROTO_IPV6, 65), want);
	CHECK_INT(call(f, abi, abi->setsockopt, 0, IPPROTO_IPV6, IPV6_TCLASS), 0);
	CHECK_INT(call(f, abi, abi->setsockopt, 0, SOL_SOCKET, 64), 0);
}

/* What a checkpoint loses, and nobody sees. */
static void lost(const struct vz_filter *f, const struct abi *abi)
{
	CHECK_INT(call(f, abi, 462 /* mseal */, 0, 4096, 0), ENOSYS);
	CHECK_INT(call(f, abi, 461, 0, 4096, 0), 0);
	CHECK_INT(call(f, abi, abi->setsockopt, 0, IPPROTO_TCP, 38), ENOPROTOOPT);
	CHECK_INT(call(f, abi, abi->setsockopt, 0, IPPROTO_TCP, 14), 0);
	CHECK_INT(call(f, abi, abi->setsockopt, 0, SOL_SOCKET, 84), ENOPROTOOPT);
	CHECK_INT(call(f, abi, abi->setsockopt, 0, IPPROTO_IPV6, 27), EPERM);
	CHECK_INT(call(f, abi, abi->setsockopt, 0, IPPROTO_IPV6, 20 /* a group */), 0);
	CHECK_INT(call(f, abi, abi->setsockopt, 0, SOL_SOCKET, 70), ENOPROTOOPT);
}

static void one(uint32_t features)
{
	uint32_t level = VZ_FEAT_NETFILTER(features);
	struct vz_filter f = { 0 };
	struct vz_err e = { 0 };
	int r = vz_policy_filter(features, &f, &e);

	CHECK_INT(r, 0);
	if (r < 0)
		printf("%s\n", e.msg);
	for (const struct abi *abi = abis; abi->name && r >= 0; abi++) {
		families(&f, abi, VZ_SOCKETS_FAMILIES |
				  (features & VZ_FEAT_PPP ? VZ_SOCKETS_PPPOX : 0));
		netlink(&f, abi, level != VZ_NETFILTER_DISABLED);
		options(&f, abi, level == VZ_NETFILTER_FULL ? 0 : ENOPROTOOPT);
		/* landlock_create_ruleset, of all ABIs */
		CHECK_INT(call(&f, abi, 444, 0, 0, 1), features & VZ_FEAT_LANDLOCK ? 0 : EOPNOTSUPP);
		lost(&f, abi);
		/* what has no rows */
		CHECK_INT(call(&f, abi, 3, 0, 0, 0), 0);
	}
#ifdef __x86_64__
	{
		struct abi x32 = { .arch = AUDIT_ARCH_X86_64 }, other = { .arch = AUDIT_ARCH_ARM };

		CHECK_INT(call(&f, &x32, 0x40000000 | SYS_socket, AF_UNIX, SOCK_STREAM, 0), ENOSYS);
		CHECK_INT(call(&f, &other, 281, AF_UNIX, SOCK_STREAM, 0), ENOSYS);
		/* socketcall(SYS_SOCKET): the second argument is a pointer, the rest is rubbish */
		CHECK_INT(call(&f, &abis[1], 102, 1, 0xff001000, 40), 0);
		CHECK_INT(call(&f, &abis[1], 102, 14, IPPROTO_IP, 64), 0);
	}
#endif
	vz_filter_free(&f);
}

int main(void)
{
	one(VZ_NETFILTER_FULL << VZ_FEAT_NETFILTER_SHIFT);
	one(VZ_NETFILTER_DISABLED << VZ_FEAT_NETFILTER_SHIFT | VZ_FEAT_PPP);
	one(VZ_NETFILTER_STATELESS << VZ_FEAT_NETFILTER_SHIFT | VZ_FEAT_NESTING | VZ_FEAT_PRIVILEGED);
	one(VZ_FEAT_LANDLOCK);
	return done();
}
