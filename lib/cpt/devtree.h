/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest changed in the /dev that the host had made for it: links, sockets, files, owners. CRIU could
 * not make its nodes again, so the whole file system is handed to it from outside:
 *
 *	dump:     --external mnt[/dev]:dev
 *	restore:  --external mnt[dev]:WHERE-IT-IS-ATTACHED
 */
#ifndef VZ_CPT_DEVTREE_H
#define VZ_CPT_DEVTREE_H

#include "cpt/image.h"

/* Saves the content of /dev, one file system, of the stopped VPS. -EXDEV: something else lies on /dev.
 *
 * May be hostile: everything in it; therefore all is done by fds, no other file system is entered, nothing
 * waits, and what exceeds the bounds is an error. */
int vz_devtree_save(const struct vz_state *st, struct vz_image *im, struct vz_err *e);
/* Makes `dev`, a fresh detached /dev of vz_dev_make(), as the saved one was. Of device nodes only those
 * are made that the fresh one has, under whatever name. */
int vz_devtree_load(int dev, const struct vz_image *im, struct vz_err *e);

#endif
