/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process has from the one that started it, and keeps over fork and exec: priorities,
 * limits, masks, scores. A VPS must be the same whether an administrator's shell, a cron job or a
 * unit with a low priority started it, so all of it is put back to what a booting kernel gives.
 */
#ifndef VZ_SYS_INHERIT_H
#define VZ_SYS_INHERIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Resets the caller, a process of one thread that has the host's rights: most of these may only be
 * raised with capabilities of the initial user namespace. Resource limits are apart, below. What cannot
 * be reset stays as it is; vz_inherit_refused() and vz_inherit_stuck() know what matters. */
void vz_inherit_reset(void);
/* Resource limits are raised in two steps. The first takes the host's rights and opens them as wide
 * as a VPS may have them. A user namespace that is made then takes those that are counted per user as
 * bounds of the sum over all users inside (create_user_ns()), so they are opened entirely where the
 * group bounds what they count; not pending signals, since a timer takes one, and more memory than
 * the group is charged for. The second takes no rights and comes down to what a
 * booting kernel gives. */
void vz_inherit_open_limits(void);
/* So many files as root may have; what it starts inherits it until vz_inherit_reset(). */
void vz_inherit_raise_files(void);
void vz_inherit_limits(void);
/* Between the two: no more signals than this are queued for all users of the namespace together. Nothing
 * inside lifts it, root there neither. More than the host's own init has is not to be had. */
void vz_inherit_bound_signals(uint64_t n);
uint64_t vz_inherit_most_signals(void);

/* Fails when the caller has something that nobody can take off and that would break a VPS. */
int vz_inherit_refused(struct vz_err *e);
/* What else of the caller's stays with the VPS: the i-th sentence, or NULL when there are no more. */
const char *vz_inherit_stuck(size_t i);

#endif
