/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command in a stopped VPS: an environment made for it alone, without init, network or action scripts. */
#ifndef VZ_OPS_RUN_STOPPED_H
#define VZ_OPS_RUN_STOPPED_H

#include "launch/inside.h"

/* Runs the command as PID 1 until it has ended, and takes everything back. What was mounted stays so.
 * *ret_code as vz_inside_run() has it. */
int vz_run_stopped(struct vz_ct *ct, const struct vz_inside_cmd *what, int *ret_code, struct vz_err *e);

#endif
