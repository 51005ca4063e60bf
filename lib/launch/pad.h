/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The launch pad: one tiny mount namespace for the whole host, out of which every VPS is cloned.
 *
 * clone(2) with CLONE_NEWNS copies the whole mount table of the caller; on a host with hundreds
 * of mounted VPSes that would make each start cost more than the one before, and would show the
 * new process the host's tree. The pad holds four mounts: an empty tmpfs as root, a complete proc and
 * sysfs (the kernel lets a user namespace mount its own only where a complete one is visible), and
 * the empty file and directory that hide things in VPSes. It lives pinned at VZ_RUNDIR/pad/ns
 * without any process.
 */
#ifndef VZ_LAUNCH_PAD_H
#define VZ_LAUNCH_PAD_H

#include "base/err.h"

/* Names inside the pad. */
#define VZ_PAD_ROOT "/root"      /* empty directory: the guest's root is attached here */
#define VZ_PAD_FILE "/hide/file" /* empty file, mode 0 */
#define VZ_PAD_DIR "/hide/dir"   /* empty directory */

/* An fd of the pad's namespace, made when it is not there (first start after boot). The caller
 * closes it. */
int vz_pad_open(int *ret_fd, struct vz_err *e);

#endif
