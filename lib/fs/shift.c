// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ids on disk; see shift.h.
 *
 * May be hostile: the tree is a guest's (links, depth, names, attributes); therefore everything is
 * opened beneath it, following no link. Nobody changes it during the pass: the VPS is down and locked.
 */
#include "fs/shift.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/proc.h"
#include "sys/idmap.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define MARK "trusted.vz.shift"
/* On a file: mode and capability as they must be once the pass is over; chown(2) drops both, and
 * a pass that dies right after it could not know them any more. */
#define KEEP "trusted.vz.keep"
#define CAPS "security.capability"
#define ACL_MAX (64u << 10) /* XATTR_SIZE_MAX of the kernel */

struct keep {
	uint32_t mode;
	unsigned char cap[VZ_CAP_XATTR_MAX];
};

static bool no_attribute(int err)
{
	return err == ENODATA || err == EOPNOTSUPP;
}

static int shift_acl_attr(const char *proc, const char *name, const struct vz_idshift *s)
{
	autofree char *big = NULL;
	char small[512], *buf = small;
	ssize_t n = getxattr(proc, name, small, sizeof(small));
	int r;

	if (n < 0 && errno == ERANGE) {
		buf = big = malloc(ACL_MAX);
		if (!big)
			return -ENOMEM;
		n = getxattr(proc, name, big, ACL_MAX);
	}
	if (n < 0)
		return no_attribute(errno) ? 0 : -errno;
	r = vz_idshift_acl(buf, (size_t)n, s);
	if (r > 0 && setxattr(proc, name, buf, (size_t)n, 0) < 0)
		return -errno;
	return r < 0 ? r : 0;
}

/* Owner of a regular file, whose setuid bits and capability chown(2) drops. */
static int shift_file(int fd, const char *proc, const struct stat *st, const struct vz_idshift *s)
{
	uint32_t uid = vz_idshift_id(st->st_uid, s->from_uid, s->to_uid);
	uint32_t gid = vz_idshift_id(st->st_gid, s->from_gid, s->to_gid);
	struct keep k = { 0 };
	ssize_t n = getxattr(proc, KEEP, &k, sizeof(k)), cap = 0;
	int r;

	if (n < 0 && !no_attribute(errno))
		return -errno;
	if (n < (ssize_t)sizeof(k.mode)) { /* no interrupted work on this file */
		k.mode = st->st_mode & 07777;
		cap = getxattr(proc, CAPS, k.cap, sizeof(k.cap));
		if (cap < 0 && !no_attribute(errno))
			return -errno;
		r = cap > 0 ? vz_idshift_cap(k.cap, (size_t)cap, s) : 0;
		if (!r && uid == st->st_uid && gid == st->st_gid)
			return 0;
		cap = r > 0 ? r : cap;
		n = (cap > 0 ? cap : 0) + (ssize_t)sizeof(k.mode);
		if ((cap > 0 || k.mode & 06000) && setxattr(proc, KEEP, &k, (size_t)n, 0) < 0)
			return -errno;
	}
	cap = n - (ssize_t)sizeof(k.mode);
	if ((uid != st->st_uid || gid != st->st_gid) &&
	    fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0)
		return -errno;
	if (cap <= 0 && !(k.mode & 06000))
		return 0;
	if (chmod(proc, k.mode & 07777) < 0 ||
	    (cap > 0 && setxattr(proc, CAPS, k.cap, (size_t)cap, 0) < 0) ||
	    removexattr(proc, KEEP) < 0)
		return -errno;
	return 0;
}

