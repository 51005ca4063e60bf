// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Limits that were hit. The kernel tells that something was refused; what, and how often, is read once in a second at
 * most, so that a storm of refusals costs no more than one: the descriptor that told is not asked again before.
 */
#include "base/log.h"
#include "base/own.h"
#include "eventd/eventd-internal.h"

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#define SOON_MS 100   /* the count, and the kernel's log, come a little after the wake-up */
#define EVERY_MS 1000

static void told(struct vz_watched *v)
{
	if (v->look_due)
		return;
	v->told = time(NULL);
	v->look_due = vz_eventd_now() + (v->told - v->looked <= 1 ? EVERY_MS : SOON_MS);
}

static void limit_ready(struct vz_eventd *d, struct vz_source *s, uint32_t events)
{
	(void)events;
	(void)epoll_ctl(d->ep, EPOLL_CTL_DEL, s->fd, NULL); /* EPOLLERR, with which a file tells it, has no mask */
	told(((struct vz_limit_watch *)s)->of);
}

/* One that is asked already stays so. */
static void ask_again(struct vz_eventd *d, struct vz_limit_watch *w)
{
	if (w->notice.events)
		(void)vz_eventd_add(d, &w->src, (uint32_t)w->notice.events); /* EPOLLIN, EPOLLPRI: of the same values */
	else
		d->poll_due = d->poll_due ? d->poll_due : vz_eventd_now() + EVERY_MS;
}

/* May be hostile: the command in *victim was named by a guest; therefore it goes into that guest's own journal only,
 * which is the one whose group the kernel named. */
static void take_victim(const char *group, const struct vz_why_victim *victim, void *arg)
{
	struct vz_eventd *d = arg;

	for (struct vz_watched *v = d->watched; v; v = v->next) {
		if (!v->group || !vz_why_is_group(group, v->group))
			continue;
		v->victim = *victim;
		if (strcmp(victim->kind, VZ_WHY_HOST) && strcmp(group + 1, v->group))
			snprintf(v->victim.kind, sizeof(v->victim.kind), "%s", VZ_WHY_BELOW);
	}
}

/* Since when what is new can have come. */
static int64_t since(const struct vz_watched *v)
{
	struct pollfd p[VZ_CG_WATCHES];

	if (v->look_due)
		return v->told;
	for (size_t i = 0; i < v->nlimits; i++)
		p[i] = (struct pollfd){ .fd = v->limits[i].src.fd, .events = v->limits[i].notice.events };
	return v->looked && poll(p, v->nlimits, 0) > 0 ? time(NULL) : v->looked;
}

static void look_at_limits(struct vz_eventd *d, struct vz_watched *v)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	int r = vz_cg_open(v->id, NULL, &cg, NULL);

	vz_why_log_next(d->oomlog, take_victim, d);
	if (r >= 0)
		r = vz_why_look(cg, since(v), &v->victim);
	if (r > 0)
		v->victim = (struct vz_why_victim){ 0 };
	else if (r < 0 && r != -ENOENT)
		vz_log(1, "CT %u: cannot write what its limits refused: %s, ignoring", v->id, strerror(-r));
	v->looked = time(NULL);
	v->look_due = 0;
}

void vz_limits_watch(struct vz_eventd *d, struct vz_watched *v)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	struct vz_cg_notice all[VZ_CG_WATCHES];

	v->looked = 0;
	if (vz_cg_open(v->id, NULL, &cg, NULL) < 0)
		return;
	free(v->group);
	v->group = strdup(vz_cg_path(cg));
	v->nlimits = vz_cg_watch(cg, all);
	for (size_t i = 0; i < v->nlimits; i++) {
		v->limits[i] = (struct vz_limit_watch){ { all[i].fd, limit_ready }, v, all[i] };
		ask_again(d, &v->limits[i]);
	}
	look_at_limits(d, v);
}

void vz_limits_unwatch(struct vz_eventd *d, struct vz_watched *v)
{
	if (!v->group)
		return;
	look_at_limits(d, v);
	for (size_t i = 0; i < v->nlimits; i++)
		vz_closep(&v->limits[i].src.fd);
	v->nlimits = 0;
	free(TAKE_PTR(v->group));
}

/* Those of which the kernel wakes nobody: a read of a small file in a second for each VPS, and only where there are such. */
static void poll_all(struct vz_eventd *d)
{
	d->poll_due = 0;
	for (struct vz_watched *v = d->watched; v; v = v->next)
		for (size_t i = 0; i < v->nlimits; i++) {
			if (v->limits[i].notice.events)
				continue;
			if (vz_cg_notice_seen(&v->limits[i].notice))
				told(v);
			ask_again(d, &v->limits[i]);
		}
}

void vz_limits_run(struct vz_eventd *d)
{
	int64_t now = vz_eventd_now();

	if (d->poll_due && d->poll_due <= now)
		poll_all(d);

	for (struct vz_watched *v = d->watched; v; v = v->next) {
		if (!v->look_due || v->look_due > now)
			continue;
		for (size_t i = 0; i < v->nlimits; i++)
			(void)vz_cg_notice_seen(&v->limits[i].notice); /* first: what comes later tells again */
		look_at_limits(d, v);
		for (size_t i = 0; i < v->nlimits; i++)
			ask_again(d, &v->limits[i]);
	}
}

int64_t vz_limits_due(const struct vz_eventd *d)
{
	int64_t due = d->poll_due;

	for (const struct vz_watched *v = d->watched; v; v = v->next)
		if (v->look_due && (!due || v->look_due < due))
			due = v->look_due;
	return due;
}
