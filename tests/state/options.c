// SPDX-License-Identifier: GPL-2.0-or-later
/* Options of sockets, many at once: each is set, and must be what getsockopt(2) said of it then. */
#include "tests/state/state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/in6.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct option {
	const char *name;
	int level, number, value;
	unsigned char was[40];
	socklen_t len;
};

#define OPTION(level, number, value) { #number, level, number, value, { 0 }, 0 }

/* What this kernel does not know is left out. */
static void set_all(struct st *t, int fd, struct option *o)
{
	for (; o->name; o++) {
		if (setsockopt(fd, o->level, o->number, &o->value, sizeof(o->value)) < 0 && errno == ENOPROTOOPT)
			continue;
		o->len = sizeof(o->was);
		must(t, getsockopt(fd, o->level, o->number, o->was, &o->len), o->name);
	}
}

static void check_all(struct st *t, int fd, const struct option *o)
{
	int other = 0;

	if (t->spoil)
		setsockopt(fd, o->level, o->number, &other, sizeof(other));
	for (; o->name; o++) {
		unsigned char now[sizeof(o->was)];
		socklen_t len = sizeof(now);

		check(t, !o->len || (!getsockopt(fd, o->level, o->number, now, &len) && len == o->len && !memcmp(now, o->was, len)),
		      "%s is %d, was %d", o->name, *(const int *)now, *(const int *)o->was);
	}
}

static void keep(struct st *t, int fd, struct option *o)
{
	must(t, fd, "socket");
	set_all(t, fd, o);
	moved(t);
	check_all(t, fd, o);
}

static int listening(struct st *t)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = (int)must(t, socket(AF_INET, SOCK_STREAM, 0), "socket");

	must(t, bind(fd, (struct sockaddr *)&a, sizeof(a)), "bind");
	must(t, listen(fd, 5), "listen");
	return fd;
}

static int connected(struct st *t)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	int server = listening(t), fd = (int)must(t, socket(AF_INET, SOCK_STREAM, 0), "socket");

	must(t, getsockname(server, (struct sockaddr *)&a, &len), "getsockname");
	must(t, connect(fd, (struct sockaddr *)&a, len), "connect");
	must(t, accept(server, NULL, NULL), "accept");
	return fd;
}

void state_tcp_more(struct st *t)
{
	struct option o[] = {
		OPTION(IPPROTO_TCP, TCP_USER_TIMEOUT, 30000), OPTION(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 4000),
		OPTION(IPPROTO_TCP, TCP_SYNCNT, 4), OPTION(IPPROTO_TCP, TCP_LINGER2, 20),
		OPTION(IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1), OPTION(IPPROTO_TCP, TCP_INQ, 1),
		OPTION(SOL_SOCKET, SO_MAX_PACING_RATE, 1000000), OPTION(SOL_SOCKET, SO_ZEROCOPY, 1),
		OPTION(IPPROTO_IP, IP_RECVERR, 1), OPTION(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT),
		OPTION(IPPROTO_IP, IP_MINTTL, 5), { .name = NULL },
	};
	char name[16] = "";
	socklen_t len = sizeof(name);
	int fd = connected(t);

	must(t, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), "TCP_CONGESTION");
	set_all(t, fd, o);
	moved(t);
	check_all(t, fd, o);
	check(t, !getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len) && !strcmp(name, "reno"), "it has %s", name);
}

void state_tcp_server_more(struct st *t)
{
	struct option o[] = {
		OPTION(IPPROTO_TCP, TCP_DEFER_ACCEPT, 10), OPTION(IPPROTO_TCP, TCP_FASTOPEN, 5),
		OPTION(IPPROTO_TCP, TCP_USER_TIMEOUT, 3000), OPTION(IPPROTO_TCP, TCP_SAVE_SYN, 1),
		OPTION(IPPROTO_IP, IP_TRANSPARENT, 1), { .name = NULL },
	};

	keep(t, listening(t), o);
}

/* What it tells those who connect, and how much they may send at once. */
void state_tcp_sizes(struct st *t)
{
	struct option o[] = { OPTION(IPPROTO_TCP, TCP_MAXSEG, 700), OPTION(IPPROTO_TCP, TCP_WINDOW_CLAMP, 3000), { .name = NULL } };
	unsigned char key[16] = "fifteen letters", now[16] = "";
	socklen_t len = sizeof(now);
	int fd = listening(t);

	must(t, setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, sizeof(key)), "TCP_FASTOPEN_KEY");
	set_all(t, fd, o);
	moved(t);
	check_all(t, fd, o);
	check(t, !getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, now, &len) && !memcmp(now, key, sizeof(key)), "its key is another");
}

