// SPDX-License-Identifier: GPL-2.0-or-later
/* What tells of events: epoll, timers, signals, file watches, processes. */
#include "tests/state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

void state_epoll(struct st *t)
{
	int ep = (int)must(t, epoll_create1(EPOLL_CLOEXEC), "epoll_create1"), p[2], far;
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET, .data.u64 = 0x123456789abcdef0 }, got = { 0 };

	must(t, pipe(p), "pipe");
	must(t, epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev), "EPOLL_CTL_ADD");
	/* one that is watched under a number that another file has now */
	far = (int)must(t, fcntl(p[1], F_DUPFD, 100), "F_DUPFD");
	ev = (struct epoll_event){ .events = EPOLLOUT | EPOLLONESHOT, .data.u64 = 5 };
	must(t, epoll_ctl(ep, EPOLL_CTL_ADD, far, &ev), "EPOLL_CTL_ADD");
	must(t, epoll_wait(ep, &got, 1, 1000) == 1 && got.data.u64 == 5 ? 0 : -1, "epoll_wait");
	moved(t);
	if (t->spoil)
		epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL);
	check(t, epoll_wait(ep, &got, 1, 0) == 0, "an event comes of nothing");
	check(t, put(p[1], "x", 1) && epoll_wait(ep, &got, 1, 2000) == 1, "the event does not come");
	check(t, got.data.u64 == 0x123456789abcdef0, "the data of the event have changed");
	check(t, epoll_wait(ep, &got, 1, 0) == 0, "the watch is not edge-triggered any more");
}

/* What it watches has the child alone, and under that number is another file here. */
void state_epoll_shared(struct st *t)
{
	int ep = (int)must(t, epoll_create1(0), "epoll_create1"), p[2], code;
	struct epoll_event e = { .events = EPOLLIN }, got;
	pid_t pid;

	must(t, pipe(p), "pipe");
	must(t, epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e), "EPOLL_CTL_ADD");
	pid = child(t);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	must(t, dup2(p[1], p[0]), "dup2");
	moved(t);
	if (t->spoil)
		kill(pid, SIGKILL), waitpid(pid, &code, 0);
	check(t, put(p[1], "x", 1) && epoll_wait(ep, &got, 1, 2000) == 1, "the event does not come");
	kill(pid, SIGKILL);
	waitpid(pid, &code, 0);
}

/* A child waits in epoll_wait, and an epoll is watched by another. */
void state_epoll_nested(struct st *t)
{
	int in = (int)must(t, epoll_create1(0), "epoll_create1"), out = (int)must(t, epoll_create1(0), "epoll_create1");
	int ev = (int)must(t, eventfd(0, 0), "eventfd"), code;
	struct epoll_event e = { .events = EPOLLIN };
	uint64_t one = 1;
	pid_t pid;

	must(t, epoll_ctl(in, EPOLL_CTL_ADD, ev, &e), "EPOLL_CTL_ADD");
	must(t, epoll_ctl(out, EPOLL_CTL_ADD, in, &e), "EPOLL_CTL_ADD");
	pid = child(t);
	if (pid == 0) {
		int n;

		do
			n = epoll_wait(out, &e, 1, -1);
		while (n < 0 && errno == EINTR);
		_exit(n == 1 ? 0 : 1);
	}
	moved(t);
	if (t->spoil)
		kill(pid, SIGKILL);
	check(t, put(ev, &one, 8), "the eventfd cannot be written");
	check(t, waitpid(pid, &code, 0) == pid && code == 0, "who waits in epoll_wait does not wake");
}

