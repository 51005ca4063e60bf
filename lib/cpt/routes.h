/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes that CRIU leaves: it takes along those of table main alone, while it keeps the rules that lead to others. And how long
 * a route of IPv6 holds still, which it forgets, and its source, for which its restore would fail (netimages.h takes it out).
 */
#ifndef VZ_CPT_ROUTES_H
#define VZ_CPT_ROUTES_H

#include "cpt/image.h"

/* How many routes of a network namespace (fd) are among these; -errno. */
int vz_routes_count(int netns);
/* Saves them, while all stand still. */
int vz_routes_save(int netns, struct vz_image *im, struct vz_err *e);
/* At CRIU's post-setup-namespaces, when the devices and table main are there. What the kernel refuses is told. A dump of an older
 * version has none.
 *
 * May be hostile: all of the file; therefore it makes nothing but routes of that network namespace, which root inside could make
 * as well, and each is taken apart within its length. */
int vz_routes_load(int netns, const struct vz_image *im, struct vz_err *e);

#endif
