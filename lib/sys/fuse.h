/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree of directories, links and files whose text is made when a file is opened: fuse(4), of the kernel's protocol what
 * such a tree needs and no more. One request at a time. Nothing is cached, neither here nor by the kernel, so what is
 * read is as of the moment of its open(2), and is one whole. A server that ends leaves no stale text: whoever opens a
 * file then gets ENOTCONN.
 */
#ifndef VZ_SYS_FUSE_H
#define VZ_SYS_FUSE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

#define VZ_FUSE_ROOT 1 /* the node of the mount point */

struct vz_fuse_dir; /* a directory that is being listed */
void vz_fuse_dir_add(struct vz_fuse_dir *to, const char *name, uint64_t node, mode_t mode);

/* Where the texts come from. Nodes are numbers of the owner's, for ever of one thing; modes are whole, with the type. */
struct vz_fuse_tree {
	/* The entry of a directory: -ENOENT for none. */
	int (*find)(void *arg, uint64_t dir, const char *name, uint64_t *ret_node);
	/* The mode of a node; 0 when it is gone. */
	mode_t (*mode)(void *arg, uint64_t node);
	int (*list)(void *arg, uint64_t dir, struct vz_fuse_dir *to);
	/* The text of a file, or where a link leads; added to *to. */
	int (*text)(void *arg, uint64_t node, struct vz_str *to);
	void *arg;
};

/* The device: what is mounted with it is answered from it. Closed on exec, and before that by whoever serves. */
int vz_fuse_open(struct vz_err *e);
/* Mounts on a directory; may be done by a child, while its parent serves. Everybody may look, as modes say. */
int vz_fuse_mount(int fd, const char *dir, struct vz_err *e);
/* Answers until nothing is mounted any more: 0. -ECANCELED: vz_cancel(). */
int vz_fuse_serve(int fd, const struct vz_fuse_tree *tree);

#endif
