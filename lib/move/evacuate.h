/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which VPSes a host has that is to be empty. */
#ifndef VZ_MOVE_EVACUATE_H
#define VZ_MOVE_EVACUATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct vz_evacuee {
	unsigned id;
	bool running;
};

/* All of this host, those that run first, and those whose migration has not ended; the caller frees *ret. */
int vz_evacuate_list(struct vz_evacuee **ret, size_t *ret_n, struct vz_err *e);

#endif
