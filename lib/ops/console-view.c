// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "vzctl console": a viewer of the console that vzeventd keeps; see console-view.h. Output of the VPS
 * is passed on byte for byte and nothing in it is understood here.
 */
#include "ops/console-view.h"
#include "base/context.h"
#include "base/own.h"
#include "ct/console.h"
#include "sys/fdpass.h"
#include "sys/file.h"
#include "sys/pty.h"
#include "sys/relay.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#define ESC 0x1b
#define CTRL_BRACKET 0x1d

size_t vz_keys_filter(struct vz_keys *k, const uint8_t *in, size_t n, uint8_t *out,
		      bool *ret_detach)
{
	size_t used = 0;

	*ret_detach = false;
	for (size_t i = 0; i < n; i++) {
		if (in[i] == CTRL_BRACKET || (k->esc && in[i] == '.')) {
			*ret_detach = true;
			return used;
		}
		if (k->esc) {
			k->esc = false;
			out[used++] = ESC;
		} else if (in[i] == ESC && !k->in_line) {
			k->esc = true;
			k->in_line = true;
			continue;
		}
		k->in_line = in[i] != '\r' && in[i] != '\n';
		out[used++] = in[i];
	}
	return used;
}

struct session {
	int sock, signals;
	uint32_t backlog; /* former output still to come */
	int in, out;      /* the user's; "in" is polled for by descriptor 0, see vz_own_description() */
	bool stdin_open;
	struct vz_keys keys;
	uint8_t chunk[VZ_CONSOLE_CHUNK]; /* at..len of it is not written yet */
	size_t at, len;
};

static int send_keys(struct session *s, const uint8_t *keys, size_t n)
{
	struct vz_console_msg m = { .op = VZ_CONSOLE_INPUT };
	uint8_t buf[sizeof(m) + VZ_CONSOLE_CHUNK];

	memcpy(buf, &m, sizeof(m));
	memcpy(buf + sizeof(m), keys, n);
	return n ? vz_fd_send(s->sock, buf, sizeof(m) + n, -1) : 0;
}

/* 1: detach. */
static int from_user(struct session *s)
{
	uint8_t in[VZ_CONSOLE_CHUNK / 2], out[sizeof(in) + 1];
	ssize_t n = read(s->in, in, sizeof(in));
	bool detach;
	size_t k;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		s->stdin_open = false;
		return 0;
	}
	k = vz_keys_filter(&s->keys, in, (size_t)n, out, &detach);
	return send_keys(s, out, k) < 0 || detach;
}

/* 1: the VPS or the daemon is gone. */
static int from_console(struct session *s)
{
	ssize_t n = vz_fd_recv(s->sock, s->chunk, sizeof(s->chunk), NULL);

	if (n <= 0)
		return n != -EAGAIN;
	s->backlog -= (uint32_t)n < s->backlog ? (uint32_t)n : s->backlog;
	s->at = 0;
	s->len = (size_t)n;
	return 0;
}

/* 1: nobody reads it, or it cannot be written. */
static int to_user(struct session *s)
{
	ssize_t n = vz_write_some(s->out, (const char *)s->chunk + s->at, s->len - s->at);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0) {
		vz_unwritten(errno);
		return 1;
	}
	s->at += (size_t)n;
	return 0;
}

static int from_signal(struct session *s)
{
	struct vz_console_msg m = { .op = VZ_CONSOLE_SIZE };
	struct signalfd_siginfo si;
	unsigned cols, rows;

	if (read(s->signals, &si, sizeof(si)) != sizeof(si))
		return 0;
	if (si.ssi_signo != SIGWINCH)
		return 1;
	if (vz_pty_get_size(STDIN_FILENO, &cols, &rows) < 0)
		return 0;
	m.cols = (uint16_t)cols;
	m.rows = (uint16_t)rows;
	return vz_fd_send(s->sock, &m, sizeof(m), -1) < 0;
}

static void relay(struct session *s)
{
	int end = 0;

	while (!end && (s->stdin_open || s->backlog || s->at < s->len)) {
		bool full = s->at < s->len;
		struct pollfd p[] = {
			{ .fd = full ? s->out : s->sock, .events = full ? POLLOUT : POLLIN },
			{ .fd = s->stdin_open ? STDIN_FILENO : -1, .events = POLLIN },
			{ .fd = s->signals, .events = POLLIN },
		};

		if (poll(p, ARRAY_LEN(p), -1) < 0)
			continue;
		if (p[0].revents)
			end = full ? to_user(s) : from_console(s);
		if (!end && p[1].revents)
			end = from_user(s);
		if (!end && p[2].revents)
			end = from_signal(s);
	}
}

static int attach(const struct vz_ct *ct, struct session *s, struct vz_err *e)
{
	struct vz_console_msg m = { .op = VZ_CONSOLE_ATTACH, .ctid = ct->id };
	unsigned cols, rows;
	int r;

	if (vz_pty_get_size(STDIN_FILENO, &cols, &rows) == 0) {
		m.cols = (uint16_t)cols;
		m.rows = (uint16_t)rows;
	}
	r = vz_console_attach(&m, &s->sock, &s->backlog, e);
	if (r == -ENOENT || r == -ECONNREFUSED)
		return vz_fail(e, VZ_SYSTEM, 0,
			       "The console needs the vzeventd daemon, which is not running");
	return r;
}

static int check_tty(int argc, char **argv, struct vz_err *e)
{
	static const char *const known[] = { "1", "tty1", "console" };

	if (!argc)
		return 0;
	if (argc > 1)
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Invalid extra arguments: %s",
			       argv[1]);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (!strcmp(argv[0], known[i]))
			return 0;
	return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
		       "No terminal %s: a CT has one console, tty number 1", argv[0]);
}

int vz_op_console(struct vz_ct *ct, int argc, char **argv, struct vz_err *e)
{
	autoclose int sock = -EBADF, signals = -EBADF;
	autoclose int in = vz_own_description(STDIN_FILENO, O_RDONLY);
	autoclose int out = vz_own_description(STDOUT_FILENO, O_WRONLY);
	struct session s = { .stdin_open = true,
			     .in = in < 0 ? STDIN_FILENO : in,
			     .out = out < 0 ? STDOUT_FILENO : out };
	struct termios saved;
	struct vz_state st;
	sigset_t set, old;
	int r = check_tty(argc, argv, e), raw;

	if (r < 0)
		return r;
	if (!vz_state_read(ct->id, &st))
		return vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Container is not running");
	r = attach(ct, &s, e);
	if (r < 0)
		return r;
	sock = s.sock;
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, &old);
	signals = s.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	vz_note("Attached to CT %u (ESC . to detach)", ct->id);
	raw = vz_tty_raw(STDIN_FILENO, &saved);
	relay(&s);
	if (!raw)
		vz_tty_restore(STDIN_FILENO, &saved);
	vz_note("\nDetached from CT %u", ct->id);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return 0;
}
