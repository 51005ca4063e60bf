/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The side of a migration that a VPS leaves: what its files share. */
#ifndef VZ_MOVE_LEAVE_INTERNAL_H
#define VZ_MOVE_LEAVE_INTERNAL_H

#include <stdint.h>

#include "cpt/criu.h"
#include "fs/area.h"
#include "move/migrate.h"
#include "move/moving.h"
#include "move/passes.h"
#include "move/remote.h"
#include "ops/ops.h"

#define AS(code) ((enum vz_exit)VZ_MIGRATE_##code)

/* memory.h */
enum vz_memory_way { VZ_MEMORY_STOP, VZ_MEMORY_PRE, VZ_MEMORY_POST, VZ_MEMORY_DUMP };

struct vz_leaving {
	struct vz_ct *ct;
	const struct vz_migrate_opts *o;
	struct vz_remote_opts wire;
	struct vz_remote remote;
	struct vz_progress progress;
	struct vz_area area;
	struct vz_moving record;
	struct vz_passing pass; /* the second copy, which waits until it is frozen */
	int nice, ssh_nice;/* what the process and its ssh had before it was frozen */
	bool urgent;
	uint64_t bytes;    /* of memory, once it is looked at */
	char *dump_there;  /* where memory comes to, there */
	char *to;          /* the directory there that becomes VE_PRIVATE */
	bool running, mounted;
	struct vz_suspended *held; /* it is frozen beside its dump, NULL: it is not */
	struct vz_criu criu;       /* online, from here on */
	struct vz_pump pump;       /* puts memory into */
	struct vz_pump_count packed; /* of the last stream */
	struct vz_remote pages;    /* the stream of memory that is open; kept until the end */
	enum vz_memory_way memory;
	unsigned rounds;   /* of memory that have come while it runs */
	uint64_t ram;      /* bytes of memory, at the beginning */
	uint64_t follows, shared; /* bytes of memory that can come after the resume, and that are in the dump */
	int64_t frozen_at; /* when it stopped, s since the epoch */
	uint64_t sent;     /* bytes of memory, while it stood still */
	bool suspended;    /* has a dump that moves too */
	bool arrived;      /* the other side has said that it is there */
	bool in_doubt;     /* it may be */
	int64_t copy_ms;   /* that the first copy of the files took */
	int64_t files_since; /* from when on a file that was written may look as if it was not, s */
	int64_t since;     /* the last stage ended, ms */
	int64_t halted;    /* when it did not run any more, ms; 0: it does */
};

/* What the user can do of one in doubt; the other host's name, twice. */
#define VZ_LEAVE_WHAT_NOW "Run the same command again when %s answers; if it never will, with --lost (%s must not come back with it)"

/* leave-check.c: connects, and has everything checked on both sides; nothing is changed. */
int vz_leave_check(struct vz_leaving *m, struct vz_err *e);

/* recover.c: asks the other host for whom the VPS is, by a new connection, and sets ->arrived or ->in_doubt. */
void vz_leave_settle(struct vz_leaving *m);
/* Runs a verb that says only what fails, unless the user wants more words; one that takes back, whether he wants us to
 * end or not. */
int vz_leave_quietly(struct vz_leaving *m, int (*verb)(struct vz_leaving *m, struct vz_err *e), struct vz_err *e);
/* What it was before, again: goes on, runs, is mounted. */
int vz_leave_go_on(struct vz_leaving *m, struct vz_err *e);
/* Nothing stands still any more. */
void vz_leave_calm(struct vz_leaving *m);
/* It has arrived: what is here goes. */
int vz_leave_finish(struct vz_leaving *m, struct vz_err *e);
void vz_leave_open(struct vz_leaving *m, struct vz_ct *ct, const struct vz_migrate_opts *o);
void vz_leave_close(struct vz_leaving *m);

#endif
