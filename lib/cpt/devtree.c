// SPDX-License-Identifier: GPL-2.0-or-later
/* The content of a VPS's /dev; see devtree.h. */
#include "cpt/devtree.h"
#include "base/own.h"
#include "cpt/filetree.h"
#include "cpt/frozen.h"
#include "sys/call.h"
#include "sys/file.h"

#include <sys/stat.h>

#define FILE_NAME "dev"
/* The file system that the host makes has no more (fs/dev.c); a guest cannot change its size. */
#define ENTRIES_MAX 8192u
#define BYTES_MAX (4u << 20)
#define PACKED_MAX (32u << 20)
#define DEVICES_MAX 256

static int find_dev(const struct vz_frozen *f, const struct vz_state *st, struct vz_err *e)
{
	int r = -EXDEV;

	/* the last one lies on top */
	for (size_t i = f->mounts.n; i--;)
		if (!strcmp(f->mounts.v[i].target, "/dev")) {
			if (!strcmp(f->mounts.v[i].fstype, "tmpfs") && (!st->dev || st->dev == f->mounts.v[i].dev))
				r = vz_frozen_mount(f, &f->mounts.v[i]);
			break;
		}
	if (r == -EXDEV || r == -EPERM) {
		vz_fail(e, VZ_CHKPNT, 0, "something else is mounted on the container's /dev: unmount it inside");
		return -EXDEV;
	}
	return r < 0 ? vz_fail(e, VZ_CHKPNT, -r, "cannot open the container's /dev") : r;
}

int vz_devtree_save(const struct vz_state *st, struct vz_image *im, struct vz_err *e)
{
	const struct vz_filetree_save how = { .entries = ENTRIES_MAX, .bytes = BYTES_MAX, .uid = st->uid,
					      .gid = st->gid, .what = "/dev" };
	autopack p = { .max = PACKED_MAX };
	autofrozen f = { .root = -EBADF };
	autoclose int dev = -EBADF;
	int r = vz_frozen_open(st, &f, e);

	if (r < 0)
		return r;
	r = find_dev(&f, st, e);
	if (r < 0)
		return r;
	dev = r;
	r = vz_filetree_save(dev, &how, &p, e);
	return r < 0 ? r : vz_image_put(im, FILE_NAME, p.buf.s, p.buf.len, e);
}

/* ---- load ---- */

struct devices {
	struct vz_filetree_dev v[DEVICES_MAX];
	size_t n;
};

/* The host made it: it is small, and ends. */
static int collect(int dir, struct devices *d)
{
	autoclosedir DIR *s = NULL;
	struct dirent *de;
	int r = vz_dir_stream(vz_openat2(dir, ".", O_RDONLY | O_DIRECTORY, 0, 0), &s);

	while (!r && (de = vz_dir_next(s))) {
		autoclose int below = -EBADF;
		struct stat st;

		if (fstatat(dir, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
			if (d->n == DEVICES_MAX)
				return -E2BIG;
			d->v[d->n++] = (struct vz_filetree_dev){ st.st_mode & S_IFMT, st.st_rdev };
		} else if (S_ISDIR(st.st_mode)) {
			below = openat(dir, de->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			r = below < 0 ? -errno : collect(below, d);
		}
	}
	return !r && errno ? -errno : r;
}

/* All but mounts: where mknod(2) is refused, the host's nodes are bound there. */
static int clear(int dir)
{
	autoclosedir DIR *s = NULL;
	struct dirent *de;
	int r = vz_dir_stream(vz_openat2(dir, ".", O_RDONLY | O_DIRECTORY, 0, 0), &s);

	while (!r && (de = vz_dir_next(s))) {
		r = vz_remove_tree(dir, de->d_name);
		if (r == -EBUSY || r == -ENOTEMPTY || r == -EXDEV)
			r = 0;
	}
	return !r && errno ? -errno : r;
}

int vz_devtree_load(int dev, const struct vz_image *im, struct vz_err *e)
{
	const struct vz_state *st = &vz_image_facts(im)->state;
	autofree struct devices *d = calloc(1, sizeof(*d));
	autofree char *data = NULL;
	struct vz_filetree_load how = { .from_uid = st->uid, .from_gid = st->gid, .what = "/dev" };
	struct vz_packed in;
	struct stat top;
	size_t n;
	int r;

	if (!d)
		return vz_oom(e);
	r = vz_image_read(im, FILE_NAME, &data, &n, e);
	if (r < 0)
		return r;
	r = fstat(dev, &top) < 0 ? -errno : collect(dev, d);
	if (!r)
		r = clear(dev);
	if (r < 0)
		return vz_fail(e, VZ_RESTORE, -r, "cannot prepare /dev");
	how.uid = top.st_uid; /* fs/dev.c gives it to root inside */
	how.gid = top.st_gid;
	how.devices = d->v;
	how.devices_n = d->n;
	in = (struct vz_packed){ .p = data, .left = n };
	r = vz_filetree_load(dev, &how, &in, e);
	return !r && in.left ? vz_fail(e, VZ_RESTORE, 0, "what the dump has of /dev was not written by vzctl") : r;
}
