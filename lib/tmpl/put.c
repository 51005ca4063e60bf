// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files beneath a directory fd; see put.h.
 *
 * May be hostile: every path, link text and size. Therefore a parent is opened in one openat2(2) that
 * refuses symbolic links, "..", mount points and magic links, and everything else is done with
 * that fd and a single component, never following a link.
 */
#include "tmpl/put.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/idmap.h"

#include <limits.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#define INSIDE (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV)
/* What directories may cost in memory until the end; about a million of them. */
#define FIX_BYTES_MAX (128u << 20)
/* What a file takes beside its data: an inode and half of the last block. */
#define FILE_COST 2048
/* How often the room left is looked at; other processes write too. */
#define LOOK_BYTES (UINT64_C(32) << 20)
#define LOOK_BYTES_MIN (UINT64_C(1) << 20)
#define LOOK_ENTRIES 4096
/* A twentieth of the file system stays free, this at most: the other VPSes live on it. */
#define RESERVE_MAX (UINT64_C(1) << 30)
#define ACL_DEFAULT "system.posix_acl_default"

struct vz_put_fix {
	struct vz_put_fix *next;
	mode_t mode;
	struct timespec times[2];
	size_t acl_size;
	void *acl; /* the default ACL: set early it would be inherited by what is put below */
	char path[];
};

bool vz_xattr_travels(const char *name)
{
	return (vz_str_prefix(name, "user.", NULL) && !vz_str_prefix(name, "user.overlay.", NULL)) ||
	       vz_str_eq(name, "security.capability") ||
	       vz_str_eq(name, "system.posix_acl_access") || vz_str_eq(name, ACL_DEFAULT);
}

