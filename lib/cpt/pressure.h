/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Triggers of pressure (PSI): what a program has written into the descriptor of a file such as memory.pressure, to be woken
 * by poll(2) when tasks stand still for want of it. CRIU opens the file again and writes nothing, and the kernel says
 * POLLERR of such a descriptor: the user manager of systemd (254 and later) would turn without an end. How much a trigger
 * asks for the kernel tells nobody, so each gets what systemd asks for.
 */
#ifndef VZ_CPT_PRESSURE_H
#define VZ_CPT_PRESSURE_H

#include "cgroup/cgroup.h"
#include "cpt/image.h"

bool vz_pressure_is(const char *link);
/* Which descriptors have one, of all processes in the group. They stand still.
 *
 * May be hostile: the number of descriptors; therefore what exceeds the bounds, of size and time, is an error. */
int vz_pressure_save(const struct vz_cg *cg, struct vz_image *im, struct vz_err *e);
/* When all are there again, and none runs. A kernel without them is no error, with a line. A dump of an older version has
 * none.
 *
 * May be hostile: the dump; therefore only descriptors of such files are written to, with our own words, and what
 * takes too long is left out, with the same line. */
int vz_pressure_load(const struct vz_cg *cg, const struct vz_image *im, struct vz_err *e);

#endif
