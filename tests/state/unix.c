// SPDX-License-Identifier: GPL-2.0-or-later
/* Unix sockets: what is queued, who is behind them, and what travels through them. */
#include "tests/state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/un.h>
#include <unistd.h>

static socklen_t unix_address(struct sockaddr_un *sun, const char *path)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	strncpy(sun->sun_path, path, sizeof(sun->sun_path) - 1);
	return sizeof(*sun);
}

static int unix_bound(struct st *t, int type, const char *path)
{
	struct sockaddr_un sun;
	socklen_t len = unix_address(&sun, path);
	int fd = (int)must(t, socket(AF_UNIX, type, 0), "socket");

	must(t, bind(fd, (struct sockaddr *)&sun, len), "bind");
	return fd;
}

static int unix_connect(const char *path, int type)
{
	struct sockaddr_un sun;
	socklen_t len = unix_address(&sun, path);
	int fd = socket(AF_UNIX, type, 0);

	return connect(fd, (struct sockaddr *)&sun, len) ? -1 : fd;
}

void state_unix_stream(struct st *t)
{
	int fd[2];
	char c;

	must(t, socketpair(AF_UNIX, SOCK_STREAM, 0, fd), "socketpair");
	must(t, put(fd[0], "there", 5) && put(fd[1], "back", 4) ? 0 : -1, "write");
	moved(t);
	if (t->spoil)
		check(t, comes(fd[1], "t"), "nothing can be read");
	check(t, comes(fd[1], "there") && comes(fd[0], "back"), "what was queued is lost");
	check(t, put(fd[0], "more", 4) && comes(fd[1], "more"), "the pair does not work");
	close(fd[0]);
	check(t, read(fd[1], &c, 1) == 0, "the end does not come");
}

/* Boundaries of messages stay. */
static void messages(struct st *t, int type)
{
	char buf[64];
	int fd[2];

	must(t, socketpair(AF_UNIX, type, 0, fd), "socketpair");
	must(t, send(fd[0], "one", 3, 0), "send");
	must(t, send(fd[0], "three", 5, 0), "send");
	moved(t);
	if (t->spoil)
		recv(fd[1], buf, sizeof(buf), 0);
	check(t, recv(fd[1], buf, sizeof(buf), MSG_DONTWAIT) == 3, "the first message is not there");
	check(t, recv(fd[1], buf, sizeof(buf), MSG_DONTWAIT) == 5, "the second message is not there");
	check(t, recv(fd[1], buf, sizeof(buf), MSG_DONTWAIT) < 0 && errno == EAGAIN, "there are more messages");
}

void state_unix_dgram(struct st *t)
{
	messages(t, SOCK_DGRAM);
}

void state_unix_seqpacket(struct st *t)
{
	messages(t, SOCK_SEQPACKET);
}

/* A bound datagram socket that many send to, as syslog's. */
void state_unix_named(struct st *t)
{
	int log = unix_bound(t, SOCK_DGRAM, "log.sock");
	int sender = (int)must(t, unix_connect("log.sock", SOCK_DGRAM), "connect");
	char buf[16] = "";

	must(t, send(sender, "first", 5, 0), "send");
	moved(t);
	if (t->spoil)
		unlink("log.sock");
	check(t, recv(log, buf, sizeof(buf), MSG_DONTWAIT) == 5, "what was queued is lost");
	check(t, send(sender, "next", 4, 0) == 4 && recv(log, buf, sizeof(buf), 0) == 4, "the sender is cut off");
	check(t, unix_connect("log.sock", SOCK_DGRAM) >= 0, "its name leads nowhere");
}

/* A descriptor that is in a socket's queue and in no process. */
void state_unix_flight(struct st *t)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} u = { .h = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	char byte = 'f';
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof(u) };
	int fd[2], file = file_of(t, "flying", "the flying file");

	must(t, socketpair(AF_UNIX, SOCK_STREAM, 0, fd), "socketpair");
	must(t, lseek(file, 4, SEEK_SET), "lseek");
	memcpy(CMSG_DATA(&u.h), &file, sizeof(file));
	must(t, sendmsg(fd[0], &m, 0), "sendmsg");
	close(file);
	memset(&u, 0, sizeof(u));
	file = -1;
	moved(t);
	check(t, recvmsg(fd[1], &m, MSG_DONTWAIT) == 1 && byte == 'f', "the message is lost");
	check(t, u.h.cmsg_type == SCM_RIGHTS && u.h.cmsg_len == CMSG_LEN(sizeof(int)), "the descriptor is lost");
	memcpy(&file, CMSG_DATA(&u.h), sizeof(file));
	if (t->spoil)
		lseek(file, 0, SEEK_SET);
	check(t, comes(file, "flying file"), "it is not the file, or its offset is lost");
}

