/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict numbers: the whole string must be the number, nothing wraps, nothing is guessed. Units and order. */
#ifndef VZ_BASE_NUM_H
#define VZ_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

/* The one "no limit" of the project, in every unit: what the legacy tools call LONG_MAX. */
#define VZ_UNLIMITED ((uint64_t)INT64_MAX)

/* Decimal digits only. 0; -EINVAL for anything that is not a number; -ERANGE beyond max. */
int vz_num_u64(const char *s, uint64_t max, uint64_t *ret);
int vz_num_u32(const char *s, uint32_t max, uint32_t *ret);
/* As vz_num_u64() in the given base, 8 or 16 (no 0x). */
int vz_num_base(const char *s, unsigned base, uint64_t max, uint64_t *ret);

/* The kernel's page, in bytes. */
uint64_t vz_page_size(void);
/* Pages in bytes; VZ_UNLIMITED for what does not fit. */
uint64_t vz_pages_bytes(uint64_t pages);

/* For qsort(3) and bsearch(3): `unsigned` numbers, such as ids, ascending. */
int vz_num_compare(const void *a, const void *b);

#endif
