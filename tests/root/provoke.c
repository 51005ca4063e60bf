// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes one thing that a checkpoint may not take along, says "made" or why not, lets its parent go and stays: each
 * name is a row of things[]. root/91-verdict runs it inside a VPS. It shares no line with the product.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in6.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <linux/vm_sockets.h>
#include <grp.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/if.h>
#include <linux/if_tun.h>

static const char *arg; /* the word behind the name, or "" */

static long number(long otherwise)
{
	return *arg ? strtol(arg, NULL, 0) : otherwise;
}

static int sys_io_uring(void)
{
	char params[120] = { 0 };

	return (int)syscall(425, 4, params);
}

static int sys_bpf_map(void)
{
	union bpf_attr a = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1 };

	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof(a));
}

static int sys_perf(void)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(a),
				     .config = PERF_COUNT_SW_TASK_CLOCK, .exclude_kernel = 1, .exclude_hv = 1 };

	return (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
}

static int sys_userfault(void)
{
	return (int)syscall(SYS_userfaultfd, 1 /* user mode only */ | O_CLOEXEC);
}

static int sys_landlock(void)
{
	unsigned long handled[2] = { 1, 0 };

	return (int)syscall(444, handled, 8, 0);
}

static int notify(void)
{
	struct sock_filter f[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog p = { 1, f };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &p);
}

static int filter(void)
{
	struct sock_filter f[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog p = { 1, f };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p);
}

static int fanotify(void)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY);

	return fd < 0 ? fd : fanotify_mark(fd, FAN_MARK_ADD, FAN_CREATE, AT_FDCWD, *arg ? arg : "/");
}

static int inotify(void)
{
	int fd = inotify_init1(0);

	return inotify_add_watch(fd, *arg ? arg : "/", IN_ALL_EVENTS);
}

static int inotify_deleted(void)
{
	int fd = inotify_init1(0), file = open("/watched", O_CREAT | O_RDWR, 0600);

	if (inotify_add_watch(fd, "/watched", IN_ALL_EVENTS) < 0)
		return -1;
	unlink("/watched");
	return file;
}

static int timerfd(void)
{
	return timerfd_create(CLOCK_MONOTONIC, 0);
}

static int pidfd_self(void)
{
	return (int)syscall(SYS_pidfd_open, getpid(), 0);
}

/* Memory full of what systemd keeps beside a pidfd: of descriptors that it has ("copies"), or that it has not. */
static int pidfd_numbers(void)
{
	const size_t n = (60u << 20) / 16;
	struct {
		int32_t pid, fd;
		uint64_t inode;
	} *all = mmap(NULL, n * sizeof(*all), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct rlimit many = { 4100, 4100 };
	int fd = pidfd_self(), last = fd;
	struct stat st;

	if (all == MAP_FAILED || fd < 0 || fstat(fd, &st) < 0 || setrlimit(RLIMIT_NOFILE, &many) < 0)
		return -1;
	for (int i = 0; i < 4000 && last >= 0; i++)
		last = dup(fd);
	for (size_t i = 0; i < n; i++) {
		all[i].pid = getpid();
		all[i].fd = strcmp(arg, "copies") ? 100000 : fd;
		all[i].inode = st.st_ino;
	}
	for (long times = number(1); --times > 0;)
		if (!fork())
			for (;;)
				pause(); /* that it is made one says */
	return last;
}

/* The same, once in each 32 KiB, so that memory that follows comes in as many pieces. */
static int pidfd_spread(void)
{
	const size_t step = 32 << 10, n = (size_t)number(400);
	char *at = mmap(NULL, n * step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = pidfd_self();
	struct {
		int32_t pid, fd;
		uint64_t inode;
	} ref = { getpid(), fd, 0 };
	struct stat st;

	if (at == MAP_FAILED || fd < 0 || fstat(fd, &st) < 0)
		return -1;
	ref.inode = st.st_ino;
	for (size_t i = 0; i < n; i++)
		memcpy(at + i * step, &ref, sizeof(ref));
	return fd;
}

static int pidfd_thread(void)
{
	return (int)syscall(SYS_pidfd_open, getpid(), O_EXCL);
}

static int pidfd_gone(void)
{
	pid_t pid = fork();
	int fd;

	if (!pid)
		_exit(0);
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	waitpid(pid, NULL, 0);
	return fd;
}

static int memfd(void)
{
	int fd = memfd_create("memory", (unsigned)number(0));

	return fd < 0 ? fd : ftruncate(fd, 4 << 20);
}

static int memfd_huge(void)
{
	return memfd_create("huge", MFD_HUGETLB);
}

static int memfd_secret_fd(void)
{
	int fd = (int)syscall(447, 0);

	if (fd < 0 || ftruncate(fd, 4096) < 0)
		return -1;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : fd;
}

static int huge_map(void)
{
	return mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0) ==
	       MAP_FAILED ? -1 : 0;
}

/* ---- sockets ---- */

static int sock(int family, int type, int protocol)
{
	return socket(family, type, protocol);
}

static int s_vsock(void) { return sock(AF_VSOCK, SOCK_STREAM, 0); }
static int s_packet(void) { return sock(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP)); }
static int s_alg(void) { return sock(AF_ALG, SOCK_SEQPACKET, 0); }
static int s_sctp(void) { return sock(AF_INET, SOCK_STREAM, 132); }
static int s_mptcp(void) { return sock(AF_INET, SOCK_STREAM, 262); }
static int s_raw(void) { return sock(AF_INET, SOCK_RAW, (int)number(IPPROTO_ICMP)); }
static int s_raw6(void) { return sock(AF_INET6, SOCK_RAW, (int)number(IPPROTO_ICMPV6)); }
static int s_ping(void) { return sock(AF_INET, SOCK_DGRAM, IPPROTO_ICMP); }
static int s_udplite(void) { return sock(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE); }
static int s_dccp(void) { return sock(AF_INET, 6, 33); }
static int s_netlink(void) { return sock(AF_NETLINK, SOCK_RAW, (int)number(0)); }

