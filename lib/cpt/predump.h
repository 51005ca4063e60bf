/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pre-dumps: the memory of a VPS that goes on, sent to a page server (cpt/pageserver.h), the first time all of it and then
 * what was written since. It stands still for as long as the kernel needs to tell which that is. A dump that
 * follows sends the rest. Only where the kernel tracks writes (VZ_CRIU_TRACK).
 *
 * What CRIU keeps of each beside the memory is small, and lies below VZ_RUNDIR until vz_predump_forget().
 */
#ifndef VZ_CPT_PREDUMP_H
#define VZ_CPT_PREDUMP_H

#include <stdint.h>

#include "base/err.h"
#include "cpt/criu.h"
#include "ct/ct.h"

struct vz_predump_spec {
	unsigned ctid;
	const struct vz_state *state;
	const struct vz_criu *criu;
	int sock;       /* the page server's; that of one round cannot be used for another */
	unsigned round; /* from 1 on, each after the one before */
	int seconds;    /* that it may take */
};

/* One round. The VPS goes on whatever happens: also one that fails, is cancelled or takes too long has put everything
 * back. VZ_CHKPNT. */
int vz_predump_run(const struct vz_predump_spec *s, struct vz_err *e);
/* The directory of a round, for the dump that follows; the caller frees. */
char *vz_predump_dir(unsigned ctid, unsigned round);
void vz_predump_forget(unsigned ctid);

#endif
