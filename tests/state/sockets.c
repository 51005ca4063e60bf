// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets of the Internet: both ends inside, over lo. */
#include "tests/state/state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/icmp.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t loopback(int family, union address *a)
{
	memset(a, 0, sizeof(*a));
	a->sa.sa_family = (sa_family_t)family;
	if (family == AF_INET) {
		a->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(a->in);
	}
	a->in6.sin6_addr = in6addr_loopback;
	return sizeof(a->in6);
}

/* Bound to a port of the kernel's choice, which is in *a then. */
static int bound(struct st *t, int family, int type, union address *a)
{
	int fd = (int)must(t, socket(family, type, 0), "socket");
	socklen_t len = loopback(family, a);

	must(t, bind(fd, &a->sa, len), "bind");
	must(t, getsockname(fd, &a->sa, &len), "getsockname");
	return fd;
}

static int listening(struct st *t, int family, union address *a)
{
	int fd = bound(t, family, SOCK_STREAM, a);

	must(t, listen(fd, 5), "listen");
	return fd;
}

static int connected(struct st *t, const union address *a)
{
	int fd = (int)must(t, socket(a->sa.sa_family, SOCK_STREAM, 0), "socket");

	must(t, connect(fd, &a->sa, a->sa.sa_family == AF_INET ? sizeof(a->in) : sizeof(a->in6)), "connect");
	return fd;
}

/* Both ends of a TCP connection; nobody listens any more. */
static void tcp_pair(struct st *t, int family, int fd[2])
{
	union address a;
	int l = listening(t, family, &a);

	fd[0] = connected(t, &a);
	fd[1] = (int)must(t, accept(l, NULL, NULL), "accept");
	close(l);
}

static void tcp(struct st *t, int family)
{
	union address before, now;
	socklen_t len = sizeof(before), len2 = sizeof(now);
	int fd[2];

	tcp_pair(t, family, fd);
	must(t, getpeername(fd[0], &before.sa, &len), "getpeername");
	must(t, put(fd[0], "to the server", 13) && put(fd[1], "to the client", 13) ? 0 : -1, "write");
	moved(t);
	if (t->spoil)
		check(t, comes(fd[1], "to"), "nothing can be read");
	check(t, !getpeername(fd[0], &now.sa, &len2) && len == len2 && !memcmp(&before, &now, len),
	      "the peer has another address");
	check(t, comes(fd[1], "to the server"), "what the server had not read is lost");
	check(t, comes(fd[0], "to the client"), "what the client had not read is lost");
	check(t, put(fd[0], "ping", 4) && comes(fd[1], "ping") && put(fd[1], "pong", 4) && comes(fd[0], "pong"),
	      "the connection does not go on");
}

void state_tcp4(struct st *t)
{
	tcp(t, AF_INET);
}

void state_tcp6(struct st *t)
{
	tcp(t, AF_INET6);
}

/* Client and server are two processes, and both wait in read(2). */
void state_tcp_waiting(struct st *t)
{
	int fd[2], out[2];
	char buf[8];

	must(t, pipe(out), "pipe");
	tcp_pair(t, AF_INET, fd);
	if (child(t) == 0) {
		close(fd[0]);
		while (get(fd[1], buf, 4) || errno == EINTR)
			if (!put(fd[1], buf, 4))
				break;
		_exit(0);
	}
	close(fd[1]);
	if (child(t) == 0) {
		ssize_t n = read(fd[0], buf, 4);

		while (n < 0 && errno == EINTR)
			n = read(fd[0], buf, 4);
		put(out[1], buf, 4);
		_exit(0);
	}
	moved(t);
	check(t, put(fd[0], t->spoil ? "wind" : "wave", 4), "the client cannot write");
	check(t, comes(out[0], "wave"), "the echo does not reach the reader");
}

void state_tcp_listen(struct st *t)
{
	union address a;
	int l = listening(t, AF_INET, &a), c, s;

	moved(t);
	if (t->spoil)
		shutdown(l, SHUT_RDWR);
	c = socket(AF_INET, SOCK_STREAM, 0);
	check(t, !connect(c, &a.sa, sizeof(a.in)), "nobody listens");
	s = accept(l, NULL, NULL);
	check(t, s >= 0 && put(c, "hello", 5) && comes(s, "hello"), "the new connection does not work");
}

