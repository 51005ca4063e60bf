// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of what a VPS may not do; see policy.h. How they are loaded is sys's business. */
#include "launch/policy.h"
#include "base/own.h"
#include "base/str.h"
#include "param/switches.h"
#include "sys/call.h"
#include "sys/caps.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <linux/if_tunnel.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* Groups of rows that are left out when a feature or the level of NETFILTER says so. */
#define GROUP_NAMESPACES (1u << 0) /* nesting:on */
#define GROUP_NETFILTER (1u << 1)  /* every level but disabled */
#define GROUP_XTABLES (1u << 2)    /* full: these options hand over rules the kernel reads later */
#define GROUP_BRIDGE (1u << 3)     /* bridge:on */
#define GROUP_TUNNELS (1u << 4)    /* sit, ipip and ipgre on */
#define GROUP_PPP (1u << 5)        /* ppp:on */
#define GROUP_LANDLOCK (1u << 6)   /* landlock:on */

/* Conditions on arguments that are an int. The option numbers of the old packet filters are
 * IPT_BASE_CTL, ARPT_BASE_CTL and EBT_BASE_CTL of linux/netfilter*, four from each; those of
 * IP6T_* are 64, 65, 68, 69, because 66 and 67 are IPV6_RECVTCLASS and IPV6_TCLASS. */
#define IS(at, v) { (at), 0xffffffff, (v) }
#define ONE_OF_4(at, v) { (at), 0xfffffffc, (v) }
#define ONE_OF_2(at, v) { (at), 0xfffffffe, (v) }
#define ONE_OF_8(at, v) { (at), 0xfffffff8, (v) }
#define ONE_OF_32(at, v) { (at), 0xffffffe0, (v) }

/* Two ways to write a row: without and with such conditions. */
#define DENY(c, errno_, f, g, w) \
	{ .call = (c), .err = (errno_), .flag = (f), .group = (g), .why = (w) }
#define WHEN(c, errno_, f, g, w, ...) \
	{ .call = (c), .err = (errno_), .flag = (f), .group = (g), .why = (w), \
	  .args = { __VA_ARGS__ } }

/* Socket families, as a kernel without them would answer: libc, systemd and the afalg engine of
 * OpenSSL go on after that. socketpair() makes the socket before it says that it cannot. */
#define FAMILY(g, w, which) \
	WHEN("socket", EAFNOSUPPORT, 0, g, w, which), WHEN("socketpair", EAFNOSUPPORT, 0, g, w, which)
#define NETLINK(w, which) \
	WHEN("socket", EPROTONOSUPPORT, 0, 0, w, IS(0, AF_NETLINK), which)

/*
 * EPERM where libc and systemd take "not permitted" for an answer and go on; ENOSYS where they
 * fall back only if the call seems not to exist.
 */
