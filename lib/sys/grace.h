/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short waits of the kernel's own, for the moments in which a VPS stands still. */
#ifndef VZ_SYS_GRACE_H
#define VZ_SYS_GRACE_H

#include <errno.h>

/* Who keeps it so. */
struct vz_grace {
	int pidfd, pipe;
};
#define VZ_GRACE_INIT { .pidfd = -EBADF, .pipe = -EBADF }

/*
 * Until vz_grace_end(), or the death of the caller, the kernel does not take its time where it waits until nobody reads
 * any more what it changes (RCU; /sys/kernel/rcu_expedited): a process that goes into a control group, a table of the
 * packet filter, a device or a mount that goes. It costs an interrupt of each processor each time. Several at a time are
 * one; what was so before stays so, and where it cannot be changed nothing is.
 */
void vz_grace_begin(struct vz_grace *g);
void vz_grace_end(struct vz_grace *g);

#endif