/* A child waits in accept(2). */
void state_tcp_accept(struct st *t)
{
	union address a;
	int l = listening(t, AF_INET6, &a), c;

	if (child(t) == 0) {
		int s = accept(l, NULL, NULL);

		while (s < 0 && errno == EINTR)
			s = accept(l, NULL, NULL);
		_exit(put(s, "welcome", 7) ? 0 : 1);
	}
	close(l);
	moved(t);
	if (t->spoil)
		a.in6.sin6_port ^= htons(0x4000);
	c = socket(AF_INET6, SOCK_STREAM, 0);
	check(t, !connect(c, &a.sa, sizeof(a.in6)), "nobody listens");
	check(t, comes(c, "welcome"), "who waited in accept does not accept");
}

void state_tcp_half(struct st *t)
{
	int fd[2];
	char c;

	tcp_pair(t, AF_INET, fd);
	must(t, put(fd[0], "last words", 10) ? 0 : -1, "write");
	must(t, shutdown(fd[0], SHUT_WR), "shutdown");
	moved(t);
	if (t->spoil)
		shutdown(fd[1], SHUT_RDWR);
	check(t, comes(fd[1], "last words"), "what was sent before the end is lost");
	check(t, read(fd[1], &c, 1) == 0, "the end of the stream is lost");
	check(t, put(fd[1], "answer", 6) && comes(fd[0], "answer"), "the open half is closed");
}

/* More is on its way than the reader's buffer takes. */
void state_tcp_unsent(struct st *t)
{
	unsigned char *data = malloc((size_t)4 << 20);
	size_t sent = 0, seen = 0;
	int fd[2];

	tcp_pair(t, AF_INET, fd);
	must(t, fcntl(fd[0], F_SETFL, O_NONBLOCK), "F_SETFL");
	paint(data, (size_t)4 << 20, 4);
	for (;;) {
		ssize_t n = send(fd[0], data + sent, ((size_t)4 << 20) - sent, 0);

		if (n <= 0)
			break;
		sent += (size_t)n;
	}
	memset(data, 0, (size_t)4 << 20);
	moved(t);
	shutdown(fd[0], SHUT_WR);
	for (;;) {
		ssize_t n = recv(fd[1], data + seen, ((size_t)4 << 20) - seen, 0);

		if (n <= 0)
			break;
		seen += (size_t)n;
	}
	if (t->spoil)
		data[sent / 2]++;
	check(t, seen == sent, "%zu bytes were sent and %zu arrived", sent, seen);
	check(t, painted(data, sent, 4), "the stream is not what was sent");
}

void state_tcp_options(struct st *t)
{
	int one = 1, idle = 77, buf = 30000, got = 0, was = 0;
	socklen_t len = sizeof(int);
	struct linger linger = { 1, 9 }, l = { 0 };
	socklen_t llen = sizeof(l);
	int fd[2];

	tcp_pair(t, AF_INET, fd);
	must(t, setsockopt(fd[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), "TCP_NODELAY");
	must(t, setsockopt(fd[0], SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)), "SO_KEEPALIVE");
	must(t, setsockopt(fd[0], IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle)), "TCP_KEEPIDLE");
	must(t, setsockopt(fd[0], SOL_SOCKET, SO_RCVBUF, &buf, sizeof(buf)), "SO_RCVBUF");
	must(t, setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), "SO_LINGER");
	must(t, getsockopt(fd[0], SOL_SOCKET, SO_RCVBUF, &was, &len), "SO_RCVBUF");
	moved(t);
	if (t->spoil)
		setsockopt(fd[0], IPPROTO_TCP, TCP_KEEPIDLE, &one, sizeof(one));
	check(t, !getsockopt(fd[0], IPPROTO_TCP, TCP_NODELAY, &got, &len) && got, "TCP_NODELAY is lost");
	check(t, !getsockopt(fd[0], SOL_SOCKET, SO_KEEPALIVE, &got, &len) && got, "SO_KEEPALIVE is lost");
	check(t, !getsockopt(fd[0], IPPROTO_TCP, TCP_KEEPIDLE, &got, &len) && got == idle, "TCP_KEEPIDLE is %d", got);
	check(t, !getsockopt(fd[0], SOL_SOCKET, SO_RCVBUF, &got, &len) && got == was, "SO_RCVBUF is %d, was %d", got, was);
	check(t, !getsockopt(fd[0], SOL_SOCKET, SO_LINGER, &l, &llen) && l.l_onoff && l.l_linger == 9, "SO_LINGER is lost");
}

