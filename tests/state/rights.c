// SPDX-License-Identifier: GPL-2.0-or-later
/* What a process may, what it is called, and which filters hold it. */
#include "tests/state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void state_no_new_privs(struct st *t)
{
	pid_t pid;
	int code;

	must(t, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
	must(t, prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE");
	must(t, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), "PR_SET_THP_DISABLE");
	must(t, prctl(PR_SET_CHILD_SUBREAPER, 1), "PR_SET_CHILD_SUBREAPER");
	moved(t);
	if (t->spoil)
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	check(t, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs is lost");
	check(t, prctl(PR_GET_DUMPABLE) == 0, "it is dumpable: %d", prctl(PR_GET_DUMPABLE));
	check(t, prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1, "huge pages are on");
	check(t, !prctl(PR_GET_CHILD_SUBREAPER, &code) && code == 1, "it is no subreaper any more");
	pid = child(t);
	if (pid == 0)
		_exit(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	check(t, waitpid(pid, &code, 0) == pid && WEXITSTATUS(code) == 1, "no_new_privs is not inherited");
}

void state_timer_slack(struct st *t)
{
	must(t, prctl(PR_SET_TIMERSLACK, 77777), "PR_SET_TIMERSLACK");
	moved(t);
	if (t->spoil)
		prctl(PR_SET_TIMERSLACK, 1);
	check(t, prctl(PR_GET_TIMERSLACK) == 77777, "it is %d ns", prctl(PR_GET_TIMERSLACK));
}

/* Writes a number into a file of its own process, and looks later whether it is still there. */
static void own_number(struct st *t, const char *path, const char *number, const char *then)
{
	char text[80] = "";
	int fd = (int)must(t, open(path, O_RDWR), path);

	must(t, put(fd, number, strlen(number)) ? 0 : -1, path);
	moved(t);
	if (t->spoil)
		put(fd, "1", 1);
	fd = open(path, O_RDONLY);
	check(t, read(fd, text, sizeof(text) - 1) > 0 && strstr(text, then), "it is %s", text);
}

void state_core_filter(struct st *t)
{
	own_number(t, "/proc/self/coredump_filter", "0x7f", "7f");
}

void state_autogroup(struct st *t)
{
	own_number(t, "/proc/self/autogroup", "7", "nice 7");
}

void state_names(struct st *t)
{
	char comm[16] = "", cmdline[256] = "", env[4096], exe[256] = "", *at;
	int fd = (int)must(t, open("/proc/self/cmdline", O_RDONLY), "open");

	must(t, prctl(PR_SET_NAME, "a name: (odd)"), "PR_SET_NAME");
	moved(t);
	if (t->spoil)
		prctl(PR_SET_NAME, "other");
	check(t, !prctl(PR_GET_NAME, comm) && !strcmp(comm, "a name: (odd)"), "its name is %s", comm);
	fd = open("/proc/self/cmdline", O_RDONLY);
	check(t, read(fd, cmdline, sizeof(cmdline) - 1) > 0 && strstr(cmdline, "state"), "its command line is %s", cmdline);
	fd = open("/proc/self/environ", O_RDONLY);
	check(t, read(fd, env, sizeof(env)) > 0 && (at = memchr(env, '=', sizeof(env))) && at > env, "its environment is lost");
	check(t, readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0 && strstr(exe, "/state"), "its program is %s", exe);
}

void state_personality(struct st *t)
{
	must(t, personality(ADDR_NO_RANDOMIZE | UNAME26), "personality");
	moved(t);
	if (t->spoil)
		personality(0);
	check(t, personality(0xffffffff) == (ADDR_NO_RANDOMIZE | UNAME26), "it is %#x",
	      (unsigned int)personality(0xffffffff));
}

/* ---- seccomp ---- */

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))

/* getpgid(2) fails with `err` from now on. */
static int deny_getpgid(int err)
{
	struct sock_filter code[] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = 4, .filter = code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) ? -1 : 0;
}

