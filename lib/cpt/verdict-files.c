// SPDX-License-Identifier: GPL-2.0-or-later
/* Open files by what /proc/PID/fd tells of each: a link, and what statx(2) of it knows without asking who serves it. */
#include "cpt/verdict-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/pressure.h"
#include "cpt/stray.h"
#include "cpt/threads.h"
#include "sys/call.h"
#include "sys/file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <linux/tty.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#ifndef MQUEUE_MAGIC
#define MQUEUE_MAGIC 0x19800202
#endif
#define MISC_TUN 200
#define MISC_AUTOFS 235
#define MEMFD "/memfd:"
#define DELETED_MAX 1000 /* directories, with which all are compared */
#define AUX_FULL 3 /* /dev/tty, /dev/console, /dev/ptmx are below */
#define CONSOLES 64
#define LIMITS_MAX 4096

struct file {
	const struct cpt_task *t;
	const char *at;   /* below /proc/PID: "fd/3", "cwd" */
	char link[PATH_MAX]; /* what it leads to */
};

/* Of a descriptor, in decimal. */
static const char *number_of(const struct file *f)
{
	return f->at + strlen("fd/");
}

/* ---- by the link ---- */

/* clang-format off */
static const struct {
	const char *begins;
	enum cpt_kind kind; /* CPT_KINDS: CRIU takes it along */
} links[] = {
	{ "anon_inode:[eventfd]", CPT_SEMAPHORE },
	{ "anon_inode:[eventpoll]", CPT_EPOLL },
	{ "anon_inode:[signalfd]", CPT_KINDS },
	{ "anon_inode:[timerfd]", CPT_KINDS },
	{ "anon_inode:inotify", CPT_WATCH },
	{ "anon_inode:[fanotify]", CPT_WATCH },
	{ "anon_inode:[pidfd]", CPT_PIDFD_THREAD },
	{ "pidfd:", CPT_PIDFD_THREAD },
	{ "anon_inode:[io_uring]", CPT_IO_URING },
	{ "anon_inode:bpf", CPT_BPF },
	{ "anon_inode:", CPT_KERNEL_OBJECT },
	{ "/secretmem", CPT_SECRET },
	{ "/dmabuf:", CPT_KERNEL_OBJECT },
	{ "pipe:[", CPT_PIPE },
	{ "socket:[", CPT_SOCKET },
};
/* clang-format on */

/* The number behind `key` in the fdinfo of a descriptor. */
static long fdinfo(struct cpt_look *l, const struct file *f, const char *key, int base)
{
	char path[40], text[512];
	const char *s;
	ssize_t r;

	snprintf(path, sizeof(path), "fdinfo/%s", number_of(f));
	r = vz_file_read_buf(f->t->dir, path, text, sizeof(text));
	if (r < 0)
		cpt_unseen(l, f->t, (int)r, path);
	s = r < 0 ? NULL : strstr(text, key);
	return s ? strtol(s + strlen(key), NULL, base) : 0;
}

/* The flags of its open(2). */
static long flags_of(struct cpt_look *l, const struct file *f)
{
	return fdinfo(l, f, "flags:\t", 8);
}

/* Of those kinds that only some descriptors are of: whether this is one. */
static bool is_of_kind(struct cpt_look *l, const struct file *f, enum cpt_kind kind)
{
	switch (kind) {
	case CPT_PIDFD_THREAD:
		return flags_of(l, f) & O_EXCL;
	case CPT_PIPE:
		return flags_of(l, f) & O_DIRECT;
	case CPT_SEMAPHORE: /* Linux 6.5 and later tell */
		return fdinfo(l, f, "eventfd-semaphore: ", 10);
	default:
		return true;
	}
}

/* clang-format off */
static const char *const protocols[] = { /* their names in /proc/net/protocols */
	"TCP", "TCPv6", "UDP", "UDPv6", "UDP-Lite", "UDPLITEv6", "RAW", "RAWv6", "PING", "PINGv6",
	"UNIX", "UNIX-STREAM", "NETLINK", "PACKET",
};
/* clang-format on */

