// SPDX-License-Identifier: GPL-2.0-or-later
/* Saving a file tree; see filetree.h. */
#include "cpt/filetree.h"
#include "cpt/filetree-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/idmap.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#define BENEATH (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV)

struct save {
	const struct vz_filetree_save *how;
	struct vz_pack *out;
	struct vz_err *e;
	unsigned entries, depth;
	uint64_t bytes;
	unsigned seconds;
	ino_t first[TREE_SECONDS]; /* of the files with several names */
};

static int failed(const struct save *s, int r, const char *why)
{
	return vz_fail(s->e, VZ_CHKPNT, r == -E2BIG ? 0 : -r, "cannot save %s: %s", s->how->what, why);
}

static int too_much(const struct save *s, const char *what, uint64_t max)
{
	vz_fail(s->e, VZ_CHKPNT, 0, "%s has more than %llu %s: remove what is not needed there",
		s->how->what, (unsigned long long)max, what);
	return -E2BIG;
}

/* ---- one inode ---- */

/* The way to the inode behind an O_PATH fd for calls that take paths only. */
static const char *way(int fd, char buf[32])
{
	snprintf(buf, 32, "/proc/self/fd/%d", fd);
	return buf;
}

static bool travels(const char *name)
{
	return !strcmp(name, TREE_ACL) || !strcmp(name, TREE_ACL_DEFAULT) || !strcmp(name, TREE_CAPS) ||
	       vz_str_prefix(name, TREE_USER, NULL);
}

static int save_xattr(struct save *s, const char *path, const char *name)
{
	char value[TREE_XATTR_MAX];
	ssize_t n = getxattr(path, name, value, sizeof(value));

	if (n < 0)
		return failed(s, -errno, "an attribute");
	vz_pack_text(s->out, name);
	vz_pack_bytes(s->out, value, (size_t)n);
	return 0;
}

static int save_xattrs(struct save *s, int fd, const struct stat *st)
{
	char names[TREE_XATTR_MAX], buf[32];
	const char *path = way(fd, buf);
	unsigned count = 0;
	/* links have none of ours, and nobody is sure whether this path would be followed */
	ssize_t n = S_ISLNK(st->st_mode) ? 0 : listxattr(path, names, sizeof(names));
	int r = 0;

	if (n < 0 && errno != EOPNOTSUPP)
		return failed(s, -errno, "attributes");
	for (const char *p = names; p < names + n; p += strlen(p) + 1)
		count += travels(p);
	if (count > TREE_XATTRS)
		return too_much(s, "attributes at one file", TREE_XATTRS);
	vz_pack_num(s->out, count);
	for (const char *p = names; !r && p < names + n; p += strlen(p) + 1)
		r = travels(p) ? save_xattr(s, path, p) : 0;
	return r;
}

/* An owner outside of the VPS's range can only be the host's, of what it made: root inside then. */
static uint32_t inside(uint32_t id, uint32_t first)
{
	return id - first < VZ_IDS_PER_VPS ? id : first;
}

static void save_meta(struct save *s, const struct stat *st)
{
	vz_pack_num(s->out, st->st_mode);
	vz_pack_num(s->out, inside(st->st_uid, s->how->uid));
	vz_pack_num(s->out, inside(st->st_gid, s->how->gid));
	vz_pack_num(s->out, S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode) ? st->st_rdev : 0);
	vz_pack_num(s->out, (uint64_t)st->st_atim.tv_sec);
	vz_pack_num(s->out, (uint64_t)st->st_atim.tv_nsec);
	vz_pack_num(s->out, (uint64_t)st->st_mtim.tv_sec);
	vz_pack_num(s->out, (uint64_t)st->st_mtim.tv_nsec);
}

/* ---- content ---- */

static int save_piece(struct save *s, int file, off_t at, size_t want, char *buf)
{
	ssize_t n = pread(file, buf, want, at);

	if (n < 0)
		return failed(s, -errno, "the content of a file");
	s->bytes += (uint64_t)n;
	if (s->bytes > s->how->bytes)
		return too_much(s, "bytes in files", s->how->bytes);
	if (n) {
		vz_pack_num(s->out, 1);
		vz_pack_num(s->out, (uint64_t)at);
		vz_pack_bytes(s->out, buf, (size_t)n);
	}
	return (int)n;
}

