/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a shaped path really lets through: shape-flow [-t MS] [-n FLOWS] FROM TO ADDR
 *
 * FROM and TO are namespace files; FLOWS connections send from one to the other. What arrives is
 * counted, after a while, for MS milliseconds. Prints Mbit/s of payload and of Ethernet
 * frames (full segments of TCP with timestamps). For tests/root/80-guard and bench/net.sh.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <linux/tcp.h>
#include <poll.h>
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

#define FLOWS_MAX 64
#define PORT 5202
#define WARM_MS 1500
#define ETHERNET 14

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void enter(const char *netns)
{
	int fd = open(netns, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		die(netns);
	close(fd);
}

static socklen_t address(const char *text, struct sockaddr_storage *a)
{
	struct sockaddr_in *v4 = (void *)a;
	struct sockaddr_in6 *v6 = (void *)a;

	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(PORT);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
		die(text);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(PORT);
	return sizeof(*v6);
}

static _Noreturn void send_all(const char *netns, const struct sockaddr_storage *a, socklen_t len)
{
	static char buf[65536];
	int s;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	enter(netns);
	s = socket(a->ss_family, SOCK_STREAM, 0);
	if (s < 0 || connect(s, (const void *)a, len) < 0)
		die("connect");
	while (write(s, buf, sizeof(buf)) > 0)
		;
	_exit(0);
}

/* Segments with data that came in, and their size: also those that were lost before, or came early,
 * and so are no payload yet. */
static double segments(const struct pollfd *p, int n, unsigned *mss)
{
	double sum = 0;

	for (int i = 0; i < n; i++) {
		struct tcp_info info;
		socklen_t len = sizeof(info);

		if (getsockopt(p[i].fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
			die("TCP_INFO");
		sum += info.tcpi_data_segs_in;
		*mss = info.tcpi_rcv_mss;
	}
	return sum;
}

static void receive(struct pollfd *p, int n, double ms)
{
	static char buf[1 << 20];
	double begin = 0, t, first = now_ms(), then = 0;
	long long bytes = 0;
	unsigned mss = 0;

	while ((t = now_ms()) < first + WARM_MS + ms) {
		poll(p, (nfds_t)n, 10);
		for (int i = 0; i < n; i++) {
			ssize_t got = p[i].revents ? recv(p[i].fd, buf, sizeof(buf), MSG_DONTWAIT) : 0;

			if (got > 0)
				bytes += got;
		}
		if (!begin && t >= first + WARM_MS) {
			begin = t;
			bytes = 0;
			then = segments(p, n, &mss);
		}
	}
	t = 8 / 1e3 / (t - begin);
	then = segments(p, n, &mss) - then;
	printf("%.2f %.2f\n", (double)bytes * t, then * (mss + (mss > 1430 ? 52 : 72) + ETHERNET) * t);
}

int main(int argc, char **argv)
{
	struct sockaddr_storage a;
	struct pollfd p[FLOWS_MAX];
	int o, n = 1, listener, on = 1;
	pid_t pids[FLOWS_MAX];
	double ms = 2000;
	socklen_t len;

	while ((o = getopt(argc, argv, "t:n:")) != -1)
		if (o == 't')
			ms = atof(optarg);
		else
			n = atoi(optarg);
	if (argc - optind != 3 || n < 1 || n > FLOWS_MAX)
		return fputs("shape-flow [-t MS] [-n FLOWS] FROM TO ADDR\n", stderr), 2;
	len = address(argv[optind + 2], &a);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	enter(argv[optind + 1]);
	listener = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (void *)&a, len) < 0 || listen(listener, n) < 0)
		die("listen");
	for (int i = 0; i < n; i++) {
		pids[i] = fork();
		if (!pids[i])
			send_all(argv[optind], &a, len);
	}
	for (int i = 0; i < n; i++) {
		p[i] = (struct pollfd){ .fd = accept(listener, NULL, NULL), .events = POLLIN };
		if (p[i].fd < 0)
			die("accept");
	}
	receive(p, n, ms);
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	return 0;
}