void state_timerfd(struct st *t)
{
	int fd = (int)must(t, timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), "timerfd_create");
	int past = (int)must(t, timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK), "timerfd_create");
	struct itimerspec far = { .it_value = { 5000, 0 }, .it_interval = { 7, 5 } }, now = { 0 };
	struct itimerspec soon = { .it_value = { 0, 1 } };
	uint64_t n = 0;
	double began = seconds(CLOCK_REALTIME), left;

	must(t, timerfd_settime(fd, 0, &far, NULL), "timerfd_settime");
	must(t, timerfd_settime(past, 0, &soon, NULL), "timerfd_settime");
	must(t, poll(&(struct pollfd){ .fd = past, .events = POLLIN }, 1, 2000), "poll");
	moved(t);
	if (t->spoil)
		timerfd_settime(fd, 0, &soon, NULL);
	check(t, !timerfd_gettime(fd, &now) && now.it_interval.tv_sec == 7 && now.it_interval.tv_nsec == 5,
	      "its interval is %ld.%09ld s", (long)now.it_interval.tv_sec, now.it_interval.tv_nsec);
	left = (double)now.it_value.tv_sec;
	check(t, left <= 5000 && left > 4990 - (seconds(CLOCK_REALTIME) - began), "%.0f of 5000 s are left", left);
	check(t, read(past, &n, 8) == 8 && n == 1, "the expiration that nobody has read is lost");
}

void state_signalfd(struct st *t)
{
	struct signalfd_siginfo si;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN + 2);
	must(t, sigprocmask(SIG_BLOCK, &set, NULL), "sigprocmask");
	fd = (int)must(t, signalfd(-1, &set, SFD_NONBLOCK), "signalfd");
	must(t, sigqueue(getpid(), SIGRTMIN + 2, (union sigval){ .sival_int = 4711 }), "sigqueue");
	moved(t);
	if (t->spoil)
		check(t, read(fd, &si, sizeof(si)) == sizeof(si), "nothing can be read");
	check(t, read(fd, &si, sizeof(si)) == sizeof(si), "the signal that was pending is lost");
	check(t, (int)si.ssi_signo == SIGRTMIN + 2 && si.ssi_int == 4711, "it is another signal");
	check(t, !kill(getpid(), SIGUSR2) && read(fd, &si, sizeof(si)) == sizeof(si) && si.ssi_signo == SIGUSR2,
	      "a new signal does not come");
}

/* Reads events until the one of wd and mask; false when none comes. */
static bool happens(int fd, int wd, uint32_t mask)
{
	char buf[4096] __attribute__((aligned(8)));

	while (poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 1000) == 1) {
		ssize_t n = read(fd, buf, sizeof(buf));

		for (char *at = buf; at < buf + n;) {
			const struct inotify_event *ev = (const void *)at;

			if (ev->wd == wd && ev->mask & mask)
				return true;
			at += sizeof(*ev) + ev->len;
		}
	}
	return false;
}

void state_inotify(struct st *t)
{
	int fd = (int)must(t, inotify_init1(IN_NONBLOCK), "inotify_init1"), dir, file;
	char buf[64];

	must(t, mkdir("watched", 0755), "mkdir");
	close(file_of(t, "single", "x"));
	dir = (int)must(t, inotify_add_watch(fd, "watched", IN_CREATE | IN_DELETE), "inotify_add_watch");
	file = (int)must(t, inotify_add_watch(fd, "single", IN_ATTRIB), "inotify_add_watch");
	moved(t);
	check(t, read(fd, buf, sizeof(buf)) < 0 && errno == EAGAIN, "an event comes of nothing");
	if (t->spoil)
		inotify_rm_watch(fd, dir);
	check(t, !mkdir("watched/new", 0755) && happens(fd, dir, IN_CREATE), "a new file is not told of");
	check(t, !chmod("single", 0600) && happens(fd, file, IN_ATTRIB), "a changed file is not told of");
}

/* An event that nobody has read. */
void state_inotify_unread(struct st *t)
{
	int fd = (int)must(t, inotify_init1(IN_NONBLOCK), "inotify_init1");
	int wd = (int)must(t, inotify_add_watch(fd, ".", IN_CREATE), "inotify_add_watch");

	must(t, mkdir("unread", 0755), "mkdir");
	moved(t);
	check(t, happens(fd, t->spoil ? wd + 1 : wd, IN_CREATE), "the event is lost");
}

/* Of a file that has been removed. */
void state_inotify_gone(struct st *t)
{
	int fd = (int)must(t, inotify_init1(IN_NONBLOCK), "inotify_init1"), file = file_of(t, "removed", "x");
	int wd = (int)must(t, inotify_add_watch(fd, "removed", IN_MODIFY), "inotify_add_watch");

	must(t, unlink("removed"), "unlink");
	moved(t);
	if (t->spoil)
		inotify_rm_watch(fd, wd);
	check(t, put(file, "y", 1) && happens(fd, wd, IN_MODIFY), "a write to the removed file is not told of");
}

