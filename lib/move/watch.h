/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for a program that copies, while the other host is heard. */
#ifndef VZ_MOVE_WATCH_H
#define VZ_MOVE_WATCH_H

#include "move/progress.h"
#include "move/remote.h"

struct vz_waited {
	pid_t pid;   /* our child */
	int out;     /* what it writes as rsync --info=progress2; -1: none */
	int err;     /* what it writes as errors, which are passed on unless we end it ourselves; -1: none */
	int64_t end; /* of our patience, VZ_NO_END; sys/clock.h */
};

/* Until it has ended; *ret_status is what waitpid(2) gives. -EPIPE with a sentence: the other host is gone, or silent; -ECANCELED;
 * -ETIME. The child was ended then. */
int vz_watch_child(struct vz_remote *r, const struct vz_waited *what, int *ret_status, struct vz_err *e);

#endif
