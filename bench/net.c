/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One measured conversation between two network namespaces: net [-t MS] tcp|rr FROM TO ADDR
 *
 * FROM and TO are namespace files (/proc/PID/ns/net, or /run/netns/NAME); a server listens in TO, a
 * client in FROM connects to ADDR. tcp prints Mbit/s of payload from client to server; rr prints
 * nanoseconds for one byte there and one byte back (the median). Client and server have a CPU
 * each, so that two runs differ in the path only.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 131072
#define ROUNDS_MAX 1000000

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void enter(const char *netns, int cpu)
{
	int fd = open(netns, O_RDONLY | O_CLOEXEC);
	cpu_set_t set;

	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		die(netns);
	close(fd);
	CPU_ZERO(&set);
	CPU_SET(cpu % sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static socklen_t address(const char *text, int port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (void *)ret;
	struct sockaddr_in6 *v6 = (void *)ret;

	memset(ret, 0, sizeof(*ret));
	if (strchr(text, ':')) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((unsigned short)port);
		if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
			die(text);
		return sizeof(*v6);
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons((unsigned short)port);
	if (inet_pton(AF_INET, text, &v4->sin_addr) != 1)
		die(text);
	return sizeof(*v4);
}

static int tcp_socket(int family)
{
	int s = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (s < 0)
		die("socket");
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return s;
}

/* Swallows, or sends every byte back. */
static _Noreturn void serve(int listener, int echo)
{
	static char buf[CHUNK];
	int s = accept(listener, NULL, NULL), on = 1;
	ssize_t n;

	if (s < 0)
		die("accept");
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	while ((n = read(s, buf, echo ? 1 : sizeof(buf))) > 0)
		if (echo && write(s, buf, (size_t)n) != n)
			break;
	exit(0);
}

static void throughput(int s, long long ns)
{
	static char buf[CHUNK];
	long long begin = now(), t, bytes = 0, warm = begin + ns / 5, counted = 0;
	ssize_t n;

	while ((t = now()) < begin + ns) {
		n = write(s, buf, sizeof(buf));
		if (n < 0)
			die("write");
		if (t < warm) {
			counted = t;
			continue;
		}
		bytes += n;
	}
	printf("%.0f\n", (double)bytes * 8000 / (double)(t - counted));
}

static int by_size(const void *a, const void *b)
{
	const int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static void round_trips(int s, long long ns)
{
	static int took[ROUNDS_MAX];
	long long begin = now(), before, after = begin;
	char byte = 0;
	size_t n = 0;

	while (after < begin + ns && n < ROUNDS_MAX) {
		before = now();
		if (write(s, &byte, 1) != 1 || read(s, &byte, 1) != 1)
			die("round trip");
		after = now();
		took[n++] = (int)(after - before);
	}
	qsort(took, n, sizeof(took[0]), by_size);
	printf("%d\n", took[n / 2]);
}

int main(int argc, char **argv)
{
	struct sockaddr_storage a;
	long long ns = 1000 * 1000000LL;
	int o, go[2], listener, s, echo;
	socklen_t len;
	pid_t pid;
	char ready;

	while ((o = getopt(argc, argv, "t:")) != -1)
		ns = atoll(optarg) * 1000000;
	if (argc - optind != 4)
		return fputs("net [-t MS] tcp|rr FROM TO ADDR\n", stderr), 2;
	echo = !strcmp(argv[optind], "rr");
	len = address(argv[optind + 3], 5201, &a);
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(go, O_CLOEXEC) < 0)
		die("pipe");
	pid = fork();
	if (!pid) {
		int on = 1;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		enter(argv[optind + 2], 1);
		listener = tcp_socket(a.ss_family);
		setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (bind(listener, (void *)&a, len) < 0 || listen(listener, 1) < 0)
			die("listen");
		if (write(go[1], "", 1) != 1)
			die("pipe");
		serve(listener, echo);
	}
	close(go[1]);
	if (pid < 0 || read(go[0], &ready, 1) != 1)
		return 1;
	enter(argv[optind + 1], 0);
	s = tcp_socket(a.ss_family);
	if (connect(s, (void *)&a, len) < 0)
		die("connect");
	if (echo)
		round_trips(s, ns);
	else
		throughput(s, ns);
	close(s);
	waitpid(pid, NULL, 0);
	return 0;
}
