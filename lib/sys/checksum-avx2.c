// SPDX-License-Identifier: GPL-2.0-or-later
/* vz_checksum_file() with AVX2; see checksum-read.h. A compiler that does not know the pragma makes the
 * same function once more, which is right everywhere. */
#if defined(__x86_64__) && !defined(__clang__)
#pragma GCC target("avx2")
#endif
#include "sys/checksum-read.h"

int checksum_read_avx2(int fd, char *buf, size_t size, uint64_t *ret, uint64_t *ret_n)
{
	return checksum_read(fd, buf, size, ret, ret_n);
}
