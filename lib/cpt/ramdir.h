/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory in memory for a dump that nobody needs once who makes it has ended: a migration's. */
#ifndef VZ_CPT_RAMDIR_H
#define VZ_CPT_RAMDIR_H

#include <stdint.h>

/* Bytes that the kernel thinks can be had without swapping; 0: unknown. */
uint64_t vz_ram_available(void);
/* An empty one on a tmpfs of its own, mounted nowhere: a descriptor, and with the last one of it all is gone. -ENOSPC:
 * `need` bytes are more than half of what is available; never takes more than that half. Below it lies
 * "/proc/self/fd/N/NAME". */
int vz_ramdir_make(uint64_t need);

#endif
