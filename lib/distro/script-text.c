// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text for one shell inside; see dist.h. Old scripts end with "exit 0" and were fed to a shell
 * each, so every action has a subshell of its own, without our text as its stdin. Variables are
 * part of the text: so there is no limit to their number, and a password stands in no environment
 * that others may read.
 */
#include "distro/dist.h"
#include "base/own.h"
#include "sys/file.h"

#include <fcntl.h>

#define SCRIPT_MAX ((size_t)256 << 10)

static int add_file(struct vz_str *t, const struct vz_dist *d, const char *name, bool must,
		    struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/scripts/%s", d->dir, name), *text = NULL;
	ssize_t n = path ? vz_file_read(AT_FDCWD, path, SCRIPT_MAX, &text) : -ENOMEM;

	if (n == -ENOENT && must)
		return vz_fail(e, VZ_NO_DISTR_ACTION_SCRIPT, 0, "Action script %s not found", path);
	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return vz_fail(e, VZ_NO_DISTR_ACTION_SCRIPT, (int)-n, "cannot read %s", path);
	vz_str_add(t, text);
	vz_str_add(t, "\n");
	return 0;
}

int vz_dist_text_begin(struct vz_str *t, const struct vz_dist *d, struct vz_err *e)
{
	int r = add_file(t, d, "functions", false, e);

	if (r >= 0 && d->library)
		r = add_file(t, d, d->library, true, e);
	vz_str_add(t, "vz_failed=0\n");
	vz_dist_text_var(t, "VZ_FAMILY", d->family);
	return r;
}

void vz_dist_text_var(struct vz_str *t, const char *name, const char *value)
{
	if (!value)
		return;
	vz_str_addf(t, "export %s='", name);
	for (const char *s = value; *s; s++)
		if (*s == '\'')
			vz_str_add(t, "'\\''");
		else
			vz_str_addn(t, s, 1);
	vz_str_add(t, "'\n");
}

void vz_dist_text_open(struct vz_str *t)
{
	vz_str_add(t, "(\n:\n"); /* an empty subshell would be an error */
}

int vz_dist_text_close(struct vz_str *t, const struct vz_dist *d, enum vz_dist_action action,
		       struct vz_err *e)
{
	int r = d->script[action] ? add_file(t, d, d->script[action], true, e) : 0;

	/* not "( ) || ...", which would switch a script's "set -e" off */
	vz_str_add(t, ") </dev/null\nvz_code=$?\n[ $vz_code = 0 ] || vz_failed=$vz_code\n");
	return r;
}

char *vz_dist_text_take(struct vz_str *t)
{
	vz_str_add(t, "exit $vz_failed\n");
	return vz_str_take(t);
}
