// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which VPSes run and how they ended. State files appear by rename in VZ_RUNDIR and are removed by
 * whoever stops a VPS; a file that stays behind a dead init is what makes us act.
 */
#include "eventd/eventd-internal.h"
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/fate.h"
#include "sys/call.h"
#include "sys/proc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>

/* Nobody's: above the default VE_ID_RANGE, and not the first of a VPS's ids in any other. */
#define INOTIFY_UID 2147418113u
#define DELAY_FIRST_MS 50 /* when a command holds the lock, until it is looked at again */

static struct vz_init init_of(const struct vz_state *st)
{
	return (struct vz_init){ st->init, st->start_time };
}

static bool is_same(struct vz_init a, struct vz_init b)
{
	return a.pid == b.pid && a.start_time == b.start_time;
}

static int open_stat(const struct vz_state *st)
{
	char path[sizeof("/proc//stat") + 10];
	autoclose int fd = -EBADF;
	struct vz_proc p;

	snprintf(path, sizeof(path), "/proc/%d/stat", st->init);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* checked after the open: the fd stays with the process it was opened for */
	if (fd < 0 || vz_proc_stat(st->init, &p) < 0 || p.start_time != st->start_time)
		return -ESRCH;
	return TAKE_FD(fd);
}

/* Nothing tells when the host's init has reaped the zombie before we could look (rare), or when
 * no vzeventd was there to look. Then the VPS is started again: one that was halted comes back
 * once, but one that rebooted never stays down. Not where the kernel never tells: nobody could
 * halt a VPS from inside; and not one whose stop was at work, even if that was killed. */
static bool comes_back(unsigned id, struct vz_init init, const struct vz_exitinfo *how)
{
	autofree char *verb = vz_journal_read(id);
	const char *dump;

	if (how->end == VZ_END_UNKNOWN)
		return !is_same(init, VZ_INIT_OTHER_BOOT) && !vz_str_eq(verb, VZ_JOURNAL_STOP) &&
		       !vz_journal_is(verb, VZ_JOURNAL_SUSPENDED, &dump) && vz_exitinfo_is_available();
	return how->end == VZ_END_REBOOT;
}

/*
 * Into the log: how it ended, and if nobody wanted that, why, and what it said last. A command that
 * holds the lock is stopping it, and says so itself.
 */
static void tell_end(struct vz_eventd *d, const struct vz_watched *v, struct vz_init init, const struct vz_exitinfo *how)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	bool wanted = how->end == VZ_END_REBOOT || how->end == VZ_END_HALT ||
		      vz_ct_lock_holder(&d->host, v->id) > 0;
	char text[64], why[200];

	vz_exitinfo_text(how, text, sizeof(text));
	if (is_same(init, VZ_INIT_OTHER_BOOT))
		vz_why_tell(v->id, VZ_WHY_END, "the host went down while it ran");
	else if (!wanted)
		vz_why_tell(v->id, VZ_WHY_END, text);
	if (wanted) {
		vz_log(1, "%s", text);
		return;
	}
	if (vz_cg_open(v->id, NULL, &cg, NULL) >= 0 && vz_fate_oom(cg, why, sizeof(why)))
		vz_log(-1, "the container has ended: %s", why);
	else
		vz_log(0, "the container has ended: %s", text);
	vz_consoles_tell(d, v->id);
}

/* vz_job_run() does the rest; init: the one that ended. Its end is dealt with once. */
static void begin_job(struct vz_watched *v, struct vz_init init, bool reboot)
{
	v->job = JOB_WAITING;
	v->job_init = init;
	v->reboot = reboot;
	v->script_done = false;
	v->due = vz_eventd_now();
	v->delay_ms = DELAY_FIRST_MS;
}

static void ended(struct vz_eventd *d, struct vz_watched *v, struct vz_init init,
		  const struct vz_exitinfo *how)
{
	bool reboot = comes_back(v->id, init, how);

	vz_log_ctid(v->id);
	tell_end(d, v, init, how);
	if (reboot) {
		int64_t now = vz_eventd_now();
		int64_t *oldest = &v->reboots[v->nreboots++ % ARRAY_LEN(v->reboots)];

		if (*oldest && now - *oldest < 60000) {
			vz_log(-1, "rebooted more than %zu times in 60 seconds, left stopped",
			       ARRAY_LEN(v->reboots));
			reboot = false;
		}
		*oldest = now;
	}
	vz_log_ctid(0);
	begin_job(v, init, reboot);
}

/* A state file without a living init, which we did not see end: it may be a zombie still. */
static void found_dead(struct vz_eventd *d, struct vz_watched *v)
{
	struct vz_init init = VZ_INIT_OTHER_BOOT;
	autoclose int stat_fd = -EBADF;
	struct vz_exitinfo how;
	struct vz_state st;

	if (v->job != JOB_NONE)
		return;
	if (vz_state_last(v->id, &st)) {
		init = init_of(&st);
		stat_fd = open_stat(&st);
	}
	if (is_same(init, v->handled))
		return;
	how = is_same(init, v->last_init) ? v->last : vz_exitinfo_get(stat_fd, -1);
	ended(d, v, init, &how);
}

