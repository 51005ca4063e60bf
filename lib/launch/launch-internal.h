/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two sides of a launch share; for lib/launch only. */
#ifndef VZ_LAUNCH_INTERNAL_H
#define VZ_LAUNCH_INTERNAL_H

#include "launch/launch.h"

/* The child's column; never returns. sock: its end. */
_Noreturn void vz_child_main(const struct vz_spec *s, int sock);

/* Steps 1 and 2: the child's pid, a process of the caller's, and its pidfd. sock: both ends; the
 * child runs vz_child_main() on its own. */
pid_t vz_launch_clone(const struct vz_spec *s, const int sock[2], int *ret_pidfd, struct vz_err *e);
/* For a process that is to become the VPS's and has the host's rights still: drops all that it has
 * from the caller, cgroups of every hierarchy included, but resource limits. */
void vz_child_drop_inherited(struct vz_cg *cg);
/* Host defaults a guest should not inherit from whoever typed "vzctl start": signals, limits,
 * umask, session. Takes no rights. */
void vz_child_reset(void);
/* fds 0..2 as given; *sock becomes number 3, close-on-exec, and all others are closed: while exec
 * exchanges the memory, the guest may look at the descriptors. */
int vz_child_stdio(const int stdio[3], int *sock);
/* Root inside the user namespace, no supplementary groups. */
int vz_child_become_root(void);
/* The last steps before exec, in the order that matters: bounding set, then the filter. */
int vz_child_confine(uint64_t caps, const struct vz_filter *filter, struct vz_err *e);

#define NOTIFY_SOCKET "/run/vz-notify"
/* A datagram socket at a fixed place in the fresh /run, for a service manager's READY=1. */
int vz_notify_make(int *ret, struct vz_err *e);
/* Before the first program of the guest runs: makes the process that listens on sock, which the
 * caller then closes; sets l->listener and l->ready. */
int vz_notify_listen(int sock, struct vz_launch *l, struct vz_err *e);

/* Gives the guest behind the root a boot id of its own, and fills its fresh /run. */
int vz_rundir_fill(uint32_t features, struct vz_err *e);

#endif
