// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening a dump that somebody wrote; see image.h. */
#include "cpt/image-internal.h"
#include "base/own.h"
#include "cpt/cgimage.h"
#include "cpt/idimage.h"
#include "sys/call.h"
#include "sys/checksum.h"
#include "sys/file.h"

#include <sys/stat.h>

#define BENEATH (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV)
#define OWN_MAX (256u << 20) /* of one of our own files */

/* May be hostile: the manifest of a dump that came from another host; therefore it is opened without
 * following a link, is a plain file of a bounded length, and vz_manifest_read() trusts none of it. */
static int read_manifest(struct vz_image *im, struct vz_err *e)
{
	autoclose int fd = vz_openat2(im->dir, VZ_MANIFEST_NAME, O_RDONLY | O_NONBLOCK, 0, BENEATH);
	autofree char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd == -ENOENT)
		return vz_fail(e, VZ_RESTORE, 0, "it has no manifest: it is no dump of a container, or no whole one");
	if (fd < 0 || fstat(fd, &st) < 0)
		return vz_fail(e, VZ_RESTORE, fd < 0 ? -fd : errno, "cannot open its manifest");
	if (!S_ISREG(st.st_mode) || image_is_ours(fd) < 0)
		return vz_fail(e, VZ_RESTORE, 0, "its manifest is no file of root's own");
	n = vz_file_read(im->dir, VZ_MANIFEST_NAME, VZ_MANIFEST_MAX, &text);
	if (n < 0)
		return vz_fail(e, VZ_RESTORE, (int)-n, "cannot read its manifest");
	return vz_manifest_read(text, (size_t)n, &im->m, e);
}

struct check {
	const struct vz_image *im;
	size_t found;
};

static int check_file(int fd, const char *name, void *arg, struct vz_err *e)
{
	struct check *c = arg;
	const struct vz_manifest_file *f = vz_manifest_find(&c->im->m, name);
	uint64_t sum, n;
	struct stat st;
	int r;

	if (!f)
		return vz_fail(e, VZ_RESTORE, 0, "%s in it is not in its manifest", name);
	if (fstat(fd, &st) < 0)
		return vz_fail(e, VZ_RESTORE, errno, "cannot read %s in it", name);
	if ((uint64_t)st.st_size != f->size)
		return vz_fail(e, VZ_RESTORE, 0, "%s in it is %s", name,
			       (uint64_t)st.st_size < f->size ? "truncated" : "too long");
	c->found++;
	if (f->unsummed)
		return 0;
	r = vz_checksum_file(fd, &sum, &n);
	if (r < 0)
		return vz_fail(e, VZ_RESTORE, -r, "cannot read %s in it", name);
	if (sum != f->sum || n != f->size)
		return vz_fail(e, VZ_RESTORE, 0, "%s in it is damaged", name);
	return 0;
}

