// SPDX-License-Identifier: GPL-2.0-or-later
/* Waits with an end; see wait.h. */
#include "sys/wait.h"
#include "base/err.h"
#include "base/log.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/proc.h"

#include <poll.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define REAP_MS 1000
#define NAP_MS 5
#define LEFT_MS 100
#define REAP_MAX 64   /* at a call: less than a millisecond's work */

/* The process's, as its children are: those that were given up while somebody traced them. They must
 * still be reaped as soon as he lets go: the init of their pid namespace does not end before. */
static struct {
	int *pidfd;
	size_t n, room;
} left;

int64_t vz_end_in(int seconds)
{
	return vz_now_ms() + (int64_t)seconds * 1000;
}

/* 1 and the status when it was reaped, 0 when it cannot be yet. */
static int reap_pidfd(int pidfd, int *ret_status)
{
	siginfo_t si = { 0 };

	if (waitid(P_PIDFD, (id_t)pidfd, &si, WEXITED | WNOHANG) < 0)
		return errno == EINTR ? 0 : -errno;
	if (!si.si_pid)
		return 0;
	*ret_status = si.si_code == CLD_EXITED ? (si.si_status & 0xff) << 8 : si.si_status & 0x7f;
	return 1;
}

bool vz_has_failed(int pidfd)
{
	siginfo_t si = { 0 };

	return waitid(P_PIDFD, (id_t)pidfd, &si, WEXITED | WNOHANG | WNOWAIT) >= 0 && si.si_pid &&
	       (si.si_code != CLD_EXITED || si.si_status);
}

bool vz_reap_some(int pidfd, bool *its, int *ret_status)
{
	for (int i = 0; i < REAP_MAX; i++) {
		siginfo_t si = { 0 };

		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || !si.si_pid)
			return false;
		/* asked after the look: if it has not ended even now, it was not what was seen */
		if (pidfd >= 0 && !*its && reap_pidfd(pidfd, ret_status) == 1) {
			*its = true;
			continue;
		}
		/* whose status others want; nothing of its namespace is left behind it */
		if (vz_proc_is_init(si.si_pid) ||
		    waitid(P_PID, (id_t)si.si_pid, &si, WEXITED | WNOHANG) < 0)
			return false;
	}
	return true;
}

static void reap_left(void)
{
	int status;

	for (size_t i = left.n; i-- > 0;)
		if (reap_pidfd(left.pidfd[i], &status)) {
			close(left.pidfd[i]);
			left.pidfd[i] = left.pidfd[--left.n];
		}
}

static int wait_fd(int fd, short events, int64_t end, bool no_cancel)
{
	struct pollfd f[2] = { { .fd = fd, .events = events },
			       { .fd = no_cancel ? -1 : vz_cancel_fd(), .events = POLLIN } };

	for (;;) {
		int wait = end == VZ_NO_END ? -1 : vz_poll_ms(end), n;

		reap_left();
		if (left.n && (wait < 0 || wait > LEFT_MS))
			wait = LEFT_MS;
		n = poll(f, 2, wait);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && f[0].revents)
			return 0;
		if (n > 0)
			return -ECANCELED;
		if (!n && !wait)
			return -ETIMEDOUT;
	}
}

int vz_wait_init(int pidfd, int64_t end)
{
	bool more = false;

	for (;;) {
		int64_t slice = vz_now_ms() + (more ? 0 : LEFT_MS);
		int r = vz_wait_fd(pidfd, POLLIN, slice < end ? slice : end);

		if (r != -ETIMEDOUT || !vz_poll_ms(end))
			return r;
		more = vz_reap_some(-1, NULL, NULL);
	}
}

int vz_wait_fd(int fd, short events, int64_t end)
{
	return wait_fd(fd, events, end, false);
}

static void nap_once(void)
{
	const struct timespec t = { .tv_nsec = NAP_MS * 1000000 };

	(void)nanosleep(&t, NULL);
}

/* at < 0: all of the file, as flock(1) does. */
static int try_lock(int fd, int64_t at)
{
	struct flock byte = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };

	if ((at < 0 ? flock(fd, LOCK_EX | LOCK_NB) : fcntl(fd, F_OFD_SETLK, &byte)) == 0)
		return 1;
	return errno == EWOULDBLOCK || errno == EACCES || errno == EINTR ? 0 : -errno;
}

