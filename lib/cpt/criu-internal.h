/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trial of a CRIU, for criu.c. */
#ifndef VZ_CPT_CRIU_INTERNAL_H
#define VZ_CPT_CRIU_INTERNAL_H

#include "cpt/criu.h"

/* Tries out the program of *c, and fills in its version and features. In namespaces of its own, which end with
 * it. What CRIU has found out about the kernel is written to its file. VZ_CHKPNT. */
int vz_criu_trial(struct vz_criu *c, struct vz_err *e);

#define VZ_CRIU_SAID 200
/* The line of a log that says why criu failed, without time and place, escaped and cut; "" when there is none. Returns
 * the remedy, NULL when none is known. As hostile as vz_criu_error() says. */
const char *vz_criu_said(int dirfd, const char *log, char ret[VZ_CRIU_SAID]);

#define VZ_CRIU_STREAM_ARGS 4
struct vz_criu_stream {
	const struct vz_criu *criu;
	const char *verb, *log; /* the name of its log, in `work` */
	int sock, dir, work; /* the stream; of the images; of what else it writes */
	int ready;           /* gets a byte when it is; negative: nobody waits for that */
	const char *args[VZ_CRIU_STREAM_ARGS]; /* its own */
};
/* In a child with a mount namespace of its own, for what a CRIU that is killed leaves (cpt/criu.h): becomes that CRIU. It has
 * those descriptors and no others, and a session of its own. */
_Noreturn void vz_criu_stream(const struct vz_criu_stream *s);

#endif
