// SPDX-License-Identifier: GPL-2.0-or-later
/* Names: VZ_CONFDIR/names/NAME is a link to conf/N.conf (INTERFACE 3.6). */
#include "ct/ct.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <limits.h>

static bool name_is_valid(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -+_.");

	return vz_str_is_component(s) && !s[n] && n <= 255;
}

void vz_name_keep(unsigned id, const char *keep)
{
	autofree char *want = vz_fmt("%u.conf", id);
	autoclosedir DIR *d = opendir(VZ_CT_NAMES_DIR);
	struct dirent *de;

	while (want && d && (de = readdir(d))) {
		char to[PATH_MAX], *base;
		ssize_t n = readlinkat(dirfd(d), de->d_name, to, sizeof(to) - 1);

		if (n < 0)
			continue;
		to[n] = 0;
		base = strrchr(to, '/');
		if (!strcmp(base ? base + 1 : to, want) && !vz_str_eq(de->d_name, keep))
			(void)unlinkat(dirfd(d), de->d_name, 0);
	}
}

/* Made anew it could be lost: on a full disk there may be no second time. */
static bool is_link_to(const char *link, const char *path)
{
	char to[PATH_MAX];
	ssize_t n = readlink(link, to, sizeof(to) - 1);

	return n >= 0 && (size_t)n == strlen(path) && !memcmp(to, path, (size_t)n);
}

int vz_name_assign(struct vz_ct *ct, const char *name, struct vz_err *e)
{
	autofree char *link = NULL;
	unsigned other;
	bool by_name;

	if (!*name)
		return 0;
	if (!name_is_valid(name))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Bad parameter for --name: %s",
			       name);
	/* any other would never be found; the own id is what old panels give for no name */
	if (!name[strspn(name, "0123456789")] &&
	    (vz_num_u32(name, VZ_CTID_MAX, &other) < 0 || other != ct->id))
		return vz_fail(e, VZ_SET_NAME_ERROR, 0, "A name that is a number can only be the id of the "
			       "container itself: %s", name);
	link = vz_fmt("%s/%s", VZ_CT_NAMES_DIR, name);
	if (!link || vz_mkdir_p(VZ_CT_NAMES_DIR, 0755) < 0)
		return vz_fail(e, VZ_SET_NAME_ERROR, errno, "cannot make %s", VZ_CT_NAMES_DIR);
	if (!vz_ct_resolve(name, &other, &by_name, NULL) && by_name && other != ct->id)
		return vz_fail(e, VZ_SET_NAME_ERROR, 0,
			       "Conflict: name %s already used by container %u", name, other);
	if (is_link_to(link, ct->conf_path))
		return 0;
	if (unlink(link) < 0 && errno != ENOENT)
		return vz_fail(e, VZ_SET_NAME_ERROR, errno, "cannot replace %s", link);
	if (symlink(ct->conf_path, link) < 0)
		return vz_fail(e, VZ_SET_NAME_ERROR, errno, "cannot create %s", link);
	return 0;
}
