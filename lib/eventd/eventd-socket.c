// SPDX-License-Identifier: GPL-2.0-or-later
/* The socket of vzeventd: commands that ask for a console, and those that look at one. */
#include "eventd/eventd-internal.h"
#include "base/log.h"
#include "base/own.h"
#include "ct/console.h"
#include "sys/fdpass.h"
#include "sys/pty.h"

#include <string.h>
#include <sys/epoll.h>

/* Sends the answer to MAKE; the connection has then done its work. */
static void make_console(struct vz_eventd *d, struct vz_viewer *v, const struct vz_console_msg *m)
{
	autoclose int slave = vz_consoles_make(d, m->ctid, m->owner);
	struct vz_console_answer a = { .result = slave < 0 ? slave : 0 };

	if (slave < 0)
		vz_log(-1, "cannot make a console for CT %u: %s", m->ctid, strerror(-slave));
	(void)vz_fd_send(v->src.fd, &a, sizeof(a), slave);
	vz_viewer_free(d, v);
}

static bool attach_viewer(struct vz_eventd *d, struct vz_viewer *v, const struct vz_console_msg *m)
{
	struct vz_console *c = vz_consoles_find(d, m->ctid);
	struct vz_console_answer a = { .result = c ? 0 : -ENODEV };

	if (c) {
		v->console = c;
		v->pos = vz_consoles_tail(c);
		a.backlog = (uint32_t)(c->head - v->pos);
		if (m->cols && m->rows)
			(void)vz_pty_set_size(c->src.fd, m->cols, m->rows);
	}
	return vz_fd_send(v->src.fd, &a, sizeof(a), -1) == 0 && c && vz_viewer_feed(d, v);
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
			vz_viewer_flush(d, v);
			keep = true;
		}
	}
	if (!keep)
		vz_viewer_free(d, v);
}

static void viewer_ready(struct vz_eventd *d, struct vz_source *s, uint32_t events)
{
	struct vz_viewer *v = (struct vz_viewer *)s;

	if ((events & EPOLLOUT) && v->console && !vz_viewer_feed(d, v)) {
		vz_viewer_free(d, v);
		return;
	}
	if ((events & EPOLLIN) && !v->in_len)
		message(d, v);
	else if (events & (EPOLLHUP | EPOLLERR))
		vz_viewer_free(d, v);
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
