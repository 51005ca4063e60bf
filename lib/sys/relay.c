// SPDX-License-Identifier: GPL-2.0-or-later
/* Copying while a child runs; see relay.h. */
#include "sys/relay.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/pty.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define FOREVER (-1) /* poll(2) */

/* One direction; the buffer keeps a slow reader from stopping the other directions. */
struct lane {
	int from, to;
	bool own_from, own_to; /* the child's side: closed at the end */
	char eof;      /* written at the end of from */
	size_t at, len;
	char buf[16384];
};

struct loop {
	struct lane lane[3];
	struct vz_relay *r;
	int pidfd, sigfd;
	bool dead;
};

static void close_own(int *fd, bool own)
{
	if (own && *fd >= 0)
		close(*fd);
	*fd = -1;
}

static void lane_end(struct lane *l)
{
	close_own(&l->from, l->own_from);
	if (l->eof && l->at == l->len) {
		l->buf[0] = l->eof;
		l->eof = 0;
		l->at = 0;
		l->len = 1;
		return;
	}
	if (l->at == l->len)
		close_own(&l->to, l->own_to);
}

static void lane_read(struct lane *l)
{
	ssize_t n = read(l->from, l->buf, sizeof(l->buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	l->at = 0;
	l->len = n > 0 ? (size_t)n : 0;
	if (n <= 0) /* EIO is the end of a terminal */
		lane_end(l);
}

static void lane_write(struct lane *l)
{
	ssize_t n = write(l->to, l->buf + l->at, l->len - l->at);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		/* nobody takes it: closing our end breaks the writer's pipe */
		l->at = l->len = 0;
		l->eof = 0;
		lane_end(l);
		return;
	}
	l->at += (size_t)n;
	if (l->at == l->len && l->from < 0)
		lane_end(l);
}

static void on_signal(struct loop *p)
{
	struct signalfd_siginfo si;

	if (read(p->sigfd, &si, sizeof(si)) != sizeof(si))
		return;
	if (si.ssi_signo == SIGWINCH)
		vz_tty_copy_size(p->r->winch_from, p->r->winch_to);
	else
		(void)vz_pidfd_signal(p->pidfd, (int)si.ssi_signo);
}

/* Fills the poll set: a lane waits for room when it holds data, for data otherwise. */
static int fill(struct loop *p, struct pollfd *f)
{
	f[0] = (struct pollfd){ .fd = p->dead ? -1 : p->pidfd, .events = POLLIN };
	f[1] = (struct pollfd){ .fd = p->sigfd, .events = POLLIN };
	for (int i = 0; i < 3; i++) {
		struct lane *l = &p->lane[i];
		bool full = l->at < l->len;

		f[2 + i] = (struct pollfd){ .fd = full ? l->to : l->from,
					    .events = full ? POLLOUT : POLLIN };
	}
	return 5;
}

/* Something read of the child's that our reader has not taken yet? */
static bool holds_data(const struct loop *p)
{
	return p->lane[1].at < p->lane[1].len || p->lane[2].at < p->lane[2].len;
}

/* Nothing left to hand on of what the child wrote? */
static bool drained(const struct loop *p, const struct pollfd *f)
{
	for (int i = 1; i < 3; i++)
		if (p->lane[i].from >= 0 && f[2 + i].revents)
			return false;
	return !holds_data(p);
}

static int copy(struct loop *p, int timeout_s)
{
	int64_t end = vz_now_ms() + (int64_t)timeout_s * 1000;
	struct pollfd f[5];

	for (;;) {
		bool all = p->dead && !holds_data(p); /* look once for more, do not wait */
		int wait = all ? 0 : timeout_s ? vz_poll_ms(end) : FOREVER;
		int n = poll(f, (nfds_t)fill(p, f), wait);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (all && (n <= 0 || drained(p, f)))
			return 0;
		if (!n)
			return -ETIMEDOUT;
		if (n < 0)
			continue;
		if (f[0].revents)
			p->dead = true;
		if (f[1].revents)
			on_signal(p);
		for (int i = 0; i < 3; i++) {
			if (f[2 + i].revents & POLLNVAL)
				lane_end(&p->lane[i]);
			else if (f[2 + i].revents && p->lane[i].at < p->lane[i].len)
				lane_write(&p->lane[i]);
			else if (f[2 + i].revents)
				lane_read(&p->lane[i]);
		}
	}
}

int vz_relay_run(struct vz_relay *r, int timeout_s)
{
	struct loop p = { .r = r,
			  .lane = { { .from = r->in[0],
				      .to = r->in[1],
				      .own_to = true,
				      .eof = r->in_eof },
				    { .from = r->out[0], .to = r->out[1], .own_from = true },
				    { .from = r->err[0], .to = r->err[1], .own_from = true } } };
	autoclose int pidfd = vz_pidfd_open(r->pid), sigfd = -EBADF;
	sigset_t mask, old;
	int ret, st;

	sigemptyset(&mask);
	for (size_t i = 0; i < 5; i++)
		sigaddset(&mask, (int[]){ SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH }[i]);
	sigprocmask(SIG_BLOCK, &mask, &old);
	sigfd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	p.pidfd = pidfd;
	p.sigfd = sigfd;
	for (int i = 0; i < 3; i++)
		if (p.lane[i].from >= 0 && i)
			(void)fcntl(p.lane[i].from, F_SETFL, O_NONBLOCK);
	if (p.lane[0].to >= 0)
		(void)fcntl(p.lane[0].to, F_SETFL, O_NONBLOCK);
	ret = pidfd < 0 ? pidfd : copy(&p, timeout_s);
	close_own(&p.lane[0].to, true);
	close_own(&p.lane[1].from, true);
	close_own(&p.lane[2].from, true);
	if (ret < 0)
		(void)kill(r->pid, SIGKILL);
	while (waitpid(r->pid, &st, 0) < 0 && errno == EINTR)
		;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ret < 0 ? ret : st;
}

void vz_tty_copy_size(int from, int to)
{
	unsigned cols, rows;

	if (vz_pty_get_size(from, &cols, &rows) >= 0)
		(void)vz_pty_set_size(to, cols, rows);
}
