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
#include "fs/treewalk.h"
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

static int shift_entry(int dir, const char *name, const struct stat *st, void *arg)
{
	(void)st;
	return vz_shift_one(dir, name, arg);
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
	struct vz_idshift what = *s;
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
		r = vz_treewalk(dirfd, shift_entry, &what);
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
