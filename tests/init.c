/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole userland of a test VPS in one static program, by the name it is called with:
 *
 *   init                     PID 1: reaps, and obeys SIGUSR1 (halt), SIGUSR2 (poweroff), SIGTERM
 *                            (reboot), the signals of busybox; writes /init-report when it starts
 *                            and says READY=1 to NOTIFY_SOCKET; obeys nothing while /deaf exists,
 *                            begins deaf while /late exists, loses one signal for /lose; obeys
 *                            SIGRTMIN+4 (poweroff) as well, so it can be named systemd
 *   halt, poweroff, reboot   send PID 1 that signal
 *   sh, bash                 a hostile shell: does what the word in /sh-does says, see bad_shell()
 *   probe                    says what a process inside sees and may do; see usage()
 *
 * It is not a product: it knows nothing of the code it tests and shares no line with it.
 */
#include "tests/init.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/sockios.h>

static const char *errname(int err)
{
	return err ? strerrorname_np(err) : "ok";
}

/* "what: ok" or "what: EPERM", and the exit code says the same. */
static int tell(const char *what, long ret)
{
	int err = ret < 0 ? errno : 0;

	printf("%s: %s\n", what, errname(err));
	return err != 0;
}

/* ---- what a process looks like ---- */

static void copy_lines(const char *path, const char *prefix, FILE *out)
{
	char line[4096];
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		fprintf(out, "%s%s", prefix, line);
	if (f)
		fclose(f);
	else
		fprintf(out, "%s%s\n", prefix, errname(errno));
}

static void show_words(const char *path, const char *prefix, FILE *out)
{
	char buf[8192];
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(buf, 1, sizeof(buf) - 1, f) : 0;

	buf[n] = 0;
	for (size_t i = 0; i < n; i += strlen(buf + i) + 1)
		fprintf(out, "%s[%s]\n", prefix, buf + i);
	if (f)
		fclose(f);
}

static void show_links(const char *dir, const char *prefix, FILE *out)
{
	DIR *d = opendir(dir);
	struct dirent *ent;
	char to[4096];

	if (!d) {
		fprintf(out, "%s%s\n", prefix, errname(errno));
		return;
	}
	while ((ent = readdir(d))) {
		ssize_t n;

		/* The descriptor that reads this very directory is not news. */
		if (ent->d_name[0] == '.' || (!strcmp(dir, "/proc/self/fd") && atoi(ent->d_name) == dirfd(d)))
			continue;
		n = readlinkat(dirfd(d), ent->d_name, to, sizeof(to) - 1);
		to[n < 0 ? 0 : n] = 0;
		fprintf(out, "%s%s=%s\n", prefix, ent->d_name, n < 0 ? errname(errno) : to);
	}
	closedir(d);
}

static void report_process(const char *pid, FILE *out)
{
	char path[64];

#define OF(name) (snprintf(path, sizeof(path), "/proc/%s/" name, pid), path)
	show_words(OF("cmdline"), "argv ", out);
	show_words(OF("environ"), "env ", out);
	show_links(OF("fd"), "fd ", out);
	show_links(OF("ns"), "ns ", out);
	copy_lines(OF("status"), "status ", out);
	copy_lines(OF("uid_map"), "uid_map ", out);
	copy_lines(OF("gid_map"), "gid_map ", out);
	copy_lines(OF("setgroups"), "setgroups ", out);
	copy_lines(OF("cgroup"), "cgroup ", out);
	copy_lines(OF("limits"), "limits ", out);
	copy_lines(OF("oom_score_adj"), "oom_score_adj ", out);
	copy_lines(OF("mountinfo"), "mount ", out);
#undef OF
}

/* What only the process itself can tell. */
static void report_self(FILE *out)
{
	int deathsig = 0;
	mode_t mask = umask(0);
	char cwd[4096];

	umask(mask);
	prctl(PR_GET_PDEATHSIG, &deathsig);
	fprintf(out, "self pid=%d ppid=%d sid=%d pgid=%d\n", getpid(), getppid(), getsid(0), getpgid(0));
	fprintf(out, "self uid=%d,%d gid=%d,%d groups=%d\n", getuid(), geteuid(), getgid(), getegid(),
		getgroups(0, NULL));
	fprintf(out, "self umask=%04o deathsig=%d securebits=%d no_new_privs=%d dumpable=%d\n", mask,
		deathsig, prctl(PR_GET_SECUREBITS), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
		prctl(PR_GET_DUMPABLE));
	fprintf(out, "self cwd=%s tty=%s\n", getcwd(cwd, sizeof(cwd)) ? cwd : errname(errno),
		open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC) < 0 ? "none" : "some");
	report_inherited(out);
	report_process("self", out);
}

