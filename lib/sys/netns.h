/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network namespaces of our own making. Single-threaded programs only. */
#ifndef VZ_SYS_NETNS_H
#define VZ_SYS_NETNS_H

#include "base/err.h"

struct vz_spawn; /* sys/spawn.h */

/* A new, empty network namespace; it lives as long as the fd (the caller's), a process or a device
 * pair in it does. */
int vz_netns_new(struct vz_err *e);
/* vz_spawn_run() of a program in that namespace; the caller stays where it is. */
int vz_netns_run(int netns, const struct vz_spawn *s);

#endif
