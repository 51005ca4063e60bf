// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A greedy guest: takes kernel objects of one kind until the kernel gives no more (probe take). What
 * it gets shows whom the kernel counts them for. Shares no line with the product.
 */
#include "tests/init.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/nsfs.h>

#define DIR_OF_OURS "/tmp/take"

/* Each takes the i-th of its kind; what it returns is >= 0, or -1 with errno. */
static long take_inotify(long i)
{
	(void)i;
	return inotify_init1(IN_CLOEXEC);
}

static long take_watch(long i)
{
	static int fd = -1;
	char path[64];

	if (fd < 0)
		fd = inotify_init1(IN_CLOEXEC);
	snprintf(path, sizeof(path), DIR_OF_OURS "/%ld", i);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	return inotify_add_watch(fd, path, IN_MODIFY);
}

/* Pages of 2 MB: reserved, then touched. */
static long take_huge(long i)
{
	char *p = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	*p = 1;
	return i;
}

static long take_fanotify(long i)
{
	(void)i;
	return fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_CLOEXEC, O_RDONLY);
}

static long take_signal(long i)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	sigset_t set;

	if (!i)
		(void)setrlimit(RLIMIT_SIGPENDING, &all);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = (int)i });
}

static long take_queue(long i)
{
	struct mq_attr a = { .mq_maxmsg = 10, .mq_msgsize = 8192 };
	char name[32];

	snprintf(name, sizeof(name), "/take%ld", i);
	return mq_open(name, O_CREAT | O_RDWR | O_CLOEXEC, 0600, &a);
}

static long take_lock(long i)
{
	void *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)i;
	return p == MAP_FAILED ? -1 : mlock(p, 65536);
}

static long take_epoll(long i)
{
	static int ep = -1, target[1000];
	struct epoll_event ev = { .events = EPOLLIN };

	if (!target[0])
		for (int k = 0; k < 1000; k++)
			target[k] = eventfd(0, EFD_CLOEXEC);
	if (i % 1000 == 0)
		ep = epoll_create1(EPOLL_CLOEXEC);
	return ep < 0 ? -1 : epoll_ctl(ep, EPOLL_CTL_ADD, target[i % 1000], &ev);
}

static long take_pipe(long i)
{
	int p[2];

	(void)i;
	if (pipe2(p, O_CLOEXEC) < 0)
		return -1;
	return fcntl(p[1], F_SETPIPE_SZ, 1 << 20);
}

static long take_timer(long i)
{
	struct sigevent ev = { .sigev_notify = SIGEV_NONE };
	timer_t t;

	(void)i;
	return timer_create(CLOCK_MONOTONIC, &ev, &t);
}

static long take_shm(long i)
{
	(void)i;
	return shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
}

static long take_sem(long i)
{
	(void)i;
	return semget(IPC_PRIVATE, 250, IPC_CREAT | 0600);
}

static long take_msg(long i)
{
	(void)i;
	return msgget(IPC_PRIVATE, IPC_CREAT | 0600);
}

static long take_mount(long i)
{
	(void)i;
	return mount(DIR_OF_OURS, DIR_OF_OURS, NULL, MS_BIND, NULL);
}

static long take_tmpfs(long i)
{
	(void)i;
	return mount("take", DIR_OF_OURS, "tmpfs", 0, "size=4k");
}

static long take_flock(long i)
{
	static int fd = -1;
	struct flock l = { .l_type = F_WRLCK, .l_start = 2 * i, .l_len = 1 };

	if (fd < 0)
		fd = open(DIR_OF_OURS "/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	return fcntl(fd, F_SETLK, &l);
}

static long take_socket(long i)
{
	(void)i;
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* A listener of ours, and the i-th connection to it: two more sockets. */
static int call_ourselves(int *ret_listener)
{
	static struct sockaddr_in to = { .sin_family = AF_INET };
	static int listener = -1;
	struct timeval second = { .tv_sec = 1 };
	socklen_t n = sizeof(to);
	int fd;

	if (listener < 0) {
		to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (bind(listener, (void *)&to, n) < 0 || listen(listener, 4096) < 0 ||
		    getsockname(listener, (void *)&to, &n) < 0)
			return -1;
	}
	*ret_listener = listener;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second));
	return connect(fd, (void *)&to, sizeof(to)) < 0 ? -1 : fd;
}

