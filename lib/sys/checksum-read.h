/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop of vz_checksum_file(), compiled once for each instruction set: which one XXH3 uses is decided
 * when its header is read. The header is the whole library, so nothing is loaded at run time.
 */
#ifndef VZ_SYS_CHECKSUM_READ_H
#define VZ_SYS_CHECKSUM_READ_H

#define XXH_INLINE_ALL
#include <errno.h>
#include <unistd.h>
#include <xxhash.h>

/* read(2) in place of mmap(2), which is faster by a third: an I/O error must be an error, not a signal. */
static inline int checksum_read(int fd, char *buf, size_t size, uint64_t *ret, uint64_t *ret_n)
{
	XXH3_state_t s;
	off_t at = 0;
	ssize_t n;

	XXH3_INITSTATE(&s);
	XXH3_64bits_reset(&s);
	while ((n = pread(fd, buf, size, at))) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		XXH3_64bits_update(&s, buf, (size_t)n);
		at += n;
	}
	*ret = XXH3_64bits_digest(&s);
	*ret_n = (uint64_t)at;
	return 0;
}

/* checksum-avx2.c: only for a processor that has it. */
int checksum_read_avx2(int fd, char *buf, size_t size, uint64_t *ret, uint64_t *ret_n);

#endif