/* ---- what a process may do ---- */

static long do_clone3(unsigned long flags)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		_exit(0);
	return pid;
}

static const struct {
	const char *name;
	long nr;
	long arg[5];
} calls[] = {
	/* clang-format off */
	/* Arguments are such that an allowed call fails with another error than a filter's. */
	{ "kexec_load", SYS_kexec_load, { 0, 0, 0, 0 } },
	{ "kexec_file_load", SYS_kexec_file_load, { -1, -1, 0, 0, 0 } },
	{ "init_module", SYS_init_module, { 0, 0, 0 } },
	{ "finit_module", SYS_finit_module, { -1, 0, 0 } },
	{ "delete_module", SYS_delete_module, { 0, 0 } },
	{ "open_by_handle_at", SYS_open_by_handle_at, { -1, 0, 0 } },
	{ "bpf", SYS_bpf, { -1, 0, 0 } },
	{ "perf_event_open", SYS_perf_event_open, { 0, 0, -1, -1, 0 } },
	{ "io_uring_setup", SYS_io_uring_setup, { 1, 0 } },
	{ "io_uring_enter", SYS_io_uring_enter, { -1, 0, 0, 0, 0 } },
	{ "io_uring_register", SYS_io_uring_register, { -1, 0, 0, 0 } },
	{ "userfaultfd", SYS_userfaultfd, { -1 } },
	{ "keyctl", SYS_keyctl, { 0, 0, 0, 0, 0 } },
	{ "add_key", SYS_add_key, { 0, 0, 0, 0, 0 } },
	{ "request_key", SYS_request_key, { 0, 0, 0, 0 } },
	{ "swapon", SYS_swapon, { 0, 0 } },
	{ "swapoff", SYS_swapoff, { 0 } },
	{ "acct", SYS_acct, { 1 } },
	{ "syslog", SYS_syslog, { -1, 0, 0 } },
	{ "settimeofday", SYS_settimeofday, { 1, 0 } },
	{ "clock_settime", SYS_clock_settime, { CLOCK_REALTIME, 0 } },
	{ "adjtimex", SYS_adjtimex, { 0 } },
	{ "quotactl", SYS_quotactl, { -1, 0, 0, 0 } },
	{ "name_to_handle_at", SYS_name_to_handle_at, { -1, 0, 0, 0, 0 } },
	{ "ptrace", SYS_ptrace, { -1, 0, 0, 0 } },
	{ "process_vm_readv", SYS_process_vm_readv, { -1, 0, 0, 0, 0 } },
	{ "nfsservctl", 180, { 0 } },
	{ "lookup_dcookie", SYS_lookup_dcookie, { 0, 0, 0 } },
#ifdef SYS_iopl
	{ "iopl", SYS_iopl, { 3 } },
	{ "ioperm", SYS_ioperm, { 0, 1, 1 } },
#endif
	/* 0 is no socket here, so what is allowed fails with ENOTSOCK, ENOTTY or EBADF */
	{ "netfilter:socket", SYS_socket, { AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER } },
	{ "netfilter:iptables-get", SYS_getsockopt, { 0, IPPROTO_IP, 64, 0, 0 } },
	{ "netfilter:iptables-set", SYS_setsockopt, { 0, IPPROTO_IP, 64, 0, 0 } },
	{ "netfilter:arptables", SYS_setsockopt, { 0, IPPROTO_IP, 96, 0, 0 } },
	{ "netfilter:ebtables", SYS_setsockopt, { 0, IPPROTO_IP, 128, 0, 0 } },
	{ "netfilter:ip6tables", SYS_setsockopt, { 0, IPPROTO_IPV6, 64, 0, 0 } },
	{ "netfilter:tclass", SYS_setsockopt, { 0, IPPROTO_IPV6, IPV6_TCLASS, 0, 0 } },
	{ "ioctl:addbr", SYS_ioctl, { 0, SIOCBRADDBR, 0 } },
	{ "ioctl:addtunnel", SYS_ioctl, { 0, 0x89f1, 0 } },
	{ "unshare:user", SYS_unshare, { CLONE_NEWUSER } },
	{ "unshare:pid", SYS_unshare, { CLONE_NEWPID } },
	{ "unshare:ipc", SYS_unshare, { CLONE_NEWIPC } },
	{ "unshare:uts", SYS_unshare, { CLONE_NEWUTS } },
	{ "unshare:cgroup", SYS_unshare, { CLONE_NEWCGROUP } },
	{ "unshare:time", SYS_unshare, { CLONE_NEWTIME } },
	{ "unshare:mnt", SYS_unshare, { CLONE_NEWNS } },
	{ "unshare:net", SYS_unshare, { CLONE_NEWNET } },
	/* clang-format on */
};

