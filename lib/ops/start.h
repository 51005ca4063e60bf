/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of start that other verbs need; its steps are in ops/steps.h. */
#ifndef VZ_OPS_START_H
#define VZ_OPS_START_H

#include "ops/ops.h"

/* What can be refused before anything is done. `again`: it runs still, and is about to be stopped
 * for that. */
int vz_start_check(struct vz_ct *ct, const struct vz_start_opts *o, bool again, struct vz_err *e);
/* vz_journal_begin() of what is to make the VPS run: refused where another command is at work on it. */
int vz_start_journal(const struct vz_ct *ct, const char *line, struct vz_err *e);

#endif