int vz_shift_one(int dirfd, const char *name, const struct vz_idshift *s)
{
	char proc[sizeof("/proc/self/fd/") + 10];
	autoclose int own = -EBADF;
	int fd = dirfd, r = 0;
	struct stat st;

	if (*name) {
		/* O_PATH: a device must not be opened, a fifo must not block */
		fd = own = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return -errno;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	if (S_ISREG(st.st_mode))
		r = shift_file(fd, proc, &st, s);
	else if (fchownat(fd, "", vz_idshift_id(st.st_uid, s->from_uid, s->to_uid),
			  vz_idshift_id(st.st_gid, s->from_gid, s->to_gid), AT_EMPTY_PATH) < 0)
		r = -errno;
	if (!r && !S_ISLNK(st.st_mode))
		r = shift_acl_attr(proc, "system.posix_acl_access", s);
	if (!r && S_ISDIR(st.st_mode))
		r = shift_acl_attr(proc, "system.posix_acl_default", s);
	return r;
}

/* ---- the walk: one directory open at a time, so depth costs neither stack nor descriptors ---- */

struct level {
	struct level *up;
	struct vz_str subs; /* names of directories still to be visited, each with its NUL */
	size_t at;
	ino_t ino;
};

struct walk {
	int fd; /* the directory we are in */
	struct level *level;
	const struct vz_idshift *s;
};

static void pop_level(struct walk *w)
{
	struct level *l = w->level;

	w->level = l->up;
	vz_str_free(&l->subs);
	free(l);
}

static void walk_free(struct walk *w)
{
	while (w->level)
		pop_level(w);
	vz_closep(&w->fd);
}

/* Shifts what is in w->fd and remembers its directories. */
static int visit(struct walk *w)
{
	int fd = openat(w->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
	autoclosedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct level *l = calloc(1, sizeof(*l));
	struct dirent *de;
	struct stat st;

	if (!l || !d || fstat(w->fd, &st) < 0) {
		r = l ? -errno : -ENOMEM;
		free(l);
		if (!d)
			vz_closep(&fd);
		return r;
	}
	l->ino = st.st_ino;
	l->up = w->level;
	w->level = l;
	while ((errno = 0, de = readdir(d))) {
		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
			continue;
		if (fstatat(w->fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		/* not by st_dev: a bind mount has that of its surroundings, and files of an
		 * overlay may have another one than its directories */
		if (vz_is_mount_at(w->fd, de->d_name))
			continue;
		r = vz_shift_one(w->fd, de->d_name, w->s);
		if (r < 0)
			return r;
		if (S_ISDIR(st.st_mode))
			vz_str_addn(&l->subs, de->d_name, strlen(de->d_name) + 1);
	}
	return l->subs.failed ? -ENOMEM : -errno;
}

static int enter(struct walk *w, const char *name)
{
	int fd = openat(w->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	vz_closep(&w->fd);
	w->fd = fd;
	return 0;
}

static int shift_below(int dirfd, const struct vz_idshift *s)
{
	__attribute__((cleanup(walk_free))) struct walk w = { .fd = -EBADF, .s = s };
	struct stat st;
	int r;

	w.fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w.fd < 0)
		return -errno;
	r = visit(&w);
	while (!r && w.level) {
		struct level *l = w.level;

		if (l->at < l->subs.len) {
			const char *name = l->subs.s + l->at;

			l->at += strlen(name) + 1;
			r = enter(&w, name);
			r = r ? r : visit(&w);
			continue;
		}
		pop_level(&w);
		if (!w.level)
			break;
		r = enter(&w, "..");
		if (!r && (fstat(w.fd, &st) < 0 || st.st_ino != w.level->ino))
			r = -ESTALE; /* somebody moves directories: never climb out */
	}
	return r;
}

/* ---- the mark ---- */

int vz_shift_state(int dirfd, struct vz_idshift *ret)
{
	char text[64];
	ssize_t n = fgetxattr(dirfd, MARK, text, sizeof(text) - 1);
	const char *p = text;
	uint32_t v[4];
	int k = 0;

	if (n < 0 && !no_attribute(errno))
		return -errno;
	text[n < 0 ? 0 : n] = 0;
	for (; k < 4; k++) {
		autofree char *w = vz_str_word(&p, " ");

		if (!w)
			break;
		if (vz_num_u32(w, UINT32_MAX - VZ_IDS_PER_VPS, &v[k]) < 0)
			return -EINVAL;
	}
	switch (k) {
	case 0:
		*ret = (struct vz_idshift){ 0 };
		return 0;
	case 2:
		*ret = (struct vz_idshift){ v[0], v[1], v[0], v[1] };
		return 0;
	case 4:
		*ret = (struct vz_idshift){ v[0], v[1], v[2], v[3] };
		return 0;
	}
	return -EINVAL;
}

bool vz_shift_is_marked(int dirfd)
{
	return fgetxattr(dirfd, MARK, NULL, 0) >= 0;
}

static bool is_within(uint32_t id, uint32_t from, uint32_t to)
{
	return id - from < VZ_IDS_PER_VPS || id - to < VZ_IDS_PER_VPS;
}

int vz_shift_verify(int dirfd, const struct vz_idshift *s, const char *path, struct vz_err *e)
{
	struct stat st;

	if (fstat(dirfd, &st) < 0)
		return vz_fail(e, VZ_FS_CANTMOUNT, errno, "%s", path);
	if (is_within(st.st_uid, s->from_uid, s->to_uid) && is_within(st.st_gid, s->from_gid, s->to_gid))
		return 0;
	return vz_fail(e, VZ_FS_CANTMOUNT, 0,
		       "The files of %s belong to host ids from %u:%u, which are not this container's: they "
		       "come from VE_ROOT. Restore them as vzctl(8) says in BACKUP, or tell the area its ids "
		       "with setfattr -n " MARK " -v '%u %u' %s", path, st.st_uid, st.st_gid, st.st_uid,
		       st.st_gid, path);
}

int vz_shift_mark(int dirfd, uint32_t uid, uint32_t gid)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%u %u", uid, gid);

	return fsetxattr(dirfd, MARK, text, (size_t)n, 0) < 0 ? -errno : 0;
}

static bool overlap(uint32_t a, uint32_t b)
{
	return a != b && (a - b < VZ_IDS_PER_VPS || b - a < VZ_IDS_PER_VPS);
}

/* The pass itself. Every step may be repeated: ids of the new range are left alone. */
static int run_pass(int dirfd, const struct vz_idshift *s)
{
	char text[64];
	int n, r;

	/* ranges that overlap would make "already done" and "to do" the same */
	if (overlap(s->from_uid, s->to_uid) || overlap(s->from_gid, s->to_gid))
		return -ERANGE;
	n = snprintf(text, sizeof(text), "%u %u %u %u", s->from_uid, s->from_gid, s->to_uid,
		     s->to_gid);
	if (fsetxattr(dirfd, MARK, text, (size_t)n, 0) < 0)
		return -errno;
	r = vz_shift_one(dirfd, "", s);
	if (!r)
		r = shift_below(dirfd, s);
	if (!r && syncfs(dirfd) < 0) /* the mark must not reach the disk before the work */
		r = -errno;
	return r ? r : vz_shift_mark(dirfd, s->to_uid, s->to_gid);
}

int vz_shift_tree(int dirfd, uint32_t uid, uint32_t gid, struct vz_err *e)
{
	struct vz_idshift s;
	int r = vz_shift_state(dirfd, &s);

	if (!r && (s.from_uid != s.to_uid || s.from_gid != s.to_gid)) {
		r = run_pass(dirfd, &s);
		s.from_uid = s.to_uid;
		s.from_gid = s.to_gid;
	}
	if (!r && (s.from_uid != uid || s.from_gid != gid)) {
		s.to_uid = uid;
		s.to_gid = gid;
		r = run_pass(dirfd, &s);
	}
	if (r < 0)
		return vz_fail(e, VZ_FS_CANTMOUNT, -r,
			       "cannot change the owners of the files to ids from %u:%u", uid, gid);
	return 0;
}
