// SPDX-License-Identifier: GPL-2.0-or-later
/* Which distribution file belongs to a template, and what it says; see dist.h. Only names and
 * identities of scripts are looked at here, their text when it is needed. */
#include "distro/dist.h"
#include "base/own.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#define FIRST_START "vz-first.sh"
#define CONF_MAX ((size_t)64 << 10)

static const char *const keys[VZ_DIST_NACTIONS] = {
	[VZ_DIST_ADD_IP] = "ADD_IP",
	[VZ_DIST_DEL_IP] = "DEL_IP",
	[VZ_DIST_SET_HOSTNAME] = "SET_HOSTNAME",
	[VZ_DIST_SET_DNS] = "SET_DNS",
	[VZ_DIST_SET_USERPASS] = "SET_USERPASS",
	[VZ_DIST_SET_UGID_QUOTA] = "SET_UGID_QUOTA",
	[VZ_DIST_POST_CREATE] = "POST_CREATE",
	[VZ_DIST_PRE_START] = "PRE_START",
	[VZ_DIST_SET_CONSOLE] = "SET_CONSOLE",
	[VZ_DIST_FIRST_START] = "FIRST_START",
};

/* The first of a key counts, an empty value says nothing: as everywhere in these files. */
static int take_key(void *ctx, const char *key, const char *value)
{
	struct vz_dist *d = ctx;
	char **at = NULL;

	for (size_t i = 0; i < VZ_DIST_NACTIONS; i++)
		if (!strcmp(key, keys[i]))
			at = &d->script[i];
	if (!strcmp(key, "LIBRARY"))
		at = &d->library;
	else if (!strcmp(key, "FAMILY"))
		at = &d->family;
	if (!at || *at || !*value)
		return 0;
	*at = strdup(value);
	return *at ? 0 : -ENOMEM;
}

int vz_dist_parse(const char *text, struct vz_dist *ret)
{
	return vz_conf_lines(text, take_key, ret);
}

/* Another number when the file is another one or was written to. */
static int identify(struct vz_dist *d, const char *path)
{
	struct stat st;
	int64_t id[6];

	if (stat(path, &st) < 0)
		return -errno;
	id[0] = (int64_t)st.st_dev;
	id[1] = (int64_t)st.st_ino;
	id[2] = st.st_size;
	id[3] = st.st_ctim.tv_sec;
	id[4] = st.st_ctim.tv_nsec;
	id[5] = st.st_mtim.tv_sec;
	d->identity = vz_str_hash(id, sizeof(id), d->identity);
	return 0;
}

static int need_script(struct vz_dist *d, const char *name, struct vz_err *e)
{
	autofree char *path = name ? vz_fmt("%s/scripts/%s", d->dir, name) : NULL;
	int r;

	if (!name)
		return 0;
	if (!path)
		return vz_oom(e);
	r = vz_str_is_component(name) ? identify(d, path) : -ENOENT;
	return r < 0 ? vz_fail(e, VZ_NO_DISTR_ACTION_SCRIPT, 0, "Action script %s not found", path) :
		       0;
}

/* Files of vzctl 4.x do not name it, but a VPS without keys of its own has no sshd. */
static int add_first_start(struct vz_dist *d)
{
	autofree char *path = vz_fmt("%s/scripts/" FIRST_START, d->dir);
	char **at = &d->script[VZ_DIST_FIRST_START];

	if (!path)
		return -ENOMEM;
	if (*at || access(path, F_OK) < 0)
		return 0;
	*at = strdup(FIRST_START);
	return *at ? 0 : -ENOMEM;
}

static int load_dist(struct vz_dist *d, const char *path, const char *text, struct vz_err *e)
{
	autofree char *functions = vz_fmt("%s/scripts/functions", d->dir);
	int r = functions ? vz_dist_parse(text, d) : -ENOMEM;

	if (r >= 0)
		r = add_first_start(d);
	if (r < 0)
		return vz_oom(e);
	(void)identify(d, path);
	(void)identify(d, functions);
	r = need_script(d, d->library, e);
	for (size_t i = 0; i < VZ_DIST_NACTIONS && r >= 0; i++)
		r = need_script(d, d->script[i], e);
	return r;
}

/* The text of dir/NAME.conf, for the longest NAME there is; *ret_path is its path. */
static ssize_t read_best(const char *dir, const char *ostemplate, char **ret_path, char **ret)
{
	const char *slash = strrchr(ostemplate, '/');
	autofree char *name = strdup(slash ? slash + 1 : ostemplate);

	while (name && *name) {
		autofree char *path = vz_fmt("%s/%s.conf", dir, name);
		ssize_t n = path ? vz_file_read(AT_FDCWD, path, CONF_MAX, ret) : -ENOMEM;
		char *dash = strrchr(name, '-');

		if (n != -ENOENT) {
			*ret_path = TAKE_PTR(path);
			return n;
		}
		*(dash ? dash : name) = 0;
	}
	return name ? -ENOENT : -ENOMEM;
}

int vz_dist_open(const char *dir, const char *ostemplate, struct vz_dist *ret, struct vz_err *e)
{
	autofree char *path = NULL, *text = NULL;
	autodist d = { .dir = strdup(dir) };
	bool none = !ostemplate || !*ostemplate;
	ssize_t n = none ? -ENOENT : read_best(dir, ostemplate, &path, &text);
	int r;

	if (n == -ENOENT) {
		path = vz_fmt("%s/default", dir);
		if (!path)
			return vz_oom(e);
		n = vz_file_read(AT_FDCWD, path, CONF_MAX, &text);
		if (none)
			d.warning = vz_fmt("Warning: distribution not specified in CT config, "
					   "using defaults from %s", path);
		else
			d.warning = vz_fmt("Warning: configuration file for distribution %s not "
					   "found, using defaults from %s", ostemplate, path);
	}
	if (n == -ENOENT)
		return vz_fail(e, VZ_NO_DISTR_CONF, 0, "Distribution configuration file %s not "
			       "found", path);
	if (n < 0 || !path)
		return vz_fail(e, VZ_NO_DISTR_CONF, n < 0 ? (int)-n : ENOMEM,
			       "cannot read the distribution configuration of %s", ostemplate);
	r = d.dir ? load_dist(&d, path, text, e) : vz_oom(e);
	if (r >= 0) {
		*ret = d;
		d = (struct vz_dist){ 0 };
	}
	return r;
}

void vz_dist_free(struct vz_dist *d)
{
	for (size_t i = 0; i < VZ_DIST_NACTIONS; i++)
		free(d->script[i]);
	free(d->dir);
	free(d->library);
	free(d->family);
	free(d->warning);
	*d = (struct vz_dist){ 0 };
}
