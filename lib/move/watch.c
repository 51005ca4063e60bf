// SPDX-License-Identifier: GPL-2.0-or-later
/* Waiting for a program that copies, while the other host is heard; see watch.h. */
#include "move/watch.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "move/migrate.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/wait.h"

#include <poll.h>
#include <string.h>

#define TURN_MS 500
#define ROOM_MS 1000 /* a wire of 1 Gbit/s fills no more in that than is kept free on a disk of 12 GB and more */

struct watching;
struct lines {
	int fd; /* not ours; -1: none, or it has ended */
	void (*take)(struct watching *w, char *line);
	char line[1024];
	size_t n;
};

struct watching {
	struct vz_remote *remote;
	int pidfd;
	int64_t heard, end, asked;
	bool knows_no_room;
	struct lines out, err;
};

static void take_progress(struct watching *w, char *line)
{
	struct vz_progress *p = w->remote->o->progress;
	uint64_t done;
	unsigned percent;

	if (vz_progress_of_rsync(line, &done, &percent))
		vz_progress_at(p, done, percent ? done / percent * 100 + done % percent * 100 / percent : 0);
}

/* May be hostile: names of files of the guest stand in it, and what the other host says; therefore it is escaped. */
static void take_error(struct watching *w, char *line)
{
	(void)w;
	vz_escape_plain(line);
	if (*line)
		vz_log(-1, "%s", line);
}

/* A line ends with CR or LF; of one that is too long the beginning is enough. */
static void read_lines(struct watching *w, struct lines *l)
{
	char buf[4096];
	ssize_t n = read(l->fd, buf, sizeof(buf));

	if (n <= 0)
		l->fd = -1;
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\r' || buf[i] == '\n') {
			l->line[l->n] = 0;
			l->n = 0;
			l->take(w, l->line);
		} else if (l->n < sizeof(l->line) - 1) {
			l->line[l->n++] = buf[i];
		}
	}
}

/* What it wrote before it ended; who has it from it, ssh, may have the pipe yet. */
static void read_rest(struct watching *w, struct lines *l)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };

	while (l->fd >= 0 && poll(&p, 1, 0) > 0 && p.revents & POLLIN)
		read_lines(w, l);
	if (l->n)
		l->line[l->n] = 0, l->take(w, l->line);
}

static int hear(struct watching *w)
{
	int r = vz_talk_hear(&w->remote->talk);

	if (r >= 0)
		w->heard = vz_now_ms();
	return r;
}

/* A guest that makes files ahead of the copy, and removes them behind it, would fill the disk of the other host. */
static int look_at_room(struct watching *w, struct vz_err *e)
{
	autofree char *facts = NULL, *text = NULL;
	uint64_t left;
	int r;

	if (w->knows_no_room || w->remote->talk.in < 0 || vz_now_ms() < w->asked + ROOM_MS)
		return 0;
	r = vz_remote_ask(w->remote, &facts, e, "left");
	w->heard = w->asked = vz_now_ms();
	text = r < 0 ? NULL : vz_remote_fact(facts, "left");
	w->knows_no_room = !text || vz_num_u64(text, UINT64_MAX, &left) < 0;
	if (r < 0 && w->remote->lost)
		return r;
	if (r < 0 && e) /* an older one knows no such request */
		*e = (struct vz_err){ 0 };
	return w->knows_no_room || left ? 0 : -ENOSPC;
}

/* 1: the child has ended. */
static int look_around(struct watching *w, struct vz_err *e)
{
	int silence_s = w->remote->talk.silence_s;
	struct pollfd p[] = { { .fd = w->pidfd, .events = POLLIN }, { .fd = w->remote->talk.in, .events = POLLIN },
			      { .fd = w->out.fd, .events = POLLIN }, { .fd = w->err.fd, .events = POLLIN },
			      { .fd = vz_cancel_is_undoing() ? -1 : vz_cancel_fd(), .events = POLLIN } };
	int r = poll(p, ARRAY_LEN(p), TURN_MS);

	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	if (p[2].revents)
		read_lines(w, &w->out);
	if (p[3].revents)
		read_lines(w, &w->err);
	if (p[0].revents)
		return 1;
	if (p[4].revents)
		return -ECANCELED;
	if (vz_now_ms() >= w->end)
		return -ETIME;
	r = p[1].revents ? hear(w) : 0;
	if (r >= 0)
		r = look_at_room(w, e);
	if (r >= 0 && silence_s && w->remote->talk.in >= 0 && vz_now_ms() - w->heard > silence_s * 1000LL)
		return -ETIMEDOUT;
	return r;
}

int vz_watch_child(struct vz_remote *r, const struct vz_waited *what, int *ret_status, struct vz_err *e)
{
	autoclose int pidfd = vz_pidfd_open(what->pid);
	struct watching w = { .remote = r, .pidfd = pidfd, .out = { .fd = what->out, .take = take_progress },
			      .err = { .fd = what->err, .take = take_error }, .heard = vz_now_ms(), .end = what->end,
			      .asked = vz_now_ms() };
	int x = pidfd;

	if (x >= 0)
		do
			x = look_around(&w, e);
		while (!x);
	if (x > 0) {
		read_rest(&w, &w.err);
		return vz_wait_child(pidfd, VZ_NO_END, ret_status);
	}
	if (pidfd >= 0)
		(void)vz_wait_program(pidfd, vz_now_ms(), true, ret_status);
	if (x == -ENOSPC)
		return vz_fail(e, (enum vz_exit)VZ_MIGRATE_COPY, 0, "The disk of %s is nearly full: make room there", r->o->host), x;
	if (r->lost) /* when it was asked, and it is said */
		return x;
	return x == -ECANCELED || x == -ETIME ? x : vz_remote_broke(r, x, e);
}
