/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits of a user namespace, /proc/sys/user: how many namespaces, inotify instances and the like each of its users may have.
 * CRIU makes the namespace anew, without limits of its own.
 */
#ifndef VZ_CPT_USERLIMITS_H
#define VZ_CPT_USERLIMITS_H

#include "cpt/image.h"
#include "ct/ct.h"

/* Those that root inside has set. A privileged VPS has no such namespace. */
int vz_userlimits_save(const struct vz_state *st, struct vz_image *im, struct vz_err *e);
/* When all is there again, and nothing runs. What this kernel does not take is told. A dump of an older version has none.
 *
 * May be hostile: all of the file; therefore names are those of files of that directory, which are written as root inside. */
int vz_userlimits_load(const struct vz_state *st, const struct vz_image *im, struct vz_err *e);

#endif