static int try_call(const char *name)
{
	if (!strcmp(name, "clone3"))
		return tell(name, do_clone3(0));
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		const long *a = calls[i].arg;

		if (!strcmp(name, calls[i].name))
			return tell(name, syscall(calls[i].nr, a[0], a[1], a[2], a[3], a[4], 0));
	}
	printf("%s: no such row\n", name);
	return 2;
}

/* A socket by the call, or by one of the two of the 32-bit ABI; over one of netfilter a message. */
static int try_socket(const char *family, const char *proto, const char *door)
{
	struct nlmsghdr h = { .nlmsg_len = sizeof(h), .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 };
	static unsigned arg[3]; /* a static program lies below 4 GiB */
	long fd = -ENOSYS;

	arg[0] = (unsigned)atoi(family);
	arg[1] = SOCK_DGRAM;
	arg[2] = (unsigned)atoi(proto);
	if (!door)
		fd = syscall(SYS_socket, arg[0], arg[1], arg[2]) < 0 ? -errno : 3;
#ifdef __x86_64__
	else if (!strcmp(door, "i386"))
		__asm__ volatile("int $0x80" : "=a"(fd) : "a"(359), "b"(arg[0]), "c"(arg[1]),
				 "d"(arg[2]) : "memory", "r8", "r9", "r10", "r11");
	else
		__asm__ volatile("int $0x80" : "=a"(fd) : "a"(102), "b"(1), "c"(arg)
				 : "memory", "r8", "r9", "r10", "r11");
#endif
	if (fd >= 0 && arg[0] == AF_NETLINK && arg[2] == NETLINK_NETFILTER)
		fd = send((int)fd, &h, sizeof(h), 0) < 0 ? -errno : fd;
	printf("%s/%s: %s\n", family, proto, fd < 0 ? errname((int)-fd) : "ok");
	return fd < 0;
}

/* unshare(CLONE_NEWUSER) by the other doors of an x86-64 kernel; a door that is shut kills or
 * fails, so a child tries. */
static int try_abi(const char *name)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		long ret = -ENOSYS;

#ifdef __x86_64__
		if (!strcmp(name, "i386"))
			__asm__ volatile("int $0x80" : "=a"(ret) : "a"(310), "b"(CLONE_NEWUSER)
					 : "memory", "r8", "r9", "r10", "r11");
		else
			ret = syscall(0x40000000 | SYS_unshare, CLONE_NEWUSER) < 0 ? -errno : 0;
#endif
		printf("%s: %s\n", name, errname((int)-ret));
		fflush(stdout);
		_exit(ret != 0);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("%s: %s\n", name, sigabbrev_np(WTERMSIG(status)));
	return status != 0;
}

static int try_mount(const char *type, const char *at)
{
	mkdir(at, 0755);
	return tell(type, mount("none", at, type, 0, NULL));
}

static int try_mknod(char **arg)
{
	mode_t kind = arg[0][0] == 'b' ? S_IFBLK : arg[0][0] == 's' ? S_IFSOCK : S_IFCHR;
	int r = mknod(arg[3], kind | 0600, makedev((unsigned)atoi(arg[1]), (unsigned)atoi(arg[2])));

	return tell("mknod", r);
}

/* ---- netlink messages, as small as can be ---- */

struct message {
	_Alignas(4) unsigned char b[1024];
	size_t n;
};

static size_t nl_begin(struct message *m, int type, int flags, const void *hdr, size_t n)
{
	struct nlmsghdr h = { .nlmsg_type = (uint16_t)type, .nlmsg_flags = (uint16_t)flags };
	size_t at = m->n;

	memcpy(m->b + at, &h, sizeof(h));
	memcpy(m->b + at + sizeof(h), hdr, n);
	m->n += sizeof(h) + n;
	return at;
}

static void nl_end(struct message *m, size_t at)
{
	((struct nlmsghdr *)(void *)(m->b + at))->nlmsg_len = (uint32_t)(m->n - at);
}

