/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying a tree of files to the other host, by rsync(1) over the same ssh(1). */
#ifndef VZ_MOVE_PASSES_H
#define VZ_MOVE_PASSES_H

#include "move/remote.h"
#include "sys/wait.h"

struct vz_pass {
	const char *from; /* directory here, without '/' at its end */
	const char *to;   /* directory there */
	const char *opts; /* further arguments, apart by blanks; NULL none */
	int seconds;      /* at most, from go() on; 0: as long as it takes */
};

/* One that is under way; closed: VZ_PASSING_INIT. */
struct vz_passing {
	struct vz_remote *remote;
	char *from;
	pid_t pid;
	int seconds;
	int64_t end, since; /* once it goes; since when, ms */
	int list; /* rsync waits for it */
	int told; /* how far it is; -EBADF: nobody wants to know */
	int err;  /* what it complains of */
};
#define VZ_PASSING_INIT { .list = -EBADF, .told = -EBADF, .err = -EBADF, .end = VZ_NO_END }

/* Connects, and copies nothing until go(): what the files are then is what arrives. The struct vz_pass need not live on. */
int vz_pass_begin(struct vz_remote *r, const struct vz_pass *p, struct vz_passing *ret, struct vz_err *e);
void vz_passing_go(struct vz_passing *p);
/* Waits for its end, and says how it was; as vz_pass_run(). */
int vz_passing_end(struct vz_passing *p, struct vz_err *e);
/* Ends it; accepts one that never began. */
void vz_passing_stop(struct vz_passing *p);

/* Makes the directory there equal to the one here. What vanishes meanwhile is no failure. Exit code 6 of vzmigrate.
 *
 * May be hostile: the guest whose tree it is may run, and put a link where rsync has just seen a directory; therefore
 * rsync sees it through a mount on which no link is followed, read-only and without devices. */
int vz_pass_run(struct vz_remote *r, const struct vz_pass *p, struct vz_err *e);

#endif
