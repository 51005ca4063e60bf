/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing the ids of a whole tree on disk: for file systems that cannot map ids at mount time,
 * and for a VPS that gets or loses its user namespace. What ids a tree has is written in
 * trusted.vz.shift on its root, which no guest in a user namespace can write.
 */
#ifndef VZ_FS_SHIFT_H
#define VZ_FS_SHIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "sys/idshift.h"

/* The first ids of the tree at dirfd and, after an interrupted pass, what they were becoming
 * (equal when none is under way). A tree without the mark has ids from 0. */
int vz_shift_state(int dirfd, struct vz_idshift *ret);
/* Is it written there at all? */
bool vz_shift_is_marked(int dirfd);
/* VZ_FS_CANTMOUNT when the root directory of the tree, which is at `path`, belongs to an id that the
 * state does not know: somebody has put files there with ids of another range. */
int vz_shift_verify(int dirfd, const struct vz_idshift *s, const char *path, struct vz_err *e);
/* Marks the tree as having these first ids. */
int vz_shift_mark(int dirfd, uint32_t uid, uint32_t gid);
/* Makes the ids of the tree at dirfd (no O_PATH) begin with uid and gid; an interrupted pass is
 * completed first. Nobody else may change the tree meanwhile. Stays on one file system, follows
 * nothing. Already so: one system call. */
int vz_shift_tree(int dirfd, uint32_t uid, uint32_t gid, struct vz_err *e);
/* The single inode at dirfd/name ("" = dirfd itself), with its attributes. */
int vz_shift_one(int dirfd, const char *name, const struct vz_idshift *s);

#endif
