// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the dump of a VPS is, and what it means for others; see dump.h. */
#include "ops/dump.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/image.h"
#include "cpt/stage.h"
#include "sys/file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool vz_dump_is_due(const struct vz_ct *ct)
{
	autofree char *own = vz_ct_dump_path(ct);

	return own && vz_image_is_ours(own);
}

/* Is the directory of `path`, or what there is of it, below `top`? */
static bool lies_in(const char *path, const char *top)
{
	autofree char *dir = strdup(path), *area = top ? realpath(top, NULL) : NULL, *real = NULL;
	const char *rest;
	char *slash;

	while (area && dir && !real && (slash = strrchr(dir, '/'))) {
		*slash = 0;
		real = realpath(slash == dir ? "/" : dir, NULL);
	}
	return real && vz_str_prefix(real, area, &rest) && (!*rest || *rest == '/');
}

/* With root's ids on the disk, and the guest may write it: it would tell us what to restore. */
static int check_place(const struct vz_ct *ct, const char *path, struct vz_err *e)
{
	if (lies_in(path, ct->private) || lies_in(path, ct->root))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Bad parameter for --dumpfile: %s is among the "
			       "container's own files: a dump must lie where nothing inside can change it", path);
	return 0;
}

int vz_dump_path(const struct vz_ct *ct, const char *dumpfile, char **ret, struct vz_err *e)
{
	autofree char *here = dumpfile && *dumpfile != '/' ? get_current_dir_name() : NULL;

	for (const char *c = dumpfile; c && *c; c++)
		if (iscntrl((unsigned char)*c))
			return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Bad parameter for --dumpfile: a path cannot "
				       "hold control characters");
	if (dumpfile && !*dumpfile)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Bad parameter for --dumpfile: it is empty");
	if (dumpfile && *dumpfile != '/' && !here)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot find the working directory of --dumpfile");
	*ret = !dumpfile ? vz_ct_dump_path(ct) : here ? vz_fmt("%s/%s", here, dumpfile) : strdup(dumpfile);
	if (*ret)
		return dumpfile ? check_place(ct, *ret, e) : 0;
	return dumpfile ? vz_oom(e) : vz_fail(e, VZ_INVALID_CONFIG, 0, "DUMPDIR is not set");
}

int vz_dump_check_files(const struct vz_ct *ct, struct vz_err *e)
{
	autofree char *own = vz_ct_dump_path(ct);

	if (!own || !vz_dump_is_due(ct))
		return 0;
	return vz_fail(e, VZ_FS_CANTMOUNT, 0, "The container is suspended, and its memory would not fit files that were "
		       "changed: resume it first, or remove %s to give up what ran in it", own);
}

int vz_dump_put_aside(const char *path, const char *why, struct vz_err *e)
{
	autofree char *to = vz_fmt("%s.stale", path);

	(void)vz_image_sweep(path, NULL); /* the host went down while one was made */
	if (access(path, F_OK) < 0)
		return 0;
	if (!to)
		return vz_oom(e);
	(void)vz_remove_tree(AT_FDCWD, to); /* put aside before; one is kept */
	if (rename(path, to) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot rename dump file %s", path);
	vz_log(-1, "Warning: dump file %s %s; it is kept as %s", path, why, to);
	return 0;
}

void vz_dump_destroy(const struct vz_ct *ct)
{
	static const char *const suffixes[] = { "", ".new", ".kept", ".stale" };
	autofree char *own = vz_ct_dump_path(ct);

	for (size_t i = 0; own && i < ARRAY_LEN(suffixes); i++) {
		autofree char *path = vz_fmt("%s%s", own, suffixes[i]);

		if (path)
			(void)vz_remove_tree(AT_FDCWD, path);
	}
	vz_stage_forget(ct->id);
}