/* clang-format off */
static const struct vz_scrow rows[] = {
	DENY("kexec_load", EPERM, 0, 0, "would replace the host's kernel"),
	DENY("kexec_file_load", EPERM, 0, 0, "would replace the host's kernel"),
	DENY("init_module", EPERM, 0, 0, "modules are the host's"),
	DENY("finit_module", EPERM, 0, 0, "modules are the host's"),
	DENY("delete_module", EPERM, 0, 0, "modules are the host's"),
	DENY("open_by_handle_at", EPERM, 0, 0, "opens files outside of the root by guessed handles"),
	DENY("bpf", EPERM, 0, 0, "kernel attack surface; its fds cannot be checkpointed"),
	DENY("perf_event_open", EPERM, 0, 0, "kernel attack surface; its fds cannot be checkpointed"),
	DENY("io_uring_setup", ENOSYS, 0, 0, "cannot be checkpointed; programs fall back"),
	DENY("io_uring_enter", ENOSYS, 0, 0, "cannot be checkpointed; programs fall back"),
	DENY("io_uring_register", ENOSYS, 0, 0, "cannot be checkpointed; programs fall back"),
	DENY("userfaultfd", EPERM, 0, 0, "makes kernel races exploitable; cannot be checkpointed"),
	DENY("keyctl", ENOSYS, 0, 0, "keyrings are not namespaced; runtimes do without"),
	DENY("add_key", ENOSYS, 0, 0, "keyrings are not namespaced; runtimes do without"),
	DENY("request_key", ENOSYS, 0, 0, "keyrings are not namespaced; runtimes do without"),
	/* as a kernel that has it switched off at boot: programs do without */
	DENY("landlock_create_ruleset", EOPNOTSUPP, 0, GROUP_LANDLOCK, "a domain is lost by a checkpoint, and nobody sees it"),
	DENY("landlock_add_rule", EOPNOTSUPP, 0, GROUP_LANDLOCK, "the same"),
	DENY("landlock_restrict_self", EOPNOTSUPP, 0, GROUP_LANDLOCK, "the same"),
	/* as a kernel before 6.3, without CONFIG_GENERIC_ENTRY, without CONFIG_DNOTIFY: systemd takes a filter instead */
	WHEN("prctl", EINVAL, 0, 0, "PR_SET_MDWE is lost by a checkpoint, and nobody sees it", IS(0, 65)),
	WHEN("prctl", EINVAL, 0, 0, "PR_SET_SYSCALL_USER_DISPATCH: the same", IS(0, 59)),
	WHEN("fcntl", EINVAL, 0, 0, "F_NOTIFY: the same", IS(1, F_NOTIFY)),
	WHEN("fcntl64", EINVAL, 0, 0, "F_NOTIFY: the same", IS(1, F_NOTIFY)),
	/* as a kernel before 6.10: who seals does so where it can */
	DENY("mseal", ENOSYS, 0, 0, "the seal is lost by a checkpoint, and nobody sees it at a price that fits"),
	/* advice that is lost, and nobody sees it; as a kernel before 6.4, without CONFIG_MEMORY_FAILURE, before 6.16, 4.13, 6.9, 5.11 */
	WHEN("prctl", EINVAL, 0, 0, "PR_SET_MEMORY_MERGE: pages that VPSes have in common also tell one of the other", IS(0, 67)),
	WHEN("prctl", EINVAL, 0, 0, "PR_MCE_KILL: when it is told of broken memory", IS(0, 33)),
	WHEN("prctl", EINVAL, 0, 0, "PR_FUTEX_HASH: a table of locks of its own", IS(0, 78)),
	WHEN("prctl", EINVAL, 0, 0, "PR_TIMER_CREATE_RESTORE_IDS: CRIU's own", IS(0, 77)),
	WHEN("prctl", EINVAL, 0, 0, "PR_SET_TSC: a restored one reads the clock again, and nobody sees it", IS(0, 26)),
	WHEN("fcntl", EINVAL, 0, 0, "F_SET_RW_HINT", IS(1, 1036)),
	WHEN("fcntl64", EINVAL, 0, 0, "F_SET_RW_HINT", IS(1, 1036)),
	WHEN("ioctl", ENOTTY, 0, 0, "EPIOCSPARAMS: busy polling of an epoll", IS(1, 0x40088a01)),
	WHEN("setsockopt", ENOPROTOOPT, 0, 0, "SO_BUSY_POLL_BUDGET", IS(1, SOL_SOCKET), IS(2, 70)),
	/* as to one who is no router */
	WHEN("setsockopt", EPERM, 0, 0, "IPV6_JOIN_ANYCAST is lost by a checkpoint, and nobody sees it", IS(1, IPPROTO_IPV6), IS(2, 27)),
	/* as a kernel before 6.17, without CONFIG_TCP_AO */
	WHEN("setsockopt", ENOPROTOOPT, 0, 0, "SO_INQ is lost by a checkpoint, and nobody sees it", IS(1, SOL_SOCKET), IS(2, 84)),
	WHEN("setsockopt", ENOPROTOOPT, 0, 0, "TCP_AO_ADD_KEY: the same, and no segment would be taken any more",
	     IS(1, IPPROTO_TCP), IS(2, 38)),
	DENY("swapon", EPERM, 0, 0, "swap is the host's"),
	DENY("swapoff", EPERM, 0, 0, "swap is the host's"),
	DENY("syslog", EPERM, 0, 0, "the kernel log is the host's"),
	DENY("acct", EPERM, 0, 0, "process accounting is the host's"),
	DENY("iopl", EPERM, 0, 0, "ports are the host's"),
	DENY("ioperm", EPERM, 0, 0, "ports are the host's"),
	DENY("settimeofday", EPERM, 0, 0, "the clock is the host's"),
	DENY("clock_settime", EPERM, 0, 0, "the clock is the host's"),
	DENY("lookup_dcookie", EPERM, 0, 0, "profiling of the host"),
	DENY("nfsservctl", ENOSYS, 0, 0, "gone from Linux long ago"),
	DENY("unshare", EPERM, CLONE_NEWUTS, GROUP_NAMESPACES, "nested: cannot be checkpointed"),
	DENY("unshare", EPERM, CLONE_NEWIPC, GROUP_NAMESPACES, "nested: cannot be checkpointed"),
	DENY("unshare", EPERM, CLONE_NEWUSER, GROUP_NAMESPACES, "nested: kernel attack surface"),
	DENY("unshare", EPERM, CLONE_NEWPID, GROUP_NAMESPACES, "nested: cannot be checkpointed"),
	DENY("unshare", EPERM, CLONE_NEWCGROUP, GROUP_NAMESPACES, "nested: cannot be checkpointed"),
	DENY("unshare", EPERM, CLONE_NEWTIME, GROUP_NAMESPACES, "nested: cannot be checkpointed"),
	DENY("clone", EPERM, CLONE_NEWUTS, GROUP_NAMESPACES, "nested: cannot be checkpointed"),
	DENY("clone", EPERM, CLONE_NEWIPC, GROUP_NAMESPACES, "nested: cannot be checkpointed"),
	DENY("clone", EPERM, CLONE_NEWUSER, GROUP_NAMESPACES, "nested: kernel attack surface"),
	DENY("clone", EPERM, CLONE_NEWPID, GROUP_NAMESPACES, "nested: cannot be checkpointed"),
	DENY("clone", EPERM, CLONE_NEWCGROUP, GROUP_NAMESPACES, "nested: cannot be checkpointed"),
	DENY("clone3", ENOSYS, 0, GROUP_NAMESPACES, "hides its flags from filters; libc takes clone"),
	/* what is left of families and protocols: bpf/policy-sockets.h */
	FAMILY(0, "none", IS(0, AF_UNSPEC)),
	FAMILY(0, "AX.25: the host's alone", IS(0, 3)),
	FAMILY(0, "IPX, AppleTalk, NET/ROM: the host's alone", ONE_OF_4(0, 4)),
	FAMILY(0, "ATM, X.25: the host's alone", ONE_OF_2(0, 8)),
	FAMILY(0, "ROSE: the host's alone", IS(0, 11)),
	FAMILY(0, "DECnet, NETBEUI: gone from Linux", ONE_OF_2(0, 12)),
	FAMILY(0, "SECURITY: never a socket", IS(0, 14)),
	FAMILY(0, "ASH, ECONET: gone from Linux", ONE_OF_2(0, 18)),
	FAMILY(0, "ATM SVC; RDS reaches the host's InfiniBand; SNA, IRDA", ONE_OF_4(0, 20)),
	FAMILY(GROUP_PPP, "PPPoE and L2TP: kernel attack surface without ppp:on", IS(0, 24)),
	FAMILY(0, "WANPIPE: gone from Linux", IS(0, 25)),
	FAMILY(0, "LLC: the host's alone; IB: its hardware", ONE_OF_2(0, 26)),
	FAMILY(0, "MPLS, CAN, TIPC, Bluetooth: kernel attack surface, or the host's hardware",
	       ONE_OF_4(0, 28)),
	FAMILY(0, "ALG: the host's crypto; VSOCK: its hypervisor; NFC, QIPCRTR: its hardware; "
		  "RXRPC, KCM, SMC, XDP, MCTP: kernel attack surface; what is not invented yet",
	       ONE_OF_32(0, 32)),
	NETLINK("none", IS(2, 1)),
	NETLINK("gone from Linux", IS(2, 3)),
	NETLINK("gone from Linux", IS(2, 5)),
	NETLINK("SELINUX: the host's alone", IS(2, 7)),
	NETLINK("ISCSI: the host's disks", IS(2, 8)),
	NETLINK("AUDIT: the host's; logins fail on its answer, not on its absence", IS(2, 9)),
	NETLINK("CONNECTOR: the host's alone", IS(2, 11)),
	NETLINK("gone from Linux", IS(2, 13)),
	NETLINK("gone from Linux", IS(2, 14)),
	NETLINK("none", IS(2, 17)),
	NETLINK("SCSITRANSPORT: the host's disks; ECRYPTFS: its keys", ONE_OF_2(2, 18)),
	NETLINK("RDMA: shows the host's hardware; CRYPTO: its ciphers", ONE_OF_2(2, 20)),
	NETLINK("SMC: as the family", ONE_OF_2(2, 22)),
	NETLINK("not invented yet", ONE_OF_8(2, 24)),
	WHEN("socket", EPROTONOSUPPORT, 0, GROUP_NETFILTER, "nf_tables, connection tracking, ipset",
	     IS(0, AF_NETLINK), IS(2, NETLINK_NETFILTER)),
	WHEN("setsockopt", ENOPROTOOPT, 0, GROUP_XTABLES, "ip_tables",
	     IS(1, IPPROTO_IP), ONE_OF_4(2, 64)),
	WHEN("setsockopt", ENOPROTOOPT, 0, GROUP_XTABLES, "arp_tables",
	     IS(1, IPPROTO_IP), ONE_OF_4(2, 96)),
	WHEN("setsockopt", ENOPROTOOPT, 0, GROUP_XTABLES, "ebtables",
	     IS(1, IPPROTO_IP), ONE_OF_4(2, 128)),
	WHEN("setsockopt", ENOPROTOOPT, 0, GROUP_XTABLES, "ip6_tables",
	     IS(1, IPPROTO_IPV6), ONE_OF_2(2, 64)),
	WHEN("getsockopt", ENOPROTOOPT, 0, GROUP_XTABLES, "ip_tables",
	     IS(1, IPPROTO_IP), ONE_OF_4(2, 64)),
	WHEN("getsockopt", ENOPROTOOPT, 0, GROUP_XTABLES, "arp_tables",
	     IS(1, IPPROTO_IP), ONE_OF_4(2, 96)),
	WHEN("getsockopt", ENOPROTOOPT, 0, GROUP_XTABLES, "ebtables",
	     IS(1, IPPROTO_IP), ONE_OF_4(2, 128)),
	WHEN("getsockopt", ENOPROTOOPT, 0, GROUP_XTABLES, "ip6_tables",
	     IS(1, IPPROTO_IPV6), ONE_OF_2(2, 64)),
	WHEN("getsockopt", ENOPROTOOPT, 0, GROUP_XTABLES, "ip6_tables",
	     IS(1, IPPROTO_IPV6), ONE_OF_2(2, 68)),
	WHEN("ioctl", EPERM, 0, GROUP_BRIDGE, "makes a bridge", IS(1, SIOCBRADDBR)),
	WHEN("ioctl", EPERM, 0, GROUP_BRIDGE, "makes a bridge, the older way", IS(1, SIOCSIFBR)),
	WHEN("ioctl", EPERM, 0, GROUP_TUNNELS, "makes any of three kinds, told apart by a name in memory",
	     IS(1, SIOCADDTUNNEL)),
	WHEN("ioctl", EPERM, 0, GROUP_TUNNELS, "the same", IS(1, SIOCCHGTUNNEL)),
};
/* clang-format on */