/* An attribute; data NULL: it encloses what follows until its length is set by nl_close(). */
static size_t nl_put(struct message *m, int type, const void *data, size_t n)
{
	struct nlattr a = { .nla_len = (uint16_t)(sizeof(a) + n), .nla_type = (uint16_t)type };
	size_t at = m->n;

	memcpy(m->b + at, &a, sizeof(a));
	if (data)
		memcpy(m->b + at + sizeof(a), data, n);
	m->n += (sizeof(a) + n + 3) & ~(size_t)3;
	return at;
}

static void nl_close(struct message *m, size_t at)
{
	((struct nlattr *)(void *)(m->b + at))->nla_len = (uint16_t)(m->n - at);
}

/* Sends it and tells what became of it: the error of the call, or the kernel's answer if it was
 * asked for one. */
static int nl_tell(const char *what, struct message *m, int proto)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, proto);
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char rest[2048];
	} answer = { .e.error = 0 };
	int r = fd < 0 || send(fd, m->b, m->n, 0) < 0 ? -1 : 0;

	if (!r && proto == NETLINK_ROUTE && recv(fd, &answer, sizeof(answer), 0) > 0) {
		errno = -answer.e.error;
		r = answer.e.error ? -1 : 0;
	}
	return tell(what, r);
}

/* A device of this kind, named t0. */
static int try_link(const char *kind)
{
	struct ifinfomsg i = { .ifi_family = AF_UNSPEC };
	struct message m = { .n = 0 };
	size_t at = nl_begin(&m, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
			     &i, sizeof(i)), info;

	nl_put(&m, IFLA_IFNAME, "t0", 3);
	info = nl_put(&m, IFLA_LINKINFO, NULL, 0);
	nl_put(&m, IFLA_INFO_KIND, kind, strlen(kind) + 1);
	nl_close(&m, info);
	nl_end(&m, at);
	return nl_tell(kind, &m, NETLINK_ROUTE);
}

/* A rule of nf_tables with this expression. Only whether it may be sent matters: the batch has no
 * end, so the kernel does nothing. */
static int try_expression(const char *name)
{
	struct nfgenmsg g = { .nfgen_family = AF_INET, .res_id = htons(NFNL_SUBSYS_NFTABLES) };
	struct message m = { .n = 0 };
	size_t at = nl_begin(&m, NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, &g, sizeof(g)), list, elem;

	nl_end(&m, at);
	at = nl_begin(&m, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE, NLM_F_REQUEST, &g, sizeof(g));
	nl_put(&m, NFTA_RULE_TABLE, "t", 2);
	list = nl_put(&m, NFTA_RULE_EXPRESSIONS, NULL, 0);
	elem = nl_put(&m, NFTA_LIST_ELEM, NULL, 0);
	nl_put(&m, NFTA_EXPR_NAME, name, strlen(name) + 1);
	nl_close(&m, elem);
	nl_close(&m, list);
	nl_end(&m, at);
	return nl_tell(name, &m, NETLINK_NETFILTER);
}

/* n datagrams to as many ports of the loopback device; says how many could be sent. */
static int send_datagrams(int n)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(1000) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), sent = 0;

	if (bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0) /* the same flows each time */
		return tell("bind", -1);
	for (int i = 0; i < n; i++) {
		to.sin_port = htons((uint16_t)(1024 + i));
		sent += sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1;
	}
	close(fd);
	printf("sent: %d\n", sent);
	return sent != n;
}