int vz_xattrs_add(struct vz_xattrs *x, const char *name, const void *value, size_t size)
{
	struct vz_xattr *v, one;

	if (!vz_xattr_travels(name))
		return 0;
	v = realloc(x->v, (x->n + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	x->v = v;
	one = (struct vz_xattr){ strdup(name), malloc(size ? size : 1), size };
	if (!one.name || !one.value) {
		free(one.name);
		free(one.value);
		return -ENOMEM;
	}
	if (size)
		memcpy(one.value, value, size);
	v[x->n++] = one;
	return 0;
}

void vz_xattrs_free(struct vz_xattrs *x)
{
	for (size_t i = 0; i < x->n; i++) {
		free(x->v[i].name);
		free(x->v[i].value);
	}
	free(x->v);
	*x = (struct vz_xattrs){ 0 };
}

/* A name as it may stand in a sentence: short, and without control characters. */
static const char *shown(const char *path, char buf[128])
{
	snprintf(buf, 128, "%s", path);
	for (char *s = buf; *s; s++)
		if ((unsigned char)*s < 32 || *s == 127)
			*s = '?';
	return buf;
}

int vz_put_fail(struct vz_err *e, int errnum, const char *path, const char *what)
{
	enum vz_exit code = VZ_FS_NEW_VE_PRVT;
	char buf[128];

	if (errnum == ENOSPC || errnum == EDQUOT) {
		(void)vz_fail(e, VZ_FS_NO_DISK_SPACE, 0, "Insufficient disk space");
		if (e)
			e->err = errnum;
		return -errnum;
	}
	if (errnum == EFBIG || errnum == ENAMETOOLONG || errnum == EMLINK)
		code = VZ_FS_BAD_TMPL;
	return vz_fail(e, code, errnum, "%s %s", what, shown(path, buf));
}

static int refuse(struct vz_err *e, const char *path, const char *why)
{
	char buf[128];

	return vz_fail(e, VZ_FS_BAD_TMPL, 0, "Bad OS template: %s: %s", shown(path, buf), why);
}

/* Writes the path without ".", empty components and a trailing slash; "" is the root itself. */
static int normalize(const char *path, char out[PATH_MAX], struct vz_err *e)
{
	size_t len = 0, n;

	if (*path == '/')
		return refuse(e, path, "the path is absolute");
	if (!*path)
		return refuse(e, path, "a name is empty");
	for (const char *s = path; *s; s += n) {
		s += strspn(s, "/");
		n = strcspn(s, "/");
		if (!n || (n == 1 && *s == '.'))
			continue;
		if (n == 2 && !strncmp(s, "..", 2))
			return refuse(e, path, "the path has a \"..\" component");
		if (n > NAME_MAX || len + n + 2 > PATH_MAX)
			return refuse(e, path, "the path is too long");
		if (len)
			out[len++] = '/';
		memcpy(out + len, s, n);
		len += n;
	}
	out[len] = 0;
	return 0;
}

/* ---- what it may cost ---- */

static int look_at_room(struct vz_put *p, struct vz_err *e)
{
	uint64_t reserve, size, room;
	struct statvfs v;

	if (fstatvfs(p->root, &v) < 0)
		return 0; /* the writes themselves will tell */
	size = v.f_blocks * v.f_frsize;
	reserve = size / 20 < RESERVE_MAX ? size / 20 : RESERVE_MAX;
	room = v.f_bavail * v.f_frsize;
	if (room < reserve)
		return vz_fail(e, VZ_FS_NO_DISK_SPACE, 0, "Insufficient disk space: %llu MB of the "
			       "file system must stay free for the other containers, make room on it",
			       (unsigned long long)(reserve >> 20));
	/* file systems that make inodes as they need them count none, or as many as there are bytes */
	if (v.f_files && v.f_favail < v.f_files / 20)
		return vz_fail(e, VZ_FS_NO_DISK_SPACE, 0, "Insufficient disk space: one in 20 inodes "
			       "of the file system must stay free for the other containers");
	room = room - reserve < LOOK_BYTES ? room - reserve : LOOK_BYTES;
	p->look_bytes = p->bytes + (room > LOOK_BYTES_MIN ? room : LOOK_BYTES_MIN);
	p->look_entries = p->entries + LOOK_ENTRIES;
	return 0;
}

int vz_put_charge(struct vz_put *p, uint64_t bytes, struct vz_err *e)
{
	const struct vz_put_how *h = &p->how;

	p->bytes += bytes;
	if (h->bytes && p->bytes > h->bytes)
		return vz_fail(e, VZ_FS_NO_DISK_SPACE, 0, "Insufficient disk space: the OS template "
			       "takes more than DISKSPACE, %llu KB; set more with --diskspace",
			       (unsigned long long)(h->bytes >> 10));
	if (h->entries && p->entries > h->entries)
		return vz_fail(e, VZ_FS_NO_DISK_SPACE, 0, "Insufficient disk space: the OS template "
			       "has more files than DISKINODES, %llu; set more with --diskinodes",
			       (unsigned long long)h->entries);
	return p->bytes >= p->look_bytes || p->entries >= p->look_entries ? look_at_room(p, e) : 0;
}

/* One more entry: its name in the directory, and what it has beside data. */
static int charge_entry(struct vz_put *p, const char *path, const struct vz_put_meta *m,
			uint64_t cost, struct vz_err *e)
{
	for (size_t i = 0; m && i < m->xattrs.n; i++)
		cost += m->xattrs.v[i].size;
	p->entries++;
	return vz_put_charge(p, cost + strlen(path), e);
}

/* ---- whose it is ---- */

static bool is_within(uint32_t id, uint32_t first)
{
	return id - first < VZ_IDS_PER_VPS;
}

static int shift_attributes(const struct vz_xattrs *x, const struct vz_idshift *ids)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < x->n; i++) {
		struct vz_xattr *a = &x->v[i];

		if (vz_str_prefix(a->name, "system.posix_acl_", NULL)) {
			r = vz_idshift_acl(a->value, a->size, ids);
		} else if (vz_str_eq(a->name, "security.capability")) {
			r = vz_idshift_cap(a->value, a->size, ids);
			a->size = r > 0 ? (size_t)r : a->size; /* never more: from 0 no root is named */
		}
	}
	return r;
}

/* May it be the first of a range that a host has given to a VPS? */
static bool may_be_first(uint32_t id)
{
	return id >= VZ_IDS_PER_VPS && id <= UINT32_MAX - VZ_IDS_PER_VPS;
}

int vz_put_owner(struct vz_put *p, const char *path, struct vz_put_meta *m, struct vz_err *e)
{
	char why[128];

	if (!p->knows_ids) {
		p->knows_ids = true;
		if (may_be_first(m->uid) && may_be_first(m->gid)) /* else a user of a directory service */
			p->ids = (struct vz_idshift){ .from_uid = m->uid, .from_gid = m->gid };
	}
	if (!p->ids.from_uid)
		return 0;
	if (!is_within(m->uid, p->ids.from_uid) || !is_within(m->gid, p->ids.from_gid)) {
		snprintf(why, sizeof(why), "its owner %u:%u is none of the container's whose ids begin with "
			 "%u:%u; pack it inside, with vzctl exec", m->uid, m->gid, p->ids.from_uid,
			 p->ids.from_gid);
		return refuse(e, path, why);
	}
	m->uid = vz_idshift_id(m->uid, p->ids.from_uid, 0);
	m->gid = vz_idshift_id(m->gid, p->ids.from_gid, 0);
	return shift_attributes(&m->xattrs, &p->ids) < 0 ?
		       refuse(e, path, "an attribute or access list is malformed") : 0;
}

