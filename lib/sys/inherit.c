// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of what a process inherits; see inherit.h. Not here, because they take no rights and
 * belong to the last steps before exec: signals, umask, session (vz_child_reset()), capabilities,
 * descriptors, environment. A new user namespace clears securebits, bounding and ambient set; a new
 * session has an autogroup of its own. Pending signals, timers, alternative stacks and record locks
 * are not inherited.
 */
#include "sys/inherit.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/mempolicy.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_GET_MDWE
#define PR_GET_MDWE 66
#endif
#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE 62
#define PR_SCHED_CORE_SHARE_FROM 3
#endif
#define KTHREADD 2
#define TIMER_SLACK_NS 50000 /* init_task's */
#define MSGQUEUE_BYTES 819200 /* MQ_BYTES_MAX */
#define THREADS_MAX_USUAL 65536
#define COREDUMP_FILTER "0x33" /* MMF_DUMP_FILTER_DEFAULT */

/* ---- resource limits ---- */

/* Where CAP_SYS_RESOURCE is missing, no more than the caller has. */
static void set_limit(int what, rlim_t soft, rlim_t hard)
{
	struct rlimit want = { soft, hard }, have;

	if (!setrlimit(what, &want) || getrlimit(what, &have) < 0)
		return;
	if (want.rlim_max > have.rlim_max)
		want.rlim_max = have.rlim_max;
	if (want.rlim_cur > want.rlim_max)
		want.rlim_cur = want.rlim_max;
	(void)setrlimit(what, &want);
}

uint64_t vz_inherit_most_signals(void)
{
	uint64_t n;

	if (vz_file_number("/proc/sys/kernel/threads-max", UINT32_MAX, &n) < 0)
		n = THREADS_MAX_USUAL;
	return n / 2;
}

struct limit {
	int what;
	rlim_t soft, hard;
	bool counted; /* of a user namespace: the sum over all users in it */
};

/* What a booting kernel gives its init (INIT_RLIMITS), but: as many open files as systemd lets
 * itself have, so that it need not raise them, which it may not inside; as many processes as the
 * group allows. */
static void each_limit(void (*fn)(const struct limit *l))
{
	const rlim_t max = RLIM_INFINITY, signals = vz_inherit_most_signals();
	/* clang-format off */
	const struct limit limits[] = {
		{ RLIMIT_CPU,        max,            max,            false },
		{ RLIMIT_FSIZE,      max,            max,            false },
		{ RLIMIT_DATA,       max,            max,            false },
		{ RLIMIT_STACK,      8 << 20,        max,            false },
		{ RLIMIT_CORE,       0,              max,            false },
		{ RLIMIT_RSS,        max,            max,            false },
		{ RLIMIT_NPROC,      max,            max,            true },
		{ RLIMIT_NOFILE,     1024,           524288,         false },
		{ RLIMIT_MEMLOCK,    8 << 20,        8 << 20,        true },
		{ RLIMIT_AS,         max,            max,            false },
		{ RLIMIT_LOCKS,      max,            max,            false },
		{ RLIMIT_SIGPENDING, signals,        signals,        false }, /* timers count too */
		{ RLIMIT_MSGQUEUE,   MSGQUEUE_BYTES, MSGQUEUE_BYTES, true },
		{ RLIMIT_NICE,       0,              0,              false },
		{ RLIMIT_RTPRIO,     0,              0,              false },
		{ RLIMIT_RTTIME,     max,            max,            false },
	};
	/* clang-format on */

	static_assert(ARRAY_LEN(limits) == RLIM_NLIMITS, "every limit has its row");
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		fn(&limits[i]);
}

static void give_limit(const struct limit *l)
{
	set_limit(l->what, l->soft, l->hard);
}

void vz_inherit_limits(void)
{
	each_limit(give_limit);
}

static void open_limit(const struct limit *l)
{
	rlim_t hard = l->counted ? RLIM_INFINITY : l->hard;

	set_limit(l->what, hard, hard);
}

void vz_inherit_open_limits(void)
{
	each_limit(open_limit);
}

static void raise_limit(const struct limit *l)
{
	struct rlimit now;

	if (l->what == RLIMIT_NOFILE && getrlimit(l->what, &now) >= 0 && now.rlim_cur < l->hard)
		set_limit(l->what, l->hard, now.rlim_max < l->hard ? l->hard : now.rlim_max);
}

void vz_inherit_raise_files(void)
{
	each_limit(raise_limit);
}

void vz_inherit_bound_signals(uint64_t n)
{
	if (n < vz_inherit_most_signals())
		set_limit(RLIMIT_SIGPENDING, n, n);
}

/* ---- the rest ---- */

