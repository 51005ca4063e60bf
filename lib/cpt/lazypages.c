// SPDX-License-Identifier: GPL-2.0-or-later
/* CRIU as a daemon of lazy pages; see lazypages.h. */
#include "cpt/lazypages.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/criu-internal.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/inherit.h"
#include "sys/wait.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOG "pages.log"
#define FDINFO_MAX (1u << 20)
#define USERFAULTFD "anon_inode:[userfaultfd]"

char *vz_lazypages_dir(unsigned ctid)
{
	return vz_fmt(VZ_CRIU_WORK "/%u.lazy", ctid);
}

void vz_lazypages_forget(unsigned ctid)
{
	autofree char *path = vz_lazypages_dir(ctid);

	if (path)
		(void)vz_remove_tree(AT_FDCWD, path);
}

/* Neither the terminal nor the kernel, when memory runs out, ends it: processes wait for what it has. */
static _Noreturn void be_daemon(const struct vz_lazypages_spec *s, int work, int ready)
{
	const struct vz_criu_stream stream = { .criu = s->criu, .verb = "lazy-pages", .log = LOG, .sock = s->sock, .dir = s->dir,
					       .work = work, .ready = ready, .args = { "--page-server" } };

	(void)vz_file_write(AT_FDCWD, "/proc/self/oom_score_adj", "-1000");
	vz_inherit_open_limits();
	vz_criu_stream(&stream);
}

static int refusal(unsigned ctid, struct vz_err *e)
{
	struct vz_err why = { 0 };

	return vz_lazypages_error(ctid, &why) ? vz_fail(e, VZ_RESTORE, 0, "%s", why.msg) :
						vz_fail(e, VZ_RESTORE, 0, "criu lazy-pages does not begin");
}

static int start_daemon(const struct vz_lazypages_spec *s, int work, int64_t end, struct vz_lazypages *ret, struct vz_err *e)
{
	autoclose int ready = -EBADF;
	int p[2], r;
	char byte;

	if (pipe2(p, O_CLOEXEC) < 0)
		return vz_fail(e, VZ_RESTORE, errno, "cannot make a pipe");
	ready = p[0];
	ret->pid = vz_clone3(CLONE_NEWNS, &ret->pidfd, -1);
	if (!ret->pid)
		be_daemon(s, work, p[1]);
	close(p[1]);
	if (ret->pid < 0)
		return vz_fail(e, VZ_RESTORE, -ret->pid, "cannot make a process for criu");
	r = vz_wait_fd(ready, POLLIN, end);
	if (r >= 0 && read(ready, &byte, 1) == 1)
		return 0;
	vz_give_up(ret->pidfd);
	vz_closep(&ret->pidfd);
	return refusal(s->ctid, e);
}

int vz_lazypages_start(const struct vz_lazypages_spec *s, int seconds, struct vz_lazypages *ret, struct vz_err *e)
{
	struct vz_lazypages l = VZ_LAZYPAGES_INIT;
	autofree char *path = vz_lazypages_dir(s->ctid);
	autoclose int work = -EBADF;
	int r = path ? vz_mkdir_p(path, 0700) : -ENOMEM;

	if (r >= 0)
		work = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (work < 0)
		return vz_fail(e, VZ_RESTORE, r < 0 ? -r : errno, "cannot make %s", path ? path : VZ_CRIU_WORK);
	r = start_daemon(s, work, vz_end_in(seconds), &l, e);
	if (r >= 0)
		*ret = l;
	return r;
}

static void let_go(struct vz_lazypages *l, size_t i)
{
	close(l->held[i].ours);
	l->held[i] = l->held[--l->n];
}

/* 0 also of one that the daemon has closed meanwhile. */
static int hold_one(struct vz_lazypages *l, int number)
{
	struct vz_lazypages_held *held = realloc(l->held, (l->n + 1) * sizeof(*held));
	int ours = held ? vz_pidfd_getfd(l->pidfd, number) : -ENOMEM;

	if (held)
		l->held = held;
	if (ours < 0)
		return ours == -EBADF || ours == -ESRCH ? 0 : ours;
	l->held[l->n++] = (struct vz_lazypages_held){ number, ours };
	return 0;
}

static bool is_held(const struct vz_lazypages *l, int number)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->held[i].its == number)
			return true;
	return false;
}