void state_unix_listen(struct st *t)
{
	int l = unix_bound(t, SOCK_STREAM, "listen.sock"), c, s;

	must(t, listen(l, 5), "listen");
	moved(t);
	if (t->spoil)
		unlink("listen.sock");
	c = unix_connect("listen.sock", SOCK_STREAM);
	check(t, c >= 0, "nobody listens");
	s = accept(l, NULL, NULL);
	check(t, s >= 0 && put(c, "hello", 5) && comes(s, "hello"), "the new connection does not work");
}

static void backlog(struct st *t, const char *path, const char *written)
{
	int l = unix_bound(t, SOCK_STREAM, path), c, s;

	must(t, listen(l, 5), "listen");
	c = (int)must(t, unix_connect(path, SOCK_STREAM), "connect");
	must(t, put(c, written, strlen(written)) ? 0 : -1, "write");
	moved(t);
	s = accept(l, NULL, NULL);
	check(t, s >= 0 && comes(s, written), "who waited to be accepted is lost");
	check(t, put(s, t->spoil ? "no." : "yes", 3) && comes(c, "yes"), "the connection does not work");
}

void state_unix_backlog(struct st *t)
{
	backlog(t, "backlog.sock", "");
}

void state_unix_early(struct st *t)
{
	backlog(t, "early.sock", "early");
}

void state_unix_abstract(struct st *t)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = "\0state-abstract" };
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof("\0state-abstract") - 1);
	int l = (int)must(t, socket(AF_UNIX, SOCK_SEQPACKET, 0), "socket"), c;

	must(t, bind(l, (struct sockaddr *)&sun, len), "bind");
	must(t, listen(l, 5), "listen");
	moved(t);
	if (t->spoil)
		close(l);
	c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	check(t, !connect(c, (struct sockaddr *)&sun, len), "the name is gone");
	check(t, accept(l, NULL, NULL) >= 0, "nothing can be accepted");
}

/* As conmon does with names that are too long for an address. */
void state_unix_path(struct st *t)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int l = (int)must(t, socket(AF_UNIX, SOCK_SEQPACKET, 0), "socket");
	int dir = (int)must(t, open(".", O_RDONLY | O_DIRECTORY), "open"), c;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "/proc/self/fd/%d/through.sock", dir);
	must(t, bind(l, (struct sockaddr *)&sun, sizeof(sun)), "bind");
	must(t, listen(l, 5), "listen");
	moved(t);
	if (t->spoil)
		close(dir);
	c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	check(t, !connect(c, (struct sockaddr *)&sun, sizeof(sun)), "the name is gone");
}

/* Its file was removed, both ends live on. */
void state_unix_unlinked(struct st *t)
{
	int l = unix_bound(t, SOCK_STREAM, "gone.sock"), c, s;

	must(t, listen(l, 5), "listen");
	c = (int)must(t, unix_connect("gone.sock", SOCK_STREAM), "connect");
	s = (int)must(t, accept(l, NULL, NULL), "accept");
	must(t, unlink("gone.sock"), "unlink");
	moved(t);
	if (t->spoil)
		shutdown(s, SHUT_RDWR);
	check(t, put(c, "still", 5) && comes(s, "still"), "the connection is lost");
	check(t, access("gone.sock", F_OK) != 0, "the removed file is there again");
}

/* The client is told its server's name. */
void state_unix_lost_name(struct st *t)
{
	int l = unix_bound(t, SOCK_STREAM, "lost.sock"), c;
	struct sockaddr_un sun = { 0 };
	socklen_t len = sizeof(sun);

	must(t, listen(l, 5), "listen");
	c = (int)must(t, unix_connect("lost.sock", SOCK_STREAM), "connect");
	must(t, accept(l, NULL, NULL), "accept");
	must(t, unlink("lost.sock"), "unlink");
	moved(t);
	check(t, !getpeername(c, (struct sockaddr *)&sun, &len) && !strcmp(sun.sun_path, t->spoil ? "" : "lost.sock"),
	      "its name is lost");
}

/* Both ends of a connection and a bound socket, over socket files that are there. */
void state_unix_names(struct st *t)
{
	int l = unix_bound(t, SOCK_STREAM, "named.sock"), c, a;
	int d = unix_bound(t, SOCK_DGRAM, "named-dgram.sock");
	struct sockaddr_un sun = { 0 };
	socklen_t len = sizeof(sun);

	must(t, listen(l, 5), "listen");
	c = (int)must(t, unix_connect("named.sock", SOCK_STREAM), "connect");
	a = (int)must(t, accept(l, NULL, NULL), "accept");
	moved(t);
	check(t, !getpeername(c, (struct sockaddr *)&sun, &len) && !strcmp(sun.sun_path, t->spoil ? "" : "named.sock"),
	      "the name of the peer is %s", sun.sun_path);
	len = sizeof(sun);
	check(t, !getsockname(a, (struct sockaddr *)&sun, &len) && !strcmp(sun.sun_path, "named.sock"),
	      "the name of the accepted socket is %s", sun.sun_path);
	len = sizeof(sun);
	check(t, !getsockname(d, (struct sockaddr *)&sun, &len) && !strcmp(sun.sun_path, "named-dgram.sock"),
	      "the name of the bound socket is %s", sun.sun_path);
}

