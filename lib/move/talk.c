// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines and bytes over a pair of descriptors; see talk.h. */
#include "move/talk.h"
#include "base/own.h"
#include "base/str.h"
#include "move/beat.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/wait.h"

#include <poll.h>

static int wait_for_more(struct vz_talk *t, bool deaf)
{
	int64_t end = t->silence_s ? vz_end_in(t->silence_s) : VZ_NO_END;
	struct pollfd p = { .fd = t->in, .events = POLLIN };
	int n;

	if (!deaf)
		return vz_wait_fd(t->in, POLLIN, end);
	do
		n = poll(&p, 1, t->silence_s ? vz_poll_ms(end) : -1);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n ? 0 : -ETIMEDOUT;
}

static int read_more(struct vz_talk *t, bool deaf)
{
	ssize_t n;
	int r;

	if (t->from) {
		memmove(t->buf, t->buf + t->from, t->n - t->from);
		t->n -= t->from;
		t->from = 0;
	}
	if (t->n == sizeof(t->buf))
		return -EPROTO;
	r = wait_for_more(t, deaf);
	if (r < 0)
		return r;
	do
		n = read(t->in, t->buf + t->n, sizeof(t->buf) - t->n);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return -EPIPE;
	t->n += (size_t)n;
	return 0;
}

int vz_talk_line(struct vz_talk *t, bool deaf, char **ret)
{
	for (;;) {
		char *begin = t->buf + t->from, *end = memchr(begin, '\n', t->n - t->from);
		int r;

		if (end) {
			*end = 0;
			t->from = (size_t)(end + 1 - t->buf);
			*ret = begin;
			return 0;
		}
		r = read_more(t, deaf);
		if (r < 0)
			return r;
	}
}

int vz_talk_hear(struct vz_talk *t)
{
	int r = read_more(t, true);

	while (r >= 0 && t->from < t->n && t->buf[t->from] == '\n')
		t->from++;
	return r;
}

int vz_talk_bytes(struct vz_talk *t, uint64_t n, int fd, char *mem)
{
	int failed = 0;

	while (n) {
		size_t have = t->n - t->from, now = have < n ? have : (size_t)n;
		int r;

		if (!have) {
			r = read_more(t, true);
			if (r < 0)
				return r;
			continue;
		}
		if (mem)
			mem = (char *)memcpy(mem, t->buf + t->from, now) + now;
		else if (fd >= 0 && !failed)
			failed = vz_write_all(fd, t->buf + t->from, now);
		t->from += now;
		n -= now;
	}
	return failed;
}

int vz_talk_say(struct vz_talk *t, const char *fmt, ...)
{
	autostr line = { 0 };
	va_list ap;
	int r;

	va_start(ap, fmt);
	vz_str_addv(&line, fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < line.len; i++)
		if (line.s[i] == '\n')
			line.s[i] = ' ';
	vz_str_add(&line, "\n");
	if (line.failed)
		return -ENOMEM;
	if (t->beat)
		vz_beat_hold(t->beat);
	r = vz_write_all(t->out, line.s, line.len);
	if (t->beat)
		vz_beat_go_on(t->beat);
	return r < 0 ? -EPIPE : 0;
}