static int try_open(const char *path)
{
	return tell(path, open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

/* Prints each signal it catches until it is killed or has caught `n`. */
static int catch_signals(int n)
{
	sigset_t all;
	int sig;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	printf("ready\n");
	fflush(stdout);
	while (n-- > 0 && sigwait(&all, &sig) == 0) {
		printf("caught %s\n", sigabbrev_np(sig));
		fflush(stdout);
	}
	return 0;
}

/* Starts a child in the background that outlives its parent; the classic daemon. */
static int daemonize(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		if (fork() == 0)
			for (;;)
				pause();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return 0;
}

/* ---- the network ---- */

/* "10.0.0.1" or "2001:db8::1" as an address of either family (an IPv4 one mapped into IPv6), so
 * that one socket serves both. */
static struct sockaddr_in6 address(const char *text, int port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	char mapped[64];

	snprintf(mapped, sizeof(mapped), "%s%s", strchr(text, ':') ? "" : "::ffff:", text);
	if (inet_pton(AF_INET6, mapped, &a.sin6_addr) != 1) {
		printf("%s: no address\n", text);
		exit(2);
	}
	return a;
}

static const char *text_of(const struct sockaddr_in6 *a, char *buf, size_t size)
{
	inet_ntop(AF_INET6, &a->sin6_addr, buf, (socklen_t)size);
	return IN6_IS_ADDR_V4MAPPED(&a->sin6_addr) ? buf + strlen("::ffff:") : buf;
}

static int dual_socket(int type)
{
	int s = socket(AF_INET6, type | SOCK_CLOEXEC, 0), off = 0, on = 1;

	setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(s, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
	setsockopt(s, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on));
	return s;
}

/* Serves in the background from the moment it returns: tells every caller his address. "hold": goes
 * on with an echo of what he sends. */
static int serve(int port, bool hold)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	int s = dual_socket(SOCK_STREAM);

	if (bind(s, (struct sockaddr *)&any, sizeof(any)) || listen(s, 64))
		return tell("serve", -1);
	if (fork())
		return 0;
	setsid();
	signal(SIGCHLD, SIG_IGN);
	for (int fd = 0; fd < 3; fd++)
		dup2(s, fd); /* whoever reads our output must not wait for us */
	for (;;) {
		struct sockaddr_in6 peer;
		socklen_t len = sizeof(peer);
		int c = accept4(s, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);
		char buf[256];
		ssize_t n;

		if (c < 0 || fork()) {
			close(c);
			continue;
		}
		dprintf(c, "%s\n", text_of(&peer, buf, sizeof(buf)));
		while (hold && (n = read(c, buf, sizeof(buf))) > 0)
			if (write(c, buf, (size_t)n) != n)
				break;
		_exit(0);
	}
}

/* Calls, prints how we are known there; from: the own address. */
static int call_tcp(const char *to, int port, const char *from)
{
	struct sockaddr_in6 a = address(to, port);
	int s = dual_socket(SOCK_STREAM), err = 0;
	struct pollfd p = { .fd = s, .events = POLLOUT };
	socklen_t len = sizeof(err);
	char buf[128];
	ssize_t n;

	if (from) {
		struct sockaddr_in6 own = address(from, 0);

		if (bind(s, (struct sockaddr *)&own, sizeof(own)))
			return tell("bind", -1);
	}
	fcntl(s, F_SETFL, O_NONBLOCK);
	if (connect(s, (struct sockaddr *)&a, sizeof(a)) && errno != EINPROGRESS)
		return tell("connect", -1);
	if (poll(&p, 1, 1500) < 1)
		err = ETIMEDOUT;
	else
		getsockopt(s, SOL_SOCKET, SO_ERROR, &err, &len);
	if (err) {
		errno = err;
		return tell("connect", -1);
	}
	p.events = POLLIN;
	if (poll(&p, 1, 1500) < 1 || (n = read(s, buf, sizeof(buf) - 1)) <= 0)
		return tell("read", -1);
	fwrite(buf, 1, (size_t)n, stdout);
	return 0;
}

/* One datagram, from whatever address is asked for. */
static int send_udp(const char *to, int port, const char *from)
{
	struct sockaddr_in6 a = address(to, port), own = address(from, 0);
	int s = dual_socket(SOCK_DGRAM);

	if (bind(s, (struct sockaddr *)&own, sizeof(own)))
		return tell("bind", -1);
	return tell("send", sendto(s, "hello", 5, 0, (struct sockaddr *)&a, sizeof(a)));
}

/* Says who sends datagrams, until nobody has for so long. */
static int hear_udp(int port, int ms)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	int s = dual_socket(SOCK_DGRAM);
	struct pollfd p = { .fd = s, .events = POLLIN };

	if (bind(s, (struct sockaddr *)&any, sizeof(any)))
		return tell("bind", -1);
	printf("ready\n");
	fflush(stdout);
	while (poll(&p, 1, ms) > 0) {
		struct sockaddr_in6 peer;
		socklen_t len = sizeof(peer);
		char buf[64];

		if (recvfrom(s, buf, sizeof(buf), 0, (struct sockaddr *)&peer, &len) >= 0)
			printf("%s\n", text_of(&peer, buf, sizeof(buf)));
		fflush(stdout);
	}
	return 0;
}

/* ---- what a hostile guest does to those who wait for it ---- */

static int put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	close(fd);
	return n < 0 ? -1 : 0;
}

