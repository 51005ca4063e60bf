// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages of a launch; see sync.h. */
#include "launch/sync.h"
#include "sys/fdpass.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

struct msg {
	enum vz_msg_kind kind;
	struct vz_err err;
};

int vz_sync_pair(int ret[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) < 0 ? -errno : 0;
}

void vz_sync_send(int sock, enum vz_msg_kind kind, const struct vz_err *err, int fd)
{
	struct msg m = { .kind = kind };

	if (err)
		m.err = *err;
	(void)vz_fd_send(sock, &m, sizeof(m), fd);
}

/* The length of one message, 0 at the end; its fd, if any, in *ret_fd. */
static ssize_t receive(int sock, struct msg *m, int *ret_fd)
{
	ssize_t n;

	*ret_fd = -EBADF;
	n = vz_fd_recv(sock, m, sizeof(*m), ret_fd);
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
