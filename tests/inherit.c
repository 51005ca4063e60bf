// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a process has from the one that started it: said line by line (probe inherit), and made as
 * strange as can be for a command (probe weird CMD...). Shares no line with the product.
 */
#include "tests/init.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/mempolicy.h>

#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE 62
#endif

#define SECRET "vzt-secret"

/* sched_getattr(2); libc has no name for it. */
struct scheduling {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static void say_file(FILE *out, const char *what, const char *path)
{
	char text[512];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = 0;
	text[strcspn(text, "\n")] = 0;
	fprintf(out, "inherit %s=%s\n", what, n < 0 ? strerrorname_np(errno) : text);
	if (fd >= 0)
		close(fd);
}

/* As the kernel has it: libc hides the two signals that it uses itself. */
static void say_signals(FILE *out)
{
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} act;
	uint64_t blocked = 0, ignored = 0;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof(blocked));
	for (int s = 1; s <= 64; s++)
		if (!syscall(SYS_rt_sigaction, s, NULL, &act, sizeof(act.mask)) &&
		    act.handler == (void *)SIG_IGN)
			ignored |= 1ull << (s - 1);
	fprintf(out, "inherit blocked=%llx ignored=%llx\n", (unsigned long long)blocked,
		(unsigned long long)ignored);
}

void report_inherited(FILE *out)
{
	struct scheduling s = { .size = sizeof(s) };
	int mode = -1;
	cpu_set_t cpus;
	struct rlimit lim;

	syscall(SYS_sched_getattr, 0, &s, sizeof(s), 0);
	fprintf(out, "inherit sched=%u flags=%llx nice=%d priority=%u clamp=%u-%u\n", s.policy,
		(unsigned long long)s.flags, s.nice, s.priority, s.util_min, s.util_max);
	CPU_ZERO(&cpus);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	fprintf(out, "inherit cpus=%d\n", CPU_COUNT(&cpus));
	fprintf(out, "inherit ioprio=%lx\n", syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0));
	syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0);
	fprintf(out, "inherit mempolicy=%d\n", mode);
	fprintf(out, "inherit personality=%x\n", personality(0xffffffff));
	fprintf(out, "inherit timerslack=%d\n", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
	fprintf(out, "inherit thp_disable=%d\n", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	fprintf(out, "inherit io_flusher=%d\n", prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0));
	fprintf(out, "inherit ssbd=%d\n", prctl(PR_GET_SPECULATION_CTRL, 0, 0, 0, 0));
	fprintf(out, "inherit subreaper=%d\n",
		prctl(PR_GET_CHILD_SUBREAPER, &mode, 0, 0, 0) ? -1 : mode);
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		getrlimit(i, &lim);
		fprintf(out, "inherit rlimit%d=%llx/%llx\n", i, (unsigned long long)lim.rlim_cur,
			(unsigned long long)lim.rlim_max);
	}
	say_file(out, "oom_score_adj", "/proc/self/oom_score_adj");
	say_file(out, "coredump_filter", "/proc/self/coredump_filter");
	say_file(out, "loginuid", "/proc/self/loginuid");
	say_file(out, "autogroup", "/proc/self/autogroup");
	/* ENOKEY: there is a session keyring, without that key; with one of the host's: ok */
	fprintf(out, "inherit key=%s\n",
		syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", SECRET, 0) < 0 ?
			strerrorname_np(errno) : SECRET);
	say_signals(out);
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "weird: %s: %s\n", path, strerrorname_np(errno));
	close(fd);
}

/* No limit so low that vzctl itself could not run, none that needs rights to be lifted again but
 * where the test says so. */
static void weird_limits(void)
{
	static const struct { int what; rlim_t soft; } limits[] = {
		{ RLIMIT_CPU, 300 }, { RLIMIT_FSIZE, 1 << 30 }, { RLIMIT_DATA, 1 << 30 },
		{ RLIMIT_STACK, 1 << 20 }, { RLIMIT_CORE, 4096 }, { RLIMIT_RSS, 1 << 29 },
		{ RLIMIT_NPROC, 5000 }, { RLIMIT_NOFILE, 200 }, { RLIMIT_MEMLOCK, 4096 },
		{ RLIMIT_AS, 1 << 30 }, { RLIMIT_LOCKS, 7 }, { RLIMIT_SIGPENDING, 3 },
		{ RLIMIT_MSGQUEUE, 1000 }, { RLIMIT_RTTIME, 1000000 },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct rlimit lim;

		/* sanitizers reserve terabytes */
		if ((limits[i].what == RLIMIT_AS || limits[i].what == RLIMIT_DATA) &&
		    getenv("ASAN_OPTIONS"))
			continue;
		getrlimit(limits[i].what, &lim);
		lim.rlim_cur = limits[i].soft;
		if (getenv("WEIRD_HARD"))
			lim.rlim_max = limits[i].soft;
		if (setrlimit(limits[i].what, &lim) < 0)
			perror("weird: setrlimit");
	}
}

int weird(char **argv)
{
	struct scheduling s = { .size = sizeof(s), .policy = SCHED_BATCH, .nice = 19,
				.flags = 1 /* reset on fork: the next row would be lost */ };
	unsigned long node = 1;
	sigset_t all;
	cpu_set_t one;

	weird_limits();
	s.flags = 0;
	syscall(SYS_sched_setattr, 0, &s, 0);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
	syscall(SYS_set_mempolicy, MPOL_BIND, &node, 8 * sizeof(node));
	personality(ADDR_NO_RANDOMIZE | PER_LINUX32);
	prctl(PR_SET_TIMERSLACK, 12345678, 0, 0, 0);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
	prctl(PR_SET_SPECULATION_CTRL, 0, PR_SPEC_DISABLE, 0, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	prctl(PR_SCHED_CORE, 1 /* create */, 0, 0, 0);
	write_text("/proc/self/oom_score_adj", "500");
	write_text("/proc/self/coredump_filter", "0x7f");
	if (!access("/proc/self/loginuid", F_OK))
		write_text("/proc/self/loginuid", "0");
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	syscall(SYS_add_key, "user", SECRET, "x", 1, KEY_SPEC_SESSION_KEYRING);
	umask(0077);
	for (int i = 1; i <= 64; i++) {
		struct {
			void *handler;
			unsigned long flags;
			void *restorer;
			uint64_t mask;
		} ignore = { .handler = (void *)SIG_IGN };

		syscall(SYS_rt_sigaction, i, &ignore, NULL, sizeof(ignore.mask));
	}
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	execvp(argv[0], argv);
	perror(argv[0]);
	return 127;
}
