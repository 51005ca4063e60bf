// SPDX-License-Identifier: GPL-2.0-or-later
/* Looking for what keeps a file system alive; see holder.h. proc(5), mount_namespaces(7). */
#include "sys/holder.h"
#include "base/escape.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/file.h"
#include "sys/mnt.h"
#include "sys/wait.h"

#include <linux/loop.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define TEXT_MAX (64u << 20)

struct work {
	const struct vz_search *s;
	int proc;              /* /proc as we knew it: it serves in every namespace */
	int own;               /* the namespace we came from */
	uint64_t *visited;     /* inodes of the namespaces we have been in */
	size_t visited_n;
	bool found;
	struct vz_holder holder, here; /* of the last find; of what is looked at */
	int mount;
};

/* What another wrote into a name must not reach a terminal. */
static void describe_holder(struct vz_holder *h, const char *before, const char *name,
			    const char *after)
{
	snprintf(h->text, sizeof(h->text), "%s%.100s%s", before, name, after);
	vz_escape_plain(h->text);
}

static void describe_task(struct work *w, int task, const char *pid)
{
	autofree char *before = vz_fmt("process %s (", pid);
	char comm[32];

	if (vz_file_read_buf(task, "comm", comm, sizeof(comm)) < 0)
		comm[0] = 0;
	describe_holder(&w->here, before ? before : "process (", comm, ")");
}

/* True ends the search. */
static bool found_it(struct work *w)
{
	w->found = true;
	w->holder = w->here;
	return !w->s->take || w->mount >= 0;
}

/* ---- mounts ---- */

static dev_t dev_at(int dir, const char *path)
{
	struct statx x;

	/* DONT_SYNC: what serves the file may be dead, or a guest's */
	if (statx(dir, path, AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_TYPE, &x) < 0)
		return 0;
	return makedev(x.stx_dev_major, x.stx_dev_minor);
}

static int open_mount(const struct work *w, const char *target)
{
	autoclose int at = open(target, O_PATH | O_CLOEXEC | O_NOFOLLOW);

	return at >= 0 && dev_at(at, "") == w->s->dev ? TAKE_FD(at) : -ENOENT;
}

/* Something lies over mount `i` or over a directory above it. In a copy of the namespace, which ends
 * with us, that is taken away; a user namespace's copies are locked, and stay. */
static int uncover(const struct work *w, const struct vz_mounts *t, size_t i)
{
	const struct vz_mountinfo *m = t->v;
	const char *rest;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	for (size_t j = t->n; --j > i;)
		if (m[j].target[1] && vz_str_prefix(m[i].target, m[j].target, &rest) &&
		    (!*rest || *rest == '/'))
			(void)umount2(m[j].target, MNT_DETACH | UMOUNT_NOFOLLOW);
	return open_mount(w, m[i].target);
}

static bool see_mount(struct work *w, const struct vz_mounts *t, size_t i)
{
	autoclose int at = w->s->take ? open_mount(w, t->v[i].target) : -EBADF;

	if (w->s->take && at < 0)
		at = uncover(w, t, i);
	if (at >= 0)
		w->mount = w->s->take(at, w->proc, w->s->arg);
	return found_it(w);
}

/* The mounts of the namespace we are in; `ours` when that is the caller's. */
static bool see_mounts(struct work *w, bool ours)
{
	automounts t = { 0 };

	if (vz_mounts_read(w->proc, "self/mountinfo", &t) < 0)
		return false;
	for (size_t i = 0; i < t.n; i++) {
		if (t.v[i].dev != w->s->dev || (ours && vz_str_eq(t.v[i].target, w->s->not_at)))
			continue;
		if (ours)
			describe_holder(&w->here, "the mount on ", t.v[i].target, "");
		if (see_mount(w, &t, i))
			return true;
	}
	return false;
}

static bool is_new(struct work *w, uint64_t ino)
{
	uint64_t *more;

	for (size_t i = 0; i < w->visited_n; i++)
		if (w->visited[i] == ino)
			return false;
	more = realloc(w->visited, (w->visited_n + 1) * sizeof(*more));
	if (!more)
		return false;
	w->visited = more;
	more[w->visited_n++] = ino;
	return true;
}

static bool see_namespace(struct work *w, int ns)
{
	struct stat st;

	return fstat(ns, &st) == 0 && is_new(w, st.st_ino) && vz_setns(ns, CLONE_NEWNS) >= 0 &&
	       see_mounts(w, false);
}

/* ---- processes ---- */

/* "mnt:[4026531841]" at dir/name: its number, or 0. */
static uint64_t namespace_of(int dir, const char *name)
{
	char link[64];
	ssize_t n = readlinkat(dir, name, link, sizeof(link) - 1);
	const char *number;

	if (n < 0)
		return 0;
	link[n] = 0;
	return vz_str_prefix(link, "mnt:[", &number) ? strtoull(number, NULL, 10) : 0;
}

static bool see_namespace_at(struct work *w, int dir, const char *name)
{
	uint64_t ino = namespace_of(dir, name);
	autoclose int ns = -EBADF;

	for (size_t i = 0; i < w->visited_n; i++)
		if (w->visited[i] == ino)
			return false;
	ns = ino ? openat(dir, name, O_RDONLY | O_CLOEXEC) : -EBADF;
	return ns >= 0 && see_namespace(w, ns);
}

static bool see_task_namespace(struct work *w, int task, const char *pid)
{
	describe_task(w, task, pid);
	return see_namespace_at(w, task, "ns/mnt");
}

