/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Closing what is slow to close without waiting for it. */
#ifndef VZ_SYS_CLOSE_LATER_H
#define VZ_SYS_CLOSE_LATER_H

#include <stddef.h>

#define VZ_CLOSE_LATER_MAX 8

/* Closes fd[0..n), n <= VZ_CLOSE_LATER_MAX, and sets each to -EBADF. The last close of a packet
 * socket waits for an RCU grace period (8 to 20 ms measured on 6.18, in close(2) and at exit
 * alike), so it is left to a child that has nothing else open, shares our memory, and ends by
 * itself; it sends no signal and ordinary waits do not see it. Costs 0.1 ms. Where no child can be
 * had the descriptors are closed here. Descriptors that are negative are left out. Single-threaded
 * programs only. */
void vz_close_later(int *fd, size_t n);

/* As autoclose, for one of them. */
#define autoclose_later __attribute__((cleanup(vz_close_laterp)))
static inline void vz_close_laterp(int *fd)
{
	vz_close_later(fd, 1);
}

#endif
