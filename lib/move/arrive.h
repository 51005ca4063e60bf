/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The side of a migration to which a VPS comes: serves the requests of one (remote.h) on stdin and stdout. */
#ifndef VZ_MOVE_ARRIVE_H
#define VZ_MOVE_ARRIVE_H

#include "base/context.h"

/* Until the connection ends; what has not been accepted by then is taken away. */
int vz_arrive_serve(struct vz_context *c);

#endif
