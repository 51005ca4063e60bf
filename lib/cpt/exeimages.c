// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See exeimages.h. An image is two numbers and then, of each entry, its length and a message of Protocol Buffers: fields,
 * each a key (its number and kind) and a value. files.img has all files, mm-N.img one entry about a process.
 *
 * May be hostile: names of files are the guest's, and so is how many there are; therefore all is looked at within the
 * length of what holds it, and what is not understood ends the dump.
 */
#include "cpt/exeimages.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define HEAD (2 * sizeof(uint32_t))
#define IMAGE_MAX (1u << 30)

/* Of CRIU's images/mm.proto and fdinfo.proto. */
enum { MM_EXE = 12 };
enum { FILE_TYPE = 1, FILE_ID = 2, FILE_REG = 3, TYPE_REG = 1 };
enum { REG_ID = 1, REG_FLAGS = 2 };
enum { NUMBER = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

/* What is left to be read. */
struct rest {
	const unsigned char *p;
	size_t n;
	bool bad;
};

struct field {
	uint64_t key, number;   /* its number, if it is one */
	struct rest all, bytes; /* all of it; its content, if it has one */
};

static uint64_t take_number(struct rest *in)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		unsigned char c;

		if (!in->n)
			break;
		c = *in->p++;
		in->n--;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return v;
	}
	in->bad = true;
	return 0;
}

static struct rest take_part(struct rest *in, uint64_t n)
{
	struct rest part = { in->p, (size_t)n, false };

	if (in->bad || n > in->n) {
		in->bad = true;
		return (struct rest){ .bad = true };
	}
	in->p += n;
	in->n -= (size_t)n;
	return part;
}

static bool take_field(struct rest *in, struct field *ret)
{
	struct field f = { .all = *in };

	if (!in->n || in->bad)
		return false;
	f.key = take_number(in);
	switch (f.key & 7) {
	case NUMBER:
		f.number = take_number(in);
		break;
	case BYTES:
		f.bytes = take_part(in, take_number(in));
		break;
	case FIXED64:
	case FIXED32:
		take_part(in, (f.key & 7) == FIXED64 ? 8 : 4);
		break;
	default:
		in->bad = true;
	}
	f.all.n -= in->n;
	*ret = f;
	return !in->bad;
}

static bool take_entry(struct rest *in, struct rest *ret)
{
	uint32_t n;

	if (!in->n || in->n < sizeof(n)) {
		in->bad |= in->n > 0;
		return false;
	}
	memcpy(&n, in->p, sizeof(n));
	take_part(in, sizeof(n));
	*ret = take_part(in, n);
	return !in->bad;
}

static void put_number(struct vz_str *out, uint64_t v)
{
	do {
		char c = (char)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));

		vz_str_addn(out, &c, 1);
	} while (v >>= 7);
}

static void put_entry(struct vz_str *out, const struct vz_str *entry)
{
	uint32_t n = (uint32_t)entry->len;

	vz_str_addn(out, (const char *)&n, sizeof(n));
	vz_str_addn(out, entry->s, entry->len);
}

/* The entry with another number in the fields of that number; true if it has one. */
static bool copy_with(struct rest in, uint64_t number, uint64_t value, struct vz_str *out)
{
	struct field f;
	bool has = false;

	while (take_field(&in, &f)) {
		if (f.key != (number << 3 | NUMBER)) {
			vz_str_addn(out, (const char *)f.all.p, f.all.n);
			continue;
		}
		put_number(out, f.key);
		put_number(out, value);
		has = true;
	}
	return has && !in.bad && !out->failed;
}

static struct field field_of(struct rest in, uint64_t key)
{
	struct field f, found = { 0 };

	while (take_field(&in, &f))
		if (f.key == key)
			found = f;
	return found;
}

static uint64_t found_number(struct rest in, uint64_t number)
{
	return field_of(in, number << 3 | NUMBER).number;
}

/* ---- files ---- */

struct files {
	char *text;
	struct rest entries;
	uint64_t last;    /* the highest id */
	uint64_t paths;   /* how many of O_PATH there are */
	struct vz_str more; /* new entries */
	uint64_t *twice;  /* pairs: an id, and that of its second entry */
	size_t twice_n;
	int mended;
};

static int not_understood(struct vz_err *e, const char *name)
{
	return vz_fail(e, VZ_CHKPNT, EBADMSG, "cannot understand %s of CRIU", name);
}

static int read_image(int dir, const char *name, char **ret_text, struct rest *ret, struct vz_err *e)
{
	ssize_t n = vz_file_read(dir, name, IMAGE_MAX, ret_text);

	if (n < 0)
		return vz_fail(e, VZ_CHKPNT, (int)-n, "cannot read %s of CRIU", name);
	if ((size_t)n < HEAD)
		return not_understood(e, name);
	*ret = (struct rest){ (const unsigned char *)*ret_text + HEAD, (size_t)n - HEAD, false };
	return 0;
}

