/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that is kept of a network namespace beside CRIU, but its packet filter: sysctls, settings of devices, routes. */
#ifndef VZ_CPT_NETKEPT_H
#define VZ_CPT_NETKEPT_H

#include "cpt/image.h"

/* While all stand still. */
int vz_netkept_save(int netns, struct vz_image *im, struct vz_err *e);
/* At CRIU's post-setup-namespaces. */
int vz_netkept_load(int netns, const struct vz_image *im, struct vz_err *e);

#endif
