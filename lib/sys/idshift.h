/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ids of one VPS's range that become those of another: owners, and ids within attributes. */
#ifndef VZ_SYS_IDSHIFT_H
#define VZ_SYS_IDSHIFT_H

#include <stddef.h>
#include <stdint.h>

/* 65536 ids beginning with from_... become those beginning with to_... ; others stay. */
struct vz_idshift {
	uint32_t from_uid, from_gid, to_uid, to_gid;
};

/* One id; one that is not of the range stays. */
uint32_t vz_idshift_id(uint32_t id, uint32_t from, uint32_t to);
/* The value of a POSIX ACL attribute, in place. 1 when it changed; -EINVAL if it is none. */
int vz_idshift_acl(void *acl, size_t n, const struct vz_idshift *s);
/* The value of security.capability; `cap` has room for VZ_CAP_XATTR_MAX bytes. Returns the new
 * size, 0 when nothing changed; -EINVAL if it is none. */
#define VZ_CAP_XATTR_MAX 24
int vz_idshift_cap(void *cap, size_t n, const struct vz_idshift *s);

#endif