static void look_at_socket(struct cpt_look *l, const struct file *f)
{
	struct cpt_socket *s = cpt_more(l, &l->sockets, &l->sockets_n, sizeof(*s));
	char path[64], name[64];
	ssize_t n;

	if (!s)
		return;
	s->inode = strtoull(f->link + sizeof("socket:[") - 1, NULL, 10);
	s->who = f->t->who;
	s->pid = f->t->pid;
	s->fd = (int)strtol(number_of(f), NULL, 10);
	if (l->sockets_again)
		return;
	snprintf(path, sizeof(path), "/proc/%d/%s", f->t->pid, f->at);
	n = getxattr(path, "system.sockprotoname", name, sizeof(name) - 1);
	if (n <= 0)
		return;
	name[n] = 0;
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
		if (!strcmp(protocols[i], name))
			return;
	cpt_say(l, CPT_SOCKET, &f->t->who, "%s socket, descriptor %s", name, number_of(f));
}

static void look_at_link(struct cpt_look *l, const struct file *f, enum cpt_kind kind)
{
	if (kind == CPT_SOCKET)
		look_at_socket(l, f);
	else if (kind == CPT_WATCH)
		cpt_watch_look(l, f->t, (int)strtol(number_of(f), NULL, 10));
	else if (kind == CPT_KINDS || l->sockets_again)
		return;
	else if (kind == CPT_EPOLL)
		cpt_epoll_look(l, f->t, (int)strtol(number_of(f), NULL, 10));
	else if (is_of_kind(l, f, kind))
		cpt_say(l, kind, &f->t->who, "%s, descriptor %s", f->link, number_of(f));
}

/* ---- by statx(2) ---- */

static bool is_supported_device(unsigned major, unsigned minor)
{
	return major == MEM_MAJOR || (major == TTYAUX_MAJOR && minor < AUX_FULL) ||
	       (major == MISC_MAJOR && (minor == MISC_TUN || minor == MISC_AUTOFS)) ||
	       (major == TTY_MAJOR && minor < CONSOLES) ||
	       (major >= UNIX98_PTY_MASTER_MAJOR && major < UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT);
}

static bool is_of(const struct cpt_task *t, const char *at, long magic)
{
	char path[80];
	struct statfs st;

	snprintf(path, sizeof(path), "/proc/%d/%s", t->pid, at);
	return statfs(path, &st) == 0 && (long)st.f_type == magic;
}

void cpt_file_note(struct cpt_look *l, const struct cpt_task *t, const char *at, const char *link, const struct statx *x)
{
	struct cpt_file *more;

	if (!(x->stx_mask & STATX_MNT_ID) ||
	    (cpt_seen_has(&l->mount_ids, x->stx_mnt_id) && !cpt_seen_has(&l->covered, x->stx_mnt_id)))
		return;
	more = cpt_more(l, &l->files, &l->files_n, sizeof(*more));
	if (!more)
		return;
	more->who = t->who;
	more->mount = x->stx_mnt_id;
	more->pid = t->pid;
	snprintf(more->at, sizeof(more->at), "%.23s", at);
	if (S_ISCHR(x->stx_mode))
		more->terminal = makedev(x->stx_dev_major, x->stx_dev_minor);
	more->mqueue = is_of(t, at, MQUEUE_MAGIC);
	snprintf(more->name, sizeof(more->name), "%.80s, %s", link, at);
}

/* tmpfs counts each link as an inode, and CRIU makes one more of a deleted file for a moment. */
static bool has_inode(const struct cpt_look *l, const struct cpt_task *t, const char *at, const struct statx *x)
{
	const struct vz_mountinfo *m = x->stx_mask & STATX_MNT_ID ? cpt_mount_of(l, x->stx_mnt_id) : NULL;
	char path[80];
	struct statfs st;

	if (!m || strcmp(m->fstype, "tmpfs"))
		return true;
	snprintf(path, sizeof(path), "/proc/%d/%s", t->pid, at);
	return statfs(path, &st) < 0 || !st.f_files || st.f_ffree;
}

/* A file of a control group that is removed has its name still, but nobody can open it any more. */
static void look_at_group(struct cpt_look *l, const struct file *f, const struct statx *x)
{
	bool dir = S_ISDIR(x->stx_mode), gone = dir && vz_str_suffix(f->link, CPT_GONE);
	autoclose int fd = -EBADF;

	if (!(x->stx_mask & STATX_MNT_ID) || !cpt_seen_has(&l->groups, x->stx_mnt_id))
		return;
	if (S_ISREG(x->stx_mode)) {
		fd = openat(f->t->dir, f->at, O_RDONLY | O_CLOEXEC);
		gone = fd < 0 && errno == ENODEV;
	}
	if (gone)
		cpt_say(l, dir ? CPT_DELETED_DIR : CPT_DELETED, &f->t->who, "%s, of a removed control group, %s", f->link, f->at);
}

