/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a processor the programs of a VPS may have looked at and rely on. */
#ifndef VZ_CPT_CPU_H
#define VZ_CPT_CPU_H

#include <stdint.h>

/* The flags of this host's first CPU, as in /proc/cpuinfo; the caller frees. -errno. */
int vz_cpu_flags(char **ret);
/* The flags in `had`, with blanks between, that a program may use without the kernel and that are not in
 * `have`; "" for none. The caller frees; NULL: out of memory. */
char *vz_cpu_missing(const char *had, const char *have);

/* The flags of x86 as a number, one bit for each that is told by vzcptcheck. */
uint64_t vz_cpu_mask(const char *flags);

#endif
