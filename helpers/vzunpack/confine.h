/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Giving up rights before the first byte of an archive is read. */
#ifndef VZUNPACK_CONFINE_H
#define VZUNPACK_CONFINE_H

#include "base/err.h"

/* Leaves this process with: the fds 0..3, the few capabilities that owners and modes need, the
 * directory dirfd (Landlock), no way to gain rights, no network, no exec, bounded memory. */
int confine(int dirfd, struct vz_err *e);

#endif
