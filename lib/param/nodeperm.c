// SPDX-License-Identifier: GPL-2.0-or-later
/* Words of DEVNODES; see nodeperm.h. */
#include "param/nodeperm.h"
#include "base/own.h"
#include "base/str.h"
#include "param/types-internal.h"

#include <ctype.h>

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

/* A name may have colons of its own. */
static size_t name_len(const char *word)
{
	const char *colon = strrchr(word, ':');

	return colon ? (size_t)(colon - word) : strlen(word);
}

static int parse(const char *word, char **ret_name, struct vz_perm *ret)
{
	size_t n = name_len(word);
	autofree char *name = strndup(word, n);
	int r;

	if (!word[n])
		return -EINVAL;
	r = name ? check_name(name) : -ENOMEM;
	if (!r)
		r = vz_perm_parse(word + n + 1, ret);
	if (!r)
		*ret_name = TAKE_PTR(name);
	return r;
}

int vz_nodeperm_word(const char *in, char **ret)
{
	autofree char *name = NULL;
	char text[VZ_PERM_TEXT];
	struct vz_perm perm;
	int r = parse(in, &name, &perm);

	if (r < 0)
		return r;
	*ret = vz_fmt("%s:%s", name, vz_perm_text(&perm, text));
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

int vz_nodeperms_put(struct vz_nodeperms *l, const char *name, const struct vz_perm *perm)
{
	struct vz_nodeperm *is = vz_nodeperms_find(l, name), *more;
	autofree char *own = NULL;
	int r;

	if (is) {
		is->perm = *perm;
		return 0;
	}
	r = check_name(name);
	if (r < 0)
		return r;
	own = strdup(name);
	more = own ? realloc(l->v, (l->n + 1) * sizeof(*more)) : NULL;
	if (!more)
		return -ENOMEM;
	l->v = more;
	more[l->n++] = (struct vz_nodeperm){ TAKE_PTR(own), *perm };
	return 0;
}

int vz_nodeperms_of(const struct vz_plist *words, struct vz_nodeperms *ret, struct vz_err *e)
{
	for (size_t i = 0; i < words->n; i++) {
		autofree char *name = NULL;
		struct vz_perm perm;
		int r = parse(words->v[i], &name, &perm);

		if (r >= 0)
			r = vz_nodeperms_put(ret, name, &perm);
		if (r == -ENOMEM)
			return vz_oom(e);
		if (r < 0)
			return vz_fail(e, VZ_SET_DEVICES, 0, "Incorrect name or no such device /dev/%.*s",
				       (int)name_len(words->v[i]), words->v[i]);
	}
	return 0;
}
