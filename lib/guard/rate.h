/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rate and the traffic of a VPS as a whole: what start, set, stop and healing call. */
#ifndef VZ_GUARD_RATE_H
#define VZ_GUARD_RATE_H

#include "base/err.h"
#include "param/param.h"

/* RATE comes into force on all guarded devices of the VPS; without one every limit goes. For set. */
int vz_rate_set(unsigned ctid, const struct vz_conf *conf, struct vz_err *e);
/* The same when devices were just made: nothing is done, and nothing looked at, without a RATE. */
int vz_rate_start(unsigned ctid, const struct vz_conf *conf, struct vz_err *e);

/* After the devices of the VPS are gone: at stop, after a failed start, when it is found dead.
 * Takes what shaped it, and moves what was counted into its file. */
int vz_rate_stop(unsigned ctid, struct vz_err *e);
/* The VPS is destroyed: its traffic is forgotten. */
void vz_rate_forget(unsigned ctid);

#endif
