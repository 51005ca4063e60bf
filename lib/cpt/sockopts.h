/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of sockets that CRIU leaves as a new socket has them: setsockopt(2), ip(7), ipv6(7), tcp(7), udp(7). A socket is
 * found by who has it open, process and descriptor, before and after.
 */
#ifndef VZ_CPT_SOCKOPTS_H
#define VZ_CPT_SOCKOPTS_H

#include "cgroup/cgroup.h"
#include "cpt/image.h"

/* Of all processes in the group, which stand still.
 *
 * May be hostile: the number of descriptors and sockets; therefore what exceeds the bounds is an error. */
int vz_sockopts_save(const struct vz_cg *cg, struct vz_image *im, struct vz_err *e);
/* When all are there again, and none runs. What the kernel does not take is left out, with a line. A dump of an older
 * version has none.
 *
 * May be hostile: the dump; therefore only options of our own list are set, of sockets that are in the group. */
int vz_sockopts_load(const struct vz_cg *cg, const struct vz_image *im, struct vz_err *e);
/* TCP connections work again. CRIU leaves those that it has dumped in the mode in which they can be made again (TCP_REPAIR),
 * in which reading from one fails, when it is killed before it puts everything back. */
int vz_sockopts_end_repair(const struct vz_cg *cg, struct vz_err *e);

#endif
