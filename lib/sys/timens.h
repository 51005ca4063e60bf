/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time namespaces: time_namespaces(7). */
#ifndef VZ_SYS_TIMENS_H
#define VZ_SYS_TIMENS_H

/* Moves the calling process, of one thread, into a time namespace of its own in which
 * CLOCK_MONOTONIC and CLOCK_BOOTTIME begin now, and with them /proc/uptime and the boot time of
 * /proc/stat. Needs CAP_SYS_ADMIN and CAP_SYS_TIME, a /proc, and the ids with which the process was
 * made. A kernel without such namespaces, or none left of the caller's share: 0, and the clocks
 * stay the host's. */
int vz_timens_begin(void);

#endif
