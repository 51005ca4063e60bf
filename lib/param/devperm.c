// SPDX-License-Identifier: GPL-2.0-or-later
/* Words of DEVICES, and permissions; see devperm.h. */
#include "param/devperm.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "param/types-internal.h"

/* bounds of dev_t in the kernel: 12 and 20 bits */
#define MAJOR_MAX 4095
#define MINOR_MAX ((1u << 20) - 1)

/* ---- permissions ---- */

int vz_perm_parse(const char *s, struct vz_perm *ret)
{
	struct vz_perm p = { 0 };

	if (!strcmp(s, "none")) {
		*ret = p;
		return 0;
	}
	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		bool *is = *s == 'r' ? &p.r : *s == 'w' ? &p.w : *s == 'q' ? &p.q : NULL;

		if (!is || *is)
			return -EINVAL;
		*is = true;
	}
	*ret = p;
	return 0;
}

const char *vz_perm_text(const struct vz_perm *p, char buf[static VZ_PERM_TEXT])
{
	snprintf(buf, VZ_PERM_TEXT, "%s%s%s", p->r ? "r" : "", p->w ? "w" : "", p->q ? "q" : "");
	return *buf ? buf : "none";
}

/* ---- words ---- */

int vz_devperm_parse(const char *word, struct vz_devperm *ret)
{
	struct vz_devperm d = { .type = word[0] };
	char *part[3] = { NULL };
	autofree char *text = strdup(word);
	char *s = text;

	if (!text)
		return -ENOMEM;
	(void)strsep(&s, ":");
	for (size_t i = 0; i < ARRAY_LEN(part); i++)
		if (!(part[i] = strsep(&s, ":")))
			return -EINVAL;
	if (s || (d.type != 'b' && d.type != 'c') || word[1] != ':')
		return -EINVAL;
	d.all_minors = !strcmp(part[1], "all");
	if (vz_num_u32(part[0], MAJOR_MAX, &d.major) < 0 ||
	    (!d.all_minors && vz_num_u32(part[1], MINOR_MAX, &d.minor) < 0) ||
	    vz_perm_parse(part[2], &d.perm) < 0)
		return -EINVAL;
	*ret = d;
	return 0;
}

char *vz_devperm_word(const struct vz_devperm *d)
{
	char minor[12] = "all", perm[VZ_PERM_TEXT];

	if (!d->all_minors)
		snprintf(minor, sizeof(minor), "%u", d->minor);
	return vz_fmt("%c:%u:%s:%s", d->type, d->major, minor, vz_perm_text(&d->perm, perm));
}

/* ---- lists ---- */

void vz_devperms_free(struct vz_devperms *l)
{
	free(l->v);
	*l = (struct vz_devperms){ 0 };
}

struct vz_devperm *vz_devperms_find(const struct vz_devperms *l, const struct vz_devperm *d)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct vz_devperm *is = &l->v[i];

		if (is->type == d->type && is->major == d->major && is->minor == d->minor &&
		    is->all_minors == d->all_minors)
			return &l->v[i];
	}
	return NULL;
}

int vz_devperms_put(struct vz_devperms *l, const struct vz_devperm *d)
{
	struct vz_devperm *is = vz_devperms_find(l, d), *more;

	if (!is) {
		more = realloc(l->v, (l->n + 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		l->v = more;
		is = &more[l->n++];
	}
	*is = *d;
	return 0;
}

int vz_devperms_of(const struct vz_plist *words, struct vz_devperms *ret, struct vz_err *e)
{
	autodevperms l = { 0 };

	for (size_t i = 0; i < words->n; i++) {
		struct vz_devperm d;
		int r = vz_devperm_parse(words->v[i], &d);

		if (r >= 0)
			r = vz_devperms_put(&l, &d);
		if (r == -ENOMEM)
			return vz_oom(e);
		if (r < 0)
			return vz_fail(e, VZ_SET_DEVICES, 0, "bad device \"%s\"", words->v[i]);
	}
	*ret = l;
	l = (struct vz_devperms){ 0 };
	return 0;
}
