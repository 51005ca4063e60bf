// SPDX-License-Identifier: GPL-2.0-or-later
/* A sign of life over the connection of a migration; see beat.h. */
#include "move/beat.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/proc.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#define BEATS 6  /* until we are taken for dead */

static int take_turn(int turn)
{
	uint64_t v;
	ssize_t n;

	do
		n = read(turn, &v, sizeof(v));
	while (n < 0 && errno == EINTR);
	return n == sizeof(v) ? 0 : -errno;
}

static void give_turn(int turn)
{
	(void)eventfd_write(turn, 1);
}

/* Not while the parent is stopped: who is stopped does nothing, and the other host must not wait for him. */
static bool is_at_work(pid_t pid)
{
	struct vz_proc p;

	return vz_proc_stat(pid, &p) >= 0 && p.state != 'T' && p.state != 't';
}

/* The connection is there; one that takes nothing now has bytes under way, and needs no sign. */
static bool send_beat(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (send(fd, "\n", 1, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno == EAGAIN || errno == EINTR)
		return true;
	if (errno != ENOTSOCK || poll(&p, 1, 0) < 0 || p.revents & (POLLERR | POLLHUP))
		return false;
	return !(p.revents & POLLOUT) || write(fd, "\n", 1) == 1; /* a pipe that takes something takes one byte */
}

static _Noreturn void beat(pid_t parent, int fd, int turn, int every_s)
{
	const struct timespec pause = { .tv_sec = every_s };
	bool go_on = true;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = fcntl(fd, F_DUPFD, 5);
	turn = fcntl(turn, F_DUPFD, 5);
	if (getppid() != parent || dup2(fd, 3) < 0 || dup2(turn, 4) < 0)
		_exit(1);
	vz_let_go(5);
	while (go_on) {
		(void)nanosleep(&pause, NULL);
		if (!is_at_work(parent))
			continue;
		go_on = take_turn(4) >= 0 && send_beat(3);
		give_turn(4);
	}
	_exit(0);
}

int vz_beat_every_s(int silence_s)
{
	return silence_s < BEATS ? 1 : silence_s / BEATS;
}

int vz_beat_begin(struct vz_beat *b, int fd, int every_s)
{
	autoclose int turn = eventfd(1, EFD_SEMAPHORE | EFD_CLOEXEC);
	pid_t parent = getpid(), pid;
	int pidfd;

	if (turn < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		beat(parent, fd, turn, every_s);
	pidfd = vz_pidfd_open(pid);
	if (pidfd < 0) {
		kill(pid, SIGKILL);
		return pidfd;
	}
	b->pidfd = pidfd;
	b->turn = TAKE_FD(turn);
	return 0;
}

void vz_beat_hold(struct vz_beat *b)
{
	if (b->turn >= 0)
		(void)take_turn(b->turn);
}

void vz_beat_go_on(struct vz_beat *b)
{
	if (b->turn >= 0)
		give_turn(b->turn);
}

void vz_beat_end(struct vz_beat *b)
{
	if (b->pidfd >= 0) {
		vz_give_up(b->pidfd);
		close(TAKE_FD(b->pidfd));
	}
	if (b->turn >= 0)
		close(TAKE_FD(b->turn));
}
