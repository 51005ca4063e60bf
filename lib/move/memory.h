/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of a VPS that is moved online, on the side that it leaves: which way it goes, and the streams to the page
 * servers of the other host. Each is a connection of its own, over the same ssh(1).
 *
 *	pre-copy           rounds while it runs, each what was written since the one before; what is left when it stands still
 *	post-copy          all of it when it runs there (postcopy.h)
 *	freeze and copy    all of it when it stands still
 *	in the dump        the same, of a dump that stays there: it is written here, and sent as a file
 *
 * Otherwise it is written once, there, and never here.
 */
#ifndef VZ_MOVE_MEMORY_H
#define VZ_MOVE_MEMORY_H

#include "base/err.h"

struct vz_leaving;

/* Chooses, and says it with the reason; `there`: the facts of the other host. Fails where a way was asked for that this host has not. */
int vz_memory_choose(struct vz_leaving *m, const char *there, struct vz_err *e);
/* The rounds while it runs. One that fails leads to freeze and copy, which is said; failure is only what ends the migration:
 * the connection is lost, or the user wants us to end. */
int vz_memory_rounds(struct vz_leaving *m, struct vz_err *e);
struct vz_suspend_opts;
/* Stops it, as they say, and sends the rest: m->held. */
int vz_memory_hold(struct vz_leaving *m, const struct vz_suspend_opts *how, struct vz_err *e);
/* -t: how much less was sent than there was, since it was told last. */
void vz_memory_tell_packed(struct vz_leaving *m);
/* Connections and what is kept here of the rounds; accepts what was never used. */
void vz_memory_close(struct vz_leaving *m);

#endif
