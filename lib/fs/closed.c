// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeping other users of the host out of private areas and VE_ROOT. On disk a simfs tree has ids from
 * 0: a program that root inside makes set-uid would be set-uid root for whoever can walk up to it. So
 * somewhere on the way there must be a directory that only root may enter.
 */
#include "fs/area.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <string.h>
#include <sys/stat.h>

bool vz_area_is_reachable(const char *dir)
{
	autofree char *p = strdup(dir);
	char *slash = p;
	struct stat st;

	while (slash && *p) {
		/* what is missing is made 0700 */
		if (stat(p, &st) < 0 || (!st.st_uid && !(st.st_mode & 011)))
			return false;
		slash = strrchr(p, '/');
		if (slash)
			*slash = 0;
	}
	return p;
}

/* The real directory that `path` lies in; NULL when there is none yet. */
static char *directory_of(const char *path)
{
	autofree char *real = realpath(path, NULL), *dir = real ? NULL : strdup(path);
	char *p = real ? real : dir, *slash = p ? strrchr(p, '/') : NULL;

	if (!slash || slash == p)
		return strdup("/");
	*slash = 0;
	return realpath(p, NULL);
}

/* N, N.tmp and the like; what tools leave beside areas. */
static bool is_ours(const char *name)
{
	size_t digits = strspn(name, "0123456789");

	return (digits && (!name[digits] || name[digits] == '.')) || !strcmp(name, "vztmp") ||
	       !strcmp(name, "lost+found") || vz_str_prefix(name, ".vz-", NULL);
}

/* Does the directory (absolute) hold nothing but areas, so that nobody else can miss it? */
static bool is_ours_alone(const char *dir)
{
	autoclosedir DIR *d = opendir(dir);
	struct dirent *de;
	struct stat st;

	/* not /home or /srv, even when they are empty */
	if (!d || !strchr(dir + 1, '/') || stat(dir, &st) < 0 || st.st_uid || st.st_mode & 022)
		return false;
	while ((de = vz_dir_next(d)))
		if (vz_str_is_component(de->d_name) && !is_ours(de->d_name))
			return false;
	return !errno;
}

bool vz_area_is_for_areas(const char *dir)
{
	autofree char *real = realpath(dir, NULL);

	return real && is_ours_alone(real);
}

static int close_directory(const char *dir, void (*closed)(const char *dir), enum vz_exit code,
			   struct vz_err *e)
{
	if (!dir || !vz_area_is_reachable(dir))
		return 0;
	if (!is_ours_alone(dir))
		return vz_fail(e, code, 0,
			       "Users of this host can reach the container's files below %s: give containers "
			       "a directory of their own, of root and mode 0700", dir);
	if (!closed)
		return 0;
	if (chmod(dir, 0700) < 0)
		return vz_fail(e, code, errno, "cannot close %s to users of this host", dir);
	closed(dir);
	return 0;
}

int vz_area_close(const struct vz_area *a, void (*closed)(const char *dir), enum vz_exit code,
		  struct vz_err *e)
{
	autofree char *private = directory_of(a->private), *root = directory_of(a->root);
	struct stat st;
	int r = 0;

	/* a directory of the host's can be closed itself, the guest's own root cannot */
	if (!a->layout->private_is_root) {
		if (closed && !stat(a->private, &st) && (st.st_uid || st.st_mode & 077) &&
		    (chown(a->private, 0, 0) < 0 || chmod(a->private, 0700) < 0))
			return vz_fail(e, code, errno, "cannot close %s to users of this host",
				       a->private);
	} else {
		r = close_directory(private, closed, code, e);
	}
	return r < 0 ? r : close_directory(root, closed, code, e);
}
