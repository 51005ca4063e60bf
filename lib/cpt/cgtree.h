/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The groups that a guest made below its own in the cgroup2 tree: CRIU makes again only those that have
 * tasks, as root's.
 *
 * Where the v2 tree has controllers, no group may have both processes and controllers enabled for groups
 * below, and CRIU puts all into the topmost at first. So it is made in two steps.
 */
#ifndef VZ_CPT_CGTREE_H
#define VZ_CPT_CGTREE_H

#include "cgroup/cgroup.h"
#include "cpt/image.h"

/* Saves names, owners and modes, enabled controllers and values of the groups below the VPS's own, whose
 * processes are stopped. -EBUSY: the guest itself has frozen one of them, which cannot be restored.
 *
 * May be hostile: the guest chose names, depth and number; therefore all is done by fds, and what exceeds
 * the bounds is an error. */
int vz_cgtree_save(const struct vz_cg *cg, struct vz_image *im, struct vz_err *e);
/* Whether they can be saved, before anything is stopped: CRIU would wait for a frozen process until its time is over. */
int vz_cgtree_check(const struct vz_cg *cg, struct vz_err *e);
/* Into an empty group that is the VPS's (vz_cg_create() with its ids), before criu runs: the groups with their
 * owners, and nothing enabled. */
int vz_cgtree_make(struct vz_cg *cg, const struct vz_image *im, struct vz_err *e);
/* At CRIU's post-setup-namespaces: the controllers from the top down, then the values. What this host's
 * kernel does not have is left out. */
int vz_cgtree_enable(struct vz_cg *cg, const struct vz_image *im, struct vz_err *e);

#endif
