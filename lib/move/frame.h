/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes of a stream between two hosts, cut into frames of which each is smaller than its bytes, or those. Knows of no
 * descriptor.
 *
 *	LENGTH SENT BYTES      two little-endian numbers of 32 bits, and SENT bytes
 *
 * SENT is LENGTH: as they are. Less: one frame of zstd(1) by itself. 0: all LENGTH bytes are zero.
 */
#ifndef VZ_MOVE_FRAME_H
#define VZ_MOVE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define VZ_FRAME_MAX ((size_t)256 << 10) /* bytes in one: its LENGTH */
#define VZ_FRAME_HEAD 8
#define VZ_FRAME_WORD "frames"    /* of hello, and of its answer: this side can do it */

/* ---- making ---- */

struct vz_packer {
	char *in;         /* the caller's to fill, up to VZ_FRAME_MAX bytes */
	char *mem, *packed;
	void *zstd;
	unsigned pass, passes; /* frames that are not tried any more, and of how many: nothing came of it */
};

int vz_packer_open(struct vz_packer *p);
void vz_packer_close(struct vz_packer *p);
/* The frame of the first n bytes of p->in (1 to VZ_FRAME_MAX), and its length; valid until p->in is filled again. Bytes
 * that are all zero are never sent; others are made smaller if `squeeze`, where that is of any use. */
size_t vz_frame_make(struct vz_packer *p, size_t n, bool squeeze, const char **ret);

/* ---- taking ---- */

struct vz_unpacker {
	char *mem;             /* head and SENT bytes */
	char *raw;             /* what zstd makes of them */
	void *zstd;
	size_t have, need;     /* bytes of the frame that is coming */
	const char *bytes;     /* of the frame that has come, */
	size_t n;              /* so many */
};

int vz_unpacker_open(struct vz_unpacker *u);
void vz_unpacker_close(struct vz_unpacker *u);
/* Where the next bytes of the stream are to be put, and how many at most; never 0. */
size_t vz_frame_room(struct vz_unpacker *u, char **ret);
/* So many were put there. 1: a frame is whole, u->bytes and u->n, until the next call. 0: it is not. -EPROTO: it is none.
 *
 * May be hostile: a stream comes from another host; therefore lengths have bounds before anything is read or made, and zstd
 * writes into memory of ours that is as large as the largest frame, which is its window, too. */
int vz_frame_took(struct vz_unpacker *u, size_t n);
/* Nothing of a frame is there. */
bool vz_frame_is_between(const struct vz_unpacker *u);

#endif
