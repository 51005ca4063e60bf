/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs that count sockets share with the tools: the count of a VPS, and where all is pinned. */
#ifndef VZ_RES_SOCKETS_PINS_H
#define VZ_RES_SOCKETS_PINS_H

#include <linux/types.h>

/* By the id of the VPS's group, which holds it. */
struct vz_socket_count {
	__u64 held, peak, failed;
};

/* Of one CPU; all have the same. 0: no limit; else one more than the limit. */
#define VZ_SOCKET_BOUND(limit) ((limit) + 1)

#ifndef __bpf__
#include "res/bpf/stamp.h"
#include "sys/bpf.h"

#define VZ_SOCKETS_ARGUMENT "sockets"
#define VZ_SOCKETS_DIR VZ_BPF_DIR "/sockets-" VZ_SOCKETS_STAMP
#define VZ_SOCKETS_MAPS VZ_BPF_DIR "/socket-maps-" VZ_SOCKETS_STAMP
#define VZ_SOCKETS_COUNTS VZ_SOCKETS_MAPS "/vz_sockets"
#define VZ_SOCKETS_BOUNDS VZ_SOCKETS_MAPS "/vz_bounds"
#define VZ_SOCKETS_REFUSED VZ_RUNDIR "/sockets-" VZ_SOCKETS_STAMP ".refused"
#endif

#endif