static void watch(struct vz_eventd *d, struct vz_watched *v, const struct vz_state *st)
{
	autoclose int pidfd = vz_state_pidfd(st), stat_fd = open_stat(st);

	if (pidfd < 0) {
		found_dead(d, v);
		return;
	}
	if (vz_exitwatch_add(d->watch, pidfd, stat_fd) < 0) {
		vz_log(-1, "cannot watch CT %u", v->id);
		return;
	}
	v->init = init_of(st);
	v->pidfd = TAKE_FD(pidfd);
	v->stat_fd = TAKE_FD(stat_fd);
	vz_limits_watch(d, v);
	vz_log(1, "CT %u runs, init %d", v->id, st->init);
}

void vz_eventd_look(struct vz_eventd *d, unsigned id)
{
	struct vz_watched *v = vz_eventd_watched(d, id);
	struct vz_console *c = vz_consoles_find(d, id);
	struct vz_state st;

	if (c && vz_state_file_exists(id))
		c->made = 0; /* its launch is over */
	/* one that is watched will tell of its end by itself, and then we look again */
	if (!v || v->pidfd >= 0)
		return;
	if (vz_state_read(id, &st))
		watch(d, v, &st);
	else if (vz_state_file_exists(id))
		found_dead(d, v);
	else if (c)
		d->sweep_due = vz_eventd_now();
}

void vz_eventd_scan(struct vz_eventd *d)
{
	autofree unsigned *ids = NULL;
	size_t n = 0;

	if (vz_state_list(&ids, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		vz_eventd_look(d, ids[i]);
}

static void end_ready(struct vz_eventd *d, struct vz_source *s, uint32_t events)
{
	struct vz_exitwatch_event ev;
	struct vz_watched *v;

	(void)s;
	(void)events;
	if (vz_exitwatch_next(d->watch, &ev) != 1)
		return;
	for (v = d->watched; v && v->pidfd != ev.pidfd;)
		v = v->next;
	if (!v)
		return;
	vz_limits_unwatch(d, v);
	close(TAKE_FD(v->pidfd));
	if (v->stat_fd >= 0)
		close(TAKE_FD(v->stat_fd));
	v->last = ev.info;
	v->last_init = v->init;
	/* what the state file says now decides: nothing (stopped in order), another init, or
	 * still this one */
	vz_eventd_look(d, v->id);
}

static void inotify_ready(struct vz_eventd *d, struct vz_source *s, uint32_t events)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(s->fd, buf, sizeof(buf));
	const struct inotify_event *ev;

	(void)events;
	for (char *p = buf; n > 0 && p < buf + n; p += sizeof(*ev) + ev->len) {
		uint32_t id;

		ev = (const struct inotify_event *)p;
		if (ev->mask & IN_Q_OVERFLOW)
			vz_eventd_scan(d);
		else if (ev->len && vz_num_u32(ev->name, VZ_CTID_MAX, &id) == 0)
			vz_eventd_look(d, id);
	}
}

/* Charged to an id of its own: root's instances, 128 by default, are for all programs of the host,
 * and whoever takes them must not keep rebooted VPSes down. */
static int new_inotify(void)
{
	/* in a user namespace that lacks this id it is root's after all */
	bool apart = vz_thread_set_euid(INOTIFY_UID, getegid()) >= 0;
	int r = 0, fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0)
		fd = -errno;
	if (apart) {
		r = vz_thread_set_euid(0, getegid());
		(void)prctl(PR_SET_DUMPABLE, 1); /* which a change of ids clears */
	}
	if (r >= 0)
		return fd;
	vz_closep(&fd);
	return r;
}

int vz_eventd_watch_init(struct vz_eventd *d, struct vz_err *e)
{
	int r = vz_exitwatch_open(&d->watch);

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot watch processes");
	d->ends = (struct vz_source){ vz_exitwatch_fd(d->watch), end_ready };
	d->inotify = (struct vz_source){ new_inotify(), inotify_ready };
	if (d->inotify.fd < 0)
		return vz_fail(e, VZ_SYSTEM, -d->inotify.fd, "cannot make an inotify instance");
	if (inotify_add_watch(d->inotify.fd, VZ_RUNDIR, IN_MOVED_TO | IN_DELETE) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot watch %s", VZ_RUNDIR);
	r = vz_eventd_add(d, &d->ends, EPOLLIN);
	if (r >= 0)
		r = vz_eventd_add(d, &d->inotify, EPOLLIN);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot watch %s", VZ_RUNDIR) : 0;
}
