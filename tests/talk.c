/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One TCP connection to a server that repeats what it hears: each answer must come once, and in order. */
#include "tests/init.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_S 20
#define SILENCE_S 120 /* longer than any that is to be borne */
#define LENGTH 9      /* of a request, a number */

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int called(const char *address, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct timeval patience = { .tv_sec = CONNECT_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (inet_pton(AF_INET, address, &a.sin_addr) != 1 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -1;
	patience.tv_sec = SILENCE_S;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

/* 0, or what went wrong is said. */
static int ask(int fd, unsigned long n)
{
	char want[LENGTH + 1], got[LENGTH + 1] = "";
	ssize_t len;

	snprintf(want, sizeof(want), "%0*lu", LENGTH, n % 1000000000);
	if (send(fd, want, LENGTH, MSG_NOSIGNAL) != LENGTH)
		return printf("request %s: %s\n", want, strerror(errno));
	for (size_t have = 0; have < LENGTH; have += (size_t)len) {
		do /* one with a timeout is not restarted when the process was stopped: signal(7) */
			len = recv(fd, got + have, LENGTH - have, 0);
		while (len < 0 && errno == EINTR);
		if (len <= 0)
			return printf("answer %s: %s\n", want, len ? strerror(errno) : "it was closed");
	}
	return strcmp(got, want) ? printf("%s is not %s\n", got, want) : 0;
}

int talk(const char *address, int port, const char *end)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	unsigned long n;
	long worst = 0;
	char began[4096];
	int fd = called(address, port);

	if (fd < 0)
		return printf("no connection: %s\n", strerror(errno)) > 0;
	snprintf(began, sizeof(began), "%s.began", end);
	for (n = 0; access(end, F_OK) < 0; n++) {
		long asked = now_ms();

		if (ask(fd, n))
			return 1;
		worst = now_ms() - asked > worst ? now_ms() - asked : worst;
		if (!n)
			close(open(began, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
		nanosleep(&pause, NULL);
	}
	printf("%lu answers, longest silence %ld ms\n", n, worst);
	return 0;
}
