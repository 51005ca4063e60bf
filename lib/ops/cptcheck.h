/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vzcptcheck tells old scripts of this host. */
#ifndef VZ_OPS_CPTCHECK_H
#define VZ_OPS_CPTCHECK_H

#include <stdint.h>

#include "base/err.h"

/* The version of what makes dumps here: 40201 is CRIU 4.2.1. VZ_CHKPNT: there is none. */
int vz_op_cpt_version(unsigned *ret, struct vz_err *e);
/* Can a dump that this version has made be restored here? VZ_RESTORE with the reason. */
int vz_op_cpt_accepts(unsigned version, struct vz_err *e);
/* The features of this host's CPU that a program may use, a bit for each. */
int vz_op_cpt_caps(uint64_t *ret, struct vz_err *e);

#endif