/* The set vzctl has always given (INTERFACE 8.7), with what VE_ADMIN stood for: SYS_ADMIN and
 * NET_ADMIN count inside the VPS's own user namespace only. */
static const char *const default_caps[] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
	"SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
	"IPC_LOCK", "IPC_OWNER", "SYS_CHROOT", "SYS_PTRACE", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "SETFCAP",
};

/* Without a user namespace these would reach the host itself. */
static const char *const never_privileged[] = {
	"DAC_READ_SEARCH", "LINUX_IMMUTABLE", "SYS_RESOURCE",
};

/* Words of the legacy table that are no capabilities of this kernel. */
static bool is_legacy_word(const char *name)
{
	return !strcmp(name, "FS_MASK") || !strcmp(name, "VE_ADMIN");
}

static int apply_switch(const struct vz_switch *s, uint64_t *mask, struct vz_err *e)
{
	uint64_t bit = vz_cap_bit(s->name);

	if (!bit && !is_legacy_word(s->name))
		return vz_fail(e, VZ_SET_CAP, 0, "Capability %s is unknown", s->name);
	if (s->on)
		*mask |= bit;
	else
		*mask &= ~bit;
	return 0;
}

int vz_policy_caps(const struct vz_conf *conf, uint32_t features, uint64_t *ret, struct vz_err *e)
{
	struct vz_switches given;
	uint64_t mask = 0;
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(default_caps); i++)
		mask |= vz_cap_bit(default_caps[i]);
	if (features & VZ_FEAT_PRIVILEGED)
		for (size_t i = 0; i < ARRAY_LEN(never_privileged); i++)
			mask &= ~vz_cap_bit(never_privileged[i]);
	vz_switches_of(&conf->capability, &given);
	for (size_t i = 0; r >= 0 && i < given.n; i++)
		r = apply_switch(&given.v[i], &mask, e);
	if (r >= 0)
		*ret = mask;
	return r;
}

int vz_policy_filter(uint32_t features, struct vz_filter *ret, struct vz_err *e)
{
	struct vz_sctable t = { rows, ARRAY_LEN(rows), 0 };

	if (features & VZ_FEAT_NESTING)
		t.off |= GROUP_NAMESPACES;
	if (VZ_FEAT_NETFILTER(features) != VZ_NETFILTER_DISABLED)
		t.off |= GROUP_NETFILTER;
	if (VZ_FEAT_NETFILTER(features) == VZ_NETFILTER_FULL)
		t.off |= GROUP_XTABLES;
	if (features & VZ_FEAT_PPP)
		t.off |= GROUP_PPP;
	if (features & VZ_FEAT_LANDLOCK)
		t.off |= GROUP_LANDLOCK;
	if (features & VZ_FEAT_BRIDGE)
		t.off |= GROUP_BRIDGE;
	if ((features & VZ_FEAT_TUNNELS) == VZ_FEAT_TUNNELS)
		t.off |= GROUP_TUNNELS;
	return vz_filter_get(&t, VZ_RUNDIR, ret, e);
}
