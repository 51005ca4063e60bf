// SPDX-License-Identifier: GPL-2.0-or-later
/* Strict numbers; see num.h. */
#include "base/num.h"

#include <errno.h>
#include <unistd.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

int vz_num_base(const char *s, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	int over = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		unsigned d = (unsigned)digit(*s);

		if (d >= base)
			return -EINVAL;
		if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, d, &v))
			over = 1;
	}
	if (over || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

int vz_num_u64(const char *s, uint64_t max, uint64_t *ret)
{
	return vz_num_base(s, 10, max, ret);
}

int vz_num_u32(const char *s, uint32_t max, uint32_t *ret)
{
	uint64_t v;
	int r = vz_num_base(s, 10, max, &v);

	if (!r)
		*ret = (uint32_t)v;
	return r;
}

uint64_t vz_page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t vz_pages_bytes(uint64_t pages)
{
	uint64_t page = vz_page_size();

	return pages > (VZ_UNLIMITED - 1) / page ? VZ_UNLIMITED : pages * page;
}

int vz_num_compare(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}
