/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRIU as a daemon of lazy pages: a restore without memory has its processes run at once; what they touch, and in between
 * all the rest, the daemon asks for through a socket at whose other end is the dump (vz_stage_serve()), and puts in its
 * place by userfaultfd(2).
 *
 * While it is at work a page that has not come is waited for. When the last descriptor of such a userfaultfd is closed the
 * kernel gives zeros in place of what has not come; so whoever is to end the processes when the daemon dies holds them too,
 * and closes them when the processes are dead. The daemon closes that of a process which has all of its memory, and then
 * nobody may hold it any more: vz_lazypages_hold() again and again.
 */
#ifndef VZ_CPT_LAZYPAGES_H
#define VZ_CPT_LAZYPAGES_H

#include <errno.h>
#include <sys/types.h>

#include "base/err.h"
#include "cpt/criu.h"

/* The least of fs.pipe-max-size that the dump needs, where root has no CAP_SYS_RESOURCE. */
#define VZ_LAZYPAGES_PIPE (4u << 20)

struct vz_lazypages_spec {
	unsigned ctid;
	const struct vz_criu *criu;
	int dir;  /* of the images */
	int sock; /* its other end is the dump's */
};
struct vz_lazypages {
	pid_t pid;
	int pidfd;
	struct vz_lazypages_held { int its, ours; } *held; /* userfaultfds: number there and here */
	size_t n;
};
#define VZ_LAZYPAGES_INIT { .pidfd = -EBADF }

/* The directory in which it and the restore meet; CRIU has one name for that. The caller frees. */
char *vz_lazypages_dir(unsigned ctid);
/* Starts it, and returns when a restore can be begun. It ends with 0 when all has come; not with its parent; and with 1
 * when the other end of the socket is closed before: so that is to be kept open while processes live. The pidfd is
 * the caller's to wait for and to give up (sys/wait.h). Descriptors of the spec stay the caller's. */
int vz_lazypages_start(const struct vz_lazypages_spec *s, int seconds, struct vz_lazypages *ret, struct vz_err *e);
/* When the restore has ended, and before any process runs: holds what it has made. 1: the daemon has ended. The caller may have
 * as many files open as there are processes, or this fails. */
int vz_lazypages_hold_all(struct vz_lazypages *l, int seconds, struct vz_err *e);
/* From then on: holds what the daemon has at this moment. When it is dead all that was held stays so. -errno: not
 * all of it could be. */
int vz_lazypages_hold(struct vz_lazypages *l);
void vz_lazypages_release(struct vz_lazypages *l);
/* The sentence of the log of one that has failed: VZ_RESTORE. 0: there is none. */
int vz_lazypages_error(unsigned ctid, struct vz_err *e);
/* The directory goes. */
void vz_lazypages_forget(unsigned ctid);

#endif
