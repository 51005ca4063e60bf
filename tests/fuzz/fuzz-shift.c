// SPDX-License-Identifier: GPL-2.0-or-later
/* Attribute values of files in a guest's tree; shifting there and back must be the identity. */
#include "base/own.h"
#include "fs/shift.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void there_and_back(uint8_t *v, const uint8_t *orig, size_t n)
{
	static const struct vz_idshift up = { 0, 0, 1u << 20, 1u << 21 };
	static const struct vz_idshift down = { 1u << 20, 1u << 21, 0, 0 };

	/* ids of the new range would come back as ids of the old one: only look at others */
	if (vz_idshift_acl(v, n, &down) != 0)
		return;
	if (vz_idshift_acl(v, n, &up) < 0 || vz_idshift_acl(v, n, &down) < 0 || memcmp(v, orig, n))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct vz_idshift up = { 0, 0, 1u << 20, 1u << 21 };
	uint8_t cap[VZ_CAP_XATTR_MAX] = { 0 };
	autofree uint8_t *v = malloc(size + 1);
	int r;

	if (!v)
		return 0;
	memcpy(v, data, size);
	there_and_back(v, data, size);
	if (size > sizeof(cap))
		return 0;
	memcpy(cap, data, size);
	r = vz_idshift_cap(cap, size, &up);
	if (r > 0 && vz_idshift_cap(cap, (size_t)r, &up) != 0)
		abort();
	return 0;
}
