/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Id maps of user namespaces and a namespace that only carries a map for id-mapped mounts. */
#ifndef VZ_SYS_IDMAP_H
#define VZ_SYS_IDMAP_H

#include <stdint.h>
#include <sys/types.h>

#define VZ_IDS_PER_VPS 65536u

/* Writes "0 first 65536" into uid_map and gid_map of `pid`, a child in a fresh user namespace. */
int vz_idmap_write(pid_t pid, uint32_t first_uid, uint32_t first_gid);
/* A user namespace fd that maps 0..65535 to first.. : for MOUNT_ATTR_IDMAP, which shows files
 * that belong to 0.. on disk as first.. . No process stays behind. Caller closes. */
int vz_idmap_userns(uint32_t first_uid, uint32_t first_gid);

#endif
