// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the unpacker may still do once it reads hostile bytes; see confine.h. A decoder taken over
 * by its input finds no file but the half-made tree, nobody to talk to and nothing to run.
 *
 * Landlock and the filter are lost on kernels built without them, and that is accepted: the first
 * defence is that put.c never leaves the tree. Capabilities are never kept.
 */
#include "helpers/vzunpack/confine.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/landlock.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* The largest dictionaries of xz and zstd that decode by default need less than half of it. */
#define MEMORY_MAX (UINT64_C(1) << 30)

/* Owner, foreign directories, mode and times, setgid, file capabilities, device nodes. */
static const cap_value_t kept[] = { CAP_CHOWN,	CAP_DAC_OVERRIDE, CAP_FOWNER,
				    CAP_FSETID, CAP_SETFCAP,	  CAP_MKNOD };

/* Refused with EPERM. Threads stay possible, see add_rules(): decoders may start some. */
static const char *const refused[] = {
	/* other programs and processes */
	"execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev",
	"kill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open", "pidfd_getfd",
	"pidfd_send_signal", "process_madvise", "kcmp", "setpriority", "sched_setaffinity",
	/* network and other ways to talk */
	"socket", "socketpair", "bind", "connect", "listen", "accept", "accept4", "shmget", "msgget",
	"semget", "mq_open",
	/* mounts, namespaces, roots */
	"mount", "umount2", "mount_setattr", "move_mount", "open_tree", "fsopen", "fsconfig",
	"fsmount", "fspick", "pivot_root", "chroot", "unshare", "setns", "open_by_handle_at",
	"name_to_handle_at", "swapon", "swapoff", "quotactl", "quotactl_fd", "acct",
	/* the kernel itself */
	"bpf", "perf_event_open", "io_uring_setup", "io_uring_enter", "io_uring_register",
	"userfaultfd", "keyctl", "add_key", "request_key", "init_module", "finit_module",
	"delete_module", "kexec_load", "kexec_file_load", "reboot", "syslog", "personality",
	/* identity of host and process */
	"sethostname", "setdomainname", "settimeofday", "clock_settime", "clock_adjtime",
	"adjtimex", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid",
	"setgroups", "setfsuid", "setfsgid", "capset",
};

static int keep_capabilities(void)
{
	cap_t have = cap_get_proc(), want = cap_init();
	cap_flag_value_t v;
	int r = have && want ? 0 : -ENOMEM;

	for (int c = 0; r == 0 && c <= cap_max_bits(); c++)
		(void)prctl(PR_CAPBSET_DROP, c, 0, 0, 0); /* root only; others have none to lose */
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(kept); i++) {
		if (cap_get_flag(have, kept[i], CAP_PERMITTED, &v) < 0 || v != CAP_SET)
			continue;
		if (cap_set_flag(want, CAP_PERMITTED, 1, &kept[i], CAP_SET) < 0 ||
		    cap_set_flag(want, CAP_EFFECTIVE, 1, &kept[i], CAP_SET) < 0)
			r = -errno;
	}
	if (r == 0 && cap_set_proc(want) < 0)
		r = -errno;
	cap_free(have);
	cap_free(want);
	return r;
}

static int add_rules(scmp_filter_ctx f)
{
	/* typing into the terminal that shows our progress */
	static const uint64_t typing[] = { TIOCSTI, 0x541C /* TIOCLINUX */ };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(refused); i++) {
		int nr = seccomp_syscall_resolve_name(refused[i]);

		if (nr != __NR_SCMP_ERROR)
			r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), nr, 0);
	}
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(typing); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
				     SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, typing[i]));
	/* a thread is a clone() with this flag; clone3() hides its flags from a filter, and libc
	 * falls back to clone() when it does not exist */
	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
				     SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (r == 0) /* abort() signals its own thread group */
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1,
				     SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid()));
	return r;
}

static int filter_calls(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int r = f ? add_rules(f) : -ENOMEM;

	if (r == 0)
		r = seccomp_load(f);
	seccomp_release(f);
	/* ENOSYS, EINVAL: a kernel without filters; ECANCELED is what libseccomp makes of both */
	return r == -ENOSYS || r == -EINVAL || r == -ECANCELED ? 0 : r;
}

static int limit_memory(void)
{
#ifndef __SANITIZE_ADDRESS__ /* its shadow alone is larger */
	struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };

	if (setrlimit(RLIMIT_AS, &memory) < 0)
		return -errno;
#endif
	return setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 }) < 0 ? -errno : 0;
}

static int give_up_rights(int dirfd)
{
	int r = limit_memory();

	if (r < 0)
		return r;
	r = keep_capabilities();
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	r = vz_landlock_only(dirfd);
	/* ENOSYS, EOPNOTSUPP: not built in, or not enabled at boot; EBADFD: a directory on a mount
	 * that is attached nowhere cannot be named in a rule */
	if (r < 0 && r != -ENOSYS && r != -EOPNOTSUPP && r != -EBADFD)
		return r;
	return filter_calls(); /* last: it forbids what the steps above do */
}

int confine(int dirfd, struct vz_err *e)
{
	int r;

	(void)vz_close_range(4, ~0u, 0);
	r = give_up_rights(dirfd);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "Unable to give up rights before unpacking") : 0;
}
