/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much disk a private area takes, for the host where it is to go. */
#ifndef VZ_CPT_DISK_H
#define VZ_CPT_DISK_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes that the tree takes, each file once, without what is mounted in it; what was counted when `ms` milliseconds are
 * over, so it takes at least as much. 0: there is no such directory.
 *
 * May be hostile: the tree of a running guest changes meanwhile; therefore each directory is opened in the one above it, by
 * one name and not through a link, and what lies deeper than 200 is left out. */
uint64_t vz_disk_used(const char *path, int ms);
/* Bytes that a VPS which comes here may take where `path` is or will be: what is free, but for a hundredth of the disk or 256 MiB,
 * so that it is not full for those who are here. False: unknown. */
bool vz_disk_room(const char *path, uint64_t *ret);

#endif