/* Any family: "FAMILY TYPE PROTOCOL" as one number each by hundreds. */
static int s_any(void)
{
	long n = number(0);

	return sock((int)(n / 1000000), (int)(n / 1000 % 1000), (int)(n % 1000));
}

static int s_netlink_bound(void)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK };
	int fd = sock(AF_NETLINK, SOCK_RAW, (int)number(0));

	return fd < 0 ? fd : bind(fd, (struct sockaddr *)&a, sizeof(a));
}

static int s_netlink_group(void)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK };
	int fd = sock(AF_NETLINK, SOCK_RAW, 0), group = (int)number(33);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -1;
	return setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
}

/* bound to groups alone, no number of its own */
/* One message of the packet filter with attributes that are given as they lie in it; the socket stays. */
static int ask_filter(int type, unsigned short id, const void *attrs, size_t n)
{
	struct {
		struct nlmsghdr h;
		struct nfgenmsg g;
		char attrs[256];
	} m = { .h = { .nlmsg_type = (unsigned short)type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE },
		.g = { .nfgen_family = AF_INET, .res_id = htons(id) } };
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
	} said = { .e.error = -EPROTO };
	int fd = sock(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);

	m.h.nlmsg_len = (unsigned)(sizeof(m.h) + sizeof(m.g) + n);
	memcpy(m.attrs, attrs, n);
	if (fd < 0 || send(fd, &m, m.h.nlmsg_len, 0) < 0 || recv(fd, &said, sizeof(said), MSG_TRUNC) < (ssize_t)sizeof(said))
		return -1;
	errno = -said.e.error;
	return said.e.error ? -1 : 0;
}

static int s_nfqueue(void)
{
	return ask_filter(NFNL_SUBSYS_QUEUE << 8 | 2, 5, "\x08\0\1\0\1\0\0\0", 8);
}

static int s_nflog(void)
{
	return ask_filter(NFNL_SUBSYS_ULOG << 8 | 1, 6, "\x05\0\1\0\1\0\0\0", 8);
}

/* protocol 7, name "some", type "hash:ip", revision 0, family AF_INET, no data */
static int s_ipset(void)
{
	static const char attrs[] = "\5\0\1\0\7\0\0\0" "\x09\0\2\0some\0\0\0\0" "\x0c\0\3\0hash:ip\0" "\5\0\4\0\0\0\0\0"
				    "\5\0\5\0\2\0\0\0" "\4\0\7\x80";

	return ask_filter(NFNL_SUBSYS_IPSET << 8 | 2, 0, attrs, sizeof(attrs) - 1);
}

/* Routes multicast, with lo as one of its devices. */
static int s_mroute(void)
{
	struct {
		unsigned short vif;
		unsigned char flags, threshold;
		unsigned rate;
		int index;
		struct in_addr remote;
	} lo = { .flags = 8 /* VIFF_USE_IFINDEX */, .threshold = 1, .index = 1 };
	int one = 1, fd = sock(AF_INET, SOCK_RAW, IPPROTO_IGMP);

	if (fd < 0 || setsockopt(fd, IPPROTO_IP, 200 /* MRT_INIT */, &one, sizeof(one)) < 0)
		return -1;
	return setsockopt(fd, IPPROTO_IP, 202 /* MRT_ADD_VIF */, &lo, sizeof(lo));
}

/* Sends multicast by the device of that number; unset: it has nothing to do with multicast. */
static int s_multicast_if(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(5999) };
	struct ip_mreqn by = { .imr_ifindex = (int)number(1) };
	int fd = sock(AF_INET, SOCK_DGRAM, 0), hops = 5;

	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -1;
	return !*arg ? 0 : setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof(hops)) < 0 ? -1 :
	       setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof(by));
}

static int s_flowlabel(void)
{
	struct in6_flowlabel_req r = { .flr_label = htonl(0x12345), .flr_action = IPV6_FL_A_GET, .flr_share = IPV6_FL_S_EXCL,
				       .flr_flags = IPV6_FL_F_CREATE, .flr_dst = in6addr_loopback };

	return setsockopt(sock(AF_INET6, SOCK_DGRAM, 0), IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &r, sizeof(r));
}

static int s_netlink_unread(void)
{
	struct { struct nlmsghdr h; char rest[16]; } m = { .h = { .nlmsg_len = sizeof(m), .nlmsg_type = 18,
		.nlmsg_flags = NLM_F_REQUEST | 0x300 } };
	int fd = sock(AF_NETLINK, SOCK_RAW, 0);

	return fd < 0 ? fd : (int)send(fd, &m, sizeof(m), 0);
}

static int s_corked(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = { htonl(0x7f000001) } };
	int fd = sock(AF_INET, SOCK_DGRAM, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -1;
	return (int)send(fd, "x", 1, MSG_MORE);
}