enum vz_put_fate vz_put_fate(const struct vz_put *p, const char *raw, mode_t mode, int64_t size)
{
	struct vz_err ignored = { 0 };
	char path[PATH_MAX];

	return normalize(raw, path, &ignored) < 0 ? VZ_PUT_KEEP :
						    vz_put_personal(path, mode, size, p->how.clean);
}

static int open_inside(int dirfd, const char *path, uint64_t flags)
{
	return vz_openat2(dirfd, *path ? path : ".", flags | O_DIRECTORY, 0, INSIDE);
}

/* Opens dir below the root, making what an archive forgot to mention. */
static int open_parent(int root, const char *dir)
{
	int fd = open_inside(root, dir, O_PATH);
	const char *p = dir;

	if (fd != -ENOENT)
		return fd;
	fd = open_inside(root, "", O_PATH);
	while (fd >= 0) {
		autofree char *name = vz_str_word(&p, "/");
		int next;

		if (!name)
			return *p ? (close(fd), -ENOMEM) : fd;
		if (mkdirat(fd, name, 0755) < 0 && errno != EEXIST)
			next = -errno;
		else
			next = open_inside(fd, name, O_PATH);
		close(fd);
		fd = next;
	}
	return fd;
}

/* The place of an entry: *ret_dirfd is borrowed from p, *ret_name points into path. */
static int place(struct vz_put *p, char path[PATH_MAX], int *ret_dirfd, const char **ret_name,
		 struct vz_err *e)
{
	char *slash = strrchr(path, '/');
	const char *dir = slash ? path : "";
	int fd;

	*ret_name = slash ? slash + 1 : path;
	if (slash)
		*slash = 0;
	if (!p->dir || strcmp(p->dir, dir)) {
		fd = open_parent(p->root, dir);
		if (fd == -ELOOP)
			return refuse(e, dir, "a symbolic link stands where a directory must be");
		if (fd == -ENOTDIR)
			return refuse(e, dir, "a file stands where a directory must be");
		if (fd < 0)
			return vz_put_fail(e, -fd, dir, "Unable to open directory");
		vz_closep(&p->dirfd);
		p->dirfd = fd;
		free(p->dir);
		p->dir = strdup(dir);
		if (!p->dir)
			return vz_put_fail(e, ENOMEM, dir, "Unable to open directory");
	}
	if (slash)
		*slash = '/';
	*ret_dirfd = p->dirfd;
	return 0;
}

/* As place(), for everything but directories, when their cost has been paid. */
static int place_new(struct vz_put *p, char path[PATH_MAX], int *ret_dirfd, const char **ret_name,
		     struct vz_err *e)
{
	return *path ? place(p, path, ret_dirfd, ret_name, e) :
		       refuse(e, ".", "the top of the tree must be a directory");
}

/* After a call that made (or did not make) dirfd/name: 1 when it must be tried once more, because
 * an earlier entry had the name and is gone now; 0 when it went well. */
static int try_again(int result, int dirfd, const char *name, const char *path, struct vz_err *e)
{
	if (result >= 0)
		return 0;
	if (errno != EEXIST)
		return vz_put_fail(e, errno, path, "Unable to make");
	if (!unlinkat(dirfd, name, 0))
		return 1;
	if (errno == EISDIR)
		return refuse(e, path, "the name belongs to a directory already");
	return vz_put_fail(e, errno, path, "Unable to replace");
}

static int set_xattrs(int fd, const char *path, const struct vz_xattrs *x, struct vz_err *e)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct vz_xattr *a = &x->v[i];

		if (vz_str_eq(a->name, ACL_DEFAULT) || !fsetxattr(fd, a->name, a->value, a->size, 0))
			continue;
		if (errno == EINVAL)
			return refuse(e, path, "an attribute or access list is malformed");
		/* notes of a desktop may be lost; rights may not */
		if (errno == EOPNOTSUPP && vz_str_prefix(a->name, "user.", NULL))
			continue;
		return vz_put_fail(e, errno, path, "Unable to set the attributes of");
	}
	return 0;
}

static int fix_later(struct vz_put *p, const char *path, const struct vz_put_meta *m,
		     struct vz_err *e)
{
	size_t len = strlen(path) + 1, cost = sizeof(struct vz_put_fix) + len;
	struct vz_put_fix *f;

