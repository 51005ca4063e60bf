// SPDX-License-Identifier: GPL-2.0-or-later
/* Checksums; see checksum.h. */
#include "sys/checksum.h"
#include "base/own.h"
#include "sys/checksum-read.h"

#include <stdbool.h>

#define PIECE (256 * 1024) /* stays in the processor's cache */

static bool has_avx2(void)
{
#ifdef __x86_64__
	return __builtin_cpu_supports("avx2");
#else
	return false;
#endif
}

uint64_t vz_checksum(const void *data, size_t n)
{
	return XXH3_64bits(data, n);
}

int vz_checksum_file(int fd, uint64_t *ret, uint64_t *ret_n)
{
	autofree char *buf = malloc(PIECE);

	if (!buf)
		return -ENOMEM;
	return has_avx2() ? checksum_read_avx2(fd, buf, PIECE, ret, ret_n) :
			    checksum_read(fd, buf, PIECE, ret, ret_n);
}