/* The same of bound sockets and of those that listen, with the file removed. */
void state_unix_names_gone(struct st *t)
{
	int l = unix_bound(t, SOCK_STREAM, "gone.sock"), d = unix_bound(t, SOCK_DGRAM, "gone-dgram.sock");
	struct sockaddr_un sun = { 0 };
	socklen_t len = sizeof(sun);

	must(t, listen(l, 5), "listen");
	must(t, unlink("gone.sock"), "unlink");
	must(t, unlink("gone-dgram.sock"), "unlink");
	moved(t);
	check(t, !getsockname(l, (struct sockaddr *)&sun, &len) && !strcmp(sun.sun_path, t->spoil ? "" : "gone.sock"),
	      "the name of the listening socket is %s", sun.sun_path);
	len = sizeof(sun);
	check(t, !getsockname(d, (struct sockaddr *)&sun, &len) && !strcmp(sun.sun_path, "gone-dgram.sock"),
	      "the name of the bound socket is %s", sun.sun_path);
}

/* Unread messages of two bound senders, one of them connected: who has sent each. */
void state_unix_from(struct st *t)
{
	int d = unix_bound(t, SOCK_DGRAM, "to.sock"), a = unix_bound(t, SOCK_DGRAM, "from-a.sock");
	int b = unix_bound(t, SOCK_DGRAM, "from-b.sock");
	struct sockaddr_un sun;
	socklen_t len = unix_address(&sun, "to.sock");
	char c;

	must(t, connect(a, (struct sockaddr *)&sun, len), "connect");
	must(t, send(a, "a", 1, 0), "send");
	must(t, sendto(b, "b", 1, 0, (struct sockaddr *)&sun, len), "sendto");
	moved(t);
	for (const char *from = "ab"; *from; from++) {
		const char name[] = { 'f', 'r', 'o', 'm', '-', *from, '.', 's', 'o', 'c', 'k', 0 };

		memset(&sun, 0, sizeof(sun));
		len = sizeof(sun);
		check(t, recvfrom(d, &c, 1, MSG_DONTWAIT, (struct sockaddr *)&sun, &len) == 1 && c == *from, "%c is lost", *from);
		check(t, !strcmp(sun.sun_path, t->spoil ? "" : name), "%c comes of %s", *from, sun.sun_path);
	}
}

static int passing(struct st *t, int fd)
{
	return (int)must(t, setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int){ 1 }, sizeof(int)), "SO_PASSCRED");
}

/* Who has sent the next message. */
static struct ucred sender(int fd)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(struct ucred))];
	} c = { 0 };
	char text[16];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c) };
	struct ucred u = { -1, (uid_t)-1, (gid_t)-1 };

	if (recvmsg(fd, &m, MSG_DONTWAIT) > 0 && CMSG_FIRSTHDR(&m) && CMSG_FIRSTHDR(&m)->cmsg_type == SCM_CREDENTIALS)
		memcpy(&u, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(u));
	return u;
}

/* A message of another user that nobody has read, with his credentials. */
void state_unix_sender(struct st *t)
{
	int d = unix_bound(t, SOCK_DGRAM, "sender.sock"), code;
	struct ucred u;
	pid_t pid;

	passing(t, d);
	must(t, chmod("sender.sock", 0777), "chmod");
	pid = child(t);
	if (pid == 0) {
		int c = setuid(1234) ? -1 : unix_connect("sender.sock", SOCK_DGRAM);

		_exit(send(c, "hi", 2, 0) == 2 ? 0 : 1);
	}
	must(t, waitpid(pid, &code, 0) == pid && !code ? 0 : -1, "send");
	moved(t);
	u = t->spoil ? (struct ucred){ 0 } : sender(d);
	check(t, u.pid == pid && u.uid == 1234, "it comes of process %d, user %d now", (int)u.pid, (int)u.uid);
}

void state_unix_creds(struct st *t)
{
	struct ucred before, now = { 0 };
	socklen_t len = sizeof(before);
	int l = unix_bound(t, SOCK_STREAM, "creds.sock"), c, s, on = 1, got = 0;

	must(t, listen(l, 5), "listen");
	c = (int)must(t, unix_connect("creds.sock", SOCK_STREAM), "connect");
	s = (int)must(t, accept(l, NULL, NULL), "accept");
	must(t, setsockopt(c, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), "SO_PASSCRED");
	must(t, getsockopt(s, SOL_SOCKET, SO_PEERCRED, &before, &len), "SO_PEERCRED");
	moved(t);
	if (t->spoil)
		before.uid = 7;
	check(t, !getsockopt(s, SOL_SOCKET, SO_PEERCRED, &now, &len) && now.uid == before.uid && now.gid == before.gid,
	      "the peer is user %d now", (int)now.uid);
	len = sizeof(got);
	check(t, !getsockopt(c, SOL_SOCKET, SO_PASSCRED, &got, &len) && got, "SO_PASSCRED is lost");
}