/* A filter of its own, and a child that has another one on top. */
void state_seccomp(struct st *t)
{
	int up[2], down[2];
	char c;

	must(t, pipe(up), "pipe");
	must(t, pipe(down), "pipe");
	must(t, deny_getpgid(EDOM), "seccomp");
	if (child(t) == 0) {
		c = deny_getpgid(ENOLINK) ? 'n' : 'r';
		put(up[1], &c, 1);
		while (read(down[0], &c, 1) != 1)
			;
		/* of two answers the lower one counts when both are errors: that of the younger filter */
		c = (char)(getpgid(0) < 0 && (errno == ENOLINK) ? 'y' : 'n');
		put(up[1], &c, 1);
		_exit(0);
	}
	must(t, comes(up[0], "r") ? 0 : -1, "seccomp");
	moved(t);
	check(t, (t->spoil ? getpgrp() : getpgid(0)) < 0 && errno == EDOM, "its filter is lost");
	put(down[1], "?", 1);
	check(t, comes(up[0], "y"), "the child's second filter is lost");
}

/* ---- what a VPS may not ---- */

static void never(struct st *t, long nr, const char *call)
{
	/* arguments no kernel takes: what the filter lets through fails with another error */
	must(t, syscall(nr, -1L, -1L, -1L, -1L, -1L), call);
	moved(t);
	check(t, false, "the call was let through");
}

void state_io_uring(struct st *t)
{
	never(t, SYS_io_uring_setup, "io_uring_setup");
}

void state_keyring(struct st *t)
{
	never(t, SYS_keyctl, "keyctl");
}

void state_bpf(struct st *t)
{
	never(t, SYS_bpf, "bpf");
}

void state_perf(struct st *t)
{
	never(t, SYS_perf_event_open, "perf_event_open");
}

void state_userfault(struct st *t)
{
	never(t, SYS_userfaultfd, "userfaultfd");
}

void state_landlock(struct st *t)
{
	unsigned long attr[1] = { 1 };
	int fd = (int)must(t, syscall(SYS_landlock_create_ruleset, attr, sizeof(attr), 0), "landlock_create_ruleset");

	moved(t);
	check(t, !t->spoil && fcntl(fd, F_GETFD) >= 0, "it is lost");
}

/* A domain cannot be seen from outside, and CRIU does not make it again: with landlock:on nothing is moved. */
void state_landlocked(struct st *t)
{
	unsigned long attr[1] = { 1 << 1 };
	int fd = (int)must(t, syscall(SYS_landlock_create_ruleset, attr, sizeof(attr), 0), "landlock_create_ruleset");

	must(t, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
	close(file_of(t, "forbidden", "x"));
	must(t, syscall(SYS_landlock_restrict_self, fd, 0), "landlock_restrict_self");
	close(fd);
	moved(t);
	check(t, open(t->spoil ? "." : "forbidden", t->spoil ? O_RDONLY : O_WRONLY) < 0, "the domain is lost");
}

/* What a kernel that has no such thing says. */
static long lacking(long r, int as)
{
	if (r < 0 && errno == as)
		errno = ENOSYS;
	return r;
}

static long known(long r)
{
	return lacking(r, EINVAL);
}

void state_mdwe(struct st *t)
{
	must(t, known(prctl(65, 1, 0, 0, 0)), "PR_SET_MDWE");
	moved(t);
	check(t, prctl(66, 0, 0, 0, 0) == !t->spoil, "it is lost");
}

static volatile char *dispatch;

static void let_pass(int signal)
{
	(void)signal;
	dispatch[0] = 0;
	dispatch[1] = 1;
}

/* System calls raise SIGSYS while the first byte says so. */
void state_user_dispatch(struct st *t)
{
	dispatch = shared(t, 4096);
	signal(SIGSYS, let_pass);
	must(t, known(prctl(59, 1, 0, 0, dispatch)), "PR_SET_SYSCALL_USER_DISPATCH");
	moved(t);
	dispatch[0] = !t->spoil;
	getppid();
	check(t, dispatch[1], "it is lost");
}

void state_dnotify(struct st *t)
{
	int dir = (int)must(t, open(".", O_RDONLY | O_DIRECTORY), "open");

	signal(SIGIO, SIG_IGN);
	must(t, known(fcntl(dir, F_NOTIFY, DN_CREATE | DN_MULTISHOT)), "F_NOTIFY");
	signal(SIGIO, SIG_DFL);
	moved(t);
	check(t, t->spoil, "it is lost");
}

void state_sealed(struct st *t)
{
	char *mem = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(t, syscall(462 /* mseal */, mem, 4096, 0), "mseal");
	moved(t);
	check(t, t->spoil || munmap(mem, 4096) < 0, "it is lost");
}

void state_memory_merge(struct st *t)
{
	must(t, known(prctl(67, 1, 0, 0, 0)), "PR_SET_MEMORY_MERGE");
	moved(t);
	check(t, prctl(68, 0, 0, 0, 0) == !t->spoil, "it is lost");
}

void state_mce_kill(struct st *t)
{
	must(t, known(prctl(33, 1, 1, 0, 0)), "PR_MCE_KILL");
	moved(t);
	check(t, prctl(34, 0, 0, 0, 0) == !t->spoil, "it is lost");
}

void state_no_tsc(struct st *t)
{
	int now = 0;

	must(t, known(prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0)), "PR_SET_TSC");
	moved(t);
	check(t, !t->spoil && !prctl(PR_GET_TSC, &now, 0, 0, 0) && now == PR_TSC_SIGSEGV, "it is lost");
}

