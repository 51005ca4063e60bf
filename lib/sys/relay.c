// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copying while a child runs; see relay.h.
 *
 * May be hostile: the child, and whoever has its pipes or its terminal open. It may never end, never
 * read, and write without end; therefore nothing here blocks on its side, what is read after its
 * end is bounded, and it is reaped without waiting.
 */
#include "sys/relay.h"
#include "base/escape.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/pty.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#define NAP_MS 5
#define END_MS 250     /* from one ^D to the next */
#define END_MAX 20     /* of them are typed at a program that reads keys */
#define QUIET_S 600    /* such a program may still be at work, dpkg is; then nobody waits for it any more */
#define GRACE_S 5      /* from a signal to the end of poll_timeout */
#define INTERRUPTS 3   /* as many of them in that time are meant for us */
#define ESCAPE_BYTES 4000 /* read at once when each may become four */
#define DROP_MAX (16u << 20) /* thrown away of what is too much to show, before the pipe breaks */
#define AFTER_MAX (2u << 20) /* read after the child's end: more than a pipe or a terminal holds */
#define CUT "\n(what else the container says is left out)\n"

/* One direction; the buffer keeps a slow reader from stopping the other directions. */
struct lane {
	int from, to;
	int ask;       /* poll(2) is asked about this in place of from, see vz_own_description(); -1 none */
	bool own_from, own_to; /* closed at the end: the child's side, and what was opened anew */
	bool mute;     /* nobody reads what our own command says here: it is read and dropped */
	char eof;      /* typed at the end of from, see type_end() */
	const char *data; /* what is to be written: at..len of it */
	size_t at, len;
	size_t after;  /* bytes read since the child's end */
	struct vz_escape escape;
	char buf[VZ_ESCAPE_ROOM(ESCAPE_BYTES) + sizeof(CUT)];
};

struct loop {
	struct lane lane[3];
	struct vz_relay *r;
	int sigfd;
	bool dead;     /* the child */
	bool reaped;
	int status;    /* then */
	bool more;     /* zombies may be left, of which no further SIGCHLD tells */
	bool leave;    /* the user has had enough */
	int64_t end;
	int64_t interrupted; /* when the first of the last interrupts came */
	int interrupts;
	int64_t next_end, spoke; /* when ^D is typed again, when the child last wrote */
	pid_t reader;  /* the foreground group that it was typed at */
	int typed;     /* so many times */
	bool hang;     /* the terminal goes as soon as nothing more is to be read */
	size_t said;   /* by a command of ours, both lanes together */
};

static void close_own(int *fd, bool own)
{
	if (own && *fd >= 0)
		close(*fd);
	*fd = -1;
}

static void lane_put(struct lane *l, const char *data, size_t n)
{
	l->data = data;
	l->at = 0;
	l->len = n;
}

static void lane_end(struct lane *l)
{
	close_own(&l->from, l->own_from);
	if (l->at < l->len || l->eof)
		return;
	if (l->escape.n) {
		lane_put(l, l->buf, vz_escape(&l->escape, NULL, 0, l->buf));
	} else {
		close_own(&l->to, l->own_to);
	}
}

/* What our own command says: escaped, and no more than the bound. */
static void lane_show(struct loop *p, struct lane *l, const char *in, size_t n)
{
	size_t room = p->said < VZ_RELAY_SAY ? VZ_RELAY_SAY - p->said : 0;
	bool over = p->said <= VZ_RELAY_SAY && n > room;
	size_t used = room && !l->mute ? vz_escape(&l->escape, in, n < room ? n : room, l->buf) : 0;

	p->said += n;
	if (over && !l->mute) {
		memcpy(l->buf + used, CUT, sizeof(CUT) - 1);
		used += sizeof(CUT) - 1;
	}
	lane_put(l, l->buf, used);
	if (p->said > DROP_MAX)
		lane_end(l);
}