static int check_files(const struct vz_image *im, struct vz_err *e)
{
	struct check c = { .im = im };
	const struct image_walk w = { check_file, &c, VZ_RESTORE };
	int r = image_each(im->dir, &w, e);

	/* each was found once, and names differ: so none is missing when the numbers are the same */
	for (size_t i = 0; !r && c.found < im->m.n && i < im->m.n; i++)
		if (faccessat(im->dir, im->m.v[i].name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			r = vz_fail(e, VZ_RESTORE, 0, "%s is missing in it", im->m.v[i].name);
	return r;
}

/* The directory and its manifest. */
static int open_dump(const char *path, struct vz_image **ret, struct vz_err *e)
{
	struct vz_image *im;
	int r = image_place(path, VZ_RESTORE, ret, e);

	if (r == -ENOENT)
		return vz_fail(e, VZ_RESTORE, 0, "there is no dump %s", path), -ENOENT;
	if (r < 0)
		return r;
	im = *ret;
	im->dir = openat(im->parent, im->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (im->dir < 0 && errno == ENOENT)
		return vz_fail(e, VZ_RESTORE, 0, "there is no dump %s", path), -ENOENT;
	if (im->dir < 0)
		return errno == ENOTDIR || errno == ELOOP ?
			       vz_fail(e, VZ_RESTORE, 0, "%s is no dump: it is no directory", path) :
			       vz_fail(e, VZ_RESTORE, errno, "cannot open %s", path);
	if (image_is_ours(im->dir) < 0)
		return vz_fail(e, VZ_RESTORE, 0, "%s belongs to another user or can be written by others", path);
	r = read_manifest(im, e);
	return r < 0 ? vz_within(e, r, "%s cannot be used", path) : 0;
}

int vz_image_open(const char *path, struct vz_image **ret, struct vz_err *e)
{
	struct vz_image *im = NULL;
	int r = open_dump(path, &im, e);

	if (!r) {
		r = check_files(im, e);
		if (r < 0)
			vz_within(e, r, "%s cannot be used", path);
	}
	if (!r) {
		im->criu = vz_openat2(im->dir, VZ_IMAGE_CRIU, O_RDONLY | O_DIRECTORY, 0, BENEATH);
		if (im->criu < 0)
			r = vz_fail(e, VZ_RESTORE, -im->criu, "%s cannot be used: it has no images of CRIU", path);
	}
	if (r < 0) {
		image_free(im);
		return r;
	}
	*ret = im;
	return 0;
}

/* ---- adopting one ---- */

/* One of CRIU's images that was changed. */
static int count_again(struct vz_image *im, const char *image, struct vz_err *e)
{
	autofree char *name = vz_fmt(VZ_IMAGE_CRIU "/%s", image);
	autoclose int fd = name ? openat(im->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -EBADF;
	uint64_t sum, size;
	int r = fd < 0 ? -errno : vz_checksum_file(fd, &sum, &size);

	if (r >= 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0)
		return vz_fail(e, VZ_RESTORE, -r, "cannot read %s in it", image);
	for (size_t i = 0; i < im->m.n; i++)
		if (!strcmp(im->m.v[i].name, name)) {
			im->m.v[i].sum = sum;
			im->m.v[i].size = size;
		}
	return 0;
}

static int write_again(struct vz_image *im, struct vz_err *e)
{
	autostr text = { 0 };
	if (vz_manifest_write(&im->m, &text) < 0)
		return vz_oom(e);
	if (unlinkat(im->dir, VZ_MANIFEST_NAME, 0) < 0)
		return vz_fail(e, VZ_RESTORE, errno, "cannot remove its manifest");
	return vz_image_put(im, VZ_MANIFEST_NAME, text.s, text.len, e);
}

static int change_ids(struct vz_image *im, const struct vz_idimage *to, struct vz_err *e)
{
	char name[32];
	int r = vz_idimage_set(im->criu, to, name, e);

	return r > 0 ? count_again(im, name, e) : r;
}

static int adopt(struct vz_image *im, const struct vz_image_adoption *a, struct vz_err *e)
{
	struct vz_cgimage_change c = { .from = a->from, .path = a->group };
	int r;

	if (im->m.facts.ctid != a->from)
		return vz_fail(e, VZ_RESTORE, 0, "it is of container %u, not %u", im->m.facts.ctid, a->from);
	im->criu = vz_openat2(im->dir, VZ_IMAGE_CRIU, O_RDONLY | O_DIRECTORY, 0, BENEATH);
	if (im->criu < 0)
		return vz_fail(e, VZ_RESTORE, -im->criu, "it has no images of CRIU");
	r = vz_idimage_get(im->criu, &c.was, e);
	c.is = a->uid ? (struct vz_idimage){ a->uid, a->gid } : c.was;
	if (r >= 0)
		r = vz_cgimage_change(im->criu, &c, e);
	if (r > 0)
		r = count_again(im, VZ_CGIMAGE_NAME, e);
	if (r >= 0)
		r = change_ids(im, &c.is, e);
	im->m.facts.ctid = a->id;
	return r < 0 ? r : write_again(im, e);
}

int vz_image_adopt(const char *path, const struct vz_image_adoption *a, struct vz_err *e)
{
	struct vz_image *im = NULL;
	int r = open_dump(path, &im, e);

	if (r == -ENOENT)
		r = 0;
	else if (!r && (r = adopt(im, a, e)) < 0)
		vz_within(e, r, "%s cannot be used", path);
	image_free(im);
	return r;
}

bool vz_image_is_ours(const char *path)
{
	static const char *const names[] = { VZ_MANIFEST_NAME, VZ_IMAGE_CRIU, VZ_IMAGE_CONFIG };
	autoclose int dir = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	for (size_t i = 0; dir >= 0 && i < ARRAY_LEN(names); i++)
		if (faccessat(dir, names[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	return false;
}

const struct vz_image_facts *vz_image_facts(const struct vz_image *im)
{
	return &im->m.facts;
}

bool vz_image_has(const struct vz_image *im, const char *name)
{
	return vz_manifest_find(&im->m, name) != NULL;
}

uint64_t vz_image_bytes(const struct vz_image *im)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < im->m.n; i++)
		sum += im->m.v[i].size;
	return sum;
}

int vz_image_read(const struct vz_image *im, const char *name, char **ret, size_t *ret_n, struct vz_err *e)
{
	ssize_t n;

	if (!vz_manifest_find(&im->m, name))
		return vz_fail(e, VZ_RESTORE, 0, "%s has no %s", im->path, name);
	n = vz_file_read(im->dir, name, OWN_MAX, ret);
	if (n < 0)
		return vz_fail(e, VZ_RESTORE, (int)-n, "cannot read %s/%s", im->path, name);
	*ret_n = (size_t)n;
	return 0;
}

int vz_image_read_packed(const struct vz_image *im, const char *name, char **ret_data, struct vz_packed *ret, struct vz_err *e)
{
	int r;

	if (!vz_image_has(im, name))
		return 0;
	r = vz_image_read(im, name, ret_data, &ret->left, e);
	if (r < 0)
		return r;
	ret->p = *ret_data;
	return 1;
}

void vz_image_close(struct vz_image *im)
{
	image_free(im);
}