	for (size_t i = 0; i < m->xattrs.n; i++)
		cost += m->xattrs.v[i].size;
	p->fix_bytes += cost;
	if (p->fix_bytes > FIX_BYTES_MAX)
		return refuse(e, path, "there are too many directories");
	f = calloc(1, sizeof(*f) + len);
	if (!f)
		return vz_put_fail(e, ENOMEM, path, "Unable to remember");
	*p->fixes_end = f;
	p->fixes_end = &f->next;
	f->mode = m->mode & 07777;
	memcpy(f->times, m->times, sizeof(f->times));
	memcpy(f->path, path, len);
	for (size_t i = 0; i < m->xattrs.n; i++) {
		const struct vz_xattr *a = &m->xattrs.v[i];

		if (!vz_str_eq(a->name, ACL_DEFAULT) || f->acl)
			continue;
		f->acl = malloc(a->size + 1);
		if (!f->acl)
			return vz_put_fail(e, ENOMEM, path, "Unable to remember");
		memcpy(f->acl, a->value, a->size);
		f->acl_size = a->size;
	}
	return 0;
}

void vz_put_begin(struct vz_put *p, int root, const struct vz_put_how *how)
{
	*p = (struct vz_put){ .root = root, .dirfd = -EBADF };
	if (how)
		p->how = *how;
	p->fixes_end = &p->fixes;
}

void vz_put_free(struct vz_put *p)
{
	struct vz_put_fix *next;

	for (struct vz_put_fix *f = p->fixes; f; f = next) {
		next = f->next;
		free(f->acl);
		free(f);
	}
	vz_closep(&p->dirfd);
	free(p->dir);
}

