// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Consoles: one pty per VPS, always read, so that a guest never waits for a reader. What it writes
 * goes into a ring for those who attach, and into VZ_LOGDIR/vzctl-console/N.log.
 *
 * May be hostile: every byte read here, and the terminal's settings. Therefore nothing is parsed,
 * every buffer is bounded, and a hangup of the terminal only makes us open it again.
 */
#include "eventd/eventd-internal.h"
#include "base/log.h"
#include "base/own.h"
#include "ct/fate.h"
#include "sys/file.h"
#include "sys/pty.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#define TELL_BYTES 4096u /* in which the last lines are looked for */
#define LOG_MAX ((off_t)1024 * 1024)
#define SWEEP_MS 500
#define YOUNG_MS 10000 /* its launch may not have written a state file yet */

static void ring_add(struct vz_console *c, const uint8_t *p, size_t n)
{
	while (n) {
		size_t at = c->head % VZ_CONSOLE_RING, k = n < VZ_CONSOLE_RING - at ? n : VZ_CONSOLE_RING - at;

		memcpy(c->ring + at, p, k);
		c->head += k;
		p += k;
		n -= k;
	}
}

/* The log file, opened when first needed. Only we may write into that directory; still, a link
 * there is never followed. */
static int open_log(const struct vz_console *c, off_t *ret_size)
{
	char name[sizeof(".log") + 10];
	autoclose int dir = open(VZ_CONSOLE_LOGS, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autoclose int fd = -EBADF;
	struct stat st;

	snprintf(name, sizeof(name), VZ_CONSOLE_LOG, c->id);
	if (dir < 0)
		return -errno;
	fd = openat(dir, name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		    0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*ret_size = st.st_size;
	return TAKE_FD(fd);
}

static void rotate_log(struct vz_console *c)
{
	char name[sizeof(".log") + 10], old[sizeof(".log.1") + 10];
	autoclose int dir = open(VZ_CONSOLE_LOGS, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	snprintf(name, sizeof(name), VZ_CONSOLE_LOG, c->id);
	snprintf(old, sizeof(old), VZ_CONSOLE_LOG ".1", c->id);
	close(TAKE_FD(c->log));
	if (dir >= 0)
		(void)renameat(dir, name, dir, old);
}

/* A log that cannot be written is no reason to stop reading. */
static void log_add(struct vz_console *c, const uint8_t *p, size_t n)
{
	if (c->log >= 0 && c->log_size + (off_t)n > LOG_MAX)
		rotate_log(c);
	if (c->log < 0)
		c->log = open_log(c, &c->log_size);
	if (c->log >= 0 && vz_write_all(c->log, p, n) == 0)
		c->log_size += (off_t)n;
}

/* Nobody has the other side open, or it was hung up by vhangup(2), which a getty may do: the
 * guest will open it again, and our own slave fd ends the endless hangup until then. */
static int reopen_slave(struct vz_console *c)
{
	int fd = vz_pty_peer(c->src.fd);

	if (c->slave >= 0)
		close(c->slave);
	c->slave = fd < 0 ? -EBADF : fd;
	return fd < 0 ? fd : 0;
}

static void master_ready(struct vz_eventd *d, struct vz_source *s, uint32_t events)
{
	struct vz_console *c = (struct vz_console *)s;
	uint8_t buf[4096];

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		ssize_t n = read(s->fd, buf, sizeof(buf));

		if (n > 0) {
			ring_add(c, buf, (size_t)n);
			vz_viewers_feed(d, c);
			log_add(c, buf, (size_t)n);
		} else if ((n == 0 || errno != EAGAIN) && reopen_slave(c) < 0) {
			/* it would poll as hung up for ever */
			(void)epoll_ctl(d->ep, EPOLL_CTL_DEL, s->fd, NULL);
			vz_log(-1, "the console of CT %u is broken", c->id);
			return;
		}
	}
	if (events & EPOLLOUT)
		vz_viewers_flush(d, c);
}

void vz_consoles_tell(struct vz_eventd *d, unsigned id)
{
	struct vz_console *c = vz_consoles_find(d, id);
	uint8_t buf[TELL_BYTES];
	uint64_t from;

	if (!c)
		return;
	/* what the dead left in the terminal; it can hold one page of it */
	for (int i = 0; i < 4 && c->src.fd >= 0; i++)
		master_ready(d, &c->src, EPOLLIN);
	from = vz_consoles_tail(c);
	if (from < c->began)
		from = c->began;
	if (c->head - from > sizeof(buf))
		from = c->head - sizeof(buf);
	for (uint64_t i = from; i < c->head; i++)
		buf[i - from] = c->ring[i % VZ_CONSOLE_RING];
	vz_fate_lines((const char *)buf, c->head - from);
}

static struct vz_console *console_new(struct vz_eventd *d, unsigned id)
{
	autofree struct vz_console *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->ring = malloc(VZ_CONSOLE_RING);
	if (!c->ring)
		return NULL;
	c->id = id;
	c->src = (struct vz_source){ -EBADF, master_ready };
	c->slave = c->log = -EBADF;
	c->next = d->consoles;
	d->consoles = c;
	return TAKE_PTR(c);
}

/* Takes the master, also when it fails. */
static int set_master(struct vz_eventd *d, unsigned id, int fd)
{
	autoclose int master = fd;
	struct vz_console *c = vz_consoles_find(d, id);
	int r;

	if (!c)
		c = console_new(d, id);
	if (!c)
		return -ENOMEM;
	if (c->src.fd >= 0)
		close(c->src.fd);
	c->src.fd = TAKE_FD(master);
	c->made = vz_eventd_now();
	c->began = c->head;
	r = reopen_slave(c);
	return r < 0 ? r : vz_eventd_add(d, &c->src, EPOLLIN);
}

int vz_consoles_make(struct vz_eventd *d, unsigned id, uid_t owner)
{
	autoclose int slave = -EBADF;
	int master, r = vz_pty_open(owner, 80, 25, &master, &slave);

	if (r < 0)
		return r;
	r = set_master(d, id, master);
	if (r < 0)
		return r;
	/* before the guest has its end, so that there is no moment in which our death hurts */
	vz_store_put(d, vz_consoles_find(d, id));
	if (!d->sweep_due)
		d->sweep_due = vz_eventd_now() + YOUNG_MS;
	return TAKE_FD(slave);
}

/* Takes a master that the fd store kept for us. */
static int adopt_console(struct vz_eventd *d, unsigned id, int master)
{
	int r = set_master(d, id, master);

	if (!r && !d->sweep_due)
		d->sweep_due = vz_eventd_now() + YOUNG_MS;
	return r;
}

static void console_free(struct vz_console *c)
{
	if (c->src.fd >= 0)
		close(c->src.fd);
	if (c->slave >= 0)
		close(c->slave);
	if (c->log >= 0)
		close(c->log);
	free(c->ring);
	free(c);
}

static bool is_wanted(struct vz_eventd *d, const struct vz_console *c)
{
	const struct vz_watched *v = vz_eventd_watched(d, c->id);

	return vz_state_file_exists(c->id) || (v && v->job != JOB_NONE) ||
	       vz_ct_lock_holder(&d->host, c->id) > 0;
}

/* A launch asks for its console before it writes the state; a command that holds the lock may
 * be about to start the VPS again. Such consoles are looked at again a little later. */
void vz_consoles_sweep(struct vz_eventd *d)
{
	int64_t now = vz_eventd_now();

	d->sweep_due = 0;
	for (struct vz_console **p = &d->consoles, *c; (c = *p);) {
		bool wanted = is_wanted(d, c), young = c->made && now - c->made < YOUNG_MS;

		if (!wanted && !young) {
			*p = c->next;
			vz_viewers_close(d, c);
			vz_store_drop(d, c->id);
			console_free(c);
			continue;
		}
		if (!vz_state_file_exists(c->id))
			d->sweep_due = now + SWEEP_MS;
		p = &c->next;
	}
}

int vz_consoles_init(struct vz_eventd *d, struct vz_err *e)
{
	int r = vz_mkdir_p(VZ_CONSOLE_LOGS, 0700);

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot make %s", VZ_CONSOLE_LOGS);
	vz_store_adopt(d, adopt_console);
	return 0;
}

void vz_consoles_free(struct vz_eventd *d)
{
	for (struct vz_console *c; (c = d->consoles);) {
		d->consoles = c->next;
		console_free(c);
	}
}
