// SPDX-License-Identifier: GPL-2.0-or-later
/* vzeventd as a process: one instance, background, signals, the loop. See eventd.h. */
#include "eventd/eventd.h"
#include "base/log.h"
#include "base/own.h"
#include "ct/console.h"
#include "ct/once.h"
#include "eventd/eventd-internal.h"
#include "sys/file.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define PID_FILE VZ_RUNDIR "/vzeventd.pid"

/* The lock lives as long as the open file, in whichever process: a killed daemon leaves none. */
static int one_instance(struct vz_eventd *d, struct vz_err *e)
{
	int r = vz_mkdir_p(VZ_RUNDIR, 0755);

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot make %s", VZ_RUNDIR);
	d->pidfile = open(PID_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (d->pidfile < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot open %s", PID_FILE);
	if (flock(d->pidfile, LOCK_EX | LOCK_NB) < 0)
		return vz_fail(e, VZ_LOCKED, 0, "vzeventd is already running");
	return 0;
}

static void write_pid(struct vz_eventd *d)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", getpid());

	if (ftruncate(d->pidfile, 0) < 0 || pwrite(d->pidfile, text, (size_t)n, 0) < 0)
		vz_log(-1, "cannot write %s, ignoring", PID_FILE);
}

static void signals_ready(struct vz_eventd *d, struct vz_source *s, uint32_t events)
{
	struct signalfd_siginfo si;
	int status;
	pid_t pid;

	(void)events;
	if (read(s->fd, &si, sizeof(si)) != sizeof(si))
		return;
	if (si.ssi_signo != SIGCHLD) {
		d->stop = true;
		return;
	}
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		(void)vz_job_reaped(d, pid, status);
}

static int signals_init(struct vz_eventd *d, struct vz_err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	d->signals = (struct vz_source){ signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
					 signals_ready };
	if (d->signals.fd < 0 || vz_eventd_add(d, &d->signals, EPOLLIN) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot wait for signals");
	return 0;
}

static int set_up(struct vz_eventd *d, struct vz_err *e)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct rlimit lim;
	int r;

	/* six descriptors for every VPS */
	if (!getrlimit(RLIMIT_NOFILE, &lim)) {
		lim.rlim_cur = lim.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &lim);
	}
	d->children_max = cpus > 1 ? (unsigned)cpus : 1;
	if (d->host.conf.ve_parallel.set && d->host.conf.ve_parallel.v &&
	    d->host.conf.ve_parallel.v <= INT_MAX)
		d->children_max = (unsigned)d->host.conf.ve_parallel.v;
	d->oomlog = vz_why_log_open(); /* without it no victim has a name */
	d->ep = epoll_create1(EPOLL_CLOEXEC);
	if (d->ep < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make an epoll");
	r = signals_init(d, e);
	if (r < 0)
		return r;
	r = vz_eventd_watch_init(d, e);
	if (r < 0)
		return r;
	r = vz_consoles_init(d, e);
	if (r < 0)
		return r;
	r = vz_viewers_init(d, e);
	if (r >= 0)
		write_pid(d);
	return r;
}

/* For epoll_wait(2): until something is due, or for ever. */
static int timeout(const struct vz_eventd *d)
{
	int64_t due = vz_job_due(d), limits = vz_limits_due(d), wait = -1;

	if (d->sweep_due && (!due || d->sweep_due < due))
		due = d->sweep_due;
	if (limits && (!due || limits < due))
		due = limits;
	if (due)
		wait = due - vz_eventd_now();
	return due && wait < 0 ? 0 : (int)wait; /* nothing here waits longer than seconds */
}

static void loop(struct vz_eventd *d)
{
	vz_eventd_scan(d);
	while (!d->stop) {
		struct epoll_event ev;

		vz_job_run(d);
		vz_limits_run(d);
		if (d->sweep_due && vz_eventd_now() >= d->sweep_due)
			vz_consoles_sweep(d);
		if (epoll_wait(d->ep, &ev, 1, timeout(d)) == 1) {
			struct vz_source *s = ev.data.ptr;

			s->ready(d, s, ev.events);
		}
	}
}

/* Nothing here is about VPSes: they, and the ptys in the fd store, stay as they are. */
static void tear_down(struct vz_eventd *d)
{
	/* the pid file last: its lock lets the next instance in */
	int fds[] = { d->inotify.fd, d->signals.fd, d->listener.fd, d->store.fd, d->ep,
		      d->oomlog, d->pidfile };

	vz_viewers_close(d, NULL);
	vz_consoles_free(d);
	vz_exitwatch_close(d->watch);
	for (struct vz_watched *v; (v = d->watched); free(v)) {
		d->watched = v->next;
		for (size_t i = 0; i < v->nlimits; i++)
			vz_closep(&v->limits[i].src.fd);
		free(v->group);
		if (v->pidfd >= 0)
			close(v->pidfd);
		if (v->stat_fd >= 0)
			close(v->stat_fd);
	}
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	vz_host_free(&d->host);
}

/* sd_notify(3): one datagram to the address that the service manager gave. */
static void tell_manager(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	autoclose int fd = -EBADF;

	if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof(a.sun_path))
		return;
	memcpy(a.sun_path, path, strlen(path));
	if (*path == '@')
		a.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&a,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
}

