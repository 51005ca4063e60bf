// SPDX-License-Identifier: GPL-2.0-or-later
/* Making a dump; see image.h. */
#include "cpt/image-internal.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/cpu.h"
#include "sys/checksum.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define CONFIG_MAX (1u << 20)

/* ---- facts ---- */

int vz_image_facts_of(const struct vz_ct *ct, const struct vz_state *st, struct vz_image_facts *ret,
		      struct vz_err *e)
{
	autoimagefacts f = { .format = VZ_IMAGE_FORMAT, .ctid = ct->id, .when = (uint64_t)time(NULL),
			     .state = *st };
	const char *name = vz_ct_name(ct);
	struct utsname u;
	int r = vz_cpu_flags(&f.cpu);

	if (r < 0 || uname(&u) < 0)
		return vz_fail(e, VZ_CHKPNT, r < 0 ? -r : errno, "cannot read what CPU this host has");
	f.kernel = strdup(u.release);
	f.arch = strdup(u.machine);
	f.name = name ? strdup(name) : NULL;
	if (!f.kernel || !f.arch || (name && !f.name))
		return vz_oom(e);
	*ret = f;
	f = (struct vz_image_facts){ 0 };
	return 0;
}

int vz_image_fits(const struct vz_image_facts *f, struct vz_err *e)
{
	autofree char *have = NULL, *missing = NULL;
	struct utsname u;
	int r = uname(&u) < 0 ? -errno : vz_cpu_flags(&have);

	if (r < 0)
		return vz_fail(e, VZ_RESTORE, -r, "cannot read what CPU this host has");
	if (strcmp(f->arch, u.machine))
		return vz_fail(e, VZ_RESTORE, 0, "the dump is of a %s host, this one is %s", f->arch,
			       u.machine);
	missing = vz_cpu_missing(f->cpu, have);
	if (!missing)
		return vz_oom(e);
	if (*missing)
		return vz_fail(e, VZ_RESTORE, 0, "this CPU has not what programs of the dump may use: %s",
			       missing);
	return 0;
}

/* ---- begin ---- */

static int sweep(struct vz_image *im, enum vz_exit code, struct vz_err *e)
{
	autofree char *left = vz_fmt("%s.new", im->name);
	int r = left ? image_is_dump(im->parent, left, true) : -ENOMEM;

	if (r == -ENOMEM)
		return vz_oom(e);
	if (r == -EEXIST)
		return vz_fail(e, code, 0, "%s.new is in the way and is nothing of a dump: move it away", im->path);
	r = r ? vz_remove_tree(im->parent, left) : 0;
	return r < 0 ? vz_fail(e, code, -r, "cannot remove %s.new, left by a command that was killed", im->path) : 0;
}

static int make(struct vz_image *im)
{
	char *tmp = vz_fmt("%s.new", im->name), *now = vz_fmt("%s.new", im->path);

	im->tmp = tmp;
	free(im->now);
	im->now = now;
	if (!tmp || !now)
		return -ENOMEM;
	if (mkdirat(im->parent, tmp, 0700) < 0)
		return -errno;
	im->dir = openat(im->parent, tmp, DIR_FLAGS);
	/* 0700 whatever the umask: criu's images are all memory of the VPS. At a restore root inside opens some, by
	 * a descriptor of the directory below */
	if (im->dir < 0 || fchmod(im->dir, 0700) < 0 || mkdirat(im->dir, VZ_IMAGE_CRIU, 0711) < 0)
		return -errno;
	im->criu = openat(im->dir, VZ_IMAGE_CRIU, DIR_FLAGS);
	return im->criu < 0 || fchmod(im->criu, 0711) < 0 ? -errno : 0;
}

/* The directory of dumps itself may be missing: DUMPDIR of a fresh host. */
static int make_place(const char *path)
{
	autofree char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;

	if (!dir)
		return -ENOMEM;
	if (!slash || slash == dir)
		return -ENOENT;
	*slash = 0;
	return vz_mkdir_p(dir, 0700);
}

