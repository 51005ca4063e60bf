/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the guard's maps and programs are pinned, for the files of this room. */
#ifndef VZ_GUARD_GUARD_INTERNAL_H
#define VZ_GUARD_GUARD_INTERNAL_H

#include <stdbool.h>

#include "base/err.h"
#include "guard/bpf/guard-maps.h"
#include "guard/pins.h"

/* Of the filters on the ingress of a host end, in their order. */
#define VZ_GUARD_PRIO 1
#define VZ_SHAPE_PRIO 2

enum vz_guard_map {
	VZ_MAP_DEVS,
	VZ_MAP_ADDRS,
	VZ_MAP_LINK_LOCALS,
	VZ_MAP_COUNTERS,
	VZ_MAP_CLASSES,
};

/* An fd of the map, the caller's. When the guard is not loaded that is -ENOENT without a sentence. */
int vz_guard_map(enum vz_guard_map map, struct vz_err *e);
/* The same, and of anything pinned, but loads the guard. *ret_loaded becomes true then: the table of
 * classes is empty, and the caller fills it. */
int vz_guard_map_or_load(enum vz_guard_map map, bool *ret_loaded, struct vz_err *e);
int vz_guard_pin_or_load(const char *path, bool *ret_loaded, struct vz_err *e);

#endif