/* Links are told from the root of the mount namespace, which that of a process need not be: chroot(2). */
static int open_root(const struct cpt_look *l, const struct cpt_task *t)
{
	const struct cpt_task *whose = t->ns[CPT_NS_MNT] == l->init.ns[CPT_NS_MNT] ? &l->init : t;

	return openat(whose->dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* What stands behind the name can be a part of it, too. */
static bool is_its_name(int root, const char *name, const struct statx *x)
{
	autoclose int at = cpt_open_known(root, name, O_NOFOLLOW);
	struct statx y;

	return at >= 0 && statx(at, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &y) == 0 && y.stx_ino == x->stx_ino &&
	       y.stx_dev_major == x->stx_dev_major && y.stx_dev_minor == x->stx_dev_minor;
}

/* CRIU makes it again by its path for a moment: it would follow a link, and could not remove a directory that is full.
 * Only what the kernel has in memory is asked: who made something in that place has put it there. */
static bool is_way_taken(int root, char *path, bool dir)
{
	autoclose int at = -EBADF;

	if (!dir)
		*strrchr(path, '/') = 0;
	if (!*path)
		return false;
	at = cpt_open_known(root, path, O_DIRECTORY);
	return at == -ELOOP || at == -ENOTDIR || (dir && at >= 0);
}

/* Each once: many stand in the same one. */
static void note_deleted(struct cpt_look *l, const struct cpt_task *t, const char *path, const struct statx *x)
{
	struct cpt_deleted *more;

	if (!cpt_seen_new(&l->deleted_inodes, x->stx_ino ^ (uint64_t)x->stx_dev_minor << 44))
		return;
	more = cpt_more(l, &l->deleted, &l->deleted_n, sizeof(*more));
	if (more)
		*more = (struct cpt_deleted){ t->who, strdup(path), S_ISDIR(x->stx_mode) };
	if (more && !more->path)
		l->deleted_n--;
}

/* The name of one that has lost it. */
static void look_at_lost_name(struct cpt_look *l, const struct cpt_task *t, const char *at, const char *link,
			      const struct statx *x)
{
	autoclose int root = open_root(l, t);
	bool dir = S_ISDIR(x->stx_mode);
	char path[PATH_MAX];

	if (x->stx_nlink && is_its_name(root, link, x))
		return;
	snprintf(path, sizeof(path), "%.*s", (int)(strlen(link) - strlen(CPT_GONE)), link);
	if (dir || !x->stx_nlink)
		note_deleted(l, t, path, x);
	if (is_way_taken(root, path, dir))
		cpt_say(l, dir ? CPT_DELETED_DIR : CPT_DELETED, &t->who, "%s, whose place is taken by something else now, %s",
			link, at);
}

void cpt_deleted_look(struct cpt_look *l, const struct cpt_task *t, const char *at, const char *link,
		      const struct statx *x)
{
	const enum cpt_kind kind = S_ISDIR(x->stx_mode) ? CPT_DELETED_DIR : CPT_DELETED;

	if (*link == '/' && vz_str_suffix(link, CPT_GONE))
		look_at_lost_name(l, t, at, link, x);
	if (x->stx_nlink)
		return;
	cpt_watch_note_removed(l, t, at, link);
	if (S_ISREG(x->stx_mode) && x->stx_blocks * 512 > VZ_CPT_GHOST_MAX)
		cpt_say(l, kind, &t->who, "%s of %llu MB, %s", link, (unsigned long long)x->stx_blocks >> 11, at);
	if (x->stx_mask & STATX_MNT_ID && cpt_seen_has(&l->read_only, x->stx_mnt_id))
		cpt_say(l, kind, &t->who, "%s, on a read-only mount, %s", link, at);
	else if (!has_inode(l, t, at, x))
		cpt_say(l, kind, &t->who, "%s, on a tmpfs without a free inode, %s", link, at);
}

bool cpt_is_kernels(const struct cpt_look *l, const char *link, const struct statx *x)
{
	static const char *const names[] = { MEMFD, "/SYSV", "/dev/zero" CPT_GONE, "/[aio]" };

	if (x->stx_nlink || (x->stx_mask & STATX_MNT_ID && cpt_seen_has(&l->mount_ids, x->stx_mnt_id)))
		return false; /* of a mount that can be seen */
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (vz_str_prefix(link, names[i], NULL))
			return true;
	return false;
}

/* A trigger gets systemd's words again (pressure.h). */
static void look_at_pressure(struct cpt_look *l, const struct file *f)
{
	if (vz_pressure_is(f->link) && vz_str_prefix(f->at, "fd/", NULL) && (flags_of(l, f) & O_ACCMODE) != O_RDONLY &&
	    !vz_str_prefix(f->t->who.command, "systemd", NULL))
		cpt_say(l, CPT_NOT_KEPT, &f->t->who, "how much its trigger asks for, %s, %s", f->link, f->at);
}

static void look_at_stat(struct cpt_look *l, const struct file *f, const struct statx *x)
{
	if (S_ISBLK(x->stx_mode) ||
	    (S_ISCHR(x->stx_mode) && !is_supported_device(x->stx_rdev_major, x->stx_rdev_minor)))
		cpt_say(l, CPT_DEVICE, &f->t->who, "%s (%u:%u), %s", f->link, x->stx_rdev_major, x->stx_rdev_minor, f->at);
	if (S_ISFIFO(x->stx_mode) && flags_of(l, f) & O_PATH)
		cpt_say(l, CPT_FIFO_PATH, &f->t->who, "%s, %s", f->link, f->at);
	if (cpt_is_kernels(l, f->link, x)) {
		if (vz_str_prefix(f->link, MEMFD, NULL) && is_of(f->t, f->at, HUGETLBFS_MAGIC))
			cpt_say(l, CPT_HUGE, &f->t->who, "%s, %s", f->link, f->at);
		return;
	}
	look_at_group(l, f, x);
	look_at_pressure(l, f);
	cpt_deleted_look(l, f->t, f->at, f->link, x);
	cpt_file_note(l, f->t, f->at, f->link, x);
}

/* May be hostile: the file may be served by a process inside that never answers; therefore its cache alone is asked. */
static void look_at_file(struct cpt_look *l, const struct file *f)
{
	struct statx x;

	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		if (!vz_str_prefix(f->link, links[i].begins, NULL))
			continue;
		look_at_link(l, f, links[i].kind);
		return;
	}
	if (*f->link != '/' || l->sockets_again)
		return; /* a namespace, which CRIU opens again */
	if (statx(f->t->dir, f->at, AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
		  CPT_STATX, &x) == 0)
		look_at_stat(l, f, &x);
}

static void look_at_path(struct cpt_look *l, const struct cpt_task *t, const char *at)
{
	struct file f;
	ssize_t n = readlinkat(t->dir, at, f.link, sizeof(f.link) - 1);

	if (n < 0)
		cpt_unseen(l, t, -errno, at);
	if (n <= 0)
		return;
	f.link[n] = 0;
	f.t = t;
	f.at = at;
	look_at_file(l, &f);
}

/* The soft limit, as proc_pid_limits(5) has it. */
static uint64_t limit_of(const char *limits, const char *name)
{
	const char *at = strstr(limits, name);

	/* "unlimited" */
	at = at ? at + strlen(name) + strspn(at + strlen(name), " ") : "";
	return *at >= '0' && *at <= '9' ? strtoull(at, NULL, 10) : UINT64_MAX;
}

/* CRIU works in the process for a moment, with three descriptors and some memory. */
static void look_at_limits(struct cpt_look *l, const struct cpt_task *t, const char *limits, uint64_t files)
{
	uint64_t most = limit_of(limits, "\nMax open files"), memory = limit_of(limits, "\nMax address space");

	/* then it has worked there already, or is given them for that moment */
	if (l->criu || vz_threads_may_raise())
		return;
	if (most < files + VZ_THREADS_FILES)
		cpt_say(l, CPT_LIMITS, &t->who, "%llu of %llu open files", (unsigned long long)files, (unsigned long long)most);
	if (memory < t->memory + VZ_THREADS_MEMORY)
		cpt_say(l, CPT_LIMITS, &t->who, "%llu of %llu KiB of address space", (unsigned long long)t->memory >> 10,
			(unsigned long long)memory >> 10);
}

void cpt_files_look(struct cpt_look *l, const struct cpt_task *t)
{
	autoclosedir DIR *d = cpt_dir_open(l, t, "fd");
	uint64_t files = 0, most;
	char at[24], limits[LIMITS_MAX];
	struct dirent *de;

	if (vz_file_read_buf(t->dir, "limits", limits, sizeof(limits)) < 0)
		*limits = 0;
	most = limit_of(limits, "\nMax open files");
	if (!l->sockets_again) {
		look_at_path(l, t, "cwd");
		look_at_path(l, t, "root");
		look_at_path(l, t, "exe");
	}
	while (d && (de = vz_dir_next(d))) {
		snprintf(at, sizeof(at), "fd/%.16s", de->d_name);
		look_at_path(l, t, at);
		files += strtoull(de->d_name, NULL, 10) < most;
	}
	if (d && errno)
		cpt_unseen(l, t, -errno, "its descriptors");
	if (!l->sockets_again)
		look_at_limits(l, t, limits, files);
}

/* The console is handed over by its number: what a restore opened as such is of a mount that is no more. */
static bool is_console(const struct cpt_look *l, dev_t dev)
{
	const struct vz_mounts *t = &l->mounts[0].t;

	for (size_t i = 0; dev && l->mounts_n && i < t->n; i++)
		if (t->v[i].dev == dev && !strcmp(t->v[i].target, "/dev/console"))
			return true;
	return false;
}

/* A deleted directory that is another's, or was above it or in its place; NULL: there is none. */
static const struct cpt_deleted *directory_of(const struct cpt_look *l, const struct cpt_deleted *d)
{
	for (size_t i = 0; i < l->deleted_n; i++) {
		const struct cpt_deleted *dir = &l->deleted[i];
		const char *rest;

		if (dir->dir && dir != d && vz_str_prefix(d->path, dir->path, &rest) && (!*rest || *rest == '/'))
			return dir;
	}
	return NULL;
}

/* CRIU makes each for a moment at its old place, and cannot remove a directory again in which another is at that time. */
static void judge_deleted(struct cpt_look *l)
{
	size_t dirs = 0;

	for (size_t i = 0; i < l->deleted_n; i++)
		dirs += l->deleted[i].dir;
	if (dirs > DELETED_MAX) {
		cpt_say(l, CPT_DELETED_DIR, NULL, "%zu deleted directories", dirs);
		return;
	}
	for (size_t i = 0; dirs && i < l->deleted_n; i++) {
		const struct cpt_deleted *d = &l->deleted[i], *dir = directory_of(l, d);

		if (dir && d->dir)
			cpt_say(l, CPT_DELETED_DIR, &d->who, "%s", d->path);
		else if (dir)
			cpt_say(l, CPT_DELETED_DIR, &dir->who, "%s, and a file below it in process %d (%s): %s", dir->path,
				d->who.inside, d->who.command, d->path);
	}
}

/* The same file is where init sees it, too (stray.h). */
static bool is_elsewhere(const struct cpt_look *l, const struct cpt_file *f)
{
	autoclose int root = openat(l->init.dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct vz_frozen init = { .root = root };
	autofree char *path = NULL;

	if (root < 0 || !l->mounts_n || (strncmp(f->at, "fd/", 3) != 0 && strcmp(f->at, "cwd") != 0))
		return false;
	init.mounts = l->mounts[0].t;
	return vz_stray_place(&init, f->pid, f->at, &path) >= 0;
}

void cpt_files_judge(struct cpt_look *l)
{
	judge_deleted(l);
	cpt_watch_judge(l);
	for (size_t i = 0; i < l->files_n; i++) {
		const struct cpt_file *f = &l->files[i];

		if (f->mqueue)
			cpt_say(l, CPT_MQUEUE, &f->who, "%s", f->name);
		else if (cpt_seen_has(&l->covered, f->mount))
			cpt_say(l, CPT_COVERED, &f->who, "%s", f->name);
		else if (!cpt_seen_has(&l->mount_ids, f->mount) && !is_console(l, f->terminal) && !is_elsewhere(l, f))
			cpt_say(l, CPT_DETACHED, &f->who, "%s", f->name);
	}
}
