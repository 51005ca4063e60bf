// SPDX-License-Identifier: GPL-2.0-or-later
/* The private area of a VPS as its configuration says, and what paths of it may never be; see private.h. */
#include "ops/private.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"

#include <string.h>

bool vz_private_may_be(const char *path)
{
	static const char *const ours[] = { VZ_CONFDIR, VZ_RUNDIR, VZ_STATEDIR, VZ_LIBEXECDIR,
					    VZ_SBINDIR, VZ_LOGDIR, "/usr/lib", "/usr/bin",
					    "/sys/fs/cgroup", "/dev/pts", "/proc/self" };
	size_t n = strlen(path), parts = 0;
	const char *rest = path;
	char *word;

	if (*path != '/' || strstr(path, "//") || path[n - 1] == '/' || vz_str_has_control(path))
		return false;
	for (; (word = vz_str_word(&rest, "/")); parts++) {
		bool bad = !vz_str_is_component(word);

		free(word);
		if (bad)
			return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (!strncmp(ours[i], path, n) && (!ours[i][n] || ours[i][n] == '/'))
			return false;
	return parts >= 2;
}

int vz_private_check(const char *private, const char *root, struct vz_err *e)
{
	if (!vz_private_may_be(private))
		return vz_fail(e, VZ_INVALID_CONFIG, 0,
			       "VE_PRIVATE %s is no path a container may have", private);
	if (!vz_private_may_be(root))
		return vz_fail(e, VZ_INVALID_CONFIG, 0,
			       "VE_ROOT %s is no path a container may have", root);
	return 0;
}

int vz_private_of(const struct vz_ct *ct, struct vz_area *ret, struct vz_err *e)
{
	int r;

	if (!ct->private)
		return vz_fail(e, VZ_VE_PRIVATE_NOTSET, 0, "VE_PRIVATE is not set");
	if (!ct->root)
		return vz_fail(e, VZ_VE_ROOT_NOTSET, 0, "VE_ROOT is not set");
	*ret = (struct vz_area){
		.id = ct->id,
		.private = ct->private,
		.root = ct->root,
		.template = ct->conf.template.set ? ct->conf.template.v : NULL,
		/* never guessed from what lies in the area: that is the guest's */
		.layout = vz_layout_plain,
	};
	r = ct->own.ve_layout.set ? vz_layout_find(ct->own.ve_layout.v, &ret->layout, e) : 0;
	return r < 0 ? r : vz_private_check(ct->private, ct->root, e);
}

static void say_closed(const char *dir)
{
	vz_log(-1, "Warning: users of this host could reach the files of containers below %s: its "
		   "mode is 0700 now", dir);
}

int vz_private_close(const struct vz_area *a, enum vz_exit code, struct vz_err *e)
{
	return vz_area_close(a, say_closed, code, e);
}
