/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images of CRIU that say what a new network namespace has anyway: the kernel's own rules of routing, no routes. For
 * each of them CRIU runs ip(8) up to three times at a restore, while the VPS is down; an image that is missing is
 * passed over. So is that of what is kept in another way.
 */
#ifndef VZ_CPT_NETIMAGES_H
#define VZ_CPT_NETIMAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Removes them from the directory of CRIU's images. One that cannot be removed takes time, no more. */
int vz_netimages_trim(int criu, struct vz_err *e);
/*
 * Takes out of the routes what the kernel says of them and takes from nobody: that their device has no carrier, or is down, as
 * that of a bridge has whose ports are gone. A restore would fail at it; the kernel finds it out by itself. And the source of a route
 * of IPv6, an address that cannot be one yet, at which it would fail too: routes.h sets it. */
int vz_netimages_mend_routes(int criu, struct vz_err *e);
/* In one image; true: something was. */
bool vz_netimages_clear_routes(void *data, size_t n);
/* Removes the text of the packet filter of the VPS's own network namespace; those of services' namespaces stay. */
int vz_netimages_drop_rules(int criu, struct vz_err *e);
/* Is it one of them, by its name and its content? */
bool vz_netimages_is_plain(const char *name, const void *data, size_t n);

#endif
