/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages between the two sides of a launch or an attach; there is no other traffic. */
#ifndef VZ_LAUNCH_SYNC_H
#define VZ_LAUNCH_SYNC_H

#include <stdint.h>

#include "base/err.h"

/* Numbers: the steps in launch.h. */
enum vz_msg_kind {
	MAPPED = 1, /* parent: ids are mapped */
	ROOTED,     /* child: the tree stands, the old one is gone */
	GO,         /* parent: everything around you is true now */
	FAILED,     /* either: err tells why; the sender ends */
	TTY,        /* joiner: here is the terminal's other side */
	CLONED,     /* joiner: here is the runner's pidfd */
};

/* A SOCK_SEQPACKET pair, close-on-exec. */
int vz_sync_pair(int ret[2]);
/* A failed send needs no check: the next wait finds the socket dead and says so. fd: passed along
 * when >= 0. */
void vz_sync_send(int sock, enum vz_msg_kind kind, const struct vz_err *err, int fd);
/* Waits for exactly this message; *ret_fd (may be NULL) gets the fd that came along, or -1. FAILED
 * puts the other side's error into *e; end of file is an error too, and so are the deadline and a
 * signal: sys/wait.h. */
int vz_sync_wait(int sock, enum vz_msg_kind kind, int64_t end, int *ret_fd, struct vz_err *e);
/* Waits for end of file: 0 when it came without a word, the FAILED error otherwise. */
int vz_sync_wait_end(int sock, int64_t end, struct vz_err *e);

#endif