static bool maps_it(const struct work *w, int task)
{
	autofree char *text = NULL;
	char dev[32];

	snprintf(dev, sizeof(dev), " %02x:%02x ", major(w->s->dev), minor(w->s->dev));
	return vz_file_read(task, "maps", TEXT_MAX, &text) > 0 && strstr(text, dev);
}

/* Directories, files and mappings of a process; and namespaces that it has as a descriptor only. */
static bool see_task_files(struct work *w, int task, const char *pid)
{
	static const char *const links[] = { "cwd", "root", "exe" };
	int fd = openat(task, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autoclosedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	bool holds = false;

	describe_task(w, task, pid);
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		holds |= dev_at(task, links[i]) == w->s->dev;
	while (d && !holds && (de = readdir(d))) {
		if (*de->d_name == '.')
			continue;
		holds = dev_at(dirfd(d), de->d_name) == w->s->dev;
		if (!holds && see_namespace_at(w, dirfd(d), de->d_name))
			return true;
	}
	if (!d)
		vz_closep(&fd);
	return (holds || maps_it(w, task)) && found_it(w);
}

/* Every thread of every process but ours. */
static bool each_task(struct work *w, bool (*see)(struct work *w, int task, const char *pid))
{
	int top = openat(w->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autoclosedir DIR *d = top < 0 ? NULL : fdopendir(top);
	struct dirent *de, *thread;
	bool end = false;

	while (d && !end && (de = readdir(d))) {
		autofree char *path = vz_fmt("%s/task", de->d_name);
		uint32_t pid;
		int fd;

		if (!path || vz_num_u32(de->d_name, INT32_MAX, &pid) < 0 || (pid_t)pid == getpid() ||
		    (pid_t)pid == getppid())
			continue;
		fd = openat(w->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		autoclosedir DIR *t = fd < 0 ? NULL : fdopendir(fd);

		while (t && !end && (thread = readdir(t))) {
			autoclose int task = *thread->d_name == '.' ? -EBADF :
				openat(dirfd(t), thread->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			end = task >= 0 && see(w, task, thread->d_name);
		}
	}
	return end;
}

/* Namespaces that a file keeps alive, as `ip netns` does with others. */
static bool see_pinned(struct work *w)
{
	autofree char *text = NULL;
	struct vz_mountinfo m;
	char *p, *line;

	if (vz_file_read(w->proc, "self/mountinfo", TEXT_MAX, &text) < 0)
		return false;
	for (p = text; (line = strsep(&p, "\n"));) {
		autoclose int ns = -EBADF;

		if (vz_mountinfo_parse(line, &m) < 0 || strcmp(m.fstype, "nsfs") ||
		    !vz_str_prefix(m.root, "mnt:", NULL))
			continue;
		describe_holder(&w->here, "the mount namespace kept at ", m.target, "");
		if (vz_setns(w->own, CLONE_NEWNS) >= 0)
			ns = open(m.target, O_RDONLY | O_CLOEXEC);
		if (ns >= 0 && see_namespace(w, ns))
			return true;
	}
	return false;
}

/* A loop device over a file: the kernel has that open, and no process. */
static bool see_loops(struct work *w)
{
	autoclosedir DIR *d = opendir("/sys/block");
	struct loop_info64 info;
	struct dirent *de;

	while (d && (de = readdir(d))) {
		autofree char *path = vz_fmt("/dev/%s", de->d_name);
		autoclose int fd = path && vz_str_prefix(de->d_name, "loop", NULL) ?
					   open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;

		if (fd < 0 || ioctl(fd, LOOP_GET_STATUS64, &info) < 0 || info.lo_device != w->s->dev)
			continue;
		describe_holder(&w->here, "", path, "");
		if (found_it(w))
			return true;
	}
	return false;
}

_Noreturn static void search(const struct vz_search *s, int sock)
{
	struct work w = { .s = s, .mount = -EBADF };
	struct stat st;

	/* given up when it hangs, which must not keep who reads what the command prints */
	if (dup2(sock, 3) < 0)
		_exit(1);
	vz_let_go(4);
	w.proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w.own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (w.proc < 0 || w.own < 0 || fstat(w.own, &st) < 0 || !is_new(&w, st.st_ino))
		_exit(1);
	if (!see_mounts(&w, true) && vz_setns(w.own, CLONE_NEWNS) >= 0 && !see_pinned(&w) &&
	    !each_task(&w, see_task_namespace) && !each_task(&w, see_task_files) &&
	    vz_setns(w.own, CLONE_NEWNS) >= 0)
		(void)see_loops(&w);
	(void)vz_fd_send(3, &w.holder, w.found ? sizeof(w.holder) : 1, w.mount);
	_exit(0);
}

int vz_holder_search(const struct vz_search *s, struct vz_holder *ret, int *ret_mount)
{
	int64_t end = vz_now_ms() + s->ms;
	autoclose int up = -EBADF, pidfd = -EBADF;
	struct vz_holder h;
	int sock[2], mount = -EBADF, r;
	ssize_t n;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) < 0)
		return -errno;
	up = sock[0];
	pid = vz_clone3(0, &pidfd, -1);
	if (!pid)
		search(s, sock[1]);
	close(sock[1]);
	if (pid < 0)
		return pid;
	r = vz_wait_fd(up, POLLIN, end);
	n = r < 0 ? r : vz_fd_recv(up, &h, sizeof(h), &mount);
	vz_give_up(pidfd);
	if (n <= 1)
		return n < 0 ? (int)n : n ? 0 : -ECHILD;
	h.text[sizeof(h.text) - 1] = 0;
	*ret = h;
	if (ret_mount)
		*ret_mount = mount;
	else
		vz_closep(&mount);
	return 1;
}
