// SPDX-License-Identifier: GPL-2.0-or-later
/* Ids of one range that become those of another, in the forms the kernel keeps them; see idshift.h. */
#include "sys/idshift.h"
#include "sys/idmap.h"

#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#define ACL_USER 0x02
#define ACL_GROUP 0x08

struct acl_entry {
	uint16_t tag, perm;
	uint32_t id;
};

uint32_t vz_idshift_id(uint32_t id, uint32_t from, uint32_t to)
{
	return id - from < VZ_IDS_PER_VPS ? id - from + to : id;
}

int vz_idshift_acl(void *acl, size_t n, const struct vz_idshift *s)
{
	unsigned char *p = acl;
	uint32_t version;
	int changed = 0;

	if (n < sizeof(version) || (n - sizeof(version)) % sizeof(struct acl_entry))
		return -EINVAL;
	memcpy(&version, p, sizeof(version));
	if (le32toh(version) != 2)
		return -EINVAL;
	for (size_t at = sizeof(version); at < n; at += sizeof(struct acl_entry)) {
		struct acl_entry a;
		uint32_t id, now;

		memcpy(&a, p + at, sizeof(a));
		id = le32toh(a.id);
		now = id;
		if (le16toh(a.tag) == ACL_USER)
			now = vz_idshift_id(id, s->from_uid, s->to_uid);
		else if (le16toh(a.tag) == ACL_GROUP)
			now = vz_idshift_id(id, s->from_gid, s->to_gid);
		if (now == id)
			continue;
		a.id = htole32(now);
		memcpy(p + at, &a, sizeof(a));
		changed = 1;
	}
	return changed;
}

int vz_idshift_cap(void *cap, size_t n, const struct vz_idshift *s)
{
	struct vfs_ns_cap_data c = { 0 };
	uint32_t magic, root, now;

	_Static_assert(sizeof(c) == VZ_CAP_XATTR_MAX, "as the kernel has it");
	if (n != XATTR_CAPS_SZ_2 && n != XATTR_CAPS_SZ_3)
		return -EINVAL;
	memcpy(&c, cap, n);
	magic = le32toh(c.magic_etc);
	if ((magic & VFS_CAP_REVISION_MASK) !=
	    (n == XATTR_CAPS_SZ_2 ? VFS_CAP_REVISION_2 : VFS_CAP_REVISION_3))
		return -EINVAL;
	root = n == XATTR_CAPS_SZ_2 ? 0 : le32toh(c.rootid);
	now = vz_idshift_id(root, s->from_uid, s->to_uid);
	if (now == root)
		return 0;
	magic = (magic & ~VFS_CAP_REVISION_MASK) | (now ? VFS_CAP_REVISION_3 : VFS_CAP_REVISION_2);
	c.magic_etc = htole32(magic);
	c.rootid = htole32(now);
	n = now ? XATTR_CAPS_SZ_3 : XATTR_CAPS_SZ_2;
	memcpy(cap, &c, n);
	return (int)n;
}