void state_futex_hash(struct st *t)
{
	must(t, known(prctl(78, 1, 16, 0, 0)), "PR_FUTEX_HASH");
	moved(t);
	check(t, !t->spoil && prctl(78, 2, 0, 0, 0) == 16, "it is lost");
}

void state_timer_ids(struct st *t)
{
	must(t, known(prctl(77, 1, 0, 0, 0)), "PR_TIMER_CREATE_RESTORE_IDS");
	moved(t);
	check(t, !t->spoil && prctl(77, 2, 0, 0, 0) == 1, "it is lost");
}

/* How long what is written will last. */
void state_write_hint(struct st *t)
{
	int fd = file_of(t, "hinted", "x");
	uint64_t hint = 2, now = 0;

	must(t, known(fcntl(fd, 1036 /* F_SET_RW_HINT */, &hint)), "F_SET_RW_HINT");
	moved(t);
	check(t, !t->spoil && !fcntl(fd, 1035, &now) && now == hint, "it is lost");
}

void state_busy_epoll(struct st *t)
{
	const struct {
		uint32_t usecs;
		uint16_t packets;
		uint8_t prefer, pad;
	} busy = { 50, 8, 0, 0 };
	int fd = (int)must(t, epoll_create1(0), "epoll_create1");

	must(t, lacking(ioctl(fd, 0x40088a01 /* EPIOCSPARAMS */, &busy), ENOTTY), "EPIOCSPARAMS");
	moved(t);
	check(t, t->spoil, "it is lost");
}

void state_inq(struct st *t)
{
	int fd[2], one = 1;

	must(t, socketpair(AF_UNIX, SOCK_STREAM, 0, fd), "socketpair");
	must(t, lacking(setsockopt(fd[0], SOL_SOCKET, 84 /* SO_INQ */, &one, sizeof(one)), ENOPROTOOPT), "SO_INQ");
	moved(t);
	check(t, t->spoil, "it is lost");
}

void state_anycast(struct st *t)
{
	struct ipv6_mreq any = { .ipv6mr_interface = 1 };
	int fd = (int)must(t, socket(AF_INET6, SOCK_DGRAM, 0), "socket");

	any.ipv6mr_multiaddr.s6_addr[0] = 0xfd;
	must(t, setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_ANYCAST, &any, sizeof(any)), "IPV6_JOIN_ANYCAST");
	moved(t);
	check(t, !t->spoil && setsockopt(fd, IPPROTO_IPV6, IPV6_LEAVE_ANYCAST, &any, sizeof(any)) >= 0, "it is lost");
}

void state_tcp_ao(struct st *t)
{
	char key[256] = "";
	int fd = (int)must(t, socket(AF_INET, SOCK_STREAM, 0), "socket");

	must(t, lacking(setsockopt(fd, IPPROTO_TCP, 38 /* TCP_AO_ADD_KEY */, key, sizeof(key)), ENOPROTOOPT), "TCP_AO_ADD_KEY");
	moved(t);
	check(t, t->spoil, "it is lost");
}

void state_secret(struct st *t)
{
	int fd = (int)must(t, syscall(SYS_memfd_secret, 0), "memfd_secret");

	must(t, ftruncate(fd, 4096), "ftruncate");
	must(t, mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0, "mmap");
	moved(t);
	check(t, !t->spoil && fcntl(fd, F_GETFD) >= 0, "it is lost");
}