/* sched_setattr(2); libc and the kernel's header quarrel about the name. */
struct scheduling {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

/* Policy, niceness, reset-on-fork, the slice of Linux 6.12, and where the kernel has them the
 * utilization clamps. */
static void scheduling(void)
{
	struct scheduling a = {
		.size = sizeof(a),
		.flags = SCHED_FLAG_UTIL_CLAMP,
		.util_min = UINT32_MAX,
		.util_max = UINT32_MAX,
	};

	if (syscall(SYS_sched_setattr, 0, &a, 0) < 0) {
		a.flags = 0;
		(void)syscall(SYS_sched_setattr, 0, &a, 0);
	}
}

/* Every CPU that the group allows. The kernel cuts the mask to those it has. */
static void affinity(void)
{
	unsigned long all[8192 / (8 * sizeof(unsigned long))];

	memset(all, 0xff, sizeof(all));
	(void)syscall(SYS_sched_setaffinity, 0, sizeof(all), all);
}

/* The cookie of core scheduling: one that shares with a kernel thread has none. */
static void core_cookie(void)
{
	(void)prctl(PR_SCHED_CORE, PR_SCHED_CORE_SHARE_FROM, KTHREADD, 0, 0);
}

static void io_priority(void)
{
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		      IOPRIO_PRIO_VALUE(IOPRIO_CLASS_NONE, 0));
}

static void io_flusher(void)
{
	(void)prctl(PR_SET_IO_FLUSHER, 0, 0, 0, 0);
}

static void memory_policy(void)
{
	(void)syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
}

/* Also the least value that the VPS itself may set, which is the last one that root wrote. */
static void oom_score(void)
{
	(void)vz_file_write(AT_FDCWD, "/proc/self/oom_score_adj", "0");
}

static void coredump_filter(void)
{
	(void)vz_file_write(AT_FDCWD, "/proc/self/coredump_filter", COREDUMP_FILTER);
}

/* 0 would mean the caller's own default, which is inherited too. */
static void timer_slack(void)
{
	(void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
}

static void huge_pages(void)
{
	(void)prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
}

static void execution_domain(void)
{
	(void)personality(PER_LINUX);
}

/* For a privileged VPS; a new user namespace clears them. */
static void secure_bits(void)
{
	(void)prctl(PR_SET_SECUREBITS, 0, 0, 0, 0);
}

/* An empty keyring in place of the session's, in which an administrator's keys may be. */
static void session_keyring(void)
{
	(void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0);
}

/* Of the audit system: with an inherited one pam_loginuid(8) refuses logins inside. */
static void login_uid(void)
{
	(void)vz_file_write(AT_FDCWD, "/proc/self/loginuid", "4294967295");
}

static void speculation(void)
{
	static const struct {
		unsigned long kind, dflt, changed;
	} kinds[] = {
		{ PR_SPEC_STORE_BYPASS, PR_SPEC_ENABLE, PR_SPEC_DISABLE },
		{ PR_SPEC_INDIRECT_BRANCH, PR_SPEC_ENABLE, PR_SPEC_DISABLE },
		{ PR_SPEC_L1D_FLUSH, PR_SPEC_DISABLE, PR_SPEC_ENABLE },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		int now = prctl(PR_GET_SPECULATION_CTRL, kinds[i].kind, 0, 0, 0);

		if (now > 0 && (unsigned long)now & kinds[i].changed)
			(void)prctl(PR_SET_SPECULATION_CTRL, kinds[i].kind, kinds[i].dflt, 0, 0);
	}
}

void vz_inherit_reset(void)
{
	static void (*const rows[])(void) = {
		scheduling,    affinity,	core_cookie, io_priority, io_flusher,
		memory_policy, oom_score,	timer_slack, huge_pages,  coredump_filter,
		execution_domain, session_keyring, login_uid, speculation, secure_bits,
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		rows[i]();
}

/* ---- what stays ---- */

int vz_inherit_refused(struct vz_err *e)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return vz_fail(e, VZ_SYSTEM, 0,
			       "vzctl runs with no_new_privs, and so would every program of the "
			       "container: su and sudo would fail; start it from a unit without "
			       "NoNewPrivileges=");
	return 0;
}

static bool is_filtered(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2;
}

static bool is_write_exec_denied(void)
{
	return prctl(PR_GET_MDWE, 0, 0, 0, 0) > 0;
}

static bool is_speculation_off(void)
{
	int now = prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0);

	return now > 0 && now & PR_SPEC_FORCE_DISABLE;
}

const char *vz_inherit_stuck(size_t i)
{
	static const struct {
		bool (*is_there)(void);
		const char *text;
	} rows[] = {
		{ is_filtered, "vzctl runs under a seccomp filter (SystemCallFilter= of its "
			       "unit?), which holds for the container too" },
		{ is_write_exec_denied, "vzctl runs with MemoryDenyWriteExecute=, which holds for "
					"the container too" },
		{ is_speculation_off, "vzctl runs with speculation disabled for ever (prctl), and "
				      "so does the container: it is slower" },
	};

	for (size_t k = 0; k < ARRAY_LEN(rows); k++)
		if (rows[k].is_there() && !i--)
			return rows[k].text;
	return NULL;
}
