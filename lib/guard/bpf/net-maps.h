/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The maps of the guard; who fills them is in the user's half, their types are in guard-maps.h. */
#ifndef VZ_GUARD_BPF_NET_MAPS_H
#define VZ_GUARD_BPF_NET_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "guard-maps.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VZ_GUARD_MAX_DEVS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct vz_dev);
} vz_devs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VZ_GUARD_MAX_ADDRS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct vz_guard_addr_key);
	__type(value, struct vz_guard_addr);
} vz_addrs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VZ_GUARD_MAX_DEVS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct vz_link_local);
} vz_link_locals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VZ_GUARD_MAX_DEVS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct vz_counters);
} vz_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, VZ_GUARD_MAX_CLASSES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct vz_class_key);
	__type(value, __u32);
} vz_classes SEC(".maps");

#endif
