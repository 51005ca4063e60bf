// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Those who look at a console: what it says goes to them, what they type to it. A viewer that is
 * slow misses output, as one does who was not there; it never holds anybody up.
 */
#include "eventd/eventd-internal.h"
#include "base/own.h"
#include "ct/console.h"
#include "sys/fdpass.h"

#include <sys/epoll.h>

void vz_viewer_free(struct vz_eventd *d, struct vz_viewer *v)
{
	struct vz_viewer **p = &d->viewers;

	while (*p != v)
		p = &(*p)->next;
	*p = v->next;
	close(v->src.fd);
	free(v);
}

bool vz_viewer_feed(struct vz_eventd *d, struct vz_viewer *v)
{
	const struct vz_console *c = v->console;
	int r = 0;

	if (v->pos < vz_consoles_tail(c))
		v->pos = vz_consoles_tail(c);
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
		if (v->console == c && !vz_viewer_feed(d, v))
			vz_viewer_free(d, v);
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

void vz_viewer_flush(struct vz_eventd *d, struct vz_viewer *v)
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
			vz_viewer_flush(d, v);
	want_room(d, c);
}

void vz_viewers_close(struct vz_eventd *d, const struct vz_console *c)
{
	for (struct vz_viewer *v = d->viewers, *next; v; v = next) {
		next = v->next;
		if (!c || v->console == c)
			vz_viewer_free(d, v);
	}
}
