/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends descriptors whose close takes as long as the guest likes. */
#include "tests/init.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* A connection with more to send than its other side takes; that one stays open until we end. */
static int lingering(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger long_time = { 1, 30000 };
	static char chunk[65536];
	socklen_t len = sizeof(a);
	int small = 4096, server = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

	if (setsockopt(server, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) < 0 ||
	    bind(server, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(server, 1) < 0 ||
	    getsockname(server, (struct sockaddr *)&a, &len) < 0 ||
	    connect(fd, (struct sockaddr *)&a, len) < 0)
		return -1;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (write(fd, chunk, sizeof(chunk)) > 0)
		;
	fcntl(fd, F_SETFL, 0);
	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &long_time, sizeof(long_time)) < 0 ? -1 : fd;
}

/* Closes it at once, so that the one who was sent it is the last who has it; is he faster than that,
 * then it is us who wait, and it was sent all the same. Keeps the connection's other side. */
static void send_one(const struct sockaddr_un *to)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} c = { .h = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec iov = { (char[]){ "X=1" }, 3 };
	struct msghdr m = { (void *)(uintptr_t)to, sizeof(*to), &iov, 1, &c, sizeof(c), 0 };
	int sock = socket(AF_UNIX, SOCK_DGRAM, 0), fd = lingering();

	memcpy(CMSG_DATA(&c.h), &fd, sizeof(fd));
	if (sendmsg(sock, &m, 0) < 0) {
		perror("linger");
		return;
	}
	if (write(1, "sent\n", 5) != 5)
		return;
	close(fd);
	pause();
}

int send_lingering(const char *path, int n)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	while (n--)
		if (!fork()) {
			send_one(&to);
			_exit(1);
		}
	while (wait(NULL) > 0)
		;
	return 1;
}