/* A connection that nobody has accepted yet. */
static int s_backlog(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(7777), .sin_addr = { htonl(0x7f000001) } };
	int fd = sock(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 5) < 0)
		return -1;
	return connect(sock(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a));
}

static struct sockaddr_un unix_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	return a;
}

static int s_unix_backlog(void)
{
	struct sockaddr_un a = unix_at("/provoke.sock");
	int fd = sock(AF_UNIX, SOCK_STREAM, 0);

	unlink(a.sun_path);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 5) < 0)
		return -1;
	return connect(sock(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a));
}

static int s_unix_connect(void)
{
	struct sockaddr_un a = unix_at(*arg ? arg : "/outside.sock");

	return connect(sock(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a));
}

static int s_unix_creds(void)
{
	int fds[2], on = 1;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 ||
	    setsockopt(fds[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return -1;
	return (int)write(fds[0], "x", 1);
}

static int sender[2], watcher = -1;

/* Who has sent the signal waits for this. */
static void handled(int signal)
{
	mkdir(signal == SIGUSR1 ? "/dev/shm/handled-1" : "/dev/shm/handled-2", 0755);
}

static void send_one(int signal)
{
	(void)!write(sender[0], "x", 1);
	handled(signal);
}

static void read_one(int signal)
{
	char c;

	(void)!read(sender[1], &c, 1);
	handled(signal);
}

static void touch(int signal)
{
	rmdir("/touched");
	mkdir("/touched", 0755);
	handled(signal);
}

static void read_events(int signal)
{
	char buf[4096];

	(void)!read(watcher, buf, sizeof(buf));
	handled(signal);
}

/* An event is unread from SIGUSR1 to SIGUSR2. */
static int inotify_late(void)
{
	signal(SIGUSR1, touch);
	signal(SIGUSR2, read_events);
	watcher = inotify_init1(IN_NONBLOCK);
	return inotify_add_watch(watcher, "/", IN_CREATE);
}

/* One byte with credentials is unread from SIGUSR1 to SIGUSR2. */
static int s_unix_late(void)
{
	int on = 1;

	signal(SIGUSR1, send_one);
	signal(SIGUSR2, read_one);
	return socketpair(AF_UNIX, SOCK_STREAM, 0, sender) < 0 ?
		       -1 : setsockopt(sender[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

/* On the host: whose connections last. */
static int s_unix_listen(void)
{
	struct sockaddr_un a = unix_at(arg);
	int fd = sock(AF_UNIX, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || chmod(arg, 0777) < 0 || listen(fd, 5) < 0)
		return -1;
	if (!fork())
		for (;;)
			(void)accept(fd, NULL, NULL);
	return 0;
}

static int s_unix_rights(void)
{
	int fds[2], fd = open("/etc/hostname", O_RDONLY | O_CREAT, 0644);
	char buf[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { .iov_base = (char *)"x", .iov_len = 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = buf, .msg_controllen = sizeof(buf) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return -1;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return (int)sendmsg(fds[0], &m, 0);
}

/* ---- files ---- */

static int f_deleted(void)
{
	int fd = open("/deleted", O_CREAT | O_RDWR, 0600);
	char buf[65536] = { 1 };

	for (long n = number(1) << 4; n > 0; n--)
		if (write(fd, buf, sizeof(buf)) < 0)
			return -1;
	unlink("/deleted");
	return fd;
}

static int f_deleted_dir(void)
{
	int fd;

	mkdir("/deleted.d", 0700);
	fd = open("/deleted.d", O_RDONLY | O_DIRECTORY);
	rmdir("/deleted.d");
	return fd;
}

/* A deleted directory, and the deleted one above it. */
static int f_deleted_tree(void)
{
	mkdir("/tree", 0700);
	mkdir("/tree/below", 0700);
	if (open("/tree", O_RDONLY) < 0 || open("/tree/below", O_RDONLY) < 0)
		return -1;
	return rmdir("/tree/below") < 0 ? -1 : rmdir("/tree");
}

static int trees; /* the first of its two descriptors */

static void delete_tree(int signal)
{
	trees = dup(0);
	close(trees);
	(void)f_deleted_tree();
	handled(signal);
}

static void let_tree_go(int signal)
{
	close(trees);
	close(trees + 1);
	handled(signal);
}

/* What f_deleted_tree() makes is there from SIGUSR1 to SIGUSR2; with an argument it stays. */
static int f_deleted_late(void)
{
	signal(SIGUSR1, delete_tree);
	signal(SIGUSR2, *arg ? handled : let_tree_go);
	return 0;
}

/* A deleted file in a deleted directory. */
static int f_deleted_below(void)
{
	mkdir("/tree", 0700);
	if (open("/tree/file", O_CREAT | O_RDWR, 0600) < 0)
		return -1;
	return unlink("/tree/file") < 0 ? -1 : rmdir("/tree");
}

static int f_deleted_cwd(void)
{
	mkdir("/deleted.c", 0700);
	if (chdir("/deleted.c") < 0)
		return -1;
	return rmdir("/deleted.c");
}

static int f_tmpfile(void) { return open("/", O_TMPFILE | O_RDWR, 0600); }
static int f_open(void) { return open(arg, O_RDWR | O_CREAT, 0600); }
static int f_read(void) { return open(arg, O_RDONLY | O_NONBLOCK); }
static int f_write(void) { return open(arg, O_WRONLY | O_NONBLOCK); }
static int f_path(void) { return open(arg, O_PATH | O_NOFOLLOW); }

static int f_flock(void)
{
	int fd = open("/locked", O_CREAT | O_RDWR, 0600);

	return flock(fd, LOCK_EX);
}

static int f_posix_lock(void)
{
	struct flock l = { .l_type = F_WRLCK };
	int fd = open("/locked", O_CREAT | O_RDWR, 0600);

	return fcntl(fd, F_SETLK, &l);
}

static int f_ofd_lock(void)
{
	struct flock l = { .l_type = F_WRLCK };
	int fd = open("/locked", O_CREAT | O_RDWR, 0600);

	return fcntl(fd, F_OFD_SETLK, &l);
}

static int f_lease(void)
{
	int fd = open("/leased", O_CREAT | O_RDONLY, 0600);

	return fcntl(fd, F_SETLEASE, F_RDLCK);
}

static int f_proc_gone(void)
{
	char path[40];
	pid_t pid = fork();
	int fd;

	if (!pid)
		pause();
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, *arg ? arg : "status");
	fd = open(path, O_RDONLY);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

static int f_pipe_packets(void)
{
	int fds[2];

	return pipe2(fds, O_DIRECT);
}

static int f_mount(void) { return (int)syscall(428, AT_FDCWD, "/", 1); }
static int f_fscontext(void) { return (int)syscall(430, "tmpfs", 0); }

static int f_tun(void)
{
	struct ifreq r = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR);

	return fd < 0 ? fd : *arg ? ioctl(fd, TUNSETIFF, &r) : 0;
}

static int f_mqueue(void)
{
	return (int)mq_open("/provoke", O_CREAT | O_RDWR, 0600, NULL);
}

static int f_mqueue_left(void)
{
	mqd_t q = mq_open(*arg ? arg : "/provoke", O_CREAT | O_RDWR, 0600, NULL);

	return (int)q < 0 ? -1 : mq_close(q);
}

static int f_epoll_closed(void)
{
	int e = epoll_create1(0), fds[2], copy;
	struct epoll_event ev = { .events = EPOLLIN };

	if (pipe(fds) < 0)
		return -1;
	copy = dup(fds[0]);
	if (epoll_ctl(e, EPOLL_CTL_ADD, fds[0], &ev) < 0 || copy < 0)
		return -1;
	return close(fds[0]);
}

static int f_pty(void)
{
	int m = posix_openpt(O_RDWR | O_NOCTTY);

	return m < 0 ? m : grantpt(m) || unlockpt(m) ? -1 : open(ptsname(m), O_RDWR | O_NOCTTY);
}

/* The terminal of a session that has ended. */
static int f_pty_dangling(void)
{
	int m = posix_openpt(O_RDWR | O_NOCTTY), p[2];
	char c;

	if (m < 0 || grantpt(m) || unlockpt(m) || pipe(p) < 0)
		return -1;
	if (!fork()) {
		setsid();
		ioctl(open(ptsname(m), O_RDWR), TIOCSCTTY, 0);
		if (!fork()) {
			signal(SIGHUP, SIG_IGN);
			(void)!write(p[1], "x", 1);
			close(p[1]);
			for (;;)
				pause();
		}
		usleep(100000);
		_exit(0);
	}
	close(p[1]);
	wait(NULL);
	return (int)read(p[0], &c, 1);
}

/* ---- processes ---- */

static int p_unshare(void) { return unshare((int)number(CLONE_NEWUSER)); }

/* a child in a namespace of its own */
static int p_clone(void)
{
	long pid = syscall(SYS_clone, number(CLONE_NEWPID) | SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		for (;;)
			pause();
	return (int)pid;
}

static int p_traced(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	return (int)ptrace(PTRACE_SEIZE, pid, 0, 0);
}

static int p_zombie(void)
{
	pid_t pid = fork();
	siginfo_t si;

	if (!pid)
		_exit(3);
	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT);
}

static int p_stopped(void)
{
	pid_t pid = fork();
	int st;

	if (!pid)
		for (;;)
			pause();
	kill(pid, SIGSTOP);
	return waitpid(pid, &st, WUNTRACED);
}

static void *thread(void *x)
{
	(void)x;
	if (*arg == 'f' && (unshare(CLONE_FILES) < 0 || open("/etc/passwd", O_RDONLY) < 0))
		abort();
	if (*arg == 's' && (unshare(CLONE_FS) < 0 || chdir("/dev/shm") < 0))
		abort();
	if (*arg == 'n')
		(void)unshare(CLONE_NEWNET);
	if (*arg == 'c')
		(void)filter();
	for (;;)
		pause();
	return NULL;
}

static int p_thread(void)
{
	pthread_t t;
	int r = -pthread_create(&t, NULL, thread, NULL);

	usleep(50000);
	return r;
}

static void *waiting(void *x)
{
	usleep(200000);
	return x;
}

static int p_dead_leader(void) { return 0; } /* main() does it */
static int p_strict(void) { return prctl(PR_SET_SECCOMP, 1); }
static int p_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0); }
static int p_keyring(void) { return (int)syscall(SYS_keyctl, 1, "provoke"); }

static int p_aio(void)
{
	aio_context_t ctx = 0;

	return (int)syscall(SYS_io_setup, 8, &ctx);
}

static int p_shm(void)
{
	int id = shmget(IPC_PRIVATE, 1 << 20, IPC_CREAT | 0600);

	return id < 0 ? id : shmat(id, NULL, 0) == (void *)-1 ? -1 : 0;
}

static int p_shm_part(void)
{
	int id = shmget(IPC_PRIVATE, 1 << 20, IPC_CREAT | 0600);
	char *at = shmat(id, NULL, 0);

	return id < 0 || at == (void *)-1 ? -1 : munmap(at + (*arg ? 4096 : (1 << 20) - 4096), 4096);
}

static int p_shm_huge(void)
{
	int id = shmget(IPC_PRIVATE, 2 << 20, IPC_CREAT | SHM_HUGETLB | 0600);

	return id < 0 ? id : shmat(id, NULL, 0) == (void *)-1 ? -1 : 0;
}

static int p_packet_ring(void)
{
	struct tpacket_req r = { .tp_block_size = 65536, .tp_block_nr = 2, .tp_frame_size = 2048, .tp_frame_nr = 64 };
	int fd = s_packet();

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &r, sizeof(r)) < 0)
		return -1;
	return mmap(NULL, 131072, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0;
}

static int p_map_dev(void)
{
	int fd = open(arg, O_RDWR);

	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : close(fd);
}

static int p_guard(void)
{
	void *at = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return madvise(at, 4096, 102);
}

static int p_map_deleted(void)
{
	int fd = f_deleted();

	return mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : close(fd);
}

/* A file that is mapped, and no longer open. */
static int p_map_file(void)
{
	int fd = open(arg, O_CREAT | O_RDWR, 0700);

	if (fd < 0 || ftruncate(fd, 4096) < 0)
		return -1;
	return mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : close(fd);
}

/* Memory that parent and child share, so many megabytes. */
static int p_map_shared(void)
{
	size_t n = (size_t)number(1) << 20;
	void *at = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? -1 : (memset(at, 1, n), 0);
}

static int p_mount(void)
{
	char *type = strtok((char *)arg, ","), *at = strtok(NULL, ","), *options = strtok(NULL, ";");

	mkdir(at, 0755);
	return mount("provoke", at, type, 0, options);
}

static int p_bind(void)
{
	char *from = strtok((char *)arg, ","), *at = strtok(NULL, ",");

	mkdir(at, 0755);
	close(open(at, O_CREAT | O_WRONLY, 0644));
	return mount(from, at, NULL, MS_BIND, NULL);
}

static int p_flags(void)
{
	char *at = strtok((char *)arg, ","), *n = strtok(NULL, ",");

	return mount(NULL, at, NULL, strtoul(n, NULL, 0), NULL);
}

static int p_umount(void) { return umount2(arg, MNT_DETACH); }

/* a peer group whose mounts have no root in common */
static int p_peers(void)
{
	mkdir("/peers", 0755);
	mkdir("/pa", 0755);
	mkdir("/pb", 0755);
	if (mount("peers", "/peers", "tmpfs", 0, NULL) < 0 || mount(NULL, "/peers", NULL, MS_SHARED, NULL) < 0)
		return -1;
	mkdir("/peers/a", 0755);
	mkdir("/peers/b", 0755);
	if (mount("/peers/a", "/pa", NULL, MS_BIND, NULL) < 0 || mount("/peers/b", "/pb", NULL, MS_BIND, NULL) < 0)
		return -1;
	if (*arg == 'r') /* only what lies apart of the group is left, but the root of the file system is there */
		return mount(NULL, "/peers", NULL, MS_PRIVATE, NULL);
	return *arg == 'a' ? umount2("/peers", MNT_DETACH) : 0;
}

/* a mount that receives from a group that is nowhere any more */
static int p_slave(void)
{
	mkdir("/slave", 0755);
	mkdir("/master", 0755);
	if (mount("master", "/master", "tmpfs", 0, NULL) < 0 || mount(NULL, "/master", NULL, MS_SHARED, NULL) < 0 ||
	    mount("/master", "/slave", NULL, MS_BIND, NULL) < 0 || mount(NULL, "/slave", NULL, MS_SLAVE, NULL) < 0)
		return -1;
	return *arg ? 0 : umount2("/master", MNT_DETACH);
}

/* a name space kept by a mount, as ip-netns(8) does */
static int p_netns(void)
{
	mkdir("/run/netns", 0755);
	close(open("/run/netns/provoke", O_CREAT | O_WRONLY, 0644));
	if (!fork()) {
		if (unshare(CLONE_NEWNET) < 0 ||
		    mount("/proc/self/ns/net", "/run/netns/provoke", NULL, MS_BIND, NULL) < 0)
			_exit(1);
		_exit(0);
	}
	int st;
	wait(&st);
	return st ? -1 : 0;
}

static int p_overmounted(void)
{
	int fd;

	mkdir("/under", 0755);
	if (mount("a", "/under", "tmpfs", 0, NULL) < 0)
		return -1;
	fd = open("/under/file", O_CREAT | O_RDWR, 0600);
	return mount("b", "/under", "tmpfs", 0, NULL) < 0 ? -1 : fd;
}

static int p_chroot(void)
{
	mkdir("/jail", 0755);
	return chroot("/jail");
}

static int p_detached_cwd(void)
{
	mkdir("/gone", 0755);
	if (mount("a", "/gone", "tmpfs", 0, NULL) < 0 || chdir("/gone") < 0)
		return -1;
	return umount2("/gone", MNT_DETACH);
}

static int p_detached_file(void)
{
	int fd;

	mkdir("/gone", 0755);
	if (mount("a", "/gone", "tmpfs", 0, NULL) < 0)
		return -1;
	fd = open("/gone/file", O_CREAT | O_RDWR, 0600);
	return fd < 0 ? -1 : umount2("/gone", MNT_DETACH);
}

static int p_fuse(void)
{
	char options[100];
	int fd = open("/dev/fuse", O_RDWR);

	if (fd < 0 || !*arg)
		return fd;
	mkdir("/fuse", 0755);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	return mount("fuse", "/fuse", "fuse", 0, options);
}

static int p_many(void)
{
	for (long n = number(100); n; n--) {
		pid_t pid = fork();

		if (pid < 0)
			return -1;
		if (!pid)
			for (;;)
				pause();
	}
	return 0;
}

static int p_fds(void)
{
	int fd = eventfd(0, 0);

	for (long n = number(1000); n; n--)
		if (dup(fd) < 0)
			return -1;
	return 0;
}

static int p_fds_times(void)
{
	long times = number(10);

	arg = "1000000";
	while (--times > 0 && fork() > 0)
		;
	return p_fds();
}

static int p_timer(void)
{
	timer_t t;
	struct sigevent ev = { .sigev_notify = SIGEV_NONE };

	return timer_create((clockid_t)number(CLOCK_MONOTONIC), &ev, &t);
}

static int p_affinity(void)
{
	cpu_set_t s;

	CPU_ZERO(&s);
	CPU_SET(0, &s);
	return sched_setaffinity(0, sizeof(s), &s);
}

static int p_sched(void)
{
	struct sched_param p = { .sched_priority = 0 };

	return sched_setscheduler(0, (int)number(SCHED_IDLE), &p);
}

static int p_none(void) { return 0; }
static int p_ipc_sem(void) { return (int)syscall(SYS_semget, 77, 3, IPC_CREAT | 0600); }
static int p_mlock(void) { return mlockall(MCL_CURRENT | MCL_FUTURE); }
static int p_signalfd(void)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	return signalfd(-1, &s, 0);
}

static int p_reserve(void)
{
	return mmap(NULL, strtoull(arg, NULL, 0), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) ==
			       MAP_FAILED ? -1 : 0;
}

/* Nothing may call into it any more: the caller pauses by the system call alone. */
static int p_vdso(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	unsigned long from, to;

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "[vdso]") && sscanf(line, "%lx-%lx", &from, &to) == 2)
			return mprotect((void *)from, to - from, PROT_READ);
	return -1;
}

