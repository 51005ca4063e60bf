/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel counts per user and shows to that user alone. The user who made a user namespace is charged
 * for all that is counted inside (kernel/ucount.c), so these are the numbers of the whole namespace.
 */
#ifndef VZ_SYS_USER_COUNTS_H
#define VZ_SYS_USER_COUNTS_H

#include <stdint.h>
#include <sys/types.h>

/* Queued signals and POSIX timers. Needs root; the calling thread is that user's for a moment. */
int vz_user_signals(uid_t uid, uint64_t *ret);

#endif