/* Freezes PID 1, and itself when told so. */
static int freeze(bool self)
{
	mkdir("/sys/fs/cgroup/z", 0755);
	if (put_text("/sys/fs/cgroup/z/cgroup.procs", "1") < 0 ||
	    (self && put_text("/sys/fs/cgroup/z/cgroup.procs", "0") < 0))
		return tell("move", -1);
	return tell("freeze", put_text("/sys/fs/cgroup/z/cgroup.freeze", "1"));
}

/* Is the process a program of ours, or a shell? Else it has not run exec yet. */
static bool is_ours(pid_t pid)
{
	char path[64], comm[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (!f || !fgets(comm, sizeof(comm), f))
		comm[0] = 0;
	if (f)
		fclose(f);
	return !comm[0] || !strcmp(comm, "probe\n") || !strcmp(comm, "init\n");
}

/* Whoever opens the file, to run it too, waits (fcntl(2), leases); in the background. */
static int lease(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
		return tell("lease", -1);
	if (fork())
		return 0;
	setsid();
	for (int i = 0; i < 3; i++)
		close(i);
	for (;;)
		pause();
}

/* Stops whoever comes in before he has run exec, as soon as it may; in the background. */
static int stop_joiners(void)
{
	pid_t base = getpid() + 2;

	if (fork())
		return 0;
	setsid();
	for (;;) { /* pids are given out in turn */
		bool gone = kill(base, 0) < 0 && errno == ESRCH, later = false;

		for (pid_t pid = base; pid < base + 8; pid++) {
			int r = kill(pid, 0);

			later = later || (pid > base && (!r || errno == EPERM));
			if (!r && !is_ours(pid))
				kill(pid, SIGSTOP);
		}
		base += gone && later;
	}
}

/* Its death is seen by a tracer that never looks: the parent cannot reap it. */
static void die_traced(void)
{
	int ready[2];
	char c;

	if (pipe2(ready, O_CLOEXEC) || fork() == 0) {
		if (ptrace(PTRACE_SEIZE, getppid(), 0, 0) == 0)
			(void)!write(ready[1], "x", 1);
		for (int fd = 0; fd < 64; fd++)
			close(fd);
		for (;;)
			pause();
	}
	close(ready[1]);
	_exit(read(ready[0], &c, 1) == 1 ? 0 : 9);
}

/* In the background: /opened appears when somebody opens the file. */
static int watch_opens(const char *path)
{
	int fd = inotify_init1(IN_CLOEXEC);
	char event[4096];

	if (fd < 0 || inotify_add_watch(fd, path, IN_OPEN) < 0)
		return tell("inotify", -1);
	if (fork())
		return tell("inotify", 0);
	setsid();
	for (int i = 0; i < 3; i++)
		close(i);
	while (read(fd, event, sizeof(event)) > 0)
		close(open("/opened", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	_exit(0);
}

/* Children of whoever started us, which he knows nothing of: n that end, and one that stays. */
static int siblings(int n)
{
	for (int i = 0; i <= n; i++) {
		long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

		if (pid < 0)
			return tell("siblings", -1);
		if (!pid && i < n)
			_exit(0);
		if (pid)
			continue;
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		for (;;)
			pause();
	}
	return tell("siblings", 0);
}

/* The same without end: n that live, each of which makes more of them that end at once. */
static int breeders(int n)
{
	for (int i = 0; i < n; i++) {
		long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

		if (pid < 0)
			return tell("breeders", -1);
		if (pid)
			continue;
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		while (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0))
			;
		_exit(0);
	}
	return tell("breeders", 0);
}

/* What the administrator's scripts are fed to. */
static int bad_shell(void)
{
	char what[32] = "", chunk[4096];
	FILE *f = fopen("/sh-does", "re");
	sigset_t all;

	if (!f || !fgets(what, sizeof(what), f))
		return 0;
	fclose(f);
	what[strcspn(what, "\n")] = 0;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	memset(chunk, 'x', sizeof(chunk));
	if (!strcmp(what, "traced"))
		die_traced();
	if (!strcmp(what, "stop"))
		kill(getpid(), SIGSTOP);
	if (!strcmp(what, "freeze"))
		freeze(true);
	if (!strcmp(what, "fuse"))
		return serve_nothing("/sbin");
	if (!strcmp(what, "siblings"))
		return siblings(3);
	if (!strcmp(what, "breeders"))
		return breeders(8);
	if (!strcmp(what, "escapes"))
		return printf("\033]0;owned\a\233m gr\303\274n\n") < 0;
	if (!strcmp(what, "fifo"))
		return unlink("/dev/null") || mkfifo("/dev/null", 0666);
	while (!strcmp(what, "flood") && write(1, chunk, sizeof(chunk)) > 0)
		;
	if (!strcmp(what, "leave-flood") && fork())
		return 0;
	while (!strcmp(what, "leave-flood") && write(1, chunk, sizeof(chunk)) > 0)
		;
	while (!strcmp(what, "sleep"))
		pause();
	return 0;
}

/* ---- by name ---- */

static int usage(void)
{
	fputs("probe report [PID]     everything about this process, or about PID\n"
	      "probe syscall NAME...  try it and say the errno; all: every row\n"
	      "probe mount TYPE DIR | mknod b|c|s MAJ MIN PATH | open PATH | kill PID SIG\n"
	      "probe serve PORT       in the background: tells every caller his address\n"
	      "probe hold PORT        the same, and then repeats what he says\n"
	      "probe tcp ADDR PORT [OWN]   calls such a server\n"
	      "probe talk ADDR PORT FILE   asks such a server until the file is there\n"
	      "probe udp ADDR PORT OWN | hear PORT MS   one datagram; who sends them\n"
	      "probe abi i386|x32     unshare by another door\n"
	      "probe socket FAMILY PROTOCOL [i386|socketcall]\n"
	      "probe link KIND | nft EXPRESSION   send such a netlink message\n"
	      "probe flood N          a datagram to each of N ports of the loopback device\n"
	      "probe take KIND MAX | hold KIND MAX   kernel objects until there are no more\n"
	      "probe owner PATH       who made this user namespace\n"
	      "probe weird CMD...     runs it with all that can be inherited out of the ordinary\n"
	      "probe freeze | stopper   PID 1; who joins, before his exec\n"
	      "probe lease FILE       whoever opens it waits\n"
	      "probe linger SOCKET N  sends it descriptors that are not to be closed\n"
	      "probe fuse DIR         mounts there what never answers; in the background\n"
	      "probe opens FILE       in the background: makes /opened when somebody opens it\n"
	      "probe siblings N [stay]   leaves children to who started it: N dead ones, and one that lives\n"
	      "probe breeders N [stay]   leaves N that live, and each leaves dead ones without end\n"
	      "probe args ... | exit N | signal N | sleep | catch N | daemon | eat MIB\n",
	      stderr);
	return 2;
}

static int probe_syscalls(char **name)
{
	int bad = 0;

	if (*name && !strcmp(*name, "all")) {
		for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
			if (!strchr(calls[i].name, ':'))
				try_call(calls[i].name);
		return 0;
	}
	for (; *name; name++)
		bad |= try_call(*name);
	return bad;
}

static int eat_memory(size_t mib)
{
	for (size_t i = 0; i < mib; i++) {
		char *p = malloc(1 << 20);

		if (!p)
			return tell("eat", -1);
		memset(p, 1, 1 << 20);
	}
	return tell("eat", 0);
}

/* Runs a command and adopts what it leaves behind, as a host's init does: never reaping it, or at
 * once. */
static int adopt(bool reap, char **argv)
{
	pid_t pid, got;
	int st = 0;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	do
		got = waitpid(reap ? -1 : pid, &st, 0);
	while (got != pid && (got > 0 || errno == EINTR));
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

static int probe_with_args(int argc, char **argv)
{
	const char *what = argv[1];

	if (!strcmp(what, "syscall"))
		return probe_syscalls(argv + 2);
	if (!strcmp(what, "keep") || !strcmp(what, "reap"))
		return adopt(!strcmp(what, "reap"), argv + 2);
	if (!strcmp(what, "socket") && argc >= 4)
		return try_socket(argv[2], argv[3], argv[4]);
	if (!strcmp(what, "weird"))
		return weird(argv + 2);
	if ((!strcmp(what, "take") || !strcmp(what, "hold")) && argc == 4)
		return take(argv[2], atol(argv[3]), *what == 'h');
	if (!strcmp(what, "owner"))
		return show_owner(argv[2]);
	if (!strcmp(what, "abi"))
		return try_abi(argv[2]);
	if (!strcmp(what, "link"))
		return try_link(argv[2]);
	if (!strcmp(what, "nft"))
		return try_expression(argv[2]);
	if (!strcmp(what, "exit"))
		return atoi(argv[2]);
	if (!strcmp(what, "signal"))
		return tell("raise", kill(getpid(), atoi(argv[2])));
	if (!strcmp(what, "catch"))
		return catch_signals(atoi(argv[2]));
	if (!strcmp(what, "lease"))
		return lease(argv[2]);
	if (!strcmp(what, "linger") && argc == 4)
		return send_lingering(argv[2], atoi(argv[3]));
	if (!strcmp(what, "fuse"))
		return serve_nothing(argv[2]);
	if (!strcmp(what, "opens"))
		return watch_opens(argv[2]);
	if (!strcmp(what, "siblings") || !strcmp(what, "breeders")) {
		int r = *what == 's' ? siblings(atoi(argv[2])) : breeders(atoi(argv[2]));

		fflush(stdout);
		return argc > 3 ? pause() : r;
	}
	if (!strcmp(what, "flood"))
		return send_datagrams(atoi(argv[2]));
	if (!strcmp(what, "open"))
		return try_open(argv[2]);
	if (!strcmp(what, "eat"))
		return eat_memory((size_t)atoi(argv[2]));
	if (!strcmp(what, "mount") && argc == 4)
		return try_mount(argv[2], argv[3]);
	if (!strcmp(what, "kill") && argc == 4)
		return tell("kill", kill(atoi(argv[2]), atoi(argv[3])));
	if (!strcmp(what, "serve") || !strcmp(what, "hold"))
		return serve(atoi(argv[2]), *what == 'h');
	if (!strcmp(what, "tcp") && argc >= 4)
		return call_tcp(argv[2], atoi(argv[3]), argv[4]);
	if (!strcmp(what, "talk") && argc == 5)
		return talk(argv[2], atoi(argv[3]), argv[4]);
	if (!strcmp(what, "udp") && argc == 5)
		return send_udp(argv[2], atoi(argv[3]), argv[4]);
	if (!strcmp(what, "hear") && argc == 4)
		return hear_udp(atoi(argv[2]), atoi(argv[3]));
	if (!strcmp(what, "mknod") && argc == 6)
		return try_mknod(argv + 2);
	return usage();
}

static int probe(int argc, char **argv)
{
	if (argc < 2)
		return usage();
	if (!strcmp(argv[1], "args")) {
		for (int i = 2; i < argc; i++)
			printf("[%s]\n", argv[i]);
		return 0;
	}
	if (!strcmp(argv[1], "report")) {
		if (argc > 2)
			report_process(argv[2], stdout);
		else
			report_self(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "daemon"))
		return daemonize();
	if (!strcmp(argv[1], "freeze"))
		return freeze(false);
	if (!strcmp(argv[1], "stopper"))
		return stop_joiners();
	if (!strcmp(argv[1], "sleep"))
		for (;;)
			pause();
	return argc < 3 ? usage() : probe_with_args(argc, argv);
}

/* ---- PID 1 ---- */

static _Noreturn void end(int how)
{
	kill(-1, SIGTERM);
	usleep(20000);
	kill(-1, SIGKILL);
	sync();
	reboot(how);
	_exit(1);	/* not allowed to: ending is the next best thing */
}

/* As a service manager does when it has started everything. */
static void notify_ready(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (path && fd >= 0) {
		snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
		sendto(fd, "READY=1", 7, 0, (struct sockaddr *)&to, sizeof(to));
	}
	close(fd);
}

static _Noreturn void init(void)
{
	FILE *out = fopen("/init-report", "we");
	sigset_t all;
	int sig;

	if (out) {
		report_self(out);
		fclose(out);
	}
	notify_ready();
	while (access("/late", F_OK) == 0) /* whatever it is sent now is dropped */
		usleep(10000);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (;;) {
		if (sigwait(&all, &sig))
			continue;
		if (access("/deaf", F_OK) == 0 && sig != SIGCHLD)
			continue;
		if (sig == SIGUSR1)
			end(RB_HALT_SYSTEM);
		if (sig == SIGRTMIN + 4 && unlink("/lose") == 0)
			continue;
		if (sig == SIGUSR2 || sig == SIGRTMIN + 4)
			end(RB_POWER_OFF);
		if (sig == SIGTERM || sig == SIGINT)
			end(RB_AUTOBOOT);
		while (sig == SIGCHLD && waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');

	name = name ? name + 1 : argv[0];
	if (!strcmp(name, "halt"))
		return kill(1, SIGUSR1) != 0;
	if (!strcmp(name, "poweroff"))
		return kill(1, SIGUSR2) != 0;
	if (!strcmp(name, "reboot"))
		return kill(1, SIGTERM) != 0;
	if (!strcmp(name, "sh") || !strcmp(name, "bash"))
		return bad_shell();
	if (!strcmp(name, "init") && getpid() == 1)
		init();
	return probe(argc, argv);
}