/* A file that was opened by way of a read-only mount, or mapped, is deleted by another. */
static int f_deleted_read_only(void)
{
	int fd;

	mkdir("/rw", 0755);
	mkdir("/ro", 0755);
	if (open("/rw/file", O_CREAT | O_RDWR, 0600) < 0 || mount("/rw", "/ro", NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, "/ro", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
		return -1;
	fd = open("/ro/file", O_RDONLY);
	if (fd < 0 || (*arg && (mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED || close(fd) < 0)))
		return -1;
	return unlink("/rw/file");
}

/* On a tmpfs of which so many inodes are free. */
static int f_deleted_inodes(void)
{
	char name[40];

	mkdir("/few", 0755);
	if (mount("few", "/few", "tmpfs", 0, "nr_inodes=20") < 0 || open("/few/gone", O_CREAT | O_RDWR, 0600) < 0 ||
	    unlink("/few/gone") < 0)
		return -1;
	for (long i = 0; i < 18 - number(0); i++) {
		snprintf(name, sizeof(name), "/few/%ld", i);
		if (mkdir(name, 0700) < 0)
			return -1;
	}
	return 0;
}

static int f_deleted_group(void)
{
	static const char path[] = "/sys/fs/cgroup/removed";
	int r;

	if (mkdir(path, 0755) < 0)
		return -1;
	r = !strcmp(arg, "cwd") ? chdir(path) : open("/sys/fs/cgroup/removed/cgroup.procs", O_RDONLY);
	return r < 0 ? -1 : rmdir(path);
}

/* A controlling terminal of a devpts of its own. */
static int p_terminal(void)
{
	int zero = 0, master, slave;

	mkdir("/pts", 0755);
	if (mount("devpts", "/pts", "devpts", 0, "newinstance,ptmxmode=666") < 0)
		return -1;
	master = open("/pts/ptmx", O_RDWR | O_NOCTTY);
	if (master < 0 || ioctl(master, TIOCSPTLCK, &zero) < 0)
		return -1;
	slave = open("/pts/0", O_RDWR | O_NOCTTY);
	if (slave < 0)
		return -1;
	return *arg ? 0 : ioctl(slave, TIOCSCTTY, 0);
}

static int p_mounts(void)
{
	char name[40];

	mkdir("/m", 0755);
	if (mount("m", "/m", "tmpfs", 0, "") < 0)
		return -1;
	for (long i = 0; i < number(1000); i++) {
		snprintf(name, sizeof(name), "/m/%ld", i);
		if (mkdir(name, 0755) < 0 || mount("m", name, "tmpfs", 0, "") < 0)
			return -1;
	}
	return 0;
}

static int stay(void *unused)
{
	while (!unused)
		pause();
	return 0;
}

static int clone_staying(int flags)
{
	static char stack[65536] __attribute__((aligned(16)));

	return clone(stay, stack + sizeof(stack), flags | SIGCHLD, NULL);
}

/* A child that waits for one of its own, which never calls exec; it does when this returns. */
static int p_asleep(void)
{
	char path[40], text[256];
	pid_t pid = fork();

	if (!pid) {
		clone_staying(CLONE_VM | CLONE_VFORK);
		_exit(1);
	}
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (;;) {
		FILE *f = fopen(path, "r");

		if (!f || !fgets(text, sizeof(text), f))
			return -1;
		fclose(f);
		if (strstr(text, ") D "))
			return 0;
	}
}

/* For ever: no such sleep is long. */
static int p_vforks(void)
{
	pid_t pid = fork();

	while (!pid) {
		pid_t child = vfork();

		if (!child) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		waitpid(child, NULL, 0);
	}
	return pid < 0 ? -1 : 0;
}

static int p_shared(void)
{
	return clone_staying(!strcmp(arg, "fs") ? CLONE_FS : !strcmp(arg, "files") ? CLONE_FILES : CLONE_VM);
}

static int p_groups(void)
{
	static gid_t groups[65536];
	long n = number(2000);

	for (long i = 0; i < n; i++)
		groups[i] = (gid_t)i;
	return setgroups((size_t)n, groups);
}

/* Three are in use. */
static int p_limit_files(void)
{
	const struct rlimit few = { (rlim_t)number(3), (rlim_t)number(3) };

	return setrlimit(RLIMIT_NOFILE, &few);
}

static int p_limit_memory(void)
{
	struct rlimit little;
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%ld", &pages) != 1)
		return -1;
	fclose(f);
	little.rlim_cur = little.rlim_max = (rlim_t)pages * 4096 + (rlim_t)number(0);
	return setrlimit(RLIMIT_AS, &little);
}

static int f_fifo_path(void)
{
	mkfifo("/fifo", 0644);
	return open("/fifo", O_PATH);
}

static int send_fd(int to, int fd)
{
	char room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { (char[]){ "x" }, 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return (int)sendmsg(to, &m, 0);
}

/* A socket with a descriptor in its queue is in the queue of another; with an argument it is open too. */
static int s_under_way(void)
{
	int outer[2], inner[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, outer) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, inner) < 0 ||
	    send_fd(inner[0], 0) < 0 || send_fd(outer[0], inner[0]) < 0 || send_fd(outer[0], inner[1]) < 0)
		return -1;
	return *arg ? 0 : close(inner[0]) < 0 ? -1 : close(inner[1]);
}

static int s_bound(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(7777), .sin_addr.s_addr = inet_addr(arg) };
	int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);

	return bind(tcp, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(tcp, 5) < 0 ?
		       -1 : bind(udp, (struct sockaddr *)&a, sizeof(a));
}