static long take_queued(long i)
{
	int listener;

	(void)i;
	return call_ourselves(&listener);
}

static long take_accepted(long i)
{
	int listener, fd = call_ourselves(&listener);

	(void)i;
	return fd < 0 ? -1 : accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

/* Broken by the caller before the listener takes it, and closed then. */
static long take_broken(long i)
{
	struct linger now = { 1, 0 };
	int listener, fd = call_ourselves(&listener), taken;

	(void)i;
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
	taken = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return taken < 0 ? -1 : close(taken);
}

static long take_file(long i)
{
	(void)i;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static long take_pty(long i)
{
	(void)i;
	return open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static long take_task(long i)
{
	long pid = fork();

	(void)i;
	if (!pid)
		for (;;)
			pause();
	return pid;
}

static long take_group(long i)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/fs/cgroup/take%ld", i);
	return mkdir(path, 0755);
}

static long take_depth(long i)
{
	static char path[8192] = "/sys/fs/cgroup";
	size_t n = strlen(path);

	if (n + 3 > sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	(void)i;
	strcpy(path + n, "/d");
	return mkdir(path, 0755);
}

/* Each namespace is held by a process of its own. */
static long take_namespace(int flag)
{
	int p[2];
	char c = 0;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (!pid) {
		c = (char)(unshare(flag) < 0 ? errno : 0);
		if (write(p[1], &c, 1) != 1 || c)
			_exit(1);
		for (;;)
			pause();
	}
	close(p[1]);
	if (pid < 0 || read(p[0], &c, 1) != 1)
		c = EAGAIN;
	close(p[0]);
	errno = c;
	return c ? -1 : 0;
}

static long take_netns(long i)
{
	(void)i;
	return take_namespace(CLONE_NEWNET);
}

static long take_mntns(long i)
{
	(void)i;
	return take_namespace(CLONE_NEWNS);
}

static long take_utsns(long i)
{
	(void)i;
	return take_namespace(CLONE_NEWUTS);
}

static const struct {
	const char *kind;
	long (*take)(long i);
} kinds[] = {
	{ "inotify", take_inotify }, { "watch", take_watch },	{ "fanotify", take_fanotify },
	{ "signal", take_signal },   { "queue", take_queue },	{ "lock", take_lock },
	{ "epoll", take_epoll },     { "pipe", take_pipe },	{ "timer", take_timer },
	{ "shm", take_shm },	     { "sem", take_sem },	{ "msg", take_msg },
	{ "mount", take_mount },     { "tmpfs", take_tmpfs },	{ "flock", take_flock },
	{ "socket", take_socket },   { "queued", take_queued },	{ "accepted", take_accepted }, { "broken", take_broken },
	   { "file", take_file },	{ "pty", take_pty },
	{ "task", take_task },	     { "group", take_group },	{ "depth", take_depth },
	{ "huge", take_huge },	     { "netns", take_netns },     { "mntns", take_mntns },	{ "utsns", take_utsns },
};

int show_owner(const char *path)
{
	uid_t uid = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, NS_GET_OWNER_UID, &uid) < 0) {
		perror(path);
		return 1;
	}
	printf("%u\n", uid);
	return 0;
}

int take(const char *kind, long max, int hold)
{
	struct rlimit files;
	long n = 0;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	mkdir(DIR_OF_OURS, 0700);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		if (strcmp(kind, kinds[k].kind) != 0)
			continue;
		errno = 0;
		while (n < max && kinds[k].take(n) >= 0)
			n++;
		printf("took %ld %s\n", n, n < max ? strerrorname_np(errno) : "ok");
		fflush(stdout);
		if (hold)
			for (;;)
				pause();
		return 0;
	}
	printf("%s: no such kind\n", kind);
	return 2;
}