/* A process that is being killed has no descriptors any more some moments before it has ended. */
static bool has_files(int dir)
{
	return faccessat(dir, "0", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int vz_lazypages_hold(struct vz_lazypages *l)
{
	autofree char *path = vz_fmt("/proc/%d/fd", (int)l->pid);
	autoclosedir DIR *d = path ? opendir(path) : NULL;
	struct dirent *de;
	uint32_t number;
	int r = d || errno == ENOENT ? 0 : -errno;

	for (size_t i = l->n; d && i-- > 0;)
		if (vz_kcmp_files(getpid(), l->held[i].ours, l->pid, l->held[i].its) != 1 && has_files(dirfd(d)))
			let_go(l, i);
	while (d && r >= 0 && (de = readdir(d))) {
		char link[sizeof(USERFAULTFD) + 1] = "";

		if (readlinkat(dirfd(d), de->d_name, link, sizeof(link) - 1) < 0 || strcmp(link, USERFAULTFD))
			continue;
		if (vz_num_u32(de->d_name, INT32_MAX, &number) >= 0 && !is_held(l, (int)number))
			r = hold_one(l, (int)number);
	}
	return r;
}

static bool is_dead(const struct vz_lazypages *l)
{
	return vz_wait_fd(l->pidfd, POLLIN, vz_now_ms()) >= 0;
}

/* What the link of a descriptor begins with. */
static bool leads_to(pid_t pid, const char *number, const char *what)
{
	autofree char *path = vz_fmt("/proc/%d/fd/%s", (int)pid, number);
	char link[64] = "";

	return path && readlink(path, link, sizeof(link) - 1) > 0 && vz_str_prefix(link, what, NULL);
}

/* "tfd:        5 events: ..." for each file that an epoll watches. */
static bool watches_socket(pid_t pid, const char *number)
{
	autofree char *path = vz_fmt("/proc/%d/fdinfo/%s", (int)pid, number), *text = NULL;
	char *p, *line;

	if (!path || vz_file_read(AT_FDCWD, path, FDINFO_MAX, &text) < 0)
		return false;
	for (p = text; (line = strsep(&p, "\n"));) {
		const char *rest;

		if (vz_str_prefix(line, "tfd:", &rest)) {
			autofree char *fd = (rest += strspn(rest, " \t"), vz_str_word(&rest, " "));

			if (fd && leads_to(pid, fd, "socket:"))
				return true;
		}
	}
	return false;
}

/* The restore tells it of one process after the other, and it watches a socket only when it knows all of them. */
static bool knows_all(const struct vz_lazypages *l)
{
	autofree char *path = vz_fmt("/proc/%d/fd", (int)l->pid);
	autoclosedir DIR *d = path ? opendir(path) : NULL;
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (leads_to(l->pid, de->d_name, "anon_inode:[eventpoll]") && watches_socket(l->pid, de->d_name))
			return true;
	return false;
}

int vz_lazypages_hold_all(struct vz_lazypages *l, int seconds, struct vz_err *e)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int64_t end = vz_end_in(seconds);
	int r;

	while (!is_dead(l) && !knows_all(l)) {
		if (vz_now_ms() >= end)
			return vz_fail(e, VZ_RESTORE, 0, "criu lazy-pages does not begin");
		(void)nanosleep(&pause, NULL);
	}
	r = is_dead(l) ? 0 : vz_lazypages_hold(l);
	if (is_dead(l)) /* then not all of it may be held */
		return 1;
	return r < 0 ? vz_fail(e, VZ_RESTORE, -r, "cannot keep what waits for memory") : 0;
}

void vz_lazypages_release(struct vz_lazypages *l)
{
	while (l->n)
		let_go(l, l->n - 1);
	free(TAKE_PTR(l->held));
}

int vz_lazypages_error(unsigned ctid, struct vz_err *e)
{
	autofree char *path = vz_lazypages_dir(ctid);
	autoclose int work = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	char text[VZ_CRIU_SAID];
	const char *remedy;

	if (work < 0)
		return 0;
	remedy = vz_criu_said(work, LOG, text);
	if (!*text)
		return 0;
	return vz_fail(e, VZ_RESTORE, 0, "CRIU: %s%s%s", text, remedy ? "; " : "", remedy ? remedy : "");
}
