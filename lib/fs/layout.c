// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of layouts; see layout.h. */
#include "fs/layout.h"
#include "base/own.h"
#include "base/str.h"
#include "fs/fs-internal.h"

#include <fcntl.h>

#define ADDRESS_OF(name) &vz_layout_##name,
const struct vz_layout *const vz_layouts[VZ_LAYOUT_COUNT] = { VZ_LAYOUTS(ADDRESS_OF) };

const struct vz_layout *const vz_layout_default = &vz_layout_overlay;
const struct vz_layout *const vz_layout_plain = &vz_layout_simfs;

int vz_layout_find(const char *name, const struct vz_layout **ret, struct vz_err *e)
{
	for (size_t i = 0; i < VZ_LAYOUT_COUNT; i++) {
		if (!strcmp(vz_layouts[i]->name, name)) {
			*ret = vz_layouts[i];
			return 0;
		}
	}
	return vz_fail(e, VZ_UNK_MOUNT_TYPE, 0, "Unknown layout %s", name);
}

/* "one, two and three" */
static char *names_of_supported(void)
{
	autostr s = { 0 };
	unsigned left = 0;

	for (size_t i = 0; i < VZ_LAYOUT_COUNT; i++)
		left += !vz_layouts[i]->refusal;
	for (size_t i = 0; i < VZ_LAYOUT_COUNT; i++) {
		if (vz_layouts[i]->refusal)
			continue;
		left--;
		vz_str_addf(&s, "%s%s", !s.len ? "" : left ? ", " : " and ", vz_layouts[i]->name);
	}
	return vz_str_take(&s);
}

int vz_layout_usable(const struct vz_layout *l, struct vz_err *e)
{
	autofree char *names = l->refusal ? names_of_supported() : NULL;

	if (!l->refusal)
		return 0;
	return names ? vz_fail(e, l->refusal, 0, "The %s layout is not supported, only %s are", l->name,
			       names) : vz_oom(e);
}

const struct vz_layout *vz_layout_guess(const char *private)
{
	autoclose int dir = open(private, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return NULL;
	for (size_t i = 0; i < VZ_LAYOUT_COUNT; i++)
		if (vz_layouts[i]->looks_like && vz_layouts[i]->looks_like(dir))
			return vz_layouts[i];
	return vz_layout_plain;
}
