/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fault points, for the tests: VZ_FAULT=NAME in the environment of a program (base/context.h) makes
 * what has that name fail, VZ_FAULT=kill:NAME kills the program before it, kill+:NAME after it, and
 * VZ_FAULT=stop:NAME stops it before it, until it gets SIGCONT.
 */
#ifndef VZ_BASE_FAULT_H
#define VZ_BASE_FAULT_H

#include "base/err.h"

/* Before it. 0, or a failure to return. */
int vz_fault(const char *name, struct vz_err *e);
/* The two ways to be killed; `when` is "kill:" or "kill+:". */
void vz_fault_kill(const char *when, const char *name);

#endif
