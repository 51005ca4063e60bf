/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of a dump share. Each uses only those before it:
 *
 *	image-place  image-sync  image  image-open
 */
#ifndef VZ_CPT_IMAGE_INTERNAL_H
#define VZ_CPT_IMAGE_INTERNAL_H

#include "cpt/image.h"
#include "cpt/manifest.h"

/* Directories in a dump, that of CRIU and of what it may once have below. */
#define IMAGE_DEPTH 4

struct vz_image {
	char *path;    /* as the caller said it */
	char *name;    /* its last part */
	char *tmp;     /* the last part while it is being made; NULL: it is not */
	char *now;     /* where it is at this moment, for messages */
	int parent;    /* the directory that it lies in */
	int dir, criu;
	bool sealed, synced;
	struct vz_manifest m;
	struct vz_manifest away; /* only files, those of vz_image_put_away() */
};

/* ---- image-place.c ---- */
/* Opens the directory of `path`, which must be one where nobody but root can put or replace something, and
 * says its names. `code`: of a failure. *ret owns what was opened also on failure: image_free(). */
int image_place(const char *path, enum vz_exit code, struct vz_image **ret, struct vz_err *e);
void image_free(struct vz_image *im);
/* An open directory, or file, that only root can change? -EPERM, -ENOTDIR... */
int image_is_ours(int fd);
/* The empty file by which mktemp(1) keeps a name. */
bool image_is_placeholder(int parent, const char *name);
/* What lies under this name: 1 a dump, or (begun) what was to be one; 0 nothing, or a placeholder; -EEXIST something else. */
int image_is_dump(int parent, const char *name, bool begun);

/* Calls fn for each file below a directory of a dump, with its name from the top. Refuses (-EINVAL, *e)
 * what is neither a directory nor a plain file. */
typedef int image_file_fn(int fd, const char *name, void *arg, struct vz_err *e);
struct image_walk {
	image_file_fn *fn;
	void *arg;
	enum vz_exit code;
};
int image_each(int dir, const struct image_walk *w, struct vz_err *e);

/* ---- image-sync.c ---- */
/* All files of the manifest are on the disk then: 0 or -errno. */
int image_sync(const struct vz_image *im);

#endif
