// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From libarchive's entries to files; see archive.h. libarchive only decodes here: nothing of it
 * ever sees a path of ours, and put.c judges every name. Its own fall-back of running an external
 * program for a compression it was built without is refused.
 *
 * May be hostile: every byte, so every name, type and size that is decoded; therefore the process is
 * confined before (confine.c), and what comes out has a bound beside that of the VPS.
 */
#include "helpers/vzunpack/archive.h"
#include "helpers/vzunpack/input.h"
#include "base/own.h"
#include "base/num.h"
#include "base/str.h"
#include "tmpl/put.h"

#include <archive.h>
#include <archive_entry.h>
#include <endian.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define ACL_MAX 1024
/* What an archive may become when the VPS has no bound of its own: systems shrink to a third or a
 * fifth, a bomb to a thousandth and less. */
#define RATIO_MAX 100
#define TOO_LARGE "100 times the size of the archive, as damaged or hostile ones do"
#define TOO_MANY "far more files than the size of the archive explains"
#define REMEDY "; with --diskspace and --diskinodes of the container these count instead"
#define IMPORT "; what you trust nevertheless, unpack yourself and import the directory"
#define RATIO_FREE (INT64_C(256) << 20)
#define ENTRY_BYTES 32
#define BLOCK 4096
#define ENTRIES_FREE 50000

struct job {
	struct archive *a;
	struct archive_entry *entry;
	const char *path;
	struct vz_put put;
	struct input in;
	struct vz_err *e;
	int note;
	off_t size; /* of the archive, compressed; 0 unknown */
	int percent;
};

static int bad(struct job *j, const char *why)
{
	return vz_fail(j->e, VZ_FS_BAD_TMPL, 0, "Bad OS template: %s", why);
}

static int unreadable(struct job *j)
{
	const char *why = archive_error_string(j->a);

	if (archive_errno(j->a) == ENOMEM)
		why = "decoding it needs too much memory";
	return bad(j, why ? why : "it cannot be read");
}

/* Also for what is decoded and then not put. */
static int check_ratio(struct job *j)
{
	int64_t decoded = archive_filter_bytes(j->a, 0), put = (int64_t)j->put.bytes;
	int64_t most = decoded > put ? decoded : put;

	if (!j->size)
		return 0;
	if (!j->put.how.bytes && (most - RATIO_FREE) / RATIO_MAX > j->size)
		return bad(j, j->put.how.clean ? "it becomes more than " TOO_LARGE IMPORT :
						 "it becomes more than " TOO_LARGE REMEDY);
	if (!j->put.how.entries &&
	    (int64_t)j->put.entries > ENTRIES_FREE + j->size / ENTRY_BYTES)
		return bad(j, j->put.how.clean ? "it has " TOO_MANY IMPORT : "it has " TOO_MANY REMEDY);
	return 0;
}

static void progress(struct job *j)
{
	int percent = j->size > 0 ? (int)(j->in.done / (j->size / 100 + 1)) : 0;

	if (j->note < 0 || percent == j->percent || percent > 100)
		return;
	j->percent = percent;
	dprintf(j->note, "\r%3d%%", percent);
}

static void finish_progress(struct job *j, bool good)
{
	if (j->note < 0)
		return;
	dprintf(j->note, good ? "\r100%%\n" : "\r    \r");
	if (good && j->put.devices_skipped)
		dprintf(j->note, "%llu device nodes were left out\n",
			(unsigned long long)j->put.devices_skipped);
}

/* ---- what an entry says about itself ---- */

struct acl {
	uint16_t tag, perm;
	uint32_t id;
};

static int by_tag(const void *a, const void *b)
{
	const struct acl *x = a, *y = b;

	return x->tag != y->tag ? (x->tag < y->tag ? -1 : 1) : x->id < y->id ? -1 : x->id > y->id;
}

/* The kernel's tag (linux/posix_acl.h) for libarchive's, 0 when there is none. */
static uint16_t acl_tag(int tag)
{
	switch (tag) {
	case ARCHIVE_ENTRY_ACL_USER_OBJ:
		return 0x01;
	case ARCHIVE_ENTRY_ACL_USER:
		return 0x02;
	case ARCHIVE_ENTRY_ACL_GROUP_OBJ:
		return 0x04;
	case ARCHIVE_ENTRY_ACL_GROUP:
		return 0x08;
	case ARCHIVE_ENTRY_ACL_MASK:
		return 0x10;
	case ARCHIVE_ENTRY_ACL_OTHER:
		return 0x20;
	default:
		return 0;
	}
}

/* libarchive leaves a numeric name ("user:1000:r--") as a name, with -1 for the id. */
static bool acl_id(uint16_t tag, int id, const char *name, uint32_t *ret)
{
	*ret = UINT32_MAX;
	if (tag != 0x02 && tag != 0x08)
		return true;
	if (id >= 0) {
		*ret = (uint32_t)id;
		return true;
	}
	return name && !vz_num_u32(name, UINT32_MAX - 1, ret);
}

