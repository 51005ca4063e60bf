// SPDX-License-Identifier: GPL-2.0-or-later
/* bpf(2) as functions; see bpf.h. */
#include "sys/bpf.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint64_t ptr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

int vz_bpf(int cmd, union bpf_attr *a)
{
	long r = syscall(SYS_bpf, cmd, a, sizeof(*a));

	return r < 0 ? -errno : (int)r;
}

int vz_bpf_open(const char *path)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.pathname = ptr(path);
	return vz_bpf(BPF_OBJ_GET, &a);
}

struct entry {
	const void *key, *value;
	uint64_t flags;
};

static int on_entry(int cmd, int map, struct entry at)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_fd = (uint32_t)map;
	a.key = ptr(at.key);
	a.value = ptr(at.value);
	a.flags = at.flags;
	return vz_bpf(cmd, &a);
}

int vz_bpf_lookup(int map, const void *key, void *ret_value)
{
	return on_entry(BPF_MAP_LOOKUP_ELEM, map, (struct entry){ key, ret_value, 0 });
}

int vz_bpf_update(int map, const void *key, const void *value, uint64_t flags)
{
	return on_entry(BPF_MAP_UPDATE_ELEM, map, (struct entry){ key, value, flags });
}

int vz_bpf_delete(int map, const void *key)
{
	return on_entry(BPF_MAP_DELETE_ELEM, map, (struct entry){ key, NULL, 0 });
}

int vz_bpf_next(int map, const void *key, void *ret_next)
{
	return on_entry(BPF_MAP_GET_NEXT_KEY, map, (struct entry){ key, ret_next, 0 });
}

int vz_bpf_update_many(int map, const void *keys, const void *values, size_t n, size_t *ret_done)
{
	union bpf_attr a;
	int r;

	memset(&a, 0, sizeof(a));
	a.batch.map_fd = (uint32_t)map;
	a.batch.keys = ptr(keys);
	a.batch.values = ptr(values);
	a.batch.count = (uint32_t)n;
	r = n ? vz_bpf(BPF_MAP_UPDATE_BATCH, &a) : 0;
	if (ret_done)
		*ret_done = r < 0 && a.batch.count >= n ? 0 : a.batch.count;
	return r;
}

int vz_bpf_read_many(int map, uint32_t *cursor, void *keys, void *values, size_t *n)
{
	union bpf_attr a;
	uint32_t next = 0;
	int r;

	memset(&a, 0, sizeof(a));
	a.batch.map_fd = (uint32_t)map;
	a.batch.in_batch = *cursor ? ptr(cursor) : 0;
	a.batch.out_batch = ptr(&next);
	a.batch.keys = ptr(keys);
	a.batch.values = ptr(values);
	a.batch.count = (uint32_t)*n;
	r = vz_bpf(BPF_MAP_LOOKUP_BATCH, &a);
	*n = r < 0 && r != -ENOENT ? 0 : a.batch.count;
	*cursor = next;
	return r;
}
