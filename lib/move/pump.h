/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between a program that sends a stream and the connection that carries it: a child that puts the stream into frames
 * (frame.h). A frame is made smaller while the connection is behind, since then there is time for it; one that would be
 * waited for goes out as it is, and so does what there is when nothing more comes. Bytes of the other way pass as they are.
 */
#ifndef VZ_MOVE_PUMP_H
#define VZ_MOVE_PUMP_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "move/progress.h"

enum vz_squeeze {
	VZ_SQUEEZE_BEHIND,
	VZ_SQUEEZE_ALWAYS,
	VZ_SQUEEZE_NEVER, /* and no frames: the other side knows of none, or the user wants it so */
};

struct vz_pump_spec {
	int wire;                     /* a socket; stays the caller's, who does not touch it until the end */
	enum vz_squeeze squeeze;
	uint64_t per_s;               /* bytes into the connection at most, 0: any number */
	struct vz_progress *progress; /* that has begun, for the child to tell of (may be NULL) */
};

struct vz_pump_count {
	uint64_t bytes, sent; /* that came, and that went into the connection */
};

struct vz_pump {
	int pidfd, sock;             /* sock: the program's end, a socket */
	struct vz_pump_count *count; /* the child's, to look at */
};
#define VZ_PUMP_INIT { .pidfd = -EBADF, .sock = -EBADF }

/* A socket into a connection: more lies there than it takes in the time in which a frame is made smaller. */
bool vz_pump_is_behind(int fd);
/* Makes room in it for this. */
void vz_pump_widen(int fd);
/* -errno. */
int vz_pump_begin(struct vz_pump *p, const struct vz_pump_spec *s);
/* Ends it, whatever is under way: the program's protocol tells when all is there. Accepts one that has not begun.
 * *ret (may be NULL): what it did. */
void vz_pump_end(struct vz_pump *p, struct vz_pump_count *ret);

#endif
