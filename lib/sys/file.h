/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files: read, write an attribute, replace atomically, make directories. -errno on failure. */
#ifndef VZ_SYS_FILE_H
#define VZ_SYS_FILE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads at most `max` bytes of dirfd/path (AT_FDCWD for the host) into fresh, terminated memory
 * (caller frees); -EFBIG beyond that. Returns the length. */
ssize_t vz_file_read(int dirfd, const char *path, size_t max, char **ret);
/* Reads a small file (attribute of proc, sysfs, cgroup) into buf, terminated, one trailing
 * newline removed. Returns the length. */
ssize_t vz_file_read_buf(int dirfd, const char *path, char *buf, size_t size);
/* One write(2) of text into an existing file: what kernel attributes need. */
int vz_file_write(int dirfd, const char *path, const char *text);
/* Replaces path by a file with this content: temp file beside it, fsync if `sync`, rename. */
int vz_file_replace(const char *path, const void *data, size_t n, mode_t mode, bool sync);
/* The number that a file of /proc/sys or the like holds, `max` at most; -errno. */
int vz_file_number(const char *path, uint64_t max, uint64_t *ret);
/* The path itself, or the nearest directory above that exists. The caller frees; NULL: no memory. */
char *vz_path_nearest(const char *path);
/* mkdir -p with this mode for what is made; an existing directory is fine. */
int vz_mkdir_p(const char *path, mode_t mode);
/* A sealed file in memory with this content, read from its start: to be somebody's stdin. Returns
 * the descriptor, the caller's. */
int vz_file_sealed(const void *data, size_t n);
/* A directory as a stream, *ret, the caller's. Takes `fd`, on failure too; a failed open, -errno, is returned as it is. */
int vz_dir_stream(int fd, DIR **ret);
/* The next entry but "." and ".."; NULL at the end, with errno 0, or on an error. */
struct dirent *vz_dir_next(DIR *d);
int vz_write_all(int fd, const void *data, size_t n);
/* rm -rf of dirfd/path (no slash at its end), never following links below it, never entering a mount,
 * a bind mount neither: that stays with the directories above it, and so does a tree that is a mount
 * itself (-EXDEV). Missing is success. */
int vz_remove_tree(int dirfd, const char *path);

#endif
