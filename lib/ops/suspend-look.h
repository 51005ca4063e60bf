/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdict before a suspend, with some patience for what passes. */
#ifndef VZ_OPS_SUSPEND_LOOK_H
#define VZ_OPS_SUSPEND_LOOK_H

#include "ct/ct.h"

/* *ret_unread: how many queues of events nobody reads. Refused as vz_cpt_verdict_refuse() says, after ten seconds if it is only
 * limits that are used up. -ECANCELED: a signal came. */
int vz_suspend_look(const struct vz_ct *ct, const struct vz_state *st, size_t *ret_unread, struct vz_err *e);

#endif