void state_tcp_backlog(struct st *t)
{
	union address a;
	int l = listening(t, AF_INET, &a), c = connected(t, &a), s;

	must(t, put(c, "early", 5) ? 0 : -1, "write");
	moved(t);
	s = accept(l, NULL, NULL);
	check(t, s >= 0 && comes(s, t->spoil ? "later" : "early"), "who waited to be accepted is lost");
}

static void udp(struct st *t, int family)
{
	union address a, b;
	int one = bound(t, family, SOCK_DGRAM, &a), two = bound(t, family, SOCK_DGRAM, &b);
	socklen_t len = family == AF_INET ? sizeof(a.in) : sizeof(a.in6);
	char buf[16] = "";

	must(t, connect(one, &b.sa, len), "connect");
	must(t, send(one, "queued", 6, 0), "send");
	moved(t);
	if (t->spoil)
		connect(one, &(struct sockaddr){ .sa_family = AF_UNSPEC }, sizeof(struct sockaddr));
	/* what was queued may be lost, as UDP may lose anything */
	recv(two, buf, sizeof(buf), MSG_DONTWAIT);
	check(t, send(one, "new", 3, 0) == 3, "it is not connected any more");
	memset(buf, 0, sizeof(buf));
	check(t, recvfrom(two, buf, sizeof(buf), 0, &b.sa, &len) == 3 && !strcmp(buf, "new"), "nothing arrives");
	check(t, !memcmp(&a, &b, len), "the sender has another address");
}

void state_udp4(struct st *t)
{
	udp(t, AF_INET);
}

void state_udp6(struct st *t)
{
	udp(t, AF_INET6);
}

void state_udp_options(struct st *t)
{
	int one = 1, ttl = 33, got = 0;
	socklen_t len = sizeof(int);
	char dev[IFNAMSIZ] = "";
	socklen_t dlen = sizeof(dev);
	union address a;
	int fd = bound(t, AF_INET, SOCK_DGRAM, &a);

	must(t, setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)), "SO_BROADCAST");
	must(t, setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)), "IP_TTL");
	must(t, setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one)), "IP_PKTINFO");
	must(t, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), "SO_BINDTODEVICE");
	moved(t);
	if (t->spoil)
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 0);
	check(t, !getsockopt(fd, SOL_SOCKET, SO_BROADCAST, &got, &len) && got, "SO_BROADCAST is lost");
	check(t, !getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dev, &dlen) && !strcmp(dev, "lo"), "SO_BINDTODEVICE is lost");
	check(t, !getsockopt(fd, IPPROTO_IP, IP_PKTINFO, &got, &len) && got, "IP_PKTINFO is lost");
	check(t, !getsockopt(fd, IPPROTO_IP, IP_TTL, &got, &len) && got == ttl, "IP_TTL is %d", got);
}

static void raw(struct st *t, bool connects)
{
	int fd = (int)must(t, socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), "socket");
	unsigned char echo[8] = { 8, 0, 0xf7, 0xfd, 0, 1, 0, 1 }, got[64];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int proto = 0;
	socklen_t plen = sizeof(proto);
	union address a;
	socklen_t len = loopback(AF_INET, &a);

	must(t, bind(fd, &a.sa, len), "bind");
	if (connects)
		must(t, connect(fd, &a.sa, len), "connect");
	moved(t);
	if (t->spoil)
		setsockopt(fd, SOL_RAW, ICMP_FILTER, &(struct icmp_filter){ ~0u }, sizeof(struct icmp_filter));
	check(t, !getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &proto, &plen) && proto == IPPROTO_ICMP, "it is no ICMP socket");
	while (recv(fd, got, sizeof(got), MSG_DONTWAIT) >= 0)
		; /* echoes of others */
	check(t, (connects ? send(fd, echo, sizeof(echo), 0) : sendto(fd, echo, sizeof(echo), 0, &a.sa, len)) == sizeof(echo),
	      "nothing can be sent");
	check(t, poll(&p, 1, 2000) == 1 && recv(fd, got, sizeof(got), 0) == 28, "no echo comes back");
}

