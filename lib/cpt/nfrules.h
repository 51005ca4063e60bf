/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of iptables-nft. CRIU keeps nf_tables as text of nft(8), and there is none for an extension of iptables. So where a
 * VPS has such a rule all its rules are kept as the kernel has them, in a file of our own, and CRIU's image of them goes.
 */
#ifndef VZ_CPT_NFRULES_H
#define VZ_CPT_NFRULES_H

#include "cpt/image.h"
#include "net/nftcopy.h"

/* Whether the kernel would take them again: it is tried in a network namespace that is nobody's, with no more rights than
 * root inside has. What names network devices is left out. On failure *ret_why, of `size` bytes, tells what of them. */
int vz_nfrules_try(const struct vz_state *st, const struct vz_nftcopy *c, char *ret_why, size_t size);

/* The inode of a process's network namespace if it has such a rule, so that CRIU does not look at the rules there; else 0. */
uint64_t vz_nfrules_netns(pid_t pid);
/* Saves those of a network namespace (fd), while all stand still and CRIU has written its images; none if CRIU has, unless there
 * is one by now that it cannot write. */
int vz_nfrules_save(int netns, bool has_criu, struct vz_image *im, struct vz_err *e);
/* At CRIU's post-setup-namespaces, when the devices are there and no packet can come. `st` is whose init is there.
 *
 * May be hostile: all of the file; therefore it goes to the kernel by a process of the VPS's user namespace, with its rights
 * alone and within seconds. */
int vz_nfrules_load(const struct vz_state *st, int netns, const struct vz_image *im, struct vz_err *e);

#endif