int vz_image_begin(const char *path, struct vz_image **ret, struct vz_err *e)
{
	struct vz_image *im = NULL;
	int r = image_place(path, VZ_CHKPNT, &im, e);

	if (r == -ENOENT) {
		image_free(im);
		im = NULL;
		r = make_place(path);
		if (r < 0)
			return vz_fail(e, VZ_CHKPNT, -r, "cannot make the directory of %s", path);
		r = image_place(path, VZ_CHKPNT, &im, e);
		if (r == -ENOENT)
			vz_fail(e, VZ_CHKPNT, -r, "cannot open the directory of %s", path);
	}
	if (!r && image_is_dump(im->parent, im->name, false) == -EEXIST)
		r = vz_fail(e, VZ_CHKPNT, 0, "%s is there and is no dump: choose another place", path);
	if (!r)
		r = sweep(im, VZ_CHKPNT, e);
	if (r < 0) {
		image_free(im);
		return r;
	}
	r = make(im);
	if (r < 0) {
		vz_fail(e, VZ_CHKPNT, -r, "cannot make %s.new", path);
		vz_image_abort(&im);
		return r;
	}
	*ret = im;
	return 0;
}

int vz_image_criu_dir(const struct vz_image *im)
{
	return im->criu;
}

int vz_image_put(struct vz_image *im, const char *name, const void *data, size_t n, struct vz_err *e)
{
	autoclose int fd = openat(im->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : vz_write_all(fd, data, n);

	return r < 0 ? vz_fail(e, VZ_CHKPNT, -r, "cannot write %s/%s", im->now, name) : 0;
}

int vz_image_put_packed(struct vz_image *im, const char *name, struct vz_pack *p, const char *what, struct vz_err *e)
{
	int r;

	vz_pack_num(p, 0);
	if (p->err == -E2BIG)
		r = vz_fail(e, VZ_CHKPNT, 0, "cannot save %s: they are more than a dump can hold; remove some", what);
	else
		r = p->err ? vz_fail(e, VZ_CHKPNT, -p->err, "cannot save %s", what) :
			     vz_image_put(im, name, p->buf.s, p->buf.len, e);
	vz_pack_free(p);
	return r;
}

int vz_image_put_file(struct vz_image *im, const char *name, const char *path, struct vz_err *e)
{
	autofree char *text = NULL;
	ssize_t n = vz_file_read(AT_FDCWD, path, CONFIG_MAX, &text);

	return n < 0 ? vz_fail(e, VZ_CHKPNT, (int)-n, "cannot read %s", path) :
		       vz_image_put(im, name, text, (size_t)n, e);
}

int vz_image_put_away(struct vz_image *im, const char *name, uint64_t size, struct vz_err *e)
{
	if (!vz_manifest_is_name(name))
		return vz_fail(e, VZ_CHKPNT, 0, "the dump cannot have a file of this name");
	return vz_manifest_add_unsummed(&im->away, name, size) < 0 ? vz_oom(e) : 0;
}

/* ---- seal ---- */

static int sum_file(int fd, const char *name, void *arg, struct vz_err *e)
{
	struct vz_image *im = arg;
	uint64_t sum, n;
	int r;

	/* the disk works while we count, and image_sync() waits for it. Not on every file system: no failure */
	if (im->synced)
		(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	r = vz_checksum_file(fd, &sum, &n);
	if (!r)
		r = vz_manifest_add(&im->m, name, n, sum);
	return r < 0 ? vz_fail(e, VZ_CHKPNT, -r, "cannot read %s/%s", im->now, name) : 0;
}

/* Without these no restore gets to its first process. */
static int has_all(const struct vz_image *im, struct vz_err *e)
{
	static const char *const needed[] = {
		VZ_IMAGE_CRIU "/inventory.img", VZ_IMAGE_CRIU "/pstree.img", VZ_IMAGE_CONFIG,
	};

	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		const struct vz_manifest_file *f = vz_manifest_find(&im->m, needed[i]);

		if (!f || !f->size)
			return vz_fail(e, VZ_CHKPNT, 0, "the dump has no %s: it could not be restored",
				       needed[i]);
	}
	return 0;
}

static int copy_text(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

static int copy_facts(struct vz_image_facts *to, const struct vz_image_facts *f)
{
	*to = *f;
	to->name = to->uuid = to->layout = to->kernel = to->arch = to->cpu = to->tty = to->netdevs = NULL;
	to->format = VZ_IMAGE_FORMAT;
	if (copy_text(&to->name, f->name) || copy_text(&to->uuid, f->uuid) ||
	    copy_text(&to->layout, f->layout) || copy_text(&to->kernel, f->kernel) ||
	    copy_text(&to->arch, f->arch) || copy_text(&to->cpu, f->cpu) || copy_text(&to->tty, f->tty) ||
	    copy_text(&to->netdevs, f->netdevs))
		return -ENOMEM;
	return 0;
}

static int write_manifest(struct vz_image *im, struct vz_err *e)
{
	autostr text = { 0 };

	if (vz_manifest_write(&im->m, &text) < 0)
		return vz_oom(e);
	if (text.len > VZ_MANIFEST_MAX)
		return vz_fail(e, VZ_CHKPNT, 0, "the dump has too many files: %zu", im->m.n);
	return vz_image_put(im, VZ_MANIFEST_NAME, text.s, text.len, e);
}

/* All files, then the directories that name them. The manifest last: where it is whole, all is. */
static int sync_all(struct vz_image *im, struct vz_err *e)
{
	autoclose int manifest = openat(im->dir, VZ_MANIFEST_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int r = image_sync(im);

	if (!r && (fsync(im->criu) < 0 || fsync(manifest) < 0 || fsync(im->dir) < 0))
		r = -errno;
	return r < 0 ? vz_fail(e, VZ_CHKPNT, -r, "cannot write %s to the disk", im->now) : 0;
}

int vz_image_seal(struct vz_image *im, const struct vz_image_facts *f, bool sync, struct vz_err *e)
{
	const struct image_walk w = { sum_file, im, VZ_CHKPNT };
	int r;

	vz_manifest_free(&im->m);
	im->synced = sync;
	if (copy_facts(&im->m.facts, f) < 0)
		return vz_oom(e);
	r = image_each(im->dir, &w, e);
	if (r < 0)
		return vz_within(e, r, "%s", im->now);
	for (size_t i = 0; i < im->away.n; i++)
		if (vz_manifest_add_unsummed(&im->m, im->away.v[i].name, im->away.v[i].size) < 0)
			return vz_oom(e);
	vz_manifest_sort(&im->m);
	r = has_all(im, e);
	if (!r)
		r = write_manifest(im, e);
	if (!r && sync)
		r = sync_all(im, e);
	im->sealed = !r;
	return r;
}

/* ---- commit ---- */

static int put_in_place(struct vz_image *im, struct vz_err *e)
{
	int r = image_is_dump(im->parent, im->name, false);

	if (r < 0)
		return vz_fail(e, VZ_CHKPNT, 0, "%s is there and is no dump: choose another place", im->path);
	if (!r && image_is_placeholder(im->parent, im->name))
		(void)unlinkat(im->parent, im->name, 0);
	if (renameat2(im->parent, im->tmp, im->parent, im->name, r ? RENAME_EXCHANGE : RENAME_NOREPLACE) < 0)
		return errno == EINVAL && r ?
			       vz_fail(e, VZ_CHKPNT, 0, "this file system cannot replace %s at once: remove it first",
				       im->path) :
			       vz_fail(e, VZ_CHKPNT, errno, "cannot rename %s to %s", im->now, im->path);
	return r;
}

static void take_back(struct vz_image *im, bool old)
{
	(void)renameat2(im->parent, im->name, im->parent, im->tmp, old ? RENAME_EXCHANGE : RENAME_NOREPLACE);
}

int vz_image_commit(struct vz_image **p, struct vz_err *e)
{
	struct vz_image *im = *p;
	autoclose int parent = openat(im->parent, ".", DIR_FLAGS);
	int old;

	if (!im->sealed)
		old = vz_fail(e, VZ_CHKPNT, 0, "%s is not whole", im->now);
	else if (parent < 0)
		old = vz_fail(e, VZ_CHKPNT, errno, "cannot open the directory of %s", im->path);
	else
		old = put_in_place(im, e);
	if (old >= 0 && im->synced && fsync(parent) < 0) {
		vz_fail(e, VZ_CHKPNT, errno, "cannot write the directory of %s to the disk", im->path);
		take_back(im, old);
		old = -EIO;
	}
	if (old < 0) {
		vz_image_abort(p);
		return old;
	}
	if (old && vz_remove_tree(im->parent, im->tmp) < 0)
		vz_log(0, "Cannot remove the older dump, now %s: ignoring", im->now);
	image_free(im);
	*p = NULL;
	return 0;
}

void vz_image_abort(struct vz_image **p)
{
	struct vz_image *im = *p;

	if (im && im->tmp && vz_remove_tree(im->parent, im->tmp) < 0)
		vz_log(0, "Cannot remove %s: ignoring", im->now);
	image_free(im);
	*p = NULL;
}

static int sync_parent(const struct vz_image *im)
{
	autoclose int parent = openat(im->parent, ".", DIR_FLAGS);

	return parent < 0 || fsync(parent) < 0 ? -errno : 0;
}

int vz_image_take(const char *path, struct vz_err *e)
{
	struct vz_image *im = NULL;
	autofree char *aside = NULL;
	int r = image_place(path, VZ_RESTORE, &im, e);

	if (!r && image_is_dump(im->parent, im->name, false) == 1) {
		aside = vz_fmt("%s.new", im->name);
		r = aside ? sweep(im, VZ_RESTORE, e) : vz_oom(e);
		if (!r && renameat2(im->parent, im->name, im->parent, aside, RENAME_NOREPLACE) < 0)
			r = vz_fail(e, VZ_RESTORE, errno, "cannot rename %s, and the next start would resume it again", path);
		if (!r && sync_parent(im) < 0) {
			(void)renameat2(im->parent, aside, im->parent, im->name, RENAME_NOREPLACE);
			r = vz_fail(e, VZ_RESTORE, EIO, "cannot write the directory of %s to the disk", path);
		}
	}
	image_free(im);
	return r == -ENOENT ? 0 : r;
}

int vz_image_give_back(const char *path, struct vz_err *e)
{
	struct vz_image *im = NULL;
	autofree char *aside = NULL;
	int r = image_place(path, VZ_RESTORE, &im, e);

	if (!r) {
		aside = vz_fmt("%s.new", im->name);
		r = aside ? 0 : vz_oom(e);
		if (!r && image_is_dump(im->parent, aside, false) == 1 &&
		    renameat2(im->parent, aside, im->parent, im->name, RENAME_NOREPLACE) < 0)
			r = vz_fail(e, VZ_RESTORE, errno, "cannot rename %s.new to %s", path, path);
	}
	image_free(im);
	return r == -ENOENT ? 0 : r;
}

int vz_image_sweep(const char *path, struct vz_err *e)
{
	struct vz_image *im = NULL;
	int r = image_place(path, VZ_CHKPNT, &im, e);

	if (!r)
		r = sweep(im, VZ_CHKPNT, e);
	image_free(im);
	return r == -ENOENT ? 0 : r;
}

int vz_image_remove(const char *path, struct vz_err *e)
{
	struct vz_image *im = NULL;
	int r = image_place(path, VZ_RESTORE, &im, e);

	if (!r) {
		r = image_is_dump(im->parent, im->name, false);
		if (r < 0)
			r = vz_fail(e, VZ_RESTORE, 0, "%s is no dump: it stays", path);
		else if (r)
			r = vz_remove_tree(im->parent, im->name);
		if (r < 0 && r != -EINVAL)
			vz_fail(e, VZ_RESTORE, -r, "cannot remove %s", path);
	}
	if (!r)
		r = sweep(im, VZ_RESTORE, e);
	image_free(im);
	return r == -ENOENT ? 0 : r;
}
