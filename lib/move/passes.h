/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying a tree of files to the other host, by rsync(1) over the same ssh(1). */
#ifndef VZ_MOVE_PASSES_H
#define VZ_MOVE_PASSES_H

#include "move/remote.h"

struct vz_pass {
	const char *from; /* directory here, without '/' at its end */
	const char *to;   /* directory there */
	const char *opts; /* further arguments, apart by blanks; NULL none */
};

/* Makes the directory there equal to the one here. What vanishes meanwhile is no failure. Exit code 6 of vzmigrate.
 *
 * May be hostile: the guest whose tree it is may run, and put a link where rsync has just seen a directory; therefore
 * rsync sees it through a mount on which no link is followed, read-only and without devices. */
int vz_pass_run(const struct vz_remote *r, const struct vz_pass *p, struct vz_err *e);

#endif
