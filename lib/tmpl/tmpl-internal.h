/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of this room. */
#ifndef VZ_TMPL_TMPL_INTERNAL_H
#define VZ_TMPL_TMPL_INTERNAL_H

#include "tmpl/put.h"

/* Copies the directory at path (a template) into the empty directory dirfd, with everything an
 * archive would keep; data is shared (reflink) where the file system can. What is mounted below
 * path is not followed: its mount point arrives empty. */
int vz_tmpl_copy(const char *path, int dirfd, const struct vz_put_how *how, struct vz_err *e);

#endif
