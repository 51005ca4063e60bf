/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's mount table: reading it, and taking a whole subtree of it away. */
#ifndef VZ_SYS_MNT_H
#define VZ_SYS_MNT_H

#include <stddef.h>
#include <sys/types.h>

/* One line of /proc/PID/mountinfo; the strings point into the parsed line. */
struct vz_mountinfo {
	unsigned id, parent;
	dev_t dev;
	char *root, *target, *fstype, *source;
	const char *options; /* of the mount, with commas between */
	const char *super; /* options of the file system, as they are written */
	unsigned peers, master; /* peer groups: its own, and the one it receives from; 0 none */
};

/* Splits and unescapes `line` (without newline) in place. -EINVAL for anything that is not a
 * line of mountinfo; *ret is untouched then. */
int vz_mountinfo_parse(char *line, struct vz_mountinfo *ret);

/* A whole table; begins as { 0 }. */
struct vz_mounts {
	struct vz_mountinfo *v; /* in the order in which they were mounted */
	size_t n;
	char *text;
};
/* Reads dirfd/path, "/proc/PID/mountinfo" or the like. -errno; -EFBIG beyond 64 MiB. */
int vz_mounts_read(int dirfd, const char *path, struct vz_mounts *ret);
void vz_mounts_free(struct vz_mounts *t);
#define automounts __attribute__((cleanup(vz_mounts_free))) struct vz_mounts

/* Unmounts whatever is mounted at and below the host path `path`, deepest first, without ever
 * following a symlink below it (the tree may be a guest's). A mount that stays busy is detached
 * in the end, after a call of `detaching` (may be NULL) with `arg`. 0 also when nothing was mounted.
 * The mount table, long on a busy host, is read only when a mount at `path` is busy, or when there
 * is none. */
int vz_umount_tree(const char *path, void (*detaching)(void *arg), void *arg);

/* 1 and in *ret, the caller's to free, the deepest mount at or below the host path `path`; 0: there is
 * none. Its name may be a guest's. */
int vz_mount_below(const char *path, char **ret);

/* Keeps a namespace (an fd of it) alive at a file, which is made, its directory too; and lets it
 * go again: 0 also when it is not there. */
int vz_ns_pin(int fd, const char *dir, const char *name);
int vz_ns_unpin(const char *path);

#endif
