/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers and strings of any bytes, one behind the other, for files that only this project reads: what
 * is packed in one order is taken out in the same. Numbers are eight bytes, little-endian, a string has
 * its length before it.
 */
#ifndef VZ_BASE_PACK_H
#define VZ_BASE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Grows until `max` bytes; beyond that, and without memory, `err` is set, once for all, and nothing is
 * added any more, so it is looked at in the end. Begins as { .max = ... }. */
struct vz_pack {
	struct vz_str buf;
	size_t max;
	int err; /* -E2BIG, -ENOMEM */
};
void vz_pack_num(struct vz_pack *p, uint64_t v);
void vz_pack_bytes(struct vz_pack *p, const void *data, size_t n);
void vz_pack_text(struct vz_pack *p, const char *s);
void vz_pack_free(struct vz_pack *p);
#define autopack __attribute__((cleanup(vz_pack_free))) struct vz_pack

/* What is left of a packed text, which stays the caller's. Whatever is not there, or is beyond its
 * bound, sets `bad`, once for all, and reads as 0 or "".
 *
 * May be hostile: all of it; therefore every length is held against what is left. */
struct vz_packed {
	const char *p;
	size_t left;
	bool bad;
};
uint64_t vz_packed_num(struct vz_packed *p, uint64_t max);
/* The bytes stay where they are; NULL is never returned. */
const char *vz_packed_bytes(struct vz_packed *p, size_t max, size_t *ret_n);
/* A string of 1 to size - 1 bytes without a NUL, copied and terminated; "" when bad. */
void vz_packed_text(struct vz_packed *p, char *buf, size_t size);

#endif
