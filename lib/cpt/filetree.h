/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The content of a small file system as packed data: directories, files, links, nodes, sockets, with owners,
 * modes, times and attributes. No paths: a name is always one component below the directory that is open.
 */
#ifndef VZ_CPT_FILETREE_H
#define VZ_CPT_FILETREE_H

#include <sys/types.h>

#include "base/err.h"
#include "base/pack.h"

/* Adds what is below the directory `dir`, and `dir` itself, to *out. Other file systems are not entered: of a
 * mount point its name and kind are kept. `entries`, `bytes`: -E2BIG beyond. Errors are VZ_CHKPNT.
 *
 * May be hostile: names, links, nodes, sizes and depth; therefore each is opened from the one above without
 * following a link, looked at before it is read, and counted. Only of tmpfs and ramfs, where no read waits
 * for anybody. */
struct vz_filetree_save {
	unsigned entries;
	uint64_t bytes;
	uint32_t uid, gid; /* first host ids of the VPS */
	const char *what;  /* for messages: "/dev" */
};
int vz_filetree_save(int dir, const struct vz_filetree_save *how, struct vz_pack *out, struct vz_err *e);

/* Puts a saved one into the empty directory `dir`, of which nobody else knows yet. What is there already,
 * and can only be a mount, stays. Device nodes are made only of `devices`. Errors are VZ_RESTORE.
 *
 * May be hostile: the data, which can come from another host; therefore every name is one component, every
 * owner one of the VPS's, attributes are of three kinds, and depth and numbers have bounds. */
struct vz_filetree_dev {
	mode_t type; /* S_IFCHR, S_IFBLK */
	dev_t rdev;
};
struct vz_filetree_load {
	uint32_t from_uid, from_gid; /* first host ids when it was saved */
	uint32_t uid, gid;           /* now */
	const struct vz_filetree_dev *devices;
	size_t devices_n;
	const char *what;
};
int vz_filetree_load(int dir, const struct vz_filetree_load *how, struct vz_packed *in, struct vz_err *e);

#endif