void state_raw(struct st *t)
{
	raw(t, false);
}

void state_raw_connected(struct st *t)
{
	raw(t, true);
}

void state_packet(struct st *t)
{
	int fd = (int)must(t, socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP)), "socket");
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = 1 }, now;
	socklen_t len = sizeof(now);
	union address a;
	int u = bound(t, AF_INET, SOCK_DGRAM, &a);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	must(t, bind(fd, (struct sockaddr *)&ll, sizeof(ll)), "bind");
	moved(t);
	if (t->spoil) {
		ll.sll_protocol = htons(ETH_P_ARP);
		bind(fd, (struct sockaddr *)&ll, sizeof(ll));
	}
	check(t, !getsockname(fd, (struct sockaddr *)&now, &len) && now.sll_ifindex == 1 &&
			 now.sll_protocol == htons(ETH_P_IP), "it is bound to something else");
	check(t, sendto(u, "x", 1, 0, &a.sa, sizeof(a.in)) == 1 && poll(&p, 1, 5000) == 1, "it sees no frame");
}

void state_netlink(struct st *t)
{
	int fd = (int)must(t, socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), "socket");
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_TC }, now;
	struct {
		struct nlmsghdr h;
		struct ifinfomsg i;
	} ask = { .h = { .nlmsg_len = sizeof(ask), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = 7 },
		  .i = { .ifi_index = 1 } };
	char buf[8192];
	socklen_t len = sizeof(now);

	must(t, bind(fd, (struct sockaddr *)&nl, sizeof(nl)), "bind");
	len = sizeof(nl);
	must(t, getsockname(fd, (struct sockaddr *)&nl, &len), "getsockname");
	moved(t);
	if (t->spoil)
		setsockopt(fd, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &(int){ RTNLGRP_TC }, sizeof(int));
	check(t, !getsockname(fd, (struct sockaddr *)&now, &len) && now.nl_pid == nl.nl_pid, "its port is another one");
	check(t, now.nl_groups == nl.nl_groups, "its groups are %#x", now.nl_groups);
	check(t, send(fd, &ask, sizeof(ask), 0) == sizeof(ask), "nothing can be sent");
	do
		check(t, recv(fd, buf, sizeof(buf), 0) > 0, "no answer comes");
	while (((struct nlmsghdr *)buf)->nlmsg_seq != 7);
}

void state_tcp_signed(struct st *t)
{
	struct tcp_md5sig key = { .tcpm_keylen = 4, .tcpm_key = "abcd" };
	int fd = (int)must(t, socket(AF_INET, SOCK_STREAM, 0), "socket");
	union address a;
	socklen_t len = loopback(AF_INET, &a);

	memcpy(&key.tcpm_addr, &a, len);
	must(t, setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &key, sizeof(key)), "TCP_MD5SIG");
	must(t, bind(fd, &a.sa, len), "bind");
	must(t, listen(fd, 1), "listen");
	moved(t);
	/* who has no such key is told that there is none to remove */
	key.tcpm_keylen = 0;
	if (t->spoil)
		setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &key, sizeof(key));
	check(t, !setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &key, sizeof(key)), "the key is lost");
}

void state_mptcp(struct st *t)
{
	int fd = (int)must(t, socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP), "socket");
	union address a;
	socklen_t len = loopback(AF_INET, &a);

	must(t, bind(fd, &a.sa, len), "bind");
	must(t, listen(fd, 1), "listen");
	moved(t);
	check(t, !t->spoil && !getsockname(fd, &a.sa, &len), "it is lost");
}

void state_vsock(struct st *t)
{
	must(t, socket(AF_VSOCK, SOCK_STREAM, 0), "socket");
	moved(t);
	check(t, !t->spoil, "it is lost");
}
