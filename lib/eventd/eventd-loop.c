// SPDX-License-Identifier: GPL-2.0-or-later
/* What all files of the daemon use: its clock, its sources of events, its tables. */
#include "eventd/eventd-internal.h"
#include "base/own.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

int64_t vz_eventd_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int vz_eventd_add(struct vz_eventd *d, struct vz_source *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };

	return epoll_ctl(d->ep, EPOLL_CTL_ADD, s->fd, &ev) < 0 ? -errno : 0;
}

void vz_eventd_want(struct vz_eventd *d, struct vz_source *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };

	(void)epoll_ctl(d->ep, EPOLL_CTL_MOD, s->fd, &ev);
}

struct vz_console *vz_consoles_find(struct vz_eventd *d, unsigned id)
{
	struct vz_console *c = d->consoles;

	while (c && c->id != id)
		c = c->next;
	return c;
}

uint64_t vz_consoles_tail(const struct vz_console *c)
{
	return c->head > VZ_CONSOLE_RING ? c->head - VZ_CONSOLE_RING : 0;
}

struct vz_watched *vz_eventd_watched(struct vz_eventd *d, unsigned id)
{
	struct vz_watched *v = d->watched;

	while (v && v->id != id)
		v = v->next;
	if (v)
		return v;
	v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	v->id = id;
	v->pidfd = v->stat_fd = -EBADF;
	v->next = d->watched;
	d->watched = v;
	return v;
}
