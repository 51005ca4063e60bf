// SPDX-License-Identifier: GPL-2.0-or-later
/* Files on mounts that are gone; see stray.h. A file is found again by its handle: name_to_handle_at(2). */
#include "cpt/stray.h"
#include "base/own.h"
#include "cpt/procs.h"
#include "cpt/protobuf.h"
#include "cpt/seen.h"
#include "sys/call.h"
#include "sys/wait.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define STRAY_MAX 1000u
#define WANTED (STATX_TYPE | STATX_INO | STATX_NLINK | STATX_MNT_ID)

/* Of CRIU's images/fdinfo.proto and regfile.proto. */
enum { FILE_REG = 3, REG_NAME = 6, REG_MNT_ID = 7, REG_EXT = 9 };

void vz_stray_free(struct vz_stray *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].path);
	free(l->v);
	*l = (struct vz_stray){ 0 };
}

/* ---- the place of one ---- */

struct handle {
	struct file_handle h;
	unsigned char bytes[MAX_HANDLE_SZ];
};

static int open_file(pid_t pid, const char *at)
{
	char path[sizeof("/proc//") + 40];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, at);
	return open(path, O_PATH | O_CLOEXEC);
}

static bool may_ask(const struct vz_mountinfo *m)
{
	return !strcmp(m->fstype, "tmpfs") || !strcmp(m->target, "/");
}

/* Is what lies behind that path the file, by way of that mount? */
static bool is_there(int root, const char *path, const struct vz_mountinfo *m, uint64_t inode)
{
	autoclose int fd = vz_openat2(root, path, O_PATH | O_NOFOLLOW, 0,
				      RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_CACHED);
	struct statx x;

	return fd >= 0 && statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, WANTED, &x) == 0 && x.stx_ino == inode &&
	       x.stx_mask & STATX_MNT_ID && x.stx_mnt_id == m->id;
}

/* The path by which that mount has it; the caller's to free. NULL: none. */
static char *path_in(const struct vz_frozen *init, const struct vz_mountinfo *m, struct handle *h, uint64_t inode)
{
	autoclose int dir = vz_frozen_mount(init, m), fd = -EBADF;
	char link[sizeof("/proc/self/fd/") + 10], path[PATH_MAX];
	ssize_t n;

	if (dir >= 0)
		fd = open_by_handle_at(dir, &h->h, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = 0;
	return *path == '/' && is_there(init->root, path, m, inode) ? strdup(path) : NULL;
}

int vz_stray_place(const struct vz_frozen *init, pid_t pid, const char *at, char **ret_path)
{
	autoclose int fd = open_file(pid, at);
	struct handle h = { .h.handle_bytes = MAX_HANDLE_SZ };
	struct statx x;
	int id;

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, WANTED, &x) < 0 || !x.stx_nlink ||
	    !(S_ISREG(x.stx_mode) || S_ISDIR(x.stx_mode) || S_ISFIFO(x.stx_mode)) ||
	    name_to_handle_at(fd, "", &h.h, &id, AT_EMPTY_PATH) < 0)
		return -ENOENT;
	for (size_t i = 0; i < init->mounts.n; i++) {
		const struct vz_mountinfo *m = &init->mounts.v[i];
		char *path = m->dev == makedev(x.stx_dev_major, x.stx_dev_minor) && may_ask(m) ?
			path_in(init, m, &h, x.stx_ino) : NULL;

		if (!path)
			continue;
		*ret_path = path;
		return (int)m->id;
	}
	return -ENOENT;
}

/* ---- all of them ---- */

struct find {
	int64_t end;
	struct vz_frozen init;
	struct cpt_seen namespaces, mounts, done; /* done: file and mount, each once */
	struct vz_stray lost;
	pid_t pid; /* of the process at hand */
	int err;
};

/* The mounts of each mount namespace, once. */
static int note_mounts(pid_t pid, void *arg)
{
	char path[sizeof("/proc//mountinfo") + 10];
	struct find *f = arg;
	automounts t = { 0 };
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	if (stat(path, &st) < 0 || !cpt_seen_new(&f->namespaces, st.st_ino))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	if (vz_mounts_read(AT_FDCWD, path, &t) < 0)
		return 0; /* it has ended */
	for (size_t i = 0; i < t.n; i++)
		(void)cpt_seen_new(&f->mounts, t.v[i].id);
	return 0;
}

static int add_lost(struct find *f, uint64_t mount, uint64_t inode, const char *at)
{
	struct vz_stray_file *more;
	char *path;
	int id;

	if (f->lost.n == STRAY_MAX || !cpt_seen_new(&f->done, inode ^ mount << 40))
		return 0;
	id = vz_stray_place(&f->init, f->pid, at, &path);
	if (id < 0)
		return 0; /* the verdict has refused it, or CRIU will */
	more = reallocarray(f->lost.v, f->lost.n + 1, sizeof(*more));
	if (!more)
		return free(path), -ENOMEM;
	f->lost.v = more;
	f->lost.v[f->lost.n++] = (struct vz_stray_file){ mount, inode, (unsigned)id, path };
	return 0;
}

