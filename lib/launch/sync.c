// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages of a launch; see sync.h. */
#include "launch/sync.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct msg {
	enum vz_msg_kind kind;
	struct vz_err err;
};

union control {
	char buf[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

int vz_sync_pair(int ret[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) < 0 ? -errno : 0;
}

void vz_sync_send(int sock, enum vz_msg_kind kind, const struct vz_err *err, int fd)
{
	struct msg m = { .kind = kind };
	struct iovec iov = { .iov_base = &m, .iov_len = sizeof(m) };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control c;

	if (err)
		m.err = *err;
	if (fd >= 0) {
		struct cmsghdr *cm;

		memset(&c, 0, sizeof(c));
		h.msg_control = c.buf;
		h.msg_controllen = sizeof(c.buf);
		cm = CMSG_FIRSTHDR(&h);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &fd, sizeof(int));
	}
	(void)!sendmsg(sock, &h, MSG_NOSIGNAL);
}

/* The length of one message, 0 at the end; its fd, if any, in *ret_fd. */
static ssize_t receive(int sock, struct msg *m, int *ret_fd)
{
	struct iovec iov = { .iov_base = m, .iov_len = sizeof(*m) };
	union control c;
	struct msghdr h = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = c.buf,
		.msg_controllen = sizeof(c.buf),
	};
	struct cmsghdr *cm;
	ssize_t n;

	*ret_fd = -1;
	do
		n = recvmsg(sock, &h, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	cm = n > 0 ? CMSG_FIRSTHDR(&h) : NULL;
	if (cm && cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SCM_RIGHTS &&
	    cm->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(cm), sizeof(int));
	if (n > 0)
		m->err.msg[sizeof(m->err.msg) - 1] = 0;
	return n;
}

int vz_sync_wait(int sock, enum vz_msg_kind kind, int *ret_fd, struct vz_err *e)
{
	struct msg m;
	int fd;
	ssize_t n = receive(sock, &m, &fd);

	if (n == (ssize_t)sizeof(m) && m.kind == kind && (fd < 0 || ret_fd)) {
		if (ret_fd)
			*ret_fd = fd;
		return 0;
	}
	if (fd >= 0)
		close(fd);
	if (n == (ssize_t)sizeof(m) && m.kind == FAILED) {
		if (e)
			*e = m.err;
		return m.err.err ? -m.err.err : -EINVAL;
	}
	return vz_fail(e, VZ_ENVCREATE, ECHILD, "the other side of the launch died");
}

int vz_sync_wait_end(int sock, struct vz_err *e)
{
	struct msg m;
	int fd;
	ssize_t n = receive(sock, &m, &fd);

	if (fd >= 0)
		close(fd);
	/* a reset is what a killed peer with unread bytes leaves: the caller looks who lives */
	if (n <= 0)
		return 0;
	if (e)
		*e = m.err;
	return m.err.err ? -m.err.err : -EINVAL;
}
