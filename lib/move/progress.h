/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a copy is, for whoever wants to know, and how fast it may be. */
#ifndef VZ_MOVE_PROGRESS_H
#define VZ_MOVE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vz_progress {
	void (*tell)(void *arg, const struct vz_progress *p); /* NULL: nobody wants to know */
	void *arg;
	int fd;                 /* beside 1 and 2, what it writes to; -1: nothing */
	const char *what;       /* "files", "memory" */
	uint64_t done, total;   /* bytes; total 0: not known; at the end both are the same */
	int64_t began, told;    /* ms */
	bool ended;
};

/* A copy begins, is so far, and has ended; `tell` is called a few times a second, and at the end. NULL is accepted. */
void vz_progress_begin(struct vz_progress *p, const char *what, uint64_t total);
void vz_progress_at(struct vz_progress *p, uint64_t done, uint64_t total);
void vz_progress_end(struct vz_progress *p);
#define VZ_PROGRESS_UNKNOWN (-1)
/* Bytes a second, and seconds that it will take yet, or that; at `now`, in ms. */
uint64_t vz_progress_rate(const struct vz_progress *p, int64_t now);
int64_t vz_progress_left_s(const struct vz_progress *p, int64_t now);
/* "  1234567  12%  10.55MB/s  0:00:12 (...)", as rsync --info=progress2 --no-human-readable writes it: bytes and percent. */
bool vz_progress_of_rsync(const char *line, uint64_t *ret_done, unsigned *ret_percent);

/* At most per_s bytes a second (0: any number). */
struct vz_throttle {
	uint64_t per_s, sent;
	int64_t began; /* ms */
};
/* n more are to be sent: for how many ms one has to wait first. What was not sent in time is not made up for. */
int64_t vz_throttle_ms(struct vz_throttle *t, uint64_t n, int64_t now);

#endif
