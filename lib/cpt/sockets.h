/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of sockets in a VPS's tmpfs that no process has open any more, or that were made by mknod(2), such
 * as systemd's /run/systemd/inaccessible/sock: CRIU keeps a tmpfs as a tar archive, which has none.
 */
#ifndef VZ_CPT_SOCKETS_H
#define VZ_CPT_SOCKETS_H

#include "cpt/image.h"

/* Saves them of every tmpfs that init sees, while the VPS is stopped.
 *
 * May be hostile: names, depth and number; therefore all is done by fds, nothing waits, and what exceeds
 * the bounds is an error. */
int vz_sockets_save(const struct vz_state *st, struct vz_image *im, struct vz_err *e);
/* At CRIU's network-unlock, when the tree is there and nothing of the VPS runs: makes those that are
 * missing, as root inside.
 *
 * May be hostile: the dump, and what lies in the container by then; therefore the child has no more rights than
 * root inside, follows no link, and touches nothing that is there. */
int vz_sockets_load(const struct vz_state *st, const struct vz_image *im, struct vz_err *e);

#endif
