// SPDX-License-Identifier: GPL-2.0-or-later
/* Which file of the cache a template name means. */
#include "tmpl/tmpl.h"
#include "base/near.h"
#include "base/own.h"
#include "base/str.h"

#include <dirent.h>
#include <sys/stat.h>

/* The order of INTERFACE 3.5; "" last is a directory. */
static const char *const endings[] = { ".tar", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", "" };

/* Room for the ending of an archive here and the "-<hash>" of a base. */
#define NAME_MAX_OF_TEMPLATE 200

void vz_tmpl_free(struct vz_tmpl *t)
{
	free(t->name);
	free(t->path);
	*t = (struct vz_tmpl){ 0 };
}

/* Without the ending of an archive, in place; none that begins with a dot. */
static const char *bare(char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(endings) - 1; i++) {
		size_t n = strlen(name), k = strlen(endings[i]);

		if (n > k && !strcmp(name + n - k, endings[i]))
			name[n - k] = 0;
	}
	return *name == '.' ? NULL : name;
}

/* That of the cache which was meant, by a name with its ending too. */
static char *nearest(const char *template_dir, const char *name)
{
	autofree char *path = vz_fmt("%s/cache", template_dir), *typed = strdup(name), *best = NULL;
	struct vz_near near = { .word = typed ? bare(typed) : NULL };
	struct dirent **all = NULL;
	int n = path && near.word ? scandir(path, &all, NULL, alphasort) : 0;

	for (int i = 0; i < n; i++)
		vz_near_try(&near, bare(all[i]->d_name));
	if (near.best)
		best = strdup(near.best);
	for (int i = 0; i < n; i++)
		free(all[i]);
	free(all);
	return TAKE_PTR(best);
}

int vz_tmpl_find(const char *template_dir, const char *name, struct vz_tmpl *ret,
		 struct vz_err *e)
{
	autofree char *near = NULL;

	if (!vz_str_is_component(name) || vz_str_has_control(name) ||
	    strlen(name) > NAME_MAX_OF_TEMPLATE)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "Invalid OS template name: it must be the name of a file in %s/cache, "
			       "without .tar", template_dir);
	/* a leading dot marks another kind of template (and our own work in base/) */
	for (size_t i = 0; *name != '.' && i < ARRAY_LEN(endings); i++) {
		autofree char *path = vz_fmt("%s/cache/%s%s", template_dir, name, endings[i]);
		bool is_dir = !*endings[i];
		struct stat st;

		if (!path)
			return vz_fail(e, VZ_SYSTEM, ENOMEM, "Unable to look for OS template %s",
				       name);
		if (stat(path, &st) < 0 || (is_dir ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode)))
			continue;
		*ret = (struct vz_tmpl){ .name = strdup(name), .path = TAKE_PTR(path),
					 .is_dir = is_dir };
		if (ret->name)
			return 0;
		vz_tmpl_free(ret);
		return vz_fail(e, VZ_SYSTEM, ENOMEM, "Unable to look for OS template %s", name);
	}
	near = nearest(template_dir, name);
	(void)vz_fail(e, VZ_OSTEMPLATE_NOT_FOUND, 0,
		      "Cached OS template %s/cache/%s.tar[.gz|.bz2|.xz|.zst] not found%s%s%s", template_dir,
		      name, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
	return -ENOENT;
}
