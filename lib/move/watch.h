/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for a program that copies, while the other host is heard. */
#ifndef VZ_MOVE_WATCH_H
#define VZ_MOVE_WATCH_H

#include "move/progress.h"
#include "move/remote.h"

/* Until our child `pid` has ended; *ret_status is what waitpid(2) gives. `out` (-1: none) is read meanwhile as what
 * rsync --info=progress2 writes. -EPIPE with a sentence: the other host is gone, or silent; -ECANCELED. The child was
 * ended then. */
int vz_watch_child(struct vz_remote *r, pid_t pid, int out, int *ret_status, struct vz_err *e);

#endif
