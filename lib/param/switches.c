// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of switches; see switches.h. Which names there are is the .words of a row, asked by lists.c. */
#include "param/switches.h"
#include "base/own.h"
#include "base/str.h"

static int parse(const char *word, struct vz_switch *ret)
{
	size_t n = strcspn(word, ":");
	bool on = !strcmp(word + n, ":on");

	if (!n || n >= sizeof(ret->name) || (!on && strcmp(word + n, ":off")))
		return -EINVAL;
	*ret = (struct vz_switch){ .on = on };
	memcpy(ret->name, word, n);
	return 0;
}

/* Its place, or where one more would stand. */
static size_t place_of(const struct vz_switches *l, const char *name)
{
	size_t i = 0;

	while (i < l->n && strcmp(l->v[i].name, name))
		i++;
	return i;
}

const struct vz_switch *vz_switches_find(const struct vz_switches *l, const char *name)
{
	size_t i = place_of(l, name);

	return i < l->n ? &l->v[i] : NULL;
}

void vz_switches_put(struct vz_switches *l, const struct vz_switch *s)
{
	size_t i = place_of(l, s->name);

	if (i == VZ_SWITCHES_MAX)
		return;
	l->n += i == l->n;
	l->v[i] = *s;
}

void vz_switches_of(const struct vz_plist *words, struct vz_switches *ret)
{
	struct vz_switch s;

	ret->n = 0;
	for (size_t i = 0; i < words->n; i++)
		if (parse(words->v[i], &s) >= 0)
			vz_switches_put(ret, &s);
}

bool vz_switches_has_on(const struct vz_switches *l, const char *name)
{
	const struct vz_switch *s = vz_switches_find(l, name);

	return s && s->on;
}

bool vz_switches_has_off(const struct vz_switches *l, const char *name)
{
	const struct vz_switch *s = vz_switches_find(l, name);

	return s && !s->on;
}