/* Two of each kind of System V; or a segment of so many bytes. */
static int p_ipc(void)
{
	struct { long type; char text[1000]; } m = { 1, "" };

	if (*arg)
		return shmget(IPC_PRIVATE, strtoull(arg, NULL, 0), 0600 | IPC_CREAT | SHM_NORESERVE);
	for (int i = 0; i < 2; i++) {
		int queue = msgget(IPC_PRIVATE, 0600 | IPC_CREAT);

		if (shmget(IPC_PRIVATE, 1 << 20, 0600 | IPC_CREAT) < 0 || semget(IPC_PRIVATE, 20, 0600 | IPC_CREAT) < 0 ||
		    msgsnd(queue, &m, sizeof(m.text), 0) < 0)
			return -1;
	}
	return 0;
}

static void write_group(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY);

	if (write(fd, text, strlen(text)) < 0 && *text != '0')
		_exit(1);
	close(fd);
}

/* A group of the guest's own is frozen and let go as fast as it can. */
static int p_freezer(void)
{
	char text[16];
	pid_t victim, who;

	mkdir("/sys/fs/cgroup/fight", 0755);
	victim = fork();
	if (!victim)
		for (;;)
			poll(NULL, 0, 1);
	snprintf(text, sizeof(text), "%d", victim);
	write_group("/sys/fs/cgroup/fight/cgroup.procs", text);
	who = fork();
	while (!who) {
		write_group("/sys/fs/cgroup/fight/cgroup.freeze", "1");
		usleep(1500);
		write_group("/sys/fs/cgroup/fight/cgroup.freeze", "0");
		usleep(1500);
	}
	return who;
}

