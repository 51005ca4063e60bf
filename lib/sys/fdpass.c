// SPDX-License-Identifier: GPL-2.0-or-later
/* Unix sockets and descriptor passing; see fdpass.h and unix(7). */
#include "sys/fdpass.h"
#include "base/own.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#define FDS_MAX 8 /* room to find and close what nobody asked for */

int vz_fd_send(int sock, const void *msg, size_t n, int fd)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} c = { 0 };
	struct iovec iov = { (void *)(uintptr_t)msg, n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t k;

	if (fd >= 0) {
		m.msg_control = &c;
		m.msg_controllen = sizeof(c);
		c.h.cmsg_level = SOL_SOCKET;
		c.h.cmsg_type = SCM_RIGHTS;
		c.h.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&c.h), &fd, sizeof(fd));
	}
	do
		k = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (k < 0 && errno == EINTR);
	return k < 0 ? -errno : 0;
}

/* The only descriptor of a message; -EBADF when there is none. Surplus ones are closed. */
static int one_fd(struct msghdr *m)
{
	int got = -EBADF;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (got < 0)
				got = fd;
			else
				close(fd);
		}
	}
	return got;
}

ssize_t vz_fd_recv(int sock, void *msg, size_t n, int *ret_fd)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} c;
	struct iovec iov = { msg, n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c,
			    .msg_controllen = sizeof(c) };
	autoclose int fd = -EBADF;
	ssize_t k;

	do
		k = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (k < 0 && errno == EINTR);
	if (k < 0)
		return -errno;
	fd = one_fd(&m);
	if (m.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	if (ret_fd)
		*ret_fd = TAKE_FD(fd);
	return k;
}

static int address(const char *path, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret->sun_path))
		return -ENAMETOOLONG;
	memcpy(ret->sun_path, path, strlen(path));
	return 0;
}

int vz_unix_listen(const char *path)
{
	autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un a;
	char temp[sizeof(a.sun_path)];
	int r;

	if (fd < 0)
		return -errno;
	if (snprintf(temp, sizeof(temp), "%s.%d", path, getpid()) >= (int)sizeof(temp))
		return -ENAMETOOLONG;
	r = address(temp, &a);
	if (r < 0)
		return r;
	(void)unlink(temp);
	/* the mode of the inode is what bind() gives the name (unix(7)) */
	if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	if (chmod(temp, 0600) < 0 || listen(fd, SOMAXCONN) < 0 || rename(temp, path) < 0) {
		r = -errno;
		(void)unlink(temp);
		return r;
	}
	return TAKE_FD(fd);
}

int vz_unix_connect(const char *path, int timeout_ms)
{
	struct timeval tv = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;
	int r = address(path, &a);

	if (fd < 0)
		return -errno;
	if (r < 0)
		return r;
	if (timeout_ms && (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) < 0 ||
			   setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) < 0))
		return -errno;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int vz_unix_accept_root(int listener)
{
	autoclose int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred who = { 0 };
	socklen_t n = sizeof(who);

	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0)
		return -errno;
	/* the daemons run as root; a test that runs as somebody else may talk to itself */
	if (who.uid != 0 && who.uid != geteuid())
		return -EACCES;
	return TAKE_FD(fd);
}
