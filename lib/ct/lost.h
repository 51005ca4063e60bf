/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VPS that lives without its state file; for state.c alone. */
#ifndef VZ_CT_LOST_H
#define VZ_CT_LOST_H

#include "ct/ct.h"

/* 1 and *ret when the group of VPS `id` has a PID 1 and no command is at work on it; else 0. */
int vz_state_of_group(unsigned id, struct vz_state *ret);

#endif
