// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of what a VPS may not do; see policy.h. How they are loaded is sys's business. */
#include "launch/policy.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/caps.h"

#define GROUP_NAMESPACES (1u << 0) /* off with FEATURES="nesting:on" */

/*
 * EPERM where libc and systemd take "not permitted" for an answer and go on; ENOSYS where they
 * fall back only if the call seems not to exist.
 */
/* clang-format off */
static const struct vz_scrow rows[] = {
	{ "kexec_load", EPERM, 0, 0, "would replace the host's kernel" },
	{ "kexec_file_load", EPERM, 0, 0, "would replace the host's kernel" },
	{ "init_module", EPERM, 0, 0, "modules are the host's" },
	{ "finit_module", EPERM, 0, 0, "modules are the host's" },
	{ "delete_module", EPERM, 0, 0, "modules are the host's" },
	{ "open_by_handle_at", EPERM, 0, 0, "opens files outside of the root by guessed handles" },
	{ "bpf", EPERM, 0, 0, "kernel attack surface; its fds cannot be checkpointed" },
	{ "perf_event_open", EPERM, 0, 0, "kernel attack surface; its fds cannot be checkpointed" },
	{ "io_uring_setup", ENOSYS, 0, 0, "cannot be checkpointed; programs fall back" },
	{ "io_uring_enter", ENOSYS, 0, 0, "cannot be checkpointed; programs fall back" },
	{ "io_uring_register", ENOSYS, 0, 0, "cannot be checkpointed; programs fall back" },
	{ "userfaultfd", EPERM, 0, 0, "makes kernel races exploitable; cannot be checkpointed" },
	{ "keyctl", EPERM, 0, 0, "keyrings are not namespaced" },
	{ "add_key", EPERM, 0, 0, "keyrings are not namespaced" },
	{ "request_key", EPERM, 0, 0, "keyrings are not namespaced" },
	{ "swapon", EPERM, 0, 0, "swap is the host's" },
	{ "swapoff", EPERM, 0, 0, "swap is the host's" },
	{ "syslog", EPERM, 0, 0, "the kernel log is the host's" },
	{ "acct", EPERM, 0, 0, "process accounting is the host's" },
	{ "iopl", EPERM, 0, 0, "ports are the host's" },
	{ "ioperm", EPERM, 0, 0, "ports are the host's" },
	{ "settimeofday", EPERM, 0, 0, "the clock is the host's" },
	{ "clock_settime", EPERM, 0, 0, "the clock is the host's" },
	{ "lookup_dcookie", EPERM, 0, 0, "profiling of the host" },
	{ "nfsservctl", ENOSYS, 0, 0, "gone from Linux long ago" },
	{ "unshare", EPERM, CLONE_NEWUTS, GROUP_NAMESPACES, "nested: cannot be checkpointed" },
	{ "unshare", EPERM, CLONE_NEWIPC, GROUP_NAMESPACES, "nested: cannot be checkpointed" },
	{ "unshare", EPERM, CLONE_NEWUSER, GROUP_NAMESPACES, "nested: kernel attack surface" },
	{ "unshare", EPERM, CLONE_NEWPID, GROUP_NAMESPACES, "nested: cannot be checkpointed" },
	{ "unshare", EPERM, CLONE_NEWCGROUP, GROUP_NAMESPACES, "nested: cannot be checkpointed" },
	{ "unshare", EPERM, CLONE_NEWTIME, GROUP_NAMESPACES, "nested: cannot be checkpointed" },
	{ "clone", EPERM, CLONE_NEWUTS, GROUP_NAMESPACES, "nested: cannot be checkpointed" },
	{ "clone", EPERM, CLONE_NEWIPC, GROUP_NAMESPACES, "nested: cannot be checkpointed" },
	{ "clone", EPERM, CLONE_NEWUSER, GROUP_NAMESPACES, "nested: kernel attack surface" },
	{ "clone", EPERM, CLONE_NEWPID, GROUP_NAMESPACES, "nested: cannot be checkpointed" },
	{ "clone", EPERM, CLONE_NEWCGROUP, GROUP_NAMESPACES, "nested: cannot be checkpointed" },
	{ "clone3", ENOSYS, 0, GROUP_NAMESPACES, "hides its flags from filters; libc takes clone" },
};
/* clang-format on */

/* The set vzctl has always given (reference 8.7), with what VE_ADMIN stood for: SYS_ADMIN and
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

static int apply_word(const char *word, uint64_t *mask, struct vz_err *e)
{
	autofree char *name = strndup(word, strcspn(word, ":"));
	uint64_t bit = name ? vz_cap_bit(name) : 0;

	if (!name)
		return vz_fail(e, VZ_RESOURCE, ENOMEM, "Not enough memory");
	if (!bit && !is_legacy_word(name))
		return vz_fail(e, VZ_SET_CAP, 0, "Capability %s is unknown", name);
	if (vz_str_suffix(word, ":on"))
		*mask |= bit;
	else
		*mask &= ~bit;
	return 0;
}

int vz_policy_caps(const struct vz_conf *conf, uint32_t features, uint64_t *ret, struct vz_err *e)
{
	uint64_t mask = 0;
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(default_caps); i++)
		mask |= vz_cap_bit(default_caps[i]);
	if (features & VZ_FEAT_PRIVILEGED)
		for (size_t i = 0; i < ARRAY_LEN(never_privileged); i++)
			mask &= ~vz_cap_bit(never_privileged[i]);
	for (size_t i = 0; conf->capability.set && r >= 0 && i < conf->capability.n; i++)
		r = apply_word(conf->capability.v[i], &mask, e);
	if (r >= 0)
		*ret = mask;
	return r;
}

int vz_policy_filter(uint32_t features, struct vz_filter *ret, struct vz_err *e)
{
	struct vz_sctable t = { rows, ARRAY_LEN(rows),
				features & VZ_FEAT_NESTING ? GROUP_NAMESPACES : 0 };

	return vz_filter_get(&t, VZ_RUNDIR, ret, e);
}
