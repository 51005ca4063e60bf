// SPDX-License-Identifier: GPL-2.0-or-later
/* The client's half of the console protocol; see console.h. */
#include "ct/console.h"
#include "base/own.h"
#include "sys/fdpass.h"

#include <sys/socket.h>

/* A daemon that does not answer must not keep a start waiting. */
#define ANSWER_MS 3000

static int ask_eventd(const struct vz_console_msg *m, struct vz_console_answer *a, int *ret_fd,
		      struct vz_err *e)
{
	autoclose int sock = vz_unix_connect(VZ_EVENTD_SOCKET, ANSWER_MS);
	ssize_t n;
	int r;

	if (sock == -ENOENT || sock == -ECONNREFUSED)
		return sock;
	if (sock < 0)
		return vz_fail(e, VZ_SYSTEM, -sock, "cannot reach vzeventd");
	r = vz_fd_send(sock, m, sizeof(*m), -1);
	n = r < 0 ? r : vz_fd_recv(sock, a, sizeof(*a), ret_fd);
	if (n != sizeof(*a))
		return vz_fail(e, VZ_SYSTEM, n < 0 ? (int)-n : EPROTO,
			       "no answer from vzeventd");
	return TAKE_FD(sock);
}

int vz_console_request(unsigned ctid, uid_t owner, int *ret_slave_fd, struct vz_err *e)
{
	struct vz_console_msg m = { .op = VZ_CONSOLE_MAKE, .ctid = ctid, .owner = owner };
	struct vz_console_answer a = { 0 };
	autoclose int sock = -EBADF, slave = -EBADF;

	sock = ask_eventd(&m, &a, &slave, e);
	if (sock < 0)
		return sock;
	if (a.result < 0 || slave < 0)
		return vz_fail(e, VZ_SYSTEM, a.result < 0 ? -a.result : EPROTO,
			       "vzeventd cannot make a console");
	*ret_slave_fd = TAKE_FD(slave);
	return 0;
}

int vz_console_attach(const struct vz_console_msg *m, int *ret_sock, uint32_t *ret_backlog,
		      struct vz_err *e)
{
	struct vz_console_answer a = { 0 };
	autoclose int sock = ask_eventd(m, &a, NULL, e);
	struct timeval never = { 0 };

	if (sock < 0)
		return sock;
	if (a.result < 0)
		return vz_fail(e, VZ_SYSTEM, 0,
			       "CT %u has no console: vzeventd was not running when it started",
			       m->ctid), -ENODEV;
	(void)setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &never, sizeof(never));
	(void)setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &never, sizeof(never));
	*ret_backlog = a.backlog;
	*ret_sock = TAKE_FD(sock);
	return 0;
}