/* The list as the kernel's attribute (linux/posix_acl_xattr.h): version, then sorted entries. */
static int add_acl(struct job *j, int type, const char *attr, struct vz_xattrs *x)
{
	int got_type, perm, tag, id, count = archive_entry_acl_reset(j->entry, type);
	autofree struct acl *list = NULL;
	const char *name;
	uint32_t n = 0;
	struct acl *v;

	if (count <= 0)
		return 0;
	if (count > ACL_MAX)
		return bad(j, "an access list is too long");
	list = calloc((size_t)count + 1, sizeof(*list));
	if (!list)
		return vz_put_fail(j->e, ENOMEM, j->path, "Unable to unpack");
	v = list + 1; /* the first is room for the header */
	while (n < (uint32_t)count && archive_entry_acl_next(j->entry, type, &got_type, &perm, &tag,
							      &id, &name) == ARCHIVE_OK) {
		struct acl one = { .tag = acl_tag(tag), .perm = (uint16_t)(perm & 7) };

		if (one.tag && acl_id(one.tag, id, name, &one.id))
			v[n++] = one;
	}
	qsort(v, n, sizeof(*v), by_tag);
	for (uint32_t i = 0; i < n; i++)
		v[i] = (struct acl){ htole16(v[i].tag), htole16(v[i].perm), htole32(v[i].id) };
	list->id = htole32(2); /* POSIX_ACL_XATTR_VERSION, right before the first entry */
	return vz_xattrs_add(x, attr, &list->id, sizeof(list->id) + n * sizeof(*v));
}

static int read_attributes(struct job *j, struct vz_xattrs *x)
{
	int types = archive_entry_acl_types(j->entry), r = 0;
	const char *name;
	const void *value;
	size_t size;

	archive_entry_xattr_reset(j->entry);
	while (r == 0 && archive_entry_xattr_next(j->entry, &name, &value, &size) == ARCHIVE_OK)
		if (name)
			r = vz_xattrs_add(x, name, value, size);
	if (r == 0 && types & ARCHIVE_ENTRY_ACL_TYPE_ACCESS)
		r = add_acl(j, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, "system.posix_acl_access", x);
	if (r == 0 && types & ARCHIVE_ENTRY_ACL_TYPE_DEFAULT)
		r = add_acl(j, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, "system.posix_acl_default", x);
	return r == -ENOMEM ? vz_put_fail(j->e, ENOMEM, j->path, "Unable to unpack") : r;
}

static int read_meta(struct job *j, struct vz_put_meta *m)
{
	struct archive_entry *en = j->entry;
	int64_t uid = archive_entry_uid(en), gid = archive_entry_gid(en);

	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return bad(j, "an owner is out of range");
	m->mode = archive_entry_mode(en);
	m->uid = (uid_t)uid;
	m->gid = (gid_t)gid;
	m->rdev = makedev(archive_entry_rdevmajor(en), archive_entry_rdevminor(en));
	m->times[1] = (struct timespec){ archive_entry_mtime(en), archive_entry_mtime_nsec(en) };
	m->times[0] = m->times[1];
	if (archive_entry_atime_is_set(en))
		m->times[0] = (struct timespec){ archive_entry_atime(en),
						 archive_entry_atime_nsec(en) };
	return 0;
}

/* ---- entries ---- */