static int wait_lock(const char *path, int64_t at, int64_t end)
{
	autoclose int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	/* an earlier build made some that others could open, and so hold */
	if (fd < 0 || fchmod(fd, 0600) < 0)
		return -errno;
	while (!(r = try_lock(fd, at))) {
		if (vz_cancelled())
			return -ECANCELED;
		if (!vz_poll_ms(end))
			return -ETIMEDOUT;
		nap_once();
	}
	return r < 0 ? r : TAKE_FD(fd);
}

int vz_wait_lock(const char *path, int64_t end)
{
	return wait_lock(path, -1, end);
}

int vz_wait_lock_at(const char *path, uint32_t at, int64_t end)
{
	return wait_lock(path, at, end);
}

int vz_wait_lock_fail(struct vz_err *e, int r, const char *path)
{
	if (r == -ETIMEDOUT)
		(void)vz_fail(e, VZ_SYSTEM, 0, "another command holds %s for too long ('fuser -v %s' shows "
			      "which one); try again when it has ended", path, path);
	else if (r == -ECANCELED)
		(void)vz_fail(e, VZ_SYSTEM, 0, "Interrupted by a signal");
	else
		(void)vz_fail(e, VZ_SYSTEM, -r, "cannot lock %s", path);
	return r;
}

/* Of one that is dead: whoever traces it is told first, and may take as long as he likes. */
static int reap_dead(int pidfd, int *ret_status)
{
	int64_t end = vz_now_ms() + REAP_MS;

	for (;;) {
		int r = reap_pidfd(pidfd, ret_status);

		if (r)
			return r < 0 ? r : 0;
		if (!vz_poll_ms(end))
			return -ETIMEDOUT;
		nap_once();
	}
}

int vz_wait_child(int pidfd, int64_t end, int *ret_status)
{
	int r = vz_wait_fd(pidfd, POLLIN, end);

	return r < 0 ? r : reap_dead(pidfd, ret_status);
}

int vz_wait_program(int pidfd, int64_t end, bool deaf, int *ret_status)
{
	int r = wait_fd(pidfd, POLLIN, end, deaf || vz_cancel_is_undoing());

	if (r < 0) {
		(void)vz_pidfd_signal(pidfd, SIGTERM);
		(void)wait_fd(pidfd, POLLIN, vz_now_ms() + REAP_MS, true);
		vz_give_up(pidfd);
		return r;
	}
	return reap_dead(pidfd, ret_status);
}

/* Without memory or descriptors it stays a zombie until we end. */
static void reap_later(int pidfd)
{
	int fd;

	if (left.n == left.room) {
		int *more = reallocarray(left.pidfd, left.room * 2 + 8, sizeof(*more));

		if (!more)
			return;
		left.pidfd = more;
		left.room = left.room * 2 + 8;
	}
	fd = fcntl(pidfd, F_DUPFD_CLOEXEC, 3);
	if (fd >= 0)
		left.pidfd[left.n++] = fd;
}

void vz_let_go(unsigned first)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct vz_context *c = vz_context();

	/* below `first` is what the child has put there, over what was the log's perhaps */
	if (c && c->log_fd < (int)first)
		c->log_fd = -1;
	vz_log_close();
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		(void)dup2(null, fd);
	/* numbers of the parent's, which will be those of other files */
	if (c)
		c->cancel_fd = -1;
	left.n = 0;
	(void)vz_close_range(first, ~0u, 0);
}

void vz_give_up(int pidfd)
{
	struct pollfd f = { .fd = pidfd, .events = POLLIN };
	int64_t end = vz_now_ms() + REAP_MS;
	int status;

	if (pidfd < 0)
		return;
	(void)vz_pidfd_signal(pidfd, SIGKILL);
	while (poll(&f, 1, vz_poll_ms(end)) < 0 && errno == EINTR)
		;
	if (!f.revents || reap_dead(pidfd, &status) == -ETIMEDOUT)
		reap_later(pidfd);
}