/* Without privileges on the host there is only the kind that reports handles. */
void state_fanotify(struct st *t)
{
	int fd = (int)must(t, fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK | FAN_REPORT_FID, O_RDONLY), "fanotify_init");
	char buf[1024];

	must(t, mkdir("marked", 0755), "mkdir");
	must(t, fanotify_mark(fd, FAN_MARK_ADD, FAN_CREATE | FAN_ONDIR | FAN_EVENT_ON_CHILD, AT_FDCWD, "marked"),
	     "fanotify_mark");
	moved(t);
	if (t->spoil)
		fanotify_mark(fd, FAN_MARK_FLUSH, 0, AT_FDCWD, "marked");
	check(t, !mkdir("marked/new", 0755), "no directory can be made");
	check(t, poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 1000) == 1 && read(fd, buf, sizeof(buf)) > 0,
	      "a new directory is not told of");
}

void state_pidfd(struct st *t)
{
	pid_t pid = child(t);
	int fd, code;

	if (pid == 0)
		for (;;)
			pause();
	fd = (int)must(t, syscall(SYS_pidfd_open, pid, 0), "pidfd_open");
	moved(t);
	check(t, poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 0) == 0, "the process has ended");
	check(t, !syscall(SYS_pidfd_send_signal, fd, t->spoil ? 0 : SIGTERM, NULL, 0), "no signal can be sent");
	check(t, poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 2000) == 1, "it does not tell of the end");
	check(t, waitpid(pid, &code, 0) == pid && WIFSIGNALED(code) && WTERMSIG(code) == SIGTERM, "it was another process");
}

/* What systemd keeps of each process. */
void state_pidfd_number(struct st *t)
{
	volatile struct { /* in memory, and nowhere else */
		pid_t pid;
		int fd;
		uint64_t inode;
	} *ref = calloc(3, sizeof(*ref)), *copy = ref + 1, *other = ref + 2;
	uint64_t number;
	struct stat now;

	must(t, ref ? 0 : -1, "calloc");
	ref->pid = child(t);
	if (ref->pid == 0)
		for (;;)
			pause();
	ref->fd = (int)must(t, syscall(SYS_pidfd_open, ref->pid, 0), "pidfd_open");
	must(t, fstat(ref->fd, &now), "fstat");
	number = ref->inode = now.st_ino;
	*copy = *ref;
	copy->fd = (int)must(t, fcntl(ref->fd, F_DUPFD, 200), "F_DUPFD");
	*other = *ref;
	other->pid++;
	moved(t);
	if (t->spoil)
		ref->inode++;
	check(t, !fstat(ref->fd, &now), "the descriptor has gone");
	check(t, ref->inode == now.st_ino, "the number of the process is %ju, and was %ju", (uintmax_t)now.st_ino,
	      (uintmax_t)ref->inode);
	check(t, copy->inode == now.st_ino, "the second number was forgotten");
	check(t, other->inode == number, "what only looks like one was written to");
}

/* Children that want the processors, until pressure wakes the epoll. */
void state_pressure(struct st *t)
{
	static const char wanted[] = "some 1000 2000000";
	int ep = (int)must(t, epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
	int fd = (int)must(t, open("/proc/pressure/cpu", O_RDWR | O_CLOEXEC), "/proc/pressure/cpu");
	struct epoll_event ev = { .events = EPOLLPRI, .data.u64 = 77 }, got = { 0 };
	int waits = 0;

	must(t, write(fd, wanted, sizeof(wanted)), "write");
	must(t, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), "EPOLL_CTL_ADD");
	moved(t);
	if (t->spoil)
		epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL);
	check(t, poll(&(struct pollfd){ .fd = fd, .events = POLLPRI }, 1, 0) >= 0, "poll");
	for (int i = 0; i < 8 * (int)sysconf(_SC_NPROCESSORS_ONLN); i++)
		if (child(t) == 0)
			for (;;)
				;
	while (waits++ < 5 && epoll_wait(ep, &got, 1, 1000) < 1)
		;
	check(t, got.data.u64 == 77, "nothing wakes it");
	check(t, !(got.events & EPOLLERR), "it has no trigger");
}

