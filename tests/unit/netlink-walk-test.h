/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk of the policy programs, compiled for this machine: its three doors, and the loop that
 * bpf_loop() is in the kernel. Whoever reads outside of the message is stopped. */
#ifndef VZ_TESTS_NETLINK_WALK_TEST_H
#define VZ_TESTS_NETLINK_WALK_TEST_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ct/features.h"
#define VZ_POLICY_TABLE
#include "launch/bpf/policy-names.h"

static const unsigned char *walk_begin, *walk_end;

static inline int vz_read(void *dst, uint32_t n, const unsigned char *from)
{
	if (from < walk_begin || n > (size_t)(walk_end - from))
		abort();
	memcpy(dst, from, n);
	return 0;
}

/* As bpf_probe_read_kernel_str(): n counts the NUL that is always put. */
static inline int vz_read_name(char *dst, uint32_t n, const unsigned char *from)
{
	size_t len = strnlen((const char *)from, n - 1);

	if (!n || from < walk_begin || len > (size_t)(walk_end - from))
		abort();
	memcpy(dst, from, len);
	dst[len] = 0;
	return (int)len + 1;
}

static inline const uint32_t *vz_name_value(const struct vz_policy_name *key)
{
	for (size_t i = 0; i < sizeof(vz_policy_table) / sizeof(*vz_policy_table); i++)
		if (!memcmp(&vz_policy_table[i].key, key, sizeof(*key)))
			return &vz_policy_table[i].value;
	return NULL;
}

#include "launch/bpf/netlink-walk.h"

/* 0, or what the sender would get. */
static inline int walk_message(const void *msg, size_t n, uint32_t proto, uint32_t features)
{
	struct walk w = { .data = msg, .features = features, .proto = proto };
	uint32_t i = 0;

	walk_begin = msg;
	walk_end = walk_begin + n;
	w.level[0].end = (uint32_t)n;
	while (!walk_step(i, &w))
		if (++i > n + DEPTH_MAX) /* each step goes on by four bytes or back up */
			abort();
	return w.verdict;
}

#endif
