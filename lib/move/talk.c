// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines and bytes over a pair of descriptors; see talk.h. */
#include "move/talk.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/wait.h"

#include <poll.h>

static int read_more(struct vz_talk *t, bool deaf)
{
	ssize_t n;

	if (t->from) {
		memmove(t->buf, t->buf + t->from, t->n - t->from);
		t->n -= t->from;
		t->from = 0;
	}
	if (t->n == sizeof(t->buf))
		return -EPROTO;
	if (!deaf || t->silence_s) {
		int r = vz_wait_fd(t->in, POLLIN, t->silence_s ? vz_end_in(t->silence_s) : VZ_NO_END);

		if (r < 0)
			return r;
	}
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

	va_start(ap, fmt);
	vz_str_addv(&line, fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < line.len; i++)
		if (line.s[i] == '\n')
			line.s[i] = ' ';
	vz_str_add(&line, "\n");
	return line.failed ? -ENOMEM : vz_write_all(t->out, line.s, line.len) < 0 ? -EPIPE : 0;
}