/* ramfs knows no holes: one is all data there, and counts as that. */
static int save_file(struct save *s, int fd, const struct stat *st)
{
	char path[32];
	autoclose int file = open(way(fd, path), O_RDONLY | O_CLOEXEC | O_NOATIME);
	autofree char *buf = malloc(TREE_PIECE);
	off_t data, end = 0;
	int r = 0;

	if (file < 0)
		return failed(s, -errno, "a file");
	if (!buf)
		return vz_oom(s->e);
	vz_pack_num(s->out, (uint64_t)st->st_size);
	while (r >= 0 && end < st->st_size) {
		data = lseek(file, end, SEEK_DATA);
		end = data < 0 ? -1 : lseek(file, data, SEEK_HOLE);
		if (end < 0 && errno == ENXIO)
			break; /* a hole up to the end */
		r = end < 0 ? failed(s, -errno, "a file's holes") : 1;
		while (r > 0 && data < end) {
			off_t left = end - data;

			r = save_piece(s, file, data, left < TREE_PIECE ? (size_t)left : TREE_PIECE, buf);
			data += r;
		}
	}
	vz_pack_num(s->out, 0);
	return r < 0 ? r : 0;
}

static int save_link(struct save *s, int fd)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(fd, "", text, sizeof(text));

	if (n < 0)
		return failed(s, -errno, "a link");
	vz_pack_bytes(s->out, text, (size_t)n);
	return 0;
}

/* True when another name of it is saved already, which *ret then says; else it is remembered. */
static int is_second(struct save *s, const struct stat *st, unsigned *ret)
{
	for (*ret = 0; *ret < s->seconds; (*ret)++)
		if (s->first[*ret] == st->st_ino)
			return 1;
	if (s->seconds == TREE_SECONDS)
		return too_much(s, "files with several names", TREE_SECONDS);
	s->first[s->seconds++] = st->st_ino;
	return 0;
}

/* ---- the walk ---- */

static int save_dir(struct save *s, int fd);

static void begin(struct save *s, enum filetree_kind kind, const char *name)
{
	vz_pack_num(s->out, kind);
	vz_pack_text(s->out, name);
}

static int save_inode(struct save *s, int fd, const char *name, const struct stat *st)
{
	bool dir = S_ISDIR(st->st_mode), file = S_ISREG(st->st_mode), link = S_ISLNK(st->st_mode);
	unsigned first;
	int r = dir || st->st_nlink < 2 ? 0 : is_second(s, st, &first);

	if (r < 0)
		return r;
	begin(s, r ? TREE_SECOND : dir ? TREE_DIR : file ? TREE_FILE : link ? TREE_LINK : TREE_NODE, name);
	if (r) {
		vz_pack_num(s->out, first);
		return 0;
	}
	/* whether a later entry is a second name of this one must be known when it is made */
	vz_pack_num(s->out, !dir && st->st_nlink > 1);
	save_meta(s, st);
	r = dir ? save_dir(s, fd) : file ? save_file(s, fd, st) : link ? save_link(s, fd) : 0;
	return r < 0 ? r : save_xattrs(s, fd, st);
}

static int save_entry(struct save *s, int dir, const struct dirent *de)
{
	autoclose int fd = vz_openat2(dir, de->d_name, O_PATH | O_NOFOLLOW, 0, BENEATH);
	struct stat st;

	if (++s->entries > s->how->entries)
		return too_much(s, "entries", s->how->entries);
	if (fd == -EXDEV) { /* the directory itself, not the mount, said what it is */
		begin(s, de->d_type == DT_DIR ? TREE_MOUNT_DIR : TREE_MOUNT, de->d_name);
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return failed(s, fd < 0 ? fd : -errno, "an entry");
	return save_inode(s, fd, de->d_name, &st);
}

static int save_dir(struct save *s, int fd)
{
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	int r = vz_dir_stream(vz_openat2(fd, ".", O_RDONLY | O_DIRECTORY | O_NOATIME, 0, BENEATH), &d);

	if (r < 0)
		return failed(s, r, "a directory");
	if (++s->depth > TREE_DEPTH)
		return too_much(s, "levels of directories", TREE_DEPTH);
	while (!r && (de = vz_dir_next(d)))
		r = save_entry(s, dirfd(d), de);
	if (!r && errno)
		r = failed(s, -errno, "a directory");
	s->depth--;
	vz_pack_num(s->out, TREE_END);
	return r;
}

int vz_filetree_save(int dir, const struct vz_filetree_save *how, struct vz_pack *out, struct vz_err *e)
{
	struct save s = { .how = how, .out = out, .e = e };
	struct stat st;
	int r;

	if (fstat(dir, &st) < 0)
		return failed(&s, -errno, "its top");
	r = save_inode(&s, dir, ".", &st);
	if (!r && out->err == -E2BIG)
		return too_much(&s, "bytes of names", out->max);
	if (!r && out->err)
		return vz_oom(e);
	return r;
}
