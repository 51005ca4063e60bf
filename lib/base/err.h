/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A failure is "return -errno" and one struct vz_err filled at the place that knows. The struct
 * is plain bytes: no release, no allocation, and it goes through a socket as it is.
 */
#ifndef VZ_BASE_ERR_H
#define VZ_BASE_ERR_H

enum vz_exit {
#define X(n, name, text) VZ_##name = n,
#include "exits.def"
#undef X
};

struct vz_err {
	int exit;      /* enum vz_exit: what the program returns */
	int err;       /* the errno behind it, 0 when none */
	char msg[320]; /* one sentence, without newline */
};

/* Fills *e (which may be NULL) with exit code, errno and a printf-made sentence; ": strerror" is
 * appended when errnum is not 0. Returns -errnum, or -EINVAL when errnum is 0. */
int vz_fail(struct vz_err *e, enum vz_exit code, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* vz_fail() of memory that ran out: VZ_RESOURCE, the one sentence for it. Returns -ENOMEM. */
int vz_oom(struct vz_err *e);

/* Puts "context: " before the message of *e and returns r unchanged. */
int vz_within(struct vz_err *e, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The sentence of an exit code for the manual, or NULL for an unused number. */
const char *vz_exit_text(int code);

#endif