void state_tcp_window(struct st *t)
{
	struct option o[] = { OPTION(IPPROTO_TCP, TCP_WINDOW_CLAMP, 5000), { .name = NULL } };
	int fd = connected(t), spoilt = 9000;

	set_all(t, fd, o);
	moved(t);
	if (t->spoil)
		setsockopt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, &spoilt, sizeof(spoilt));
	t->spoil = false;
	check_all(t, fd, o);
}

/* One that has both, as servers of DNS and QUIC do. */
void state_udp_both(struct st *t)
{
	unsigned char header[8] = { 0, 0, 1, 4 }, now[8] = { 0 }; /* options of padding */
	socklen_t len = sizeof(now);
	struct option o[] = {
		OPTION(IPPROTO_IP, IP_PKTINFO, 1), OPTION(IPPROTO_IP, IP_TOS, 16), OPTION(IPPROTO_IP, IP_TTL, 9),
		OPTION(IPPROTO_IPV6, IPV6_2292PKTINFO, 1), OPTION(IPPROTO_IPV6, 31 /* IPV6_RECVERR_RFC4884 */, 1),
		OPTION(SOL_SOCKET, 64 /* SO_TIMESTAMPNS_NEW */, 1), { .name = NULL },
	};
	int fd = (int)must(t, socket(AF_INET6, SOCK_DGRAM, 0), "socket");

	must(t, setsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS, header, sizeof(header)), "IPV6_DSTOPTS");
	set_all(t, fd, o);
	moved(t);
	check_all(t, fd, o);
	check(t, !getsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS, now, &len) && len == sizeof(now) && !memcmp(now, header, len),
	      "its header is another");
}

void state_raw_more(struct st *t)
{
	struct option o[] = { OPTION(IPPROTO_IP, IP_ROUTER_ALERT, 1), { .name = NULL } };
	struct option o6[] = { OPTION(IPPROTO_RAW, IPV6_CHECKSUM, 12), { .name = NULL } };
	int fd = (int)must(t, socket(AF_INET, SOCK_RAW, 200), "socket");
	int fd6 = (int)must(t, socket(AF_INET6, SOCK_RAW, 200), "socket");

	set_all(t, fd, o);
	set_all(t, fd6, o6);
	moved(t);
	check_all(t, fd, o);
	check_all(t, fd6, o6);
}

void state_udp_more(struct st *t)
{
	struct option o[] = {
		OPTION(SOL_SOCKET, SO_TIMESTAMP, 1), OPTION(SOL_SOCKET, SO_RXQ_OVFL, 1), OPTION(IPPROTO_IP, IP_RECVERR, 1),
		OPTION(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO), OPTION(IPPROTO_IP, IP_RECVTTL, 1),
		OPTION(IPPROTO_IP, IP_RECVTOS, 1), OPTION(IPPROTO_IP, IP_RECVORIGDSTADDR, 1),
		OPTION(IPPROTO_IP, IP_TRANSPARENT, 1), OPTION(IPPROTO_IP, IP_MULTICAST_TTL, 7),
		OPTION(IPPROTO_IP, IP_MULTICAST_LOOP, 0), OPTION(IPPROTO_IP, IP_MULTICAST_ALL, 0),
		OPTION(IPPROTO_UDP, 103 /* UDP_SEGMENT */, 1000), OPTION(IPPROTO_UDP, 104 /* UDP_GRO */, 1), { .name = NULL },
	};

	keep(t, socket(AF_INET, SOCK_DGRAM, 0), o);
}

void state_udp6_more(struct st *t)
{
	struct option o[] = {
		OPTION(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1), OPTION(IPPROTO_IPV6, IPV6_RECVTCLASS, 1),
		OPTION(IPPROTO_IPV6, IPV6_TCLASS, 16), OPTION(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 33),
		OPTION(IPPROTO_IPV6, IPV6_RECVERR, 1), OPTION(IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO),
		OPTION(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 9), OPTION(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0),
		OPTION(IPPROTO_IPV6, IPV6_DONTFRAG, 1), { .name = NULL },
	};

	keep(t, socket(AF_INET6, SOCK_DGRAM, 0), o);
}

void state_unix_more(struct st *t)
{
	struct option o[] = { OPTION(SOL_SOCKET, SO_TIMESTAMP, 1), OPTION(SOL_SOCKET, 76 /* SO_PASSPIDFD */, 1), { .name = NULL } };
	int fd[2];

	must(t, socketpair(AF_UNIX, SOCK_DGRAM, 0, fd), "socketpair");
	keep(t, fd[0], o);
}