static int write_at(int fd, const void *data, size_t n, off_t at)
{
	const char *p = data;

	while (n) {
		ssize_t k = pwrite(fd, p, n, at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		p += k;
		at += k;
		n -= (size_t)k;
	}
	return 0;
}

/* What the archive does not mention stays a hole. */
static int write_data(struct job *j, int fd)
{
	int64_t size = archive_entry_size(j->entry), end = 0;
	const void *buf;
	la_int64_t at;
	size_t n;
	int r;

	while ((r = archive_read_data_block(j->a, &buf, &n, &at)) == ARCHIVE_OK) {
		/* after a hole another block begins */
		r = vz_put_charge(&j->put, n + (at == end ? 0 : BLOCK), j->e);
		if (r == 0)
			r = check_ratio(j);
		if (r < 0)
			return r;
		r = write_at(fd, buf, n, at);
		if (r < 0)
			return vz_put_fail(j->e, -r, j->path, "Unable to write");
		end = at + (int64_t)n;
		progress(j);
	}
	if (r != ARCHIVE_EOF)
		return unreadable(j);
	if (end < size && ftruncate(fd, size) < 0)
		return vz_put_fail(j->e, errno, j->path, "Unable to write");
	return 0;
}

static int put_file(struct job *j, const struct vz_put_meta *m, bool empty)
{
	autoclose int fd = -EBADF;
	int r = vz_put_file(&j->put, j->path, &fd, j->e);

	if (r == 0 && !empty)
		r = write_data(j, fd);
	return r < 0 ? r : vz_put_file_end(fd, j->path, m, j->e);
}

/* A hard link is a file by both of its names. */
static enum vz_put_fate fate_of(struct job *j, const char *hard)
{
	mode_t mode = hard ? S_IFREG : archive_entry_mode(j->entry);
	int64_t size = hard ? INT64_MAX : archive_entry_size(j->entry);
	enum vz_put_fate f = vz_put_fate(&j->put, j->path, mode, size);

	if (hard && f == VZ_PUT_KEEP && vz_put_fate(&j->put, hard, mode, size) == VZ_PUT_LEAVE_OUT)
		return VZ_PUT_LEAVE_OUT;
	return f;
}

static int put_entry(struct job *j)
{
	const char *hard = archive_entry_hardlink(j->entry), *text;
	enum vz_put_fate fate = fate_of(j, hard);
	autoxattrs x = { 0 };
	struct vz_put_meta m = { 0 };
	int r = read_meta(j, &m);

	if (fate == VZ_PUT_LEAVE_OUT)
		return r;

	if (r == 0)
		r = read_attributes(j, &x);
	if (r < 0)
		return r;
	m.xattrs = x;
	r = vz_put_owner(&j->put, j->path, &m, j->e);
	if (r < 0)
		return r;
	if (hard && fate == VZ_PUT_EMPTY)
		return put_file(j, &m, true);
	if (hard)
		return vz_put_hardlink(&j->put, j->path, hard, j->e);
	switch (m.mode & S_IFMT) {
	case S_IFREG:
		return put_file(j, &m, fate == VZ_PUT_EMPTY);
	case S_IFDIR:
		return vz_put_dir(&j->put, j->path, &m, j->e);
	case S_IFLNK:
		text = archive_entry_symlink(j->entry);
		return vz_put_symlink(&j->put, j->path, text ? text : "", &m, j->e);
	case S_IFIFO:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFSOCK:
		return vz_put_node(&j->put, j->path, &m, j->e);
	default:
		return bad(j, "an entry is of no known type");
	}
}

/*
 * A warning is about a header that was understood in part, and a name or an owner would be a guess:
 * refused. The exception is a name beyond ASCII in a pax header: this program stays in the C locale
 * so that libarchive, which would compose accents (NFC) in any other, hands over the bytes as they
 * are and only complains.
 */
static bool is_harmless(struct job *j)
{
	const char *why = archive_error_string(j->a);

	return why && strstr(why, "can't be converted from UTF-8");
}

static int put_entries(struct job *j)
{
	int r;

	for (;;) {
		r = archive_read_next_header(j->a, &j->entry);
		if (r == ARCHIVE_EOF)
			break;
		if (r != ARCHIVE_OK && !(r == ARCHIVE_WARN && is_harmless(j)))
			return unreadable(j);
		j->path = archive_entry_pathname(j->entry);
		if (!j->path)
			return bad(j, "a name cannot be read");
		r = put_entry(j);
		if (r == 0)
			r = check_ratio(j);
		if (r < 0)
			return r;
		progress(j);
	}
	if (input_check_rest(&j->in, j->a) != ARCHIVE_OK)
		return unreadable(j);
	return j->put.entries ? vz_put_end(&j->put, j->e) : bad(j, "the archive is empty");
}

static struct archive *reader(void)
{
	static int (*const formats[])(struct archive *) = {
		archive_read_support_filter_bzip2, archive_read_support_filter_xz,
		archive_read_support_filter_zstd,  archive_read_support_format_tar,
	};
	struct archive *a = archive_read_new();

	/* anything but OK, ARCHIVE_WARN too, means an external program would do the work */
	for (size_t i = 0; a && i < ARRAY_LEN(formats); i++)
		if (formats[i](a) != ARCHIVE_OK) {
			archive_read_free(a);
			a = NULL;
		}
	return a;
}

static int unpack_entries(struct job *j, int in, int dirfd, const struct vz_put_how *how)
{
	struct stat st;
	int r;

	if (!fstat(in, &st) && S_ISREG(st.st_mode))
		j->size = st.st_size;
	vz_put_begin(&j->put, dirfd, how);
	r = input_open(&j->in, j->a, in) == ARCHIVE_OK ? put_entries(j) : unreadable(j);
	finish_progress(j, r == 0);
	vz_put_free(&j->put);
	return r;
}

int unpack(int in, int dirfd, int note, const struct vz_put_how *how, struct vz_err *e)
{
	autofree struct job *j = calloc(1, sizeof(*j));
	int r;

	if (!j)
		return vz_fail(e, VZ_SYSTEM, ENOMEM, "Unable to unpack");
	j->e = e;
	j->note = isatty(note) ? note : -1;
	j->percent = -1;
	j->a = reader();
	if (!j->a)
		return vz_fail(e, VZ_SYSTEM, 0, "libarchive was built without a needed decoder");
	r = unpack_entries(j, in, dirfd, how);
	archive_read_free(j->a);
	input_close(&j->in);
	return r;
}
