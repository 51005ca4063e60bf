// SPDX-License-Identifier: GPL-2.0-or-later
/* Words of DEVNODES; see nodeperm.h. */
#include "param/nodeperm.h"
#include "base/own.h"
#include "base/str.h"
#include "param/types-internal.h"

#include <ctype.h>

int vz_permissions(const char *s, char out[static 5])
{
	size_t n = 0;

	if (!strcmp(s, "none")) {
		memcpy(out, "none", 5);
		return 0;
	}
	if (!*s || s[strspn(s, "rwq")])
		return -EINVAL;
	for (const char *c = "rwq"; *c; c++)
		if (strchr(s, *c))
			out[n++] = *c;
	out[n] = 0;
	return strlen(s) == n ? 0 : -EINVAL;
}

/* The name is looked up below /dev of the host: no way out of it. -ENOMEM. */
static int check_name(const char *name)
{
	const char *s = name;

	if (*s == '/')
		return -EINVAL;
	for (; *s; s++)
		if (!(*s > 0 && isalnum((unsigned char)*s)) && !strchr("-_.+:/", *s))
			return -EINVAL;
	s = name;
	do {
		size_t n = strcspn(s, "/");
		autofree char *part = strndup(s, n);

		if (!part)
			return -ENOMEM;
		if (!vz_str_is_component(part))
			return -EINVAL;
		s += n;
	} while (*s && s++);
	return 0;
}

static int parse(const char *word, char **ret_name, char perm[static 5])
{
	const char *colon = strrchr(word, ':');
	autofree char *name = colon ? strndup(word, (size_t)(colon - word)) : NULL;
	int r;

	if (!colon)
		return -EINVAL;
	r = name ? check_name(name) : -ENOMEM;
	if (!r)
		r = vz_permissions(colon + 1, perm);
	if (!r)
		*ret_name = TAKE_PTR(name);
	return r;
}

int vz_nodeperm_word(const char *in, char **ret)
{
	autofree char *name = NULL;
	char perm[5];
	int r = parse(in, &name, perm);

	if (r < 0)
		return r;
	*ret = vz_fmt("%s:%s", name, perm);
	return *ret ? 0 : -ENOMEM;
}

/* ---- lists ---- */

void vz_nodeperms_free(struct vz_nodeperms *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].name);
	free(l->v);
	*l = (struct vz_nodeperms){ 0 };
}

struct vz_nodeperm *vz_nodeperms_find(const struct vz_nodeperms *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].name, name))
			return &l->v[i];
	return NULL;
}

int vz_nodeperms_put(struct vz_nodeperms *l, const char *word)
{
	autofree char *name = NULL;
	struct vz_nodeperm *is, *more;
	char perm[5];
	int r = parse(word, &name, perm);

	if (r < 0)
		return r;
	is = vz_nodeperms_find(l, name);
	if (!is) {
		more = realloc(l->v, (l->n + 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		l->v = more;
		is = &more[l->n++];
		is->name = TAKE_PTR(name);
	}
	is->r = strchr(perm, 'r');
	is->w = strchr(perm, 'w');
	is->q = strchr(perm, 'q'); /* "none" has none of them */
	return 0;
}
