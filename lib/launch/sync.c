// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages of a launch; see sync.h. */
#include "launch/sync.h"
#include "sys/fdpass.h"
#include "sys/wait.h"

#include <errno.h>
#include <poll.h>
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
static ssize_t receive_msg(int sock, struct msg *m, int *ret_fd)
{
	ssize_t n;

	*ret_fd = -EBADF;
	n = vz_fd_recv(sock, m, sizeof(*m), ret_fd);
	if (n > 0)
		m->err.msg[sizeof(m->err.msg) - 1] = 0;
	return n;
}

/* May be hostile: whether anything comes at all, since the other side may stand in a guest that
 * freezes or stops it. Not what comes: until its exec, which closes its end, the other side is
 * our own program, and the guest can neither trace it nor take its descriptors. */
static int wait_message(int sock, int64_t end, struct vz_err *e)
{
	int r = vz_wait_fd(sock, POLLIN, end);

	if (r == -ECANCELED)
		return vz_fail(e, VZ_SYSTEM, 0, "Interrupted by a signal"), r;
	if (r == -ETIMEDOUT)
		return vz_fail(e, VZ_SYSTEM, 0, "the process inside the container gives no answer: it "
			       "was stopped or frozen there, or the container has no CPU time"), r;
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot wait for the process inside") : 0;
}

int vz_sync_wait(int sock, enum vz_msg_kind kind, int64_t end, int *ret_fd, struct vz_err *e)
{
	int fd, r = wait_message(sock, end, e);
	struct msg m;
	ssize_t n;

	if (r < 0)
		return r;
	n = receive_msg(sock, &m, &fd);
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

int vz_sync_wait_end(int sock, int64_t end, struct vz_err *e)
{
	int fd, r = wait_message(sock, end, e);
	struct msg m;
	ssize_t n;

	if (r < 0)
		return r;
	n = receive_msg(sock, &m, &fd);
	if (fd >= 0)
		close(fd);
	/* a reset is what a killed peer with unread bytes leaves: the caller looks who lives */
	if (n <= 0)
		return 0;
	if (e)
		*e = m.err;
	return m.err.err ? -m.err.err : -EINVAL;
}