void state_netlink_more(struct st *t)
{
	struct option o[] = {
		OPTION(SOL_NETLINK, NETLINK_PKTINFO, 1), OPTION(SOL_NETLINK, NETLINK_NO_ENOBUFS, 1),
		OPTION(SOL_NETLINK, NETLINK_EXT_ACK, 1), OPTION(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1), { .name = NULL },
	};

	keep(t, socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), o);
}

void state_packet_more(struct st *t)
{
	struct option o[] = { OPTION(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1), { .name = NULL } };

	keep(t, socket(AF_PACKET, SOCK_RAW, 0), o);
}

static int sharing(struct st *t, struct sockaddr_in *a)
{
	int fd = (int)must(t, socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), "socket"), one = 1;
	socklen_t len = sizeof(*a);

	must(t, setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)), "SO_REUSEPORT");
	must(t, bind(fd, (struct sockaddr *)a, len), "bind");
	must(t, getsockname(fd, (struct sockaddr *)a, &len), "getsockname");
	return fd;
}

/* Whether all of what many send comes to `fd`. */
static bool takes_all(struct st *t, int fd, const struct sockaddr_in *a)
{
	char c;
	int n = 0;

	for (int i = 0; i < 32; i++) {
		int from = (int)must(t, socket(AF_INET, SOCK_DGRAM, 0), "socket");

		must(t, sendto(from, "x", 1, 0, (const struct sockaddr *)a, sizeof(*a)), "sendto");
		close(from);
	}
	while (recv(fd, &c, 1, 0) == 1)
		n++;
	return n == 32;
}

/* Two sockets of one port, and a program that gives everything to the second. */
void state_shared_port(struct st *t)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sock_filter second = BPF_STMT(BPF_RET | BPF_K, 1);
	struct sock_fprog program = { 1, &second };
	int one = sharing(t, &a), two = sharing(t, &a), no = 0;

	must(t, setsockopt(one, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)), "SO_ATTACH_REUSEPORT_CBPF");
	must(t, takes_all(t, two, &a) ? 0 : -1, "recv");
	moved(t);
	if (t->spoil)
		setsockopt(one, SOL_SOCKET, 68 /* SO_DETACH_REUSEPORT_BPF */, &no, sizeof(no));
	check(t, takes_all(t, two, &a), "the program is lost");
}

/* A group of each family on a device, and what is sent to one. */
void state_multicast(struct st *t)
{
	struct ip_mreqn m4 = { .imr_multiaddr.s_addr = inet_addr("239.1.2.3"), .imr_ifindex = 1 };
	struct ipv6_mreq m6 = { .ipv6mr_interface = 1 };
	struct sockaddr_in a4 = { .sin_family = AF_INET };
	struct in_addr lo = { htonl(INADDR_LOOPBACK) };
	int fd4 = (int)must(t, socket(AF_INET, SOCK_DGRAM, 0), "socket");
	int fd6 = (int)must(t, socket(AF_INET6, SOCK_DGRAM, 0), "socket");
	socklen_t len = sizeof(a4);

	inet_pton(AF_INET6, "ff02::1234", &m6.ipv6mr_multiaddr);
	must(t, bind(fd4, (struct sockaddr *)&a4, sizeof(a4)), "bind");
	must(t, setsockopt(fd4, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m4, sizeof(m4)), "IP_ADD_MEMBERSHIP");
	must(t, setsockopt(fd6, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &m6, sizeof(m6)), "IPV6_ADD_MEMBERSHIP");
	must(t, setsockopt(fd4, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof(lo)), "IP_MULTICAST_IF");
	must(t, getsockname(fd4, (struct sockaddr *)&a4, &len), "getsockname");
	moved(t);
	if (t->spoil)
		setsockopt(fd4, IPPROTO_IP, IP_DROP_MEMBERSHIP, &m4, sizeof(m4));
	a4.sin_addr = m4.imr_multiaddr;
	/* a socket is a member once only */
	check(t, setsockopt(fd4, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m4, sizeof(m4)) < 0 && errno == EADDRINUSE, "it has left 239.1.2.3");
	check(t, setsockopt(fd6, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &m6, sizeof(m6)) < 0 && errno == EADDRINUSE,
	      "it has left ff02::1234");
	check(t, sendto(fd4, "four", 4, 0, (struct sockaddr *)&a4, sizeof(a4)) == 4 && comes(fd4, "four"), "nothing comes over IPv4");
}
