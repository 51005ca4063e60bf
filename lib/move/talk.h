/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines and bytes between the two hosts of a migration, over a pair of descriptors. Knows nothing of what they mean.
 */
#ifndef VZ_MOVE_TALK_H
#define VZ_MOVE_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VZ_TALK_LINE 16384 /* the longest line */

struct vz_talk {
	int in, out;
	struct vz_beat *beat; /* whose lines are not to come into ours; NULL: none */
	int silence_s;  /* so long may the other side send nothing while it is waited for; 0: for ever */
	size_t from, n; /* what was read and not taken: buf[from] to buf[n] */
	char buf[VZ_TALK_LINE];
};

/* The next line, without its newline; valid until the next call. deaf: vz_cancel() does not end the wait. -EPIPE: the
 * other side is gone; -ETIMEDOUT: it is silent; -EPROTO: a line too long; -ECANCELED. */
int vz_talk_line(struct vz_talk *t, bool deaf, char **ret);
/* There is something to read: takes signs of life off, and leaves the rest. Never waits. -EPIPE, -EPROTO. */
int vz_talk_hear(struct vz_talk *t);
/* Writes the next n bytes to fd (-1: nowhere), or into mem of that size. -EPIPE and -ETIMEDOUT as above, or what
 * write(2) gives; all bytes were taken from the wire then, so that it can be answered. */
int vz_talk_bytes(struct vz_talk *t, uint64_t n, int fd, char *mem);
/* One line; what vfprintf made of it has no newline. -EPIPE. */
int vz_talk_say(struct vz_talk *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