/* Forks; the parent gets 1 when the daemon serves, or -ECHILD when it said why not and died. In
 * the child 0, and *ret_ready is where to report. */
static int to_background(int *ret_ready, struct vz_err *e)
{
	autoclose int r = -EBADF, w = -EBADF;
	int p[2];
	char byte;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make a pipe");
	r = p[0];
	w = p[1];
	pid = fork();
	if (pid < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot fork");
	if (!pid) {
		setsid();
		*ret_ready = TAKE_FD(w);
		return 0;
	}
	close(TAKE_FD(w));
	if (read(r, &byte, 1) == 1)
		return 1;
	(void)waitpid(pid, NULL, 0);
	e->exit = VZ_SYSTEM;
	return -ECHILD;
}

/* The background daemon leaves the terminal and the directory it came from. */
static void leave(int ready)
{
	autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (chdir("/") < 0)
		vz_log(1, "cannot change to /, ignoring");
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		(void)dup2(null, fd);
	(void)!write(ready, "", 1);
}

static int serve(struct vz_eventd *d, int ready, struct vz_err *e)
{
	int r = set_up(d, e);

	if (r < 0)
		return r;
	if (ready >= 0)
		leave(ready);
	vz_log(0, "Started");
	tell_manager("READY=1");
	loop(d);
	(void)unlink(VZ_EVENTD_SOCKET);
	(void)!ftruncate(d->pidfile, 0); /* the file stays: others may be waiting for its lock */
	vz_log(0, "Exited");
	return 0;
}

/* The one instance of a host that is ready. 1: the parent, whose child serves. */
static int become_instance(struct vz_eventd *d, bool foreground, int *ret_ready, struct vz_err *e)
{
	int r = vz_host_ready(true, e);

	if (r < 0)
		return r;
	r = vz_host_load(&d->host, NULL, e);
	if (r < 0)
		return r;
	vz_logfile_open(&d->host.conf);
	r = one_instance(d, e);
	return r < 0 || foreground ? r : to_background(ret_ready, e);
}

int vz_eventd_run(bool foreground, struct vz_err *e)
{
	struct vz_eventd d = { .ep = -EBADF, .pidfile = -EBADF, .inotify.fd = -EBADF,
			       .signals.fd = -EBADF, .listener.fd = -EBADF, .store.fd = -EBADF,
			       .oomlog = -EBADF };
	autoclose int ready = -EBADF;
	int r = become_instance(&d, foreground, &ready, e);

	if (!r)
		r = serve(&d, ready, e);
	tear_down(&d);
	return r < 0 ? r : 0;
}
