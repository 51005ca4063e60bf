// SPDX-License-Identifier: GPL-2.0-or-later
/* Which VPSes there are. */
#include "ct/ct.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/proc.h"

static int id_of_name(const char *name, const char *suffix, uint32_t *ret)
{
	char digits[16];
	size_t n = strlen(name), k = strlen(suffix);

	if (n <= k || n - k >= sizeof(digits) || strcmp(name + n - k, suffix))
		return -EINVAL;
	memcpy(digits, name, n - k);
	digits[n - k] = 0;
	if (digits[0] == '0' && digits[1])
		return -EINVAL; /* 042.conf is not 42's */
	return vz_num_u32(digits, UINT32_MAX, ret);
}

int vz_ids_in_dir(const char *dir, const char *suffix, unsigned **ret, size_t *ret_n)
{
	autoclosedir DIR *d = opendir(dir);
	autofree unsigned *ids = NULL;
	size_t n = 0, cap = 0;
	struct dirent *de;
	uint32_t id;

	if (!d && errno != ENOENT)
		return -errno;
	while (d && (de = vz_dir_next(d))) {
		if (id_of_name(de->d_name, suffix, &id) < 0)
			continue;
		if (n == cap) {
			unsigned *more = realloc(ids, (cap = cap ? cap * 2 : 64) * sizeof(*ids));

			if (!more)
				return -ENOMEM;
			ids = more;
		}
		ids[n++] = id;
	}
	if (d && errno)
		return -errno;
	if (n)
		qsort(ids, n, sizeof(*ids), vz_num_compare);
	*ret = TAKE_PTR(ids);
	*ret_n = n;
	return 0;
}

int vz_ct_list(unsigned **ret, size_t *ret_n, struct vz_err *e)
{
	int r = vz_ids_in_dir(VZ_CT_CONF_DIR, ".conf", ret, ret_n);

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "Unable to open directory %s", VZ_CT_CONF_DIR);
	if (*ret_n && !(*ret)[0]) {
		memmove(*ret, *ret + 1, (*ret_n - 1) * sizeof(**ret));
		--*ret_n;
	}
	return 0;
}

bool vz_ct_is_mounted(const struct vz_ct *ct)
{
	return ct->root && vz_is_mount_point(ct->root);
}
