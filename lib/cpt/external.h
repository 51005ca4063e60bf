/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a VPS is not in CRIU's images because it is the host's, or is carried by us: each is named to CRIU
 * as external, at the dump by where it is inside, at the restore by where it waits for it.
 *
 *	inside                          name                 waits at
 *	what hides a file, a directory  mask/file, mask/dir  mask/file, mask/dir
 *	/dev                            dev                  dev
 *	/dev/console                    console, and tty     console, and a descriptor
 *	each ramfs (credentials)        cred1 ...            cred1 ...
 *	inner ends of network devices   by their names       by the names they are made with
 */
#ifndef VZ_CPT_EXTERNAL_H
#define VZ_CPT_EXTERNAL_H

#include "base/err.h"
#include "cpt/creds.h"
#include "cpt/swrk.h"
#include "ct/ct.h"

/* Fills job->external and job->tty for a dump of the VPS, whose processes are stopped. */
int vz_external_dump(const struct vz_state *st, const struct vz_creds *creds, struct vz_swrk_job *job,
		     struct vz_err *e);

/* The inner ends of its devices that are there: "INSIDE" or, where the guest renamed one, "INSIDE=MADE" for
 * each, with blanks between. The caller frees it; NULL: out of memory. */
char *vz_external_devices(const struct vz_ct *ct, int rtnl, int netns);

/* Fills job->external for a restore: everything waits below `stage`. netdevs as above. */
int vz_external_restore(const char *stage, const char *netdevs, unsigned creds, struct vz_swrk_job *job,
			struct vz_err *e);

#endif
