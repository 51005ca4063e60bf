/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sign of life: an empty line every few seconds, over the connection of a migration whose owner is busy with
 * something else for as long as that takes. It comes from a child, and not while its parent is stopped.
 */
#ifndef VZ_MOVE_BEAT_H
#define VZ_MOVE_BEAT_H

#include <errno.h>

struct vz_beat {
	int pidfd;
	int turn; /* an eventfd(2): who has taken its 1 may write to the connection */
};
#define VZ_BEAT_INIT { .pidfd = -EBADF, .turn = -EBADF }

/* How often it comes, of an other side that takes us for dead after `silence_s`. */
int vz_beat_every_s(int silence_s);
/* Begins, over the socket or pipe fd, which stays the caller's. -errno. */
int vz_beat_begin(struct vz_beat *b, int fd, int every_s);
/* No line comes between what the caller writes from now on, until the second. */
void vz_beat_hold(struct vz_beat *b);
void vz_beat_go_on(struct vz_beat *b);
/* Accepts one that has not begun. */
void vz_beat_end(struct vz_beat *b);

#endif
