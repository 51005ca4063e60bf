// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who listens for a systemd guest's READY=1 (sd_notify(3)); where the socket leads afterwards is
 * notified.c.
 *
 * May be hostile: what the guest sends. A datagram may carry descriptors, and whoever holds one of
 * these last waits when it is closed, for as long as the guest likes: a TCP socket with SO_LINGER, a
 * file in a file system of its own. Not receiving them, or closing the socket while they are queued, is
 * closing them. So the socket is handed to a child before the first program of the guest runs,
 * and nobody else has it from then on; the child hands on one byte, and can be given up at any moment.
 */
#include "launch/launch-internal.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/spawn.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

int vz_notify_make(int *ret, struct vz_err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = NOTIFY_SOCKET };
	autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make %s", NOTIFY_SOCKET);
	*ret = TAKE_FD(fd);
	return 0;
}

/* The child: with the two descriptors alone, or the lock of the VPS would stay as long as it does. */
static _Noreturn void listen_on(int sock, int up, pid_t parent)
{
	char msg[1024];
	ssize_t n;

	vz_reset_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || dup2(sock, 0) < 0 || dup2(up, 1) < 0 || vz_close_range(2, ~0u, 0) < 0)
		_exit(1);
	while ((n = recv(0, msg, sizeof(msg) - 1, 0)) >= 0) {
		msg[n] = 0;
		if (strncmp(msg, "READY=1", 7) != 0 && !strstr(msg, "\nREADY=1"))
			continue;
		_exit(write(1, "1", 1) != 1);
	}
	_exit(1);
}

int vz_notify_listen(int sock, struct vz_launch *l, struct vz_err *e)
{
	pid_t self = getpid(), pid;
	int up[2];

	if (pipe2(up, O_CLOEXEC) < 0)
		return vz_fail(e, VZ_RESOURCE, errno, "cannot make a pipe");
	pid = vz_clone3(0, &l->listener, -1);
	if (!pid)
		listen_on(sock, up[1], self);
	close(up[1]);
	l->ready = up[0];
	return pid < 0 ? vz_fail(e, VZ_RESOURCE, -pid, "cannot make a process") : 0;
}