/* Opens a directory that exists or is made now; anything else of that name goes away. */
static int make_dir(int dirfd, const char *name)
{
	int fd;

	if (mkdirat(dirfd, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open_inside(dirfd, name, O_RDONLY);
	if (fd != -ENOTDIR && fd != -ELOOP)
		return fd;
	if (unlinkat(dirfd, name, 0) < 0 || mkdirat(dirfd, name, 0700) < 0)
		return -errno;
	return open_inside(dirfd, name, O_RDONLY);
}

int vz_put_dir(struct vz_put *p, const char *raw, const struct vz_put_meta *m, struct vz_err *e)
{
	autoclose int fd = -EBADF;
	char path[PATH_MAX];
	const char *name;
	int dirfd, r;

	r = normalize(raw, path, e);
	if (r == 0)
		r = charge_entry(p, path, m, 2 * FILE_COST, e);
	if (r < 0)
		return r;
	if (*path) {
		r = place(p, path, &dirfd, &name, e);
		if (r < 0)
			return r;
		fd = make_dir(dirfd, name);
	} else {
		fd = open_inside(p->root, "", O_RDONLY);
	}
	if (fd < 0)
		return vz_put_fail(e, -fd, path, "Unable to make directory");
	if (fchown(fd, m->uid, m->gid) < 0)
		return vz_put_fail(e, errno, path, "Unable to set the owner of");
	r = set_xattrs(fd, path, &m->xattrs, e);
	return r < 0 ? r : fix_later(p, path, m, e);
}

int vz_put_file(struct vz_put *p, const char *raw, int *ret_fd, struct vz_err *e)
{
	char path[PATH_MAX];
	const char *name;
	int dirfd, fd, r;

	r = normalize(raw, path, e);
	if (r == 0)
		r = charge_entry(p, path, NULL, FILE_COST, e);
	if (r == 0)
		r = place_new(p, path, &dirfd, &name, e);
	if (r < 0)
		return r;
	do {
		fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		r = try_again(fd, dirfd, name, path, e);
	} while (r > 0);
	if (r == 0)
		*ret_fd = fd;
	return r;
}

int vz_put_file_end(int fd, const char *path, const struct vz_put_meta *m, struct vz_err *e)
{
	int r;

	/* chown(2) drops setuid bits and capabilities: it comes first */
	if (fchown(fd, m->uid, m->gid) < 0)
		return vz_put_fail(e, errno, path, "Unable to set the owner of");
	if (fchmod(fd, m->mode & 07777) < 0)
		return vz_put_fail(e, errno, path, "Unable to set the mode of");
	r = set_xattrs(fd, path, &m->xattrs, e);
	if (r < 0)
		return r;
	return futimens(fd, m->times) < 0 ?
		       vz_put_fail(e, errno, path, "Unable to set the times of") : 0;
}

int vz_put_hardlink(struct vz_put *p, const char *raw, const char *raw_target, struct vz_err *e)
{
	char path[PATH_MAX], target[PATH_MAX];
	autoclose int from = -EBADF;
	const char *from_name, *name;
	struct stat st;
	int dirfd, r;
	char *slash;

	r = normalize(raw, path, e);
	if (r == 0)
		r = normalize(raw_target, target, e);
	if (r < 0)
		return r;
	if (!strcmp(path, target))
		return refuse(e, path, "a hard link to itself");
	slash = strrchr(target, '/');
	if (slash)
		*slash = 0;
	from = open_inside(p->root, slash ? target : "", O_PATH);
	from_name = slash ? slash + 1 : target;
	if (from < 0 || fstatat(from, from_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    S_ISDIR(st.st_mode))
		return refuse(e, path, "a hard link to nothing that was unpacked before");
	r = charge_entry(p, path, NULL, 0, e);
	if (r == 0)
		r = place_new(p, path, &dirfd, &name, e);
	if (r < 0)
		return r;
	do {
		r = linkat(from, from_name, dirfd, name, 0); /* 0: a link is not followed */
		r = try_again(r, dirfd, name, path, e);
	} while (r > 0);
	return r;
}

/* Owner and times of what has no fd: the name was made by us a moment ago. */
static int end_by_name(int dirfd, const char *name, const char *path, const struct vz_put_meta *m,
		       struct vz_err *e)
{
	if (fchownat(dirfd, name, m->uid, m->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return vz_put_fail(e, errno, path, "Unable to set the owner of");
	if (!S_ISLNK(m->mode) && fchmodat(dirfd, name, m->mode & 07777, 0) < 0)
		return vz_put_fail(e, errno, path, "Unable to set the mode of");
	if (utimensat(dirfd, name, m->times, AT_SYMLINK_NOFOLLOW) < 0)
		return vz_put_fail(e, errno, path, "Unable to set the times of");
	return 0;
}

int vz_put_symlink(struct vz_put *p, const char *raw, const char *text,
		   const struct vz_put_meta *m, struct vz_err *e)
{
	char path[PATH_MAX];
	const char *name;
	int dirfd, r;

	r = normalize(raw, path, e);
	if (r == 0)
		r = charge_entry(p, path, NULL, FILE_COST, e);
	if (r == 0)
		r = place_new(p, path, &dirfd, &name, e);
	if (r < 0)
		return r;
	if (!*text)
		return refuse(e, path, "a symbolic link to nothing");
	do {
		r = try_again(symlinkat(text, dirfd, name), dirfd, name, path, e);
	} while (r > 0);
	return r < 0 ? r : end_by_name(dirfd, name, path, m, e);
}

int vz_put_node(struct vz_put *p, const char *raw, const struct vz_put_meta *m, struct vz_err *e)
{
	char path[PATH_MAX];
	const char *name;
	int dirfd, r;

	r = normalize(raw, path, e);
	if (r == 0)
		r = charge_entry(p, path, NULL, FILE_COST, e);
	if (r == 0)
		r = place_new(p, path, &dirfd, &name, e);
	if (r < 0)
		return r;
	if (S_ISSOCK(m->mode)) {
		p->sockets_skipped++;
		return 0;
	}
	do {
		r = mknodat(dirfd, name, (m->mode & S_IFMT) | 0600, m->rdev);
		if (r < 0 && errno == EPERM && !S_ISFIFO(m->mode)) {
			p->devices_skipped++;
			return 0;
		}
		r = try_again(r, dirfd, name, path, e);
	} while (r > 0);
	return r < 0 ? r : end_by_name(dirfd, name, path, m, e);
}

int vz_put_end(struct vz_put *p, struct vz_err *e)
{
	for (const struct vz_put_fix *f = p->fixes; f; f = f->next) {
		autoclose int fd = open_inside(p->root, f->path, O_RDONLY);

		if (fd < 0)
			return vz_put_fail(e, -fd, f->path, "Unable to open directory");
		if (fchmod(fd, f->mode) < 0)
			return vz_put_fail(e, errno, f->path, "Unable to set the mode of");
		if (f->acl && fsetxattr(fd, ACL_DEFAULT, f->acl, f->acl_size, 0) < 0)
			return vz_put_fail(e, errno, f->path, "Unable to set the attributes of");
		if (futimens(fd, f->times) < 0)
			return vz_put_fail(e, errno, f->path, "Unable to set the times of");
	}
	return 0;
}
