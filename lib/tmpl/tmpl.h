/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OS templates: find one in the cache, unpack it, and keep one unpacked copy ("base") that all
 * VPSes of that template share read-only. Archives are read by a helper program of its own
 * (vzunpack, the only one that links libarchive) with as few rights as the work allows.
 */
#ifndef VZ_TMPL_TMPL_H
#define VZ_TMPL_TMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct vz_tmpl {
	char *name; /* without .tar.* : what OSTEMPLATE stores */
	char *path; /* the tarball, or a directory tree */
	bool is_dir;
};
void vz_tmpl_free(struct vz_tmpl *t);

/* Looks for TEMPLATE/cache/NAME.tar{,.gz,.bz2,.xz,.zst} in that order, then a directory
 * TEMPLATE/cache/NAME. A name with '/' or control characters is refused (21). Not found:
 * -ENOENT, VZ_OSTEMPLATE_NOT_FOUND (91) with the legacy sentence. */
int vz_tmpl_find(const char *template_dir, const char *name, struct vz_tmpl *ret,
		 struct vz_err *e);

/* For whom it is unpacked. */
struct vz_tmpl_for {
	unsigned user;           /* CTID */
	bool progress;           /* show that of an archive on stderr when that is a terminal */
	uint64_t bytes, entries; /* DISKSPACE and DISKINODES; 0: none set, then an archive is held to
				  * a multiple of its size */
};

/* Unpacks into the existing empty directory `dirfd` (host ids as in the archive), without what
 * belongs to the machine it was made on (lib/tmpl/personal.c). VZ_FS_NO_DISK_SPACE (46),
 * VZ_FS_BAD_TMPL (47), VZ_FS_NEW_VE_PRVT (48). The mode and owner of `dirfd` become those of the
 * template. */
int vz_tmpl_unpack(const struct vz_tmpl *t, int dirfd, const struct vz_tmpl_for *whom,
		   struct vz_err *e);

/* The shared unpacked copy: made at most once per version of the template (name, size, mtime),
 * under a lock, by unpack + syncfs + rename, in TEMPLATE/base/ID/tree (base/ is 0700). *ret_id
 * is one path component, the caller's to free. whom->user is recorded as using it. */
int vz_tmpl_base_get(const char *template_dir, const struct vz_tmpl *t,
		     const struct vz_tmpl_for *whom, char **ret_id, struct vz_err *e);
/* `user` stands on the base `id`, whoever made its area (a copy): recorded if it is not yet. A base
 * that is not there is not this function's error. */
int vz_tmpl_base_use(const char *template_dir, const char *id, unsigned user, struct vz_err *e);
/* A base that comes from another host. 1: it is there, nothing has to come. 0: *ret_dir, an empty directory and the
 * caller's to free, is to be filled with its tree; then commit() makes it the base `id`, unless another one was
 * faster, or abort() removes it. In both cases `user` is recorded only by vz_tmpl_base_use(). */
int vz_tmpl_base_expect(const char *template_dir, const char *id, unsigned user, char **ret_dir, struct vz_err *e);
int vz_tmpl_base_commit(const char *template_dir, const char *id, unsigned user, struct vz_err *e);
void vz_tmpl_base_abort(const char *template_dir, unsigned user);
/* `user` no longer uses it (id NULL: any). A base nobody uses whose template has changed or gone is
 * deleted. */
void vz_tmpl_base_put(const char *template_dir, const char *id, unsigned user);

#endif
