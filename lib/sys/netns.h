/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Something done in another network namespace. A thread of its own goes there and ends, so nobody
 * has to come back and could fail to. */
#ifndef VZ_SYS_NETNS_H
#define VZ_SYS_NETNS_H

#include "base/err.h"

struct vz_spawn; /* sys/spawn.h */

/* What fn(arg) returns in that namespace (VZ_NETNS_NEW: a new, empty one), or -errno when it cannot be
 * entered. Memory, descriptors and credentials are the caller's; it waits, and fn takes no signals. */
int vz_netns_call(int netns, int (*fn)(void *arg), void *arg);
#define VZ_NETNS_NEW (-1)

/* A new, empty network namespace; it lives as long as the fd (the caller's), a process or a device
 * pair in it does. */
int vz_netns_new(struct vz_err *e);
/* vz_spawn_run() of a program in that namespace. */
int vz_netns_run(int netns, const struct vz_spawn *s);

#endif