static void lane_read(struct loop *p, struct lane *l)
{
	bool show = p->r->ours && l != &p->lane[0];
	char raw[ESCAPE_BYTES];
	ssize_t n = show ? read(l->from, raw, sizeof(raw)) : read(l->from, l->buf, sizeof(l->buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) { /* EIO is the end of a terminal */
		lane_put(l, l->buf, 0);
		lane_end(l);
		return;
	}
	if (l != &p->lane[0])
		p->spoke = vz_now_ms();
	if (p->dead || p->hang)
		l->after += (size_t)n;
	if (show)
		lane_show(p, l, raw, (size_t)n);
	else
		lane_put(l, l->buf, (size_t)n);
	if (l->after > AFTER_MAX)
		lane_end(l);
}

/* The user's side may block, and its flags are his: what could not be opened anew is written with the
 * kernel asked not to wait, and where it does not know how, only after poll(2) said that there is room. */
ssize_t vz_write_some(int fd, const char *data, size_t n)
{
	struct iovec v = { (void *)(uintptr_t)data, n };
	ssize_t r = pwritev2(fd, &v, 1, -1, RWF_NOWAIT);

	if (r < 0 && errno == EAGAIN)
		r = send(fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (r < 0 && (errno == EOPNOTSUPP || errno == ENOTSOCK || errno == ENOSYS))
		r = write(fd, data, n < PIPE_BUF ? n : PIPE_BUF);
	/* a terminal has room, but not for this character's escape */
	if (r < 0 && errno == EAGAIN) {
		(void)nanosleep(&(struct timespec){ .tv_nsec = NAP_MS * 1000000 }, NULL);
		errno = EAGAIN;
	}
	return r;
}

static void lane_write(struct loop *p, struct lane *l)
{
	ssize_t n = vz_write_some(l->to, l->data + l->at, l->len - l->at);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		/* nobody takes it: closing our end breaks the writer's pipe; a command of ours has more to
		 * do than to be heard */
		if (l != &p->lane[0] && errno != EPIPE && !p->r->error)
			p->r->error = errno;
		p->r->unread |= l != &p->lane[0];
		l->mute = p->r->ours && l != &p->lane[0];
		l->at = l->len = l->escape.n = 0;
		l->eof = 0;
		if (!l->mute || l->from < 0)
			lane_end(l);
		return;
	}
	l->at += (size_t)n;
	if (l->at == l->len && l->from < 0)
		lane_end(l);
}

/* At once, whatever is still to be written: the VPS does not end before. A child that a guest traces
 * cannot be reaped yet; what comes to us later is told by SIGCHLD. */
static void reap_children(struct loop *p)
{
	p->more = vz_reap_some(p->r->pidfd, &p->reaped, &p->status);
}

static bool is_at_end(const struct loop *p)
{
	const struct lane *l = &p->lane[0];

	return l->eof && l->from < 0 && l->at == l->len && !p->dead && !p->hang;
}

/*
 * A terminal has no end: ^D is one only for who reads lines, and only once. It is lost when it comes before
 * a shell has switched to reading keys, so it is typed again. Who has read keys for long and not taken
 * it for an end, as less(1) does, will not: the terminal is hung up. What works and reads nothing is let work.
 */
static void type_end(struct loop *p)
{
	struct lane *l = &p->lane[0];
	int64_t now = vz_now_ms();
	struct vz_pty_reader who;

	if (!is_at_end(p) || now < p->next_end)
		return;
	p->next_end = now + END_MS;
	vz_pty_reader(l->to, &who);
	if (!who.keys || who.group != p->reader)
		p->typed = 0;
	p->reader = who.group;
	if (p->typed < END_MAX) {
		p->typed++;
		l->buf[0] = l->eof;
		lane_put(l, l->buf, 1);
	} else if (who.leads || now - p->spoke > QUIET_S * 1000) {
		p->hang = true;
	}
}

/* The shell gets SIGHUP, and its foreground job. */
static void hang_up(struct loop *p)
{
	p->hang = false;
	p->lane[0].eof = 0;
	lane_put(&p->lane[0], p->lane[0].buf, 0);
	close_own(&p->lane[0].from, p->lane[0].own_from);
	close_own(&p->lane[0].to, true);
	close_own(&p->lane[1].from, true);
	if (!p->leave)
		p->end = vz_end_in(GRACE_S);
}

static void on_signal(struct loop *p)
{
	struct signalfd_siginfo si;
	int64_t now = vz_now_ms();

	if (read(p->sigfd, &si, sizeof(si)) != sizeof(si))
		return;
	if (si.ssi_signo == SIGCHLD) {
		reap_children(p);
		return;
	}
	if (si.ssi_signo == SIGWINCH) {
		vz_tty_copy_size(p->r->winch_from, p->lane[1].from);
		return;
	}
	/* a shell at a terminal ignores SIGTERM; a user who leaves hangs up */
	if (p->r->in_eof && (si.ssi_signo == SIGTERM || si.ssi_signo == SIGHUP))
		p->hang = p->lane[0].to >= 0 || p->lane[1].from >= 0;
	else
		(void)vz_pidfd_signal(p->r->pidfd, (int)si.ssi_signo);
	if (si.ssi_signo == SIGTERM || si.ssi_signo == SIGHUP) {
		p->end = p->leave || p->dead ? now : vz_end_in(GRACE_S);
		p->leave = true;
		return;
	}
	if (now - p->interrupted > GRACE_S * 1000) {
		p->interrupted = now;
		p->interrupts = 0;
	}
	if (++p->interrupts >= INTERRUPTS || p->dead) {
		p->leave = true;
		p->end = now;
	}
}

/* Fills the poll set: a lane waits for room when it holds data, for data otherwise. */
static int fill_polls(struct loop *p, struct pollfd *f)
{
	f[0] = (struct pollfd){ .fd = p->dead ? -1 : p->r->pidfd, .events = POLLIN };
	f[1] = (struct pollfd){ .fd = p->sigfd, .events = POLLIN };
	f[2] = (struct pollfd){ .fd = vz_cancel_fd(), .events = POLLIN };
	for (int i = 0; i < 3; i++) {
		struct lane *l = &p->lane[i];
		bool full = l->at < l->len;
		int from = l->from >= 0 && l->ask >= 0 ? l->ask : l->from;

		f[3 + i] = (struct pollfd){ .fd = full ? l->to : from,
					    .events = full ? POLLOUT : POLLIN };
	}
	return 6;
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
		if (p->lane[i].from >= 0 && f[3 + i].revents)
			return false;
	return !holds_data(p);
}

static void move_bytes(struct loop *p, const struct pollfd *f)
{
	for (int i = 0; i < 3; i++) {
		struct lane *l = &p->lane[i];

		if (f[i].revents & POLLNVAL)
			lane_end(l);
		else if (f[i].revents && l->at < l->len)
			lane_write(p, l);
		else if (f[i].revents)
			lane_read(p, l);
	}
}

static int poll_timeout(const struct loop *p)
{
	int64_t until = is_at_end(p) && p->next_end < p->end ? p->next_end : p->end;

	return until == VZ_NO_END ? -1 : vz_poll_ms(until);
}

static int copy(struct loop *p)
{
	struct pollfd f[6];

	for (;;) {
		bool all;
		int n;

		type_end(p);
		all = (p->dead || p->hang) && !holds_data(p); /* look once for more, do not wait */
		n = poll(f, (nfds_t)fill_polls(p, f), all || p->more ? 0 : poll_timeout(p));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (all && (n <= 0 || drained(p, f))) {
			if (p->dead)
				return 0;
			hang_up(p);
			continue;
		}
		if (n > 0 && f[2].revents)
			return -ECANCELED;
		if (n >= 0 && !vz_poll_ms(p->end))
			return p->dead ? 0 : p->leave ? -ECANCELED : -ETIMEDOUT;
		if (p->more)
			reap_children(p);
		if (n <= 0)
			continue;
		if (f[0].revents) {
			p->dead = true;
			reap_children(p);
		}
		if (f[1].revents)
			on_signal(p);
		move_bytes(p, f + 3);
	}
}

/* The user's command gets our signals; the handlers that cancel a command of ours stay as they
 * are. Who started us may have had some of them ignored (nohup(1)). */
static int watch_signals(const struct vz_relay *r, sigset_t *old)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction sa;
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < ARRAY_LEN(signals) && !r->ours; i++)
		if (!sigaction(signals[i], NULL, &sa) && sa.sa_handler != SIG_IGN)
			sigaddset(&mask, signals[i]);
	if (r->winch_from >= 0)
		sigaddset(&mask, SIGWINCH);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, old);
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