/* ---- terminals ---- */

static int open_pty(struct st *t, char *name, size_t size)
{
	int m = (int)must(t, posix_openpt(O_RDWR | O_NOCTTY), "posix_openpt");

	must(t, unlockpt(m), "unlockpt");
	must(t, ptsname_r(m, name, size) ? -1 : 0, "ptsname_r");
	return m;
}

void state_pty(struct st *t)
{
	char name[64];
	int m = open_pty(t, name, sizeof(name)), s = (int)must(t, open(name, O_RDWR | O_NOCTTY), name);
	struct winsize ws = { .ws_row = 33, .ws_col = 77 }, now = { 0 };
	struct termios tio, tio_now;

	must(t, tcgetattr(s, &tio), "tcgetattr");
	cfmakeraw(&tio);
	tio.c_cc[VINTR] = 7;
	must(t, tcsetattr(s, TCSANOW, &tio), "tcsetattr");
	must(t, ioctl(m, TIOCSWINSZ, &ws), "TIOCSWINSZ");
	moved(t);
	if (t->spoil)
		ioctl(m, TIOCSWINSZ, &(struct winsize){ 1, 1, 1, 1 });
	check(t, !ioctl(s, TIOCGWINSZ, &now) && now.ws_row == 33 && now.ws_col == 77, "its size is %d x %d", now.ws_col,
	      now.ws_row);
	check(t, !tcgetattr(s, &tio_now) && tio_now.c_lflag == tio.c_lflag && tio_now.c_oflag == tio.c_oflag &&
			 tio_now.c_cc[VINTR] == 7, "its mode has changed");
	check(t, put(m, "typed", 5) && comes(s, "typed") && put(s, "shown", 5) && comes(m, "shown"), "it does not work");
	check(t, open(name, O_RDWR | O_NOCTTY) >= 0, "its name leads nowhere");
}

/* A session with a controlling terminal, whose leader reads. */
void state_pty_session(struct st *t)
{
	char name[64], line[64] = "";
	int m = open_pty(t, name, sizeof(name)), p[2];
	pid_t pid;

	must(t, pipe(p), "pipe");
	pid = child(t);
	if (pid == 0) {
		int s;

		setsid();
		s = open(name, O_RDWR);
		put(p[1], "s", 1);
		while (read(s, line, sizeof(line)) < 0 && errno == EINTR)
			;
		dprintf(s, "got %s", line);
		for (;;)
			pause();
	}
	must(t, comes(p[0], "s") ? 0 : -1, "open");
	moved(t);
	check(t, t->spoil ? put(m, "bye\n", 4) : put(m, "hi\n", 3), "nothing can be typed");
	check(t, comes(m, "hi\r\ngot hi\r\n"), "the session does not read its terminal");
	check(t, put(m, "\3", 1) && waitpid(pid, NULL, 0) == pid, "control-C does not end the session");
}

/* Typed and not yet read. */
/* What a shell has written, and sshd has not read yet. */
void state_pty_output(struct st *t)
{
	char name[64];
	int m = open_pty(t, name, sizeof(name)), s = (int)must(t, open(name, O_RDWR | O_NOCTTY), name);

	must(t, put(s, "an answer\n", 10) ? 0 : -1, "write");
	moved(t);
	if (t->spoil)
		tcflush(s, TCOFLUSH), comes(m, "an");
	check(t, comes(m, "an answer\r\n"), "what was written is lost");
	check(t, put(s, "more\n", 5) && comes(m, "more\r\n"), "nothing more can be written");
}

void state_pty_data(struct st *t)
{
	char name[64];
	int m = open_pty(t, name, sizeof(name)), s = (int)must(t, open(name, O_RDWR | O_NOCTTY), name);

	must(t, put(m, "typed ahead\n", 12) ? 0 : -1, "write");
	must(t, comes(m, "typed ahead\r\n") ? 0 : -1, "read");
	moved(t);
	if (t->spoil)
		tcflush(s, TCIFLUSH);
	check(t, comes(s, "typed ahead\n"), "what was typed is lost");
	check(t, poll(&(struct pollfd){ .fd = m, .events = POLLIN }, 1, 0) == 0, "it is echoed again");
}
