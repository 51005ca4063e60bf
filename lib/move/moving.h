/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record of a migration, VZ_STATEDIR/move/CTID, on either side; it outlives a boot. Which side a VPS belongs to
 * is told by its configuration: a side that has N.conf may start it, no other can. It is renamed on the
 * source before it is renamed on the target, so at every instant one side has it at most; between the two, the
 * record says whom to ask.
 */
#ifndef VZ_MOVE_MOVING_H
#define VZ_MOVE_MOVING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ct/ct.h"

/* Beside N.conf: what the configuration is called on the source once the VPS is given away, and on the target until
 * it has arrived. */
#define VZ_MOVING_LEFT "conf" VZ_CT_GIVEN_AWAY
#define VZ_MOVING_ARRIVING "conf.arriving"

/* Stages of the source: what it was, so that it can be that again. */
#define VZ_MOVING_STOPPED "was-stopped"
#define VZ_MOVING_MOUNTED "was-mounted"
#define VZ_MOVING_RUNNING "was-running"
#define VZ_MOVING_ONLINE "was-running-online"
/* Of the target. */
#define VZ_MOVING_ARRIVES "arriving"   /* not here yet */
#define VZ_MOVING_ACCEPTED "accepted"  /* is being started: here only if it runs */
#define VZ_MOVING_FOLLOWS "follows"    /* runs here, and its memory is not all here: the source's counts */
#define VZ_MOVING_HERE "here"          /* the source's copy is to go */

struct vz_moving {
	char host[256];  /* the other one; "" on the target */
	char token[40];  /* of this one migration */
	char stage[24];
	unsigned there;  /* on the source: its id on the target */
	int64_t frozen;  /* on the source, of post-copy: since when it does not run here and may there, s since the epoch; 0: else */
};

/* Safe over a power cut when it returns. */
int vz_moving_write(unsigned id, const struct vz_moving *m, struct vz_err *e);
/* 1 and *ret, or 0: there is none. */
int vz_moving_read(unsigned id, struct vz_moving *ret);
void vz_moving_remove(unsigned id);
/* Renames what belongs to VPS `id` beside its N.conf, safe over a power cut: "conf" to "conf.migrating". */
int vz_moving_rename(unsigned id, const char *from, const char *to, struct vz_err *e);
/* Is there such a file? */
bool vz_moving_has(unsigned id, const char *suffix);

#endif
