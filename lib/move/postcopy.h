/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Post-copy, on the side that a VPS leaves: it runs there at once, and its memory, which waits here with the frozen
 * VPS, follows over a stream of its own (arrive-lazy.c). Until all has come the one here is what counts: whatever breaks,
 * the one there is killed, and this one goes on from where it was frozen.
 */
#ifndef VZ_MOVE_POSTCOPY_H
#define VZ_MOVE_POSTCOPY_H

#include "base/err.h"
#include "base/str.h"

struct vz_leaving;

/* Why it cannot be so, or does not pay; "": it can. `there`: the facts of the other host. */
void vz_postcopy_why_not(struct vz_leaving *m, const char *there, struct vz_str *out);
/* The stream, before anything stands still. */
int vz_postcopy_open(struct vz_leaving *m, struct vz_err *e);
/* It is about to run there: this is written down, and CRIU here gives memory from now on. */
int vz_postcopy_serve(struct vz_leaving *m, struct vz_err *e);
/* Until all has come. */
int vz_postcopy_follow(struct vz_leaving *m, struct vz_err *e);
/* No memory goes there any more; before the connection of which that stream is a part is closed. */
void vz_postcopy_stop(struct vz_leaving *m);
/* How much of it is to follow, of the frozen container. */
uint64_t vz_postcopy_bytes(struct vz_leaving *m);
/* It goes on here, and may have run there: says what that means. */
void vz_postcopy_went_back(struct vz_leaving *m);

#endif
