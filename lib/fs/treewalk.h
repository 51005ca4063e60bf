/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk over a tree of a guest that nobody changes meanwhile. */
#ifndef VZ_FS_TREEWALK_H
#define VZ_FS_TREEWALK_H

#include <sys/stat.h>

/* An entry of a directory, and what it is; negative ends the walk. */
typedef int vz_treewalk_fn(int dir, const char *name, const struct stat *st, void *arg);

/* Of all that is below dirfd (no O_PATH), each directory before what is in it. Stays on one mount, follows nothing. -errno, or what fn
 * returned. */
int vz_treewalk(int dirfd, vz_treewalk_fn *fn, void *arg);

#endif
