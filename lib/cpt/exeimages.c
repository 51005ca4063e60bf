// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See exeimages.h. files.img has all files, mm-N.img one entry about a process.
 *
 * May be hostile: names of files are the guest's, and so is how many there are; therefore what is not understood ends
 * the dump (protobuf.h).
 */
#include "cpt/exeimages.h"
#include "base/own.h"
#include "cpt/protobuf.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Of CRIU's images/mm.proto and fdinfo.proto. */
enum { MM_EXE = 12 };
enum { FILE_TYPE = 1, FILE_ID = 2, FILE_REG = 3, TYPE_REG = 1 };
enum { REG_ID = 1, REG_FLAGS = 2 };

/* ---- files ---- */

struct files {
	char *text;
	struct vz_pb entries;
	uint64_t last;    /* the highest id */
	uint64_t paths;   /* how many of O_PATH there are */
	struct vz_str more; /* new entries */
	uint64_t *twice;  /* pairs: an id, and that of its second entry */
	size_t twice_n;
	int mended;
};

static struct vz_pb reg_of(struct vz_pb entry)
{
	if (vz_pb_number_of(entry, FILE_TYPE) != TYPE_REG)
		return (struct vz_pb){ 0 };
	return vz_pb_field_of(entry, FILE_REG << 3 | VZ_PB_BYTES).bytes;
}

static bool is_path(struct vz_pb entry)
{
	return vz_pb_number_of(reg_of(entry), REG_FLAGS) & O_PATH;
}

static int read_files(int dir, struct files *f, struct vz_err *e)
{
	const struct vz_pb_image image = { dir, "files.img", VZ_CHKPNT };
	int r = vz_pb_read(&image, &f->text, &f->entries, e);
	struct vz_pb in = f->entries, entry;

	while (!r && vz_pb_take_entry(&in, &entry)) {
		uint64_t id = vz_pb_number_of(entry, FILE_ID);

		f->last = id > f->last ? id : f->last;
		f->paths += is_path(entry);
	}
	return !r && (in.bad || f->last >= INT32_MAX) ? vz_pb_strange(&image, e) : r;
}

/* The file again, under an id of its own, and to be read. */
static bool add_twice(struct files *f, struct vz_pb entry)
{
	autostr reg = { 0 }, with_flags = { 0 }, with_id = { 0 }, whole = { 0 };
	struct vz_pb in = entry, old = reg_of(entry);
	struct vz_pb_field part;
	uint64_t id = f->last + 1;

	if (!vz_pb_copy_with(old, REG_FLAGS, O_RDONLY, &with_flags) ||
	    !vz_pb_copy_with((struct vz_pb){ (unsigned char *)with_flags.s, with_flags.len, false }, REG_ID, id, &reg) ||
	    !vz_pb_copy_with(in, FILE_ID, id, &with_id))
		return false;
	in = (struct vz_pb){ (unsigned char *)with_id.s, with_id.len, false };
	while (vz_pb_take_field(&in, &part)) {
		if (part.key != (FILE_REG << 3 | VZ_PB_BYTES)) {
			vz_str_addn(&whole, (const char *)part.all.p, part.all.n);
			continue;
		}
		vz_pb_put_number(&whole, part.key);
		vz_pb_put_number(&whole, reg.len);
		vz_str_addn(&whole, reg.s, reg.len);
	}
	vz_pb_put_entry(&f->more, &whole);
	f->twice[f->twice_n++] = vz_pb_number_of(entry, FILE_ID);
	f->twice[f->twice_n++] = id;
	f->last = id;
	return !in.bad && !whole.failed && !f->more.failed;
}

/* The id of what can be read in place of it; 0 if that is the file itself, or -errno. */
static int64_t readable(struct files *f, uint64_t id)
{
	struct vz_pb in = f->entries, entry;

	for (size_t i = 0; i < f->twice_n; i += 2)
		if (f->twice[i] == id)
			return (int64_t)f->twice[i + 1];
	while (vz_pb_take_entry(&in, &entry))
		if (vz_pb_number_of(entry, FILE_ID) == id && is_path(entry))
			return add_twice(f, entry) ? (int64_t)f->last : -EBADMSG;
	return 0;
}

/* ---- processes ---- */

static int mend_process(const struct vz_pb_image *image, struct files *f, struct vz_err *e)
{
	autofree char *text = NULL;
	autostr all = { 0 }, entry = { 0 };
	struct vz_pb in, mm;
	int r = vz_pb_read(image, &text, &in, e);
	int64_t id;

	if (r < 0)
		return r;
	if (!vz_pb_take_entry(&in, &mm) || in.n)
		return vz_pb_strange(image, e);
	id = readable(f, vz_pb_number_of(mm, MM_EXE));
	if (id <= 0)
		return id < 0 ? vz_pb_strange(&(struct vz_pb_image){ image->dir, "files.img", VZ_CHKPNT }, e) : 0;
	if (!vz_pb_copy_with(mm, MM_EXE, (uint64_t)id, &entry))
		return vz_pb_strange(image, e);
	vz_str_addn(&all, text, VZ_PB_HEAD);
	vz_pb_put_entry(&all, &entry);
	f->mended++;
	return all.failed ? vz_oom(e) : vz_pb_write(image, O_TRUNC, &all, e);
}

static int mend_all(int criu, struct files *f, struct vz_err *e)
{
	const struct vz_pb_image image = { criu, "files.img", VZ_CHKPNT };
	int fd = openat(criu, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	autoclosedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	f->twice = calloc(f->paths, 2 * sizeof(*f->twice));
	if (!d || !f->twice)
		return vz_oom(e);
	while (!r && (de = vz_dir_next(d)))
		if (!strncmp(de->d_name, "mm-", 3))
			r = mend_process(&(struct vz_pb_image){ criu, de->d_name, VZ_CHKPNT }, f, e);
	if (!r && errno)
		r = vz_fail(e, VZ_CHKPNT, errno, "cannot read the images of CRIU");
	return r < 0 || !f->more.len ? r : vz_pb_write(&image, O_APPEND, &f->more, e);
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