/* clang-format off */
static const struct { const char *name; int (*make)(void); } things[] = {
	{ "io_uring", sys_io_uring }, { "bpf", sys_bpf_map }, { "perf", sys_perf }, { "userfault", sys_userfault },
	{ "landlock", sys_landlock }, { "notify", notify }, { "filter", filter }, { "fanotify", fanotify },
	{ "inotify", inotify }, { "inotify-deleted", inotify_deleted }, { "timerfd", timerfd },
	{ "signalfd", p_signalfd }, { "pidfd", pidfd_self }, { "pidfd-thread", pidfd_thread },
	{ "pidfd-numbers", pidfd_numbers }, { "pidfd-spread", pidfd_spread },
	{ "pidfd-gone", pidfd_gone }, { "memfd", memfd }, { "memfd-huge", memfd_huge },
	{ "memfd-secret", memfd_secret_fd }, { "huge-map", huge_map }, { "vsock", s_vsock }, { "packet", s_packet },
	{ "alg", s_alg }, { "sctp", s_sctp }, { "mptcp", s_mptcp }, { "raw", s_raw }, { "raw6", s_raw6 },
	{ "ping", s_ping }, { "udplite", s_udplite }, { "dccp", s_dccp }, { "netlink", s_netlink }, { "socket", s_any },
	{ "netlink-bound", s_netlink_bound }, { "netlink-group", s_netlink_group },
	{ "nfqueue", s_nfqueue }, { "nflog", s_nflog }, { "ipset", s_ipset }, { "mroute", s_mroute },
	{ "multicast-if", s_multicast_if },
	{ "flowlabel", s_flowlabel }, { "netlink-unread", s_netlink_unread }, { "corked", s_corked }, { "backlog", s_backlog },
	{ "unix-backlog", s_unix_backlog }, { "unix-connect", s_unix_connect }, { "unix-creds", s_unix_creds },
	{ "unix-late", s_unix_late }, { "inotify-late", inotify_late },
	{ "unix-rights", s_unix_rights }, { "unix-listen", s_unix_listen }, { "deleted", f_deleted }, { "deleted-dir", f_deleted_dir },
	{ "deleted-tree", f_deleted_tree }, { "deleted-late", f_deleted_late }, { "deleted-below", f_deleted_below },
	{ "deleted-cwd", f_deleted_cwd }, { "tmpfile", f_tmpfile }, { "open", f_open }, { "read", f_read },
	{ "write", f_write }, { "path", f_path }, { "flock", f_flock }, { "posix-lock", f_posix_lock },
	{ "ofd-lock", f_ofd_lock }, { "lease", f_lease }, { "proc-gone", f_proc_gone },
	{ "pipe-packets", f_pipe_packets }, { "mount-fd", f_mount }, { "fscontext", f_fscontext }, { "tun", f_tun },
	{ "mqueue", f_mqueue }, { "mqueue-left", f_mqueue_left }, { "epoll-closed", f_epoll_closed }, { "pty", f_pty },
	{ "pty-dangling", f_pty_dangling }, { "unshare", p_unshare }, { "clone", p_clone }, { "traced", p_traced },
	{ "zombie", p_zombie }, { "stopped", p_stopped }, { "thread", p_thread }, { "dead-leader", p_dead_leader },
	{ "strict", p_strict }, { "undumpable", p_undumpable }, { "keyring", p_keyring }, { "aio", p_aio },
	{ "shm", p_shm }, { "shm-part", p_shm_part }, { "shm-huge", p_shm_huge }, { "packet-ring", p_packet_ring },
	{ "map", p_map_dev }, { "guard", p_guard }, { "map-deleted", p_map_deleted }, { "map-file", p_map_file }, { "map-shared", p_map_shared }, { "mount", p_mount },
	{ "bind", p_bind }, { "flags", p_flags }, { "umount", p_umount }, { "peers", p_peers }, { "slave", p_slave },
	{ "netns", p_netns }, { "overmounted", p_overmounted }, { "chroot", p_chroot },
	{ "detached-cwd", p_detached_cwd }, { "detached-file", p_detached_file }, { "fuse", p_fuse },
	{ "many", p_many }, { "fds", p_fds }, { "fds-times", p_fds_times }, { "timer", p_timer },
	{ "affinity", p_affinity }, { "sched", p_sched }, { "none", p_none }, { "ipc", p_ipc },
	{ "reserve", p_reserve }, { "vdso", p_vdso }, { "deleted-read-only", f_deleted_read_only },
	{ "deleted-inodes", f_deleted_inodes }, { "deleted-group", f_deleted_group }, { "terminal", p_terminal },
	{ "mounts", p_mounts }, { "asleep", p_asleep }, { "vforks", p_vforks },
	{ "shared", p_shared }, { "groups", p_groups }, { "limit-files", p_limit_files },
	{ "limit-memory", p_limit_memory }, { "fifo-path", f_fifo_path }, { "under-way", s_under_way },
	{ "bound", s_bound }, { "sem", p_ipc_sem }, { "mlock", p_mlock },
	{ "freezer", p_freezer },
};
/* clang-format on */