static struct rest reg_of(struct rest entry)
{
	if (found_number(entry, FILE_TYPE) != TYPE_REG)
		return (struct rest){ 0 };
	return field_of(entry, FILE_REG << 3 | BYTES).bytes;
}

static bool is_path(struct rest entry)
{
	return found_number(reg_of(entry), REG_FLAGS) & O_PATH;
}

static int read_files(int dir, struct files *f, struct vz_err *e)
{
	int r = read_image(dir, "files.img", &f->text, &f->entries, e);
	struct rest in = f->entries, entry;

	while (!r && take_entry(&in, &entry)) {
		uint64_t id = found_number(entry, FILE_ID);

		f->last = id > f->last ? id : f->last;
		f->paths += is_path(entry);
	}
	return !r && (in.bad || f->last >= INT32_MAX) ? not_understood(e, "files.img") : r;
}

/* The file again, under an id of its own, and to be read. */
static bool add_twice(struct files *f, struct rest entry)
{
	autostr reg = { 0 }, with_flags = { 0 }, with_id = { 0 }, whole = { 0 };
	struct rest in = entry, old = reg_of(entry);
	struct field part;
	uint64_t id = f->last + 1;

	if (!copy_with(old, REG_FLAGS, O_RDONLY, &with_flags) ||
	    !copy_with((struct rest){ (unsigned char *)with_flags.s, with_flags.len, false }, REG_ID, id, &reg) ||
	    !copy_with(in, FILE_ID, id, &with_id))
		return false;
	in = (struct rest){ (unsigned char *)with_id.s, with_id.len, false };
	while (take_field(&in, &part)) {
		if (part.key != (FILE_REG << 3 | BYTES)) {
			vz_str_addn(&whole, (const char *)part.all.p, part.all.n);
			continue;
		}
		put_number(&whole, part.key);
		put_number(&whole, reg.len);
		vz_str_addn(&whole, reg.s, reg.len);
	}
	put_entry(&f->more, &whole);
	f->twice[f->twice_n++] = found_number(entry, FILE_ID);
	f->twice[f->twice_n++] = id;
	f->last = id;
	return !in.bad && !whole.failed && !f->more.failed;
}

/* The id of what can be read in place of it; 0 if that is the file itself, or -errno. */
static int64_t readable(struct files *f, uint64_t id)
{
	struct rest in = f->entries, entry;

	for (size_t i = 0; i < f->twice_n; i += 2)
		if (f->twice[i] == id)
			return (int64_t)f->twice[i + 1];
	while (take_entry(&in, &entry))
		if (found_number(entry, FILE_ID) == id && is_path(entry))
			return add_twice(f, entry) ? (int64_t)f->last : -EBADMSG;
	return 0;
}

/* ---- processes ---- */

static int write_image(int dir, const char *name, int flags, const struct vz_str *data, struct vz_err *e)
{
	autoclose int fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags);
	size_t done = 0;

	while (fd >= 0 && done < data->len) {
		ssize_t n = write(fd, data->s + done, data->len - done);

		if (n < 0)
			break;
		done += (size_t)n;
	}
	return done < data->len ? vz_fail(e, VZ_CHKPNT, errno, "cannot write %s of CRIU", name) : 0;
}

static int mend_process(int dir, const char *name, struct files *f, struct vz_err *e)
{
	autofree char *text = NULL;
	autostr image = { 0 }, entry = { 0 };
	struct rest in, mm;
	int r = read_image(dir, name, &text, &in, e);
	int64_t id;

	if (r < 0)
		return r;
	if (!take_entry(&in, &mm) || in.n)
		return not_understood(e, name);
	id = readable(f, found_number(mm, MM_EXE));
	if (id <= 0)
		return id < 0 ? not_understood(e, "files.img") : 0;
	if (!copy_with(mm, MM_EXE, (uint64_t)id, &entry))
		return not_understood(e, name);
	vz_str_addn(&image, text, HEAD);
	put_entry(&image, &entry);
	f->mended++;
	return image.failed ? vz_oom(e) : write_image(dir, name, O_TRUNC, &image, e);
}

static int mend_all(int criu, struct files *f, struct vz_err *e)
{
	int fd = openat(criu, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	autoclosedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	f->twice = calloc(f->paths, 2 * sizeof(*f->twice));
	if (!d || !f->twice)
		return vz_oom(e);
	while (!r && (de = readdir(d)))
		if (!strncmp(de->d_name, "mm-", 3))
			r = mend_process(criu, de->d_name, f, e);
	return r < 0 || !f->more.len ? r : write_image(criu, "files.img", O_APPEND, &f->more, e);
}

int vz_exeimages_mend(int criu, struct vz_err *e)
{
	struct files f = { 0 };
	int r = read_files(criu, &f, e);

	if (!r && f.paths)
		r = mend_all(criu, &f, e);
	vz_str_free(&f.more);
	free(f.twice);
	free(f.text);
	return r < 0 ? r : f.mended;
}
