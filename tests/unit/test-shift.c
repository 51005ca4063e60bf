// SPDX-License-Identifier: GPL-2.0-or-later
/* Ids inside attribute values; little-endian by definition, so bytes are compared. */
#include "fs/shift.h"
#include "base/own.h"
#include "unit.h"

static const struct vz_idshift up = { 0, 0, 100000, 300000 }, down = { 100000, 300000, 0, 0 };

static void acls(void)
{
	unsigned char acl[] = {
		2, 0, 0, 0,                               /* version */
		1, 0, 7, 0, 255, 255, 255, 255,           /* owner: no id */
		2, 0, 6, 0, 0xe8, 3, 0, 0,                /* user 1000 */
		8, 0, 5, 0, 0, 0, 0, 0,                   /* group 0 */
		2, 0, 6, 0, 0, 0, 1, 0,                   /* user 65536: not of the range */
		16, 0, 7, 0, 255, 255, 255, 255,          /* mask */
		32, 0, 5, 0, 255, 255, 255, 255,          /* other */
	};
	unsigned char before[sizeof(acl)];

	memcpy(before, acl, sizeof(acl));
	CHECK_INT(vz_idshift_acl(acl, sizeof(acl), &up), 1);
	CHECK(!memcmp(acl + 16, "\x88\x8a\x01\x00", 4)); /* 101000 */
	CHECK(!memcmp(acl + 24, "\xe0\x93\x04\x00", 4)); /* 300000 */
	CHECK(!memcmp(acl + 28, before + 28, sizeof(acl) - 28));
	CHECK_INT(vz_idshift_acl(acl, sizeof(acl), &up), 0); /* repeating changes nothing */
	CHECK_INT(vz_idshift_acl(acl, sizeof(acl), &down), 1);
	CHECK(!memcmp(acl, before, sizeof(acl)));
	CHECK_INT(vz_idshift_acl(acl, sizeof(acl) - 1, &up), -EINVAL);
	CHECK_INT(vz_idshift_acl(acl, 3, &up), -EINVAL);
	acl[0] = 1;
	CHECK_INT(vz_idshift_acl(acl, sizeof(acl), &up), -EINVAL);
}

static void caps(void)
{
	/* v2, effective, CAP_NET_RAW permitted */
	static const unsigned char v2[20] = { 1, 0, 0, 2, 0, 0x20 };
	unsigned char cap[VZ_CAP_XATTR_MAX];

	memcpy(cap, v2, sizeof(v2));
	CHECK_INT(vz_idshift_cap(cap, sizeof(v2), &up), 24);
	CHECK(!memcmp(cap, "\x01\x00\x00\x03\x00\x20", 6));
	CHECK(!memcmp(cap + 20, "\xa0\x86\x01\x00", 4)); /* 100000 */
	CHECK_INT(vz_idshift_cap(cap, 24, &up), 0);
	CHECK_INT(vz_idshift_cap(cap, 24, &down), 20);
	CHECK(!memcmp(cap, v2, sizeof(v2)));
	CHECK_INT(vz_idshift_cap(cap, 19, &up), -EINVAL);
	cap[3] = 3; /* says v3, has the size of v2 */
	CHECK_INT(vz_idshift_cap(cap, 20, &up), -EINVAL);
}

int main(void)
{
	acls();
	caps();
	return done();
}
