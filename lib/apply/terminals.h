/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many terminals a VPS may have. */
#ifndef VZ_APPLY_TERMINALS_H
#define VZ_APPLY_TERMINALS_H

#include "ct/ct.h"

/* How many NUMPTY stands for; 0: as many as the kernel has. */
unsigned vz_terminals(const struct vz_conf *c);
/* On a running VPS. Also when the file said so before: what is in force may differ. Only then it is
 * no error if something of the guest's own lies there. */
int vz_terminals_set(const struct vz_ct *ct, const struct vz_conf *conf, struct vz_err *e);

#endif
