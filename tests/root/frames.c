// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Raw Ethernet frames for the tests: `frames send DEV HEX...`, and `frames read DEV SECONDS HEX`,
 * which prints what arrives, one frame a line, until the given one has come. Says "ready" on stderr
 * when it listens. Needs root.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define MAX 1600

static int open_on(const char *dev)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = (int)if_nametoindex(dev) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror(dev);
		exit(2);
	}
	return fd;
}

static size_t from_hex(const char *hex, unsigned char *buf)
{
	size_t n = 0;

	for (; hex[0] && hex[1] && n < MAX; hex += 2) {
		char two[3] = { hex[0], hex[1], 0 };

		buf[n++] = (unsigned char)strtoul(two, NULL, 16);
	}
	return n;
}

static int send_all(const char *dev, char **hex)
{
	unsigned char buf[MAX];
	int fd = open_on(dev);

	for (; *hex; hex++) {
		size_t n = from_hex(*hex, buf);

		if (send(fd, buf, n, 0) != (ssize_t)n) {
			perror("send");
			return 2;
		}
	}
	return 0;
}

static int read_until(const char *dev, int seconds, const char *hex)
{
	unsigned char want[MAX], buf[MAX];
	size_t len = from_hex(hex, want);
	struct pollfd p = { .fd = open_on(dev), .events = POLLIN };
	time_t end = time(NULL) + seconds;

	fprintf(stderr, "ready\n");
	while (time(NULL) <= end && poll(&p, 1, 1000) >= 0) {
		ssize_t n = recv(p.fd, buf, sizeof(buf), MSG_DONTWAIT);

		if (n <= 0)
			continue;
		for (ssize_t i = 0; i < n; i++)
			printf("%02x", buf[i]);
		printf("\n");
		fflush(stdout);
		if ((size_t)n >= len && !memcmp(buf, want, len))
			return 0;
	}
	return 1;
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "send"))
		return send_all(argv[2], argv + 3);
	if (argc == 5 && !strcmp(argv[1], "read"))
		return read_until(argv[2], (int)strtol(argv[3], NULL, 10), argv[4]);
	fprintf(stderr, "usage: frames send DEV HEX... | read DEV SECONDS HEX\n");
	return 1;
}
