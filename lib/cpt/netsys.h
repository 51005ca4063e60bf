/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What CRIU leaves of a network namespace: sysctls that it does not know, and its own tables. */
#ifndef VZ_CPT_NETSYS_H
#define VZ_CPT_NETSYS_H

#include "cpt/image.h"

/* Saves the sysctls of a network namespace (fd). 900 files, some milliseconds: best done while CRIU dumps, from
 * the moment when all processes are stopped. */
int vz_netsys_save(int netns, struct vz_image *im, struct vz_err *e);
/* May be hostile: values and names of devices; therefore they are copied and never understood, and a dump says
 * names below /proc/sys/net only, in a namespace where the guest's root could write the same.
 *
 * At CRIU's post-setup-namespaces, when its devices are there: puts those back that differ, and takes away
 * the link-local addresses that a device got only because it came up before its addr_gen_mode was none. It may
 * be done while CRIU goes on, until network-unlock. */
int vz_netsys_load(int netns, const struct vz_image *im, struct vz_err *e);

/* Nothing comes into a network namespace or goes out, also when CRIU's own lock is gone; for the time in which another
 * host may have the addresses. Part of what vz_netsys_unlock() removes. */
int vz_netsys_lock(int netns, struct vz_err *e);
/* Removes the tables CRIU-* by which CRIU holds a network namespace's traffic back: after a dump that is
 * given up, and at the end of a restore, since one that stays drops everything. None is success. */
int vz_netsys_unlock(int netns, struct vz_err *e);

#endif
