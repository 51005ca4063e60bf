/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time for deadlines, and what something took. */
#ifndef VZ_SYS_CLOCK_H
#define VZ_SYS_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds of CLOCK_MONOTONIC: what sets the clock does not move it. */
static inline int64_t vz_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The same in milliseconds. */
static inline int64_t vz_now_ms(void)
{
	return vz_now_us() / 1000;
}

/* What poll(2) takes to wait until `end` (milliseconds as above): 0 when it is over. */
static inline int vz_poll_ms(int64_t end)
{
	int64_t left = end - vz_now_ms();

	return left <= 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

#endif
