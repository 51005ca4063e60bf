// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The socket of vzeventd: commands that ask for a console, and those that look at one. A viewer
 * that is slow misses output, as one does who was not there; it never holds anybody up.
 */
#include "eventd/eventd-internal.h"
#include "base/log.h"
#include "base/own.h"
#include "ct/console.h"
#include "sys/fdpass.h"
#include "sys/pty.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static void viewer_free(struct vz_eventd *d, struct vz_viewer *v)
{
	struct vz_viewer **p = &d->viewers;

	while (*p != v)
		p = &(*p)->next;
	*p = v->next;
	close(v->src.fd);
	free(v);
}

/* Sends as much as the socket takes; false when the other side is gone. */
static bool feed(struct vz_eventd *d, struct vz_viewer *v)
{
	const struct vz_console *c = v->console;
	int r = 0;

	if (v->pos < vz_console_tail(c))
		v->pos = vz_console_tail(c);
	while (v->pos < c->head && !r) {
		size_t at = v->pos % VZ_CONSOLE_RING, n = VZ_CONSOLE_RING - at;

		if (n > c->head - v->pos)
			n = c->head - v->pos;
		if (n > VZ_CONSOLE_CHUNK)
			n = VZ_CONSOLE_CHUNK;
		r = vz_fd_send(v->src.fd, c->ring + at, n, -1);
		if (!r)
			v->pos += n;
	}
	vz_eventd_want(d, &v->src, (v->in_len ? 0 : EPOLLIN) | (r == -EAGAIN ? EPOLLOUT : 0));
	return !r || r == -EAGAIN;
}

void vz_viewers_feed(struct vz_eventd *d, const struct vz_console *c)
{
	for (struct vz_viewer *v = d->viewers, *next; v; v = next) {
		next = v->next;
		if (v->console == c && !feed(d, v))
			viewer_free(d, v);
	}
}

/* The terminal is asked for room as long as any viewer's input waits for it. */
static void want_room(struct vz_eventd *d, struct vz_console *c)
{
	bool waiting = false;

	for (const struct vz_viewer *v = d->viewers; v; v = v->next)
		waiting |= v->console == c && v->in_len;
	vz_eventd_want(d, &c->src, EPOLLIN | (waiting ? EPOLLOUT : 0));
}

/* Writes pending input; a viewer is not read again before the terminal has taken all of it. */
static void flush(struct vz_eventd *d, struct vz_viewer *v)
{
	struct vz_console *c = v->console;

	while (v->in_len) {
		ssize_t n = write(c->src.fd, v->in + v->in_off, v->in_len);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			v->in_len = 0; /* hung up: nobody is there to read it */
			break;
		}
		v->in_off += (size_t)n;
		v->in_len -= (size_t)n;
	}
	want_room(d, c);
	vz_eventd_want(d, &v->src, (v->in_len ? 0 : EPOLLIN) |
					   (v->pos < c->head ? EPOLLOUT : 0));
}

void vz_viewers_flush(struct vz_eventd *d, struct vz_console *c)
{
	for (struct vz_viewer *v = d->viewers; v; v = v->next)
		if (v->console == c && v->in_len)
			flush(d, v);
	want_room(d, c);
}

/* Sends the answer to MAKE; the connection has then done its work. */
static void make_console(struct vz_eventd *d, struct vz_viewer *v, const struct vz_console_msg *m)
{
	autoclose int slave = vz_console_make(d, m->ctid, m->owner);
	struct vz_console_answer a = { .result = slave < 0 ? slave : 0 };

	if (slave < 0)
		vz_log(-1, "cannot make a console for CT %u: %s", m->ctid, strerror(-slave));
	(void)vz_fd_send(v->src.fd, &a, sizeof(a), slave);
	viewer_free(d, v);
}

static bool attach_viewer(struct vz_eventd *d, struct vz_viewer *v, const struct vz_console_msg *m)
{
	struct vz_console *c = vz_console_find(d, m->ctid);
	struct vz_console_answer a = { .result = c ? 0 : -ENODEV };

	if (c) {
		v->console = c;
		v->pos = vz_console_tail(c);
		a.backlog = (uint32_t)(c->head - v->pos);
		if (m->cols && m->rows)
			(void)vz_pty_set_size(c->src.fd, m->cols, m->rows);
	}
	return vz_fd_send(v->src.fd, &a, sizeof(a), -1) == 0 && c && feed(d, v);
}

/* One message of a connection. Only root of the host can connect, so nonsense is a bug or a
 * wrong version: the connection ends. */
static void message(struct vz_eventd *d, struct vz_viewer *v)
{
	uint8_t buf[sizeof(struct vz_console_msg) + VZ_CONSOLE_CHUNK];
	struct vz_console_msg m;
	ssize_t n = vz_fd_recv(v->src.fd, buf, sizeof(buf), NULL);
	bool keep = false;

	if (n == -EAGAIN)
		return;
	if (n >= (ssize_t)sizeof(m)) {
		memcpy(&m, buf, sizeof(m));
		n -= (ssize_t)sizeof(m);
		if (!v->console && m.op == VZ_CONSOLE_MAKE && m.ctid && m.ctid <= VZ_CTID_MAX) {
			make_console(d, v, &m);
			return;
		}
		if (!v->console && m.op == VZ_CONSOLE_ATTACH) {
			keep = attach_viewer(d, v, &m);
		} else if (v->console && m.op == VZ_CONSOLE_SIZE) {
			(void)vz_pty_set_size(v->console->src.fd, m.cols, m.rows);
			keep = true;
		} else if (v->console && m.op == VZ_CONSOLE_INPUT) {
			memcpy(v->in, buf + sizeof(m), (size_t)n);
			v->in_off = 0;
			v->in_len = (size_t)n;
			flush(d, v);
			keep = true;
		}
	}
	if (!keep)
		viewer_free(d, v);
}

static void viewer_ready(struct vz_eventd *d, struct vz_source *s, uint32_t events)
{
	struct vz_viewer *v = (struct vz_viewer *)s;

	if ((events & EPOLLOUT) && v->console && !feed(d, v)) {
		viewer_free(d, v);
		return;
	}
	if ((events & EPOLLIN) && !v->in_len)
		message(d, v);
	else if (events & (EPOLLHUP | EPOLLERR))
		viewer_free(d, v);
}

static void listener_ready(struct vz_eventd *d, struct vz_source *s, uint32_t events)
{
	autoclose int fd = vz_unix_accept_root(s->fd);
	autofree struct vz_viewer *v = NULL;

	(void)events;
	if (fd < 0)
		return;
	v = calloc(1, sizeof(*v));
	if (!v)
		return;
	v->src = (struct vz_source){ fd, viewer_ready };
	if (vz_eventd_add(d, &v->src, EPOLLIN) < 0)
		return;
	(void)TAKE_FD(fd);
	v->next = d->viewers;
	d->viewers = TAKE_PTR(v);
}

int vz_viewers_init(struct vz_eventd *d, struct vz_err *e)
{
	int r = vz_unix_listen(VZ_EVENTD_SOCKET);

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot listen at %s", VZ_EVENTD_SOCKET);
	d->listener = (struct vz_source){ r, listener_ready };
	r = vz_eventd_add(d, &d->listener, EPOLLIN);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot listen at %s", VZ_EVENTD_SOCKET) : 0;
}

void vz_viewers_close(struct vz_eventd *d, const struct vz_console *c)
{
	for (struct vz_viewer *v = d->viewers, *next; v; v = next) {
		next = v->next;
		if (!c || v->console == c)
			viewer_free(d, v);
	}
}
