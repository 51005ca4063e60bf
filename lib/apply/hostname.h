/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host name of a running VPS. */
#ifndef VZ_APPLY_HOSTNAME_H
#define VZ_APPLY_HOSTNAME_H

#include "ct/ct.h"

/* Sets it in the UTS namespace; none of the guest's files are touched. */
int vz_hostname_set(struct vz_ct *ct, const char *name, struct vz_err *e);

#endif
