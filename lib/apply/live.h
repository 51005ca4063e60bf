/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What parameters do to a VPS that runs: what set changes. */
#ifndef VZ_APPLY_LIVE_H
#define VZ_APPLY_LIVE_H

#include "ct/ct.h"

/* The APPLY_* bits of conf come into force. What this kernel cannot hold is warned of; the others
 * are in force. */
int vz_apply_live(struct vz_ct *ct, const struct vz_conf *conf, unsigned bits, struct vz_err *e);

#endif