static int look_at_file(struct find *f, const char *at)
{
	char path[sizeof("/proc//") + 40];
	struct statx x;

	snprintf(path, sizeof(path), "/proc/%d/%s", f->pid, at);
	if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, WANTED, &x) < 0 || !(x.stx_mask & STATX_MNT_ID) ||
	    cpt_seen_has(&f->mounts, x.stx_mnt_id))
		return 0;
	return add_lost(f, x.stx_mnt_id, x.stx_ino, at);
}

static int find_fd(int number, const char *link, void *arg)
{
	char at[24];

	if (*link != '/') /* a socket and the like */
		return 0;
	snprintf(at, sizeof(at), "fd/%d", number);
	return look_at_file(arg, at);
}

static int find_in(pid_t pid, void *arg)
{
	struct find *f = arg;
	int r;

	f->pid = pid;
	r = look_at_file(f, "cwd");
	return r < 0 ? r : cpt_fds_each(pid, f->end, find_fd, f);
}

int vz_stray_find(const struct vz_cg *cg, const struct vz_state *st, struct vz_stray *ret, struct vz_err *e)
{
	struct find f = { .init.root = -EBADF, .end = vz_end_in(CPT_ALL_S) };
	int r = vz_frozen_open(st, &f.init, e);

	if (r < 0)
		return r;
	r = vz_cg_each(cg, note_mounts, &f);
	if (r >= 0)
		r = vz_cg_each(cg, find_in, &f);
	if (r >= 0) {
		*ret = f.lost;
		f.lost = (struct vz_stray){ 0 };
	}
	vz_stray_free(&f.lost);
	vz_frozen_close(&f.init);
	free(f.namespaces.slot);
	free(f.mounts.slot);
	free(f.done.slot);
	return r < 0 ? vz_fail(e, VZ_CHKPNT, -r, "cannot look at the files of the container") : 0;
}

/* ---- for CRIU ---- */

static void put_name(struct vz_str *out, const struct vz_stray_file *l)
{
	vz_str_addf(out, "file[%llx:%llx]", (unsigned long long)l->mount, (unsigned long long)l->inode);
}

int vz_stray_name(const struct vz_stray *l, struct vz_swrk_job *job, struct vz_err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		put_name(&job->external, &l->v[i]);
		vz_str_add(&job->external, "\n");
	}
	return job->external.failed ? vz_oom(e) : 0;
}

/* Which one the entry of a file is about; NULL: none. */
static const struct vz_stray_file *lost_of(const struct vz_stray *l, struct vz_pb reg)
{
	struct vz_pb name = vz_pb_field_of(reg, REG_NAME << 3 | VZ_PB_BYTES).bytes;

	for (size_t i = 0; vz_pb_number_of(reg, REG_EXT) && i < l->n; i++) {
		autostr own = { 0 };

		put_name(&own, &l->v[i]);
		if (!own.failed && own.len == name.n && !memcmp(own.s, name.p, name.n))
			return &l->v[i];
	}
	return NULL;
}

/* The number of a mount is signed, which doubles it. */
static bool put_reg(struct vz_str *out, struct vz_pb in, const struct vz_stray_file *l)
{
	struct vz_pb_field f;

	while (vz_pb_take_field(&in, &f))
		if (f.key >> 3 != REG_NAME && f.key >> 3 != REG_MNT_ID && f.key >> 3 != REG_EXT)
			vz_str_addn(out, (const char *)f.all.p, f.all.n);
	vz_pb_put_bytes(out, REG_NAME, l->path, strlen(l->path));
	vz_pb_put_number_field(out, REG_MNT_ID, (uint64_t)l->at << 1);
	return !in.bad && !out->failed;
}

static bool put_file(struct vz_str *out, struct vz_pb in, const struct vz_stray *l)
{
	struct vz_pb reg = vz_pb_field_of(in, FILE_REG << 3 | VZ_PB_BYTES).bytes;
	const struct vz_stray_file *lost = reg.n ? lost_of(l, reg) : NULL;
	autostr entry = { 0 }, with = { 0 };
	struct vz_pb_field f;

	if (lost && !put_reg(&with, reg, lost))
		return false;
	while (vz_pb_take_field(&in, &f)) {
		if (lost && f.key == (FILE_REG << 3 | VZ_PB_BYTES))
			vz_pb_put_bytes(&entry, FILE_REG, with.s, with.len);
		else
			vz_str_addn(&entry, (const char *)f.all.p, f.all.n);
	}
	vz_pb_put_entry(out, &entry);
	return !in.bad && !entry.failed && !out->failed;
}

int vz_stray_mend(int criu, const struct vz_stray *l, struct vz_err *e)
{
	const struct vz_pb_image files = { criu, "files.img", VZ_CHKPNT };
	autofree char *text = NULL;
	autostr image = { 0 };
	struct vz_pb in, entry;
	int r = l->n ? vz_pb_read(&files, &text, &in, e) : 0;

	if (r < 0 || !l->n)
		return r;
	vz_str_addn(&image, text, VZ_PB_HEAD);
	while (vz_pb_take_entry(&in, &entry))
		in.bad |= !put_file(&image, entry, l);
	return in.bad ? vz_pb_strange(&files, e) : vz_pb_write(&files, O_TRUNC, &image, e);
}
