/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What network devices leave to others, or do at once for many packets (ethtool -k): CRIU makes a device with all of it as a new
 * one has it.
 */
#ifndef VZ_CPT_OFFLOADS_H
#define VZ_CPT_OFFLOADS_H

#include "cpt/image.h"

/* Saves what of it can be changed, of each device of a network namespace (fd), while all stand still. */
int vz_offloads_save(int netns, struct vz_image *im, struct vz_err *e);
/* When the devices are there: sets what differs, by names, since the numbers are other ones on another kernel. What this one has
 * not is left out, what it refuses is told. A dump of an older version has none.
 *
 * May be hostile: all of the file; therefore only such features are set, on devices of that network namespace alone. */
int vz_offloads_load(int netns, const struct vz_image *im, struct vz_err *e);

#endif
