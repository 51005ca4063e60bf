// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Triggers of pressure; see pressure.h, and Documentation/accounting/psi.rst of the kernel. As packed data one is
 *
 *	1, process (inside), descriptor
 *
 * and 0 after the last. An epoll asks the kernel to be woken when the descriptor is added, which does nothing as long as it
 * has no trigger; therefore it is added anew.
 */
#include "cpt/pressure.h"
#include "base/log.h"
#include "base/own.h"
#include "base/pack.h"
#include "base/str.h"
#include "cpt/procs.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#define FILE_NAME "pressure"
#define PACKED_MAX (1u << 20)
#define EPOLL_MAX (1u << 20) /* of its fdinfo */
#define STACK (64u << 10)

/* 0.2 s in 2 s; who may not more than others may only ask for every 2 s. */
static const char trigger[] = "some 200000 2000000";

bool vz_pressure_is(const char *link)
{
	return *link == '/' && (vz_str_suffix(link, ".pressure") || vz_str_prefix(link, "/proc/pressure/", NULL));
}

static bool has_trigger(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLPRI };

	return poll(&p, 1, 0) >= 0 && !(p.revents & (POLLERR | POLLNVAL));
}

/* A duplicate of that descriptor. */
static int take_fd(pid_t pid, int number)
{
	autoclose int pidfd = vz_pidfd_open(pid);

	return pidfd < 0 ? pidfd : vz_pidfd_getfd(pidfd, number);
}

/* ---- save ---- */

struct save {
	struct vz_pack out;
	int64_t end;
	pid_t pid;
};

static int save_fd(int number, const char *link, void *arg)
{
	struct save *s = arg;
	autoclose int fd = vz_pressure_is(link) ? take_fd(s->pid, number) : -EBADF;

	if (fd < 0 || !has_trigger(fd))
		return 0;
	vz_pack_num(&s->out, 1);
	vz_pack_num(&s->out, cpt_inner_pid(s->pid));
	vz_pack_num(&s->out, (uint64_t)number);
	return s->out.err;
}

static int save_process(pid_t pid, void *arg)
{
	struct save *s = arg;

	s->pid = pid;
	return cpt_fds_each(pid, s->end, save_fd, s);
}

int vz_pressure_save(const struct vz_cg *cg, struct vz_image *im, struct vz_err *e)
{
	struct save s = { .out.max = PACKED_MAX, .end = vz_end_in(CPT_ALL_S) };

	s.out.err = vz_cg_each(cg, save_process, &s);
	return vz_image_put_packed(im, FILE_NAME, &s.out, "triggers of pressure in the container", e);
}

/* ---- load ---- */

struct again {
	pid_t pid;
	int number, fd; /* with a trigger */
	int epoll;
	struct epoll_event ev;
};

/* An epoll knows a descriptor by its number as well; in a table of descriptors of its own it can have that. */
static void add_again(void *arg)
{
	struct again *a = arg;
	int epoll;

	if (unshare(CLONE_FILES) < 0)
		return;
	epoll = fcntl(a->epoll, F_DUPFD_CLOEXEC, a->number + 1);
	if (epoll >= 0 && (a->fd == a->number || dup3(a->fd, a->number, O_CLOEXEC) >= 0) &&
	    epoll_ctl(epoll, EPOLL_CTL_DEL, a->number, NULL) >= 0)
		(void)epoll_ctl(epoll, EPOLL_CTL_ADD, a->number, &a->ev);
}

/* proc_pid_fdinfo(5): "tfd: 31 events: 2 data: 5616edd8" */
static int look_at_epoll(int number, const char *link, void *arg)
{
	struct again *a = arg;
	char path[sizeof("/proc//fdinfo/") + 20];
	autofree char *text = NULL;
	unsigned long long data;
	unsigned events;
	char *p, *line;
	int tfd;

	if (strcmp(link, "anon_inode:[eventpoll]"))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", a->pid, number);
	if (vz_file_read(AT_FDCWD, path, EPOLL_MAX, &text) < 0)
		return 0;
	p = text;
	while ((line = strsep(&p, "\n"))) {
		if (sscanf(line, "tfd: %d events: %x data: %llx", &tfd, &events, &data) != 3 || tfd != a->number)
			continue;
		a->ev = (struct epoll_event){ .events = events, .data.u64 = data };
		a->epoll = take_fd(a->pid, number);
		if (a->epoll >= 0)
			(void)vz_vfork_run(add_again, a, STACK);
		vz_closep(&a->epoll);
	}
	return 0;
}

/* Is that descriptor of such a file? */
static bool is_pressure(pid_t pid, int number)
{
	char path[sizeof("/proc//fd/") + 20], link[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, number);
	n = readlink(path, link, sizeof(link) - 1);
	link[n > 0 ? n : 0] = 0;
	return vz_pressure_is(link);
}

/* false: the kernel does not take it, or it is too late */
static bool load_one(pid_t pid, int number, int64_t end)
{
	struct again a = { .pid = pid, .number = number, .epoll = -EBADF };
	autoclose int fd = pid && is_pressure(pid, number) ? take_fd(pid, number) : -EBADF;

	if (fd < 0)
		return true; /* somebody else's dump */
	if (!has_trigger(fd) && (write(fd, trigger, sizeof(trigger)) < 0 || !has_trigger(fd)))
		return false;
	a.fd = fd;
	return cpt_fds_each(pid, end, look_at_epoll, &a) >= 0;
}

int vz_pressure_load(const struct vz_cg *cg, const struct vz_image *im, struct vz_err *e)
{
	autofree char *data = NULL;
	autoprocs procs = { 0 };
	struct vz_packed in = { 0 };
	unsigned failed = 0;
	int64_t end = vz_end_in(CPT_ALL_S);
	int r = vz_image_read_packed(im, FILE_NAME, &data, &in, e);

	if (r <= 0)
		return r;
	r = cpt_procs_read(cg, &procs);
	if (r < 0)
		return vz_fail(e, VZ_RESTORE, -r, "cannot look at the processes of the container");
	while (vz_packed_num(&in, 1)) {
		unsigned inner = (unsigned)vz_packed_num(&in, INT32_MAX);
		int number = (int)vz_packed_num(&in, INT32_MAX);

		if (!in.bad && (vz_now_ms() > end || !load_one(cpt_procs_find(&procs, inner), number, end)))
			failed++;
	}
	if (in.bad || in.left)
		return vz_fail(e, VZ_RESTORE, 0, "what the dump has of pressure was not written by vzctl");
	if (failed)
		vz_log(-1, "Warning: this host does not take %u triggers of pressure (PSI) that the dump has, ignoring", failed);
	return 0;
}
