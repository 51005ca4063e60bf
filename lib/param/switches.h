/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FEATURES and CAPABILITY taken apart: names that are turned "on" or "off". What a name means is told
 * where it is read.
 */
#ifndef VZ_PARAM_SWITCHES_H
#define VZ_PARAM_SWITCHES_H

#include "param/param.h"

/* More and longer than the words of any row, which a test holds to it: so taking apart cannot fail. */
#define VZ_SWITCHES_MAX 48
#define VZ_SWITCH_NAME 24

struct vz_switch {
	char name[VZ_SWITCH_NAME];
	bool on;
};

/* Each name once, in the order in which they came. */
struct vz_switches {
	struct vz_switch v[VZ_SWITCHES_MAX];
	size_t n;
};

/* The words of a configuration taken apart. One that is no switch, which the table lets through nowhere,
 * is left out. */
void vz_switches_of(const struct vz_plist *words, struct vz_switches *ret);
/* The switch of this name takes the new position, or comes last. */
void vz_switches_put(struct vz_switches *l, const struct vz_switch *s);
/* The switch of this name, the list's own, or NULL. */
const struct vz_switch *vz_switches_find(const struct vz_switches *l, const char *name);
/* Is it turned on, or off, in so many words? */
bool vz_switches_has_on(const struct vz_switches *l, const char *name);
bool vz_switches_has_off(const struct vz_switches *l, const char *name);

#endif
