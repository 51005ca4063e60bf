/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bpf(2): pinned objects and the entries of maps. Loading an object file is not done here. */
#ifndef VZ_SYS_BPF_H
#define VZ_SYS_BPF_H

#include <stddef.h>
#include <stdint.h>

/* The bpf file system of all that is pinned; mounted by who loads (helpers/bpf-load.c). */
#define VZ_BPF_DIR VZ_RUNDIR "/bpf"

union bpf_attr;

/* The call itself: its result, a close-on-exec fd for some commands, or -errno. */
int vz_bpf(int cmd, union bpf_attr *a);

/* A pinned program or map; the fd is the caller's. */
int vz_bpf_open(const char *path);

/* Sizes of key and value are the map's. -ENOENT, -EEXIST (flags: BPF_NOEXIST), -E2BIG (full)... */
int vz_bpf_lookup(int map, const void *key, void *ret_value);
int vz_bpf_update(int map, const void *key, const void *value, uint64_t flags);
int vz_bpf_delete(int map, const void *key);
/* The key after `key`, or the first (NULL); -ENOENT at the end. */
int vz_bpf_next(int map, const void *key, void *ret_next);

/* n entries in one call; *ret_done (may be NULL) are done, also on failure. */
int vz_bpf_update_many(int map, const void *keys, const void *values, size_t n, size_t *ret_done);
/* Reads on from *cursor (0 at first) into arrays of n places; *ret_n are filled. 0: there is more;
 * -ENOENT: that was the last part; -ENOSPC: n is smaller than what lies in one bucket. */
int vz_bpf_read_many(int map, uint32_t *cursor, void *keys, void *values, size_t *n);

#endif