/*
 * poll(2) promises nothing: another process with the same pipe may be faster, and a terminal that has
 * room for one byte waits until it has taken all.
 */
int vz_own_description(int fd, int flags)
{
	char path[sizeof("/proc/self/fd/") + 10];
	struct stat st;
	int mine;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISFIFO(st.st_mode) && !isatty(fd))
		return -ENOTTY;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	mine = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return mine < 0 ? -errno : mine;
}

static void own_description(int *fd, bool *own, int flags)
{
	int mine = vz_own_description(*fd, flags);

	if (mine < 0)
		return;
	*fd = mine;
	*own = true;
}

static void set_nonblocking(int fd)
{
	if (fd >= 0)
		(void)fcntl(fd, F_SETFL, O_NONBLOCK);
}

int vz_relay_run(struct vz_relay *r, int *ret_status)
{
	struct loop p = { .r = r,
			  .end = r->end,
			  .spoke = vz_now_ms(),
			  .lane = { { .from = r->in[0],
				      .ask = r->in[0],
				      .to = r->in[1],
				      .own_to = true,
				      .eof = r->in_eof },
				    { .from = r->out[0], .ask = -1, .to = r->out[1], .own_from = true },
				    { .from = r->err[0], .ask = -1, .to = r->err[1], .own_from = true } } };
	autoclose int sigfd = -EBADF;
	sigset_t old;
	int ret;

	own_description(&p.lane[0].from, &p.lane[0].own_from, O_RDONLY);
	own_description(&p.lane[1].to, &p.lane[1].own_to, O_WRONLY);
	own_description(&p.lane[2].to, &p.lane[2].own_to, O_WRONLY);
	sigfd = p.sigfd = watch_signals(r, &old);
	set_nonblocking(r->in[1]);
	set_nonblocking(r->out[0]);
	set_nonblocking(r->err[0]);
	if (r->first)
		lane_put(&p.lane[0], r->first, strlen(r->first));
	ret = copy(&p);
	for (int i = 0; i < 3; i++) {
		close_own(&p.lane[i].from, p.lane[i].own_from);
		close_own(&p.lane[i].to, p.lane[i].own_to);
	}
	if (ret >= 0 && !p.reaped)
		ret = vz_wait_child(r->pidfd, vz_now_ms(), &p.status);
	if (ret >= 0)
		*ret_status = p.status;
	else if (!p.reaped)
		vz_give_up(r->pidfd);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ret;
}

void vz_tty_copy_size(int from, int to)
{
	unsigned cols, rows;

	if (vz_pty_get_size(from, &cols, &rows) >= 0)
		(void)vz_pty_set_size(to, cols, rows);
}