static int make(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
		if (strcmp(things[i].name, argv[1]))
			continue;
		arg = argc > 2 ? argv[2] : "";
		return things[i].make();
	}
	errno = ENOSYS;
	return -1;
}

/* A process of its own session, whose stdio is the guest's own. Its parent waits until it is ready. */
int main(int argc, char **argv)
{
	int p[2], null = open("/dev/null", O_RDWR), r;
	char text[120] = { 0 };
	pthread_t t;

	if (argc < 2 || pipe(p) < 0 || null < 0)
		return 2;
	if (fork()) {
		close(p[1]);
		if (read(p[0], text, sizeof(text) - 1) <= 0)
			return 3;
		printf("%s\n", text);
		return strcmp(text, "made") != 0;
	}
	setsid();
	signal(SIGHUP, SIG_IGN);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	r = make(argc, argv);
	dprintf(p[1], "%s", r < 0 ? strerror(errno) : "made");
	if (r < 0)
		return 1;
	close(p[0]);
	close(p[1]);
	close(null);
	if (!strcmp(argv[1], "dead-leader") && !pthread_create(&t, NULL, *arg ? waiting : thread, NULL))
		syscall(SYS_exit, 0);
	if (!strcmp(argv[1], "strict"))
		for (;;)
			(void)!read(-1, NULL, 0);
	for (;;)
		pause();
}
