/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that CRIU could not give back to their processes. It writes down once what a file is that many have: by the
 * first one it meets, with the flags of that. If that one is a descriptor of O_PATH (systemd keeps one of the program that
 * it starts services by), so is every process whose program the file is, and the kernel takes no such descriptor for a
 * program: the dump is good, and the restore fails. Here the images get the file a second time, to be read.
 */
#ifndef VZ_CPT_EXEIMAGES_H
#define VZ_CPT_EXEIMAGES_H

#include "base/err.h"

/* In the directory of CRIU's images, before they are sealed. Returns how many processes it was about. */
int vz_exeimages_mend(int criu, struct vz_err *e);

#endif
