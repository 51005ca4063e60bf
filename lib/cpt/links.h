/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings of network devices that CRIU leaves as a new device has them: alias, queue length, group and sizes of segments of
 * every one, those of a bridge (spanning tree, ageing, multicast, VLAN filter), and those of a bridge's port. Which these are stands in a table
 * in links.c. Entries of a bridge's table of addresses and its VLANs are not among them (verdict-netconf.c tells).
 */
#ifndef VZ_CPT_LINKS_H
#define VZ_CPT_LINKS_H

#include "cpt/image.h"

/* Saves those of a network namespace (fd), while all stand still. */
int vz_links_save(int netns, struct vz_image *im, struct vz_err *e);
/* At CRIU's post-setup-namespaces, when the devices are there and up: sets those that differ. What the kernel refuses is told.
 *
 * May be hostile: all of the file; therefore only settings of the table are set, each of its own size, on devices of that network
 * namespace alone, which root inside could set as well. */
int vz_links_load(int netns, const struct vz_image *im, struct vz_err *e);

#endif
