/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other host of a migration: one ssh(1) with vzarrive at its end, that lasts as long as the migration, so what
 * is asked costs one round trip, and the other side learns at once when we are gone. rsync(1) goes over the same
 * connection; where the server allows no second session on it, ssh makes another one.
 *
 * A request is a line; the answer is lines that begin with '+' (a fact), '-' (a message), '!' (a warning or an error),
 * and one "ok" or "fail CODE SENTENCE" at the end. An empty line asks nothing: we are alive.
 */
#ifndef VZ_MOVE_REMOTE_H
#define VZ_MOVE_REMOTE_H

#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "move/beat.h"
#include "move/frame.h"
#include "move/progress.h"
#include "move/pump.h"
#include "move/talk.h"

#define VZ_REMOTE_VERSION 4
#define VZ_REMOTE_HELPER VZ_LIBEXECDIR "/vzarrive"

struct vz_remote_opts {
	const char *host;  /* "node2"; always as root */
	const char *ssh;   /* further arguments, apart by blanks; NULL none */
	int verbose;
	struct vz_progress *progress; /* of what is copied */
	uint64_t bwlimit;  /* bytes a second, 0: as fast as it can */
	enum vz_squeeze squeeze; /* of what is sent of a dump */
	int silence_s;     /* after so long without a sign of life either side takes the other one for dead */
};

struct vz_remote {
	const struct vz_remote_opts *o;
	struct vz_talk talk;
	struct vz_beat beat;
	pid_t pid;         /* of ssh; 0: none */
	char *mux;         /* the path of a socket by which others go over the same connection */
	unsigned owed;     /* answers that nobody has waited for */
	struct vz_throttle throttle;
	bool branch;       /* its connection is another one's */
	bool heard;        /* it has answered once */
	bool in_frames;    /* the other side takes what is sent of a dump so (frame.h) */
	struct vz_packer packer; /* for files, once there was one */
	bool lost;         /* it broke, or is in doubt itself: what it was asked last may have been done, or not */
	struct vz_err broke; /* once it broke: how */
};
#define VZ_REMOTE_INIT { .talk = { .in = -EBADF, .out = -EBADF }, .beat = VZ_BEAT_INIT }

/* Connects. Failures are those of vzmigrate: 4 nobody answers, 14 there is no vzarrive. */
int vz_remote_open(struct vz_remote *r, const struct vz_remote_opts *o, struct vz_err *e);
/* Asks, and returns when it was answered. *ret_facts (may be NULL): the facts, a line each, the caller's to free. A
 * refusal has the exit code that the other side gave; -EPIPE when the connection broke. */
int vz_remote_ask(struct vz_remote *r, char **ret_facts, struct vz_err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Asks "VERB LENGTH" and sends the bytes behind it. */
int vz_remote_put(struct vz_remote *r, const char *verb, const void *data, size_t n, struct vz_err *e);
/* Asks the same with all that is in fd, whose length is `size`, in frames where the other side takes them, and does not wait for the answer: of many small ones each
 * would cost a round trip. After some hundred it waits. */
int vz_remote_send_fd(struct vz_remote *r, const char *verb, int fd, uint64_t size, struct vz_err *e);
/* The answers to these: the first refusal. To be called before anything else is asked. */
int vz_remote_answers(struct vz_remote *r, struct vz_err *e);
/* Both, never in frames. */
int vz_remote_put_fd(struct vz_remote *r, const char *verb, int fd, uint64_t size, struct vz_err *e);
/* It is found to be gone (-EPIPE) or silent (-ETIMEDOUT): closes it and says so. -EPIPE. */
int vz_remote_broke(struct vz_remote *r, int why, struct vz_err *e);
/* Something else has failed that may come of a connection which is gone: if it is, that is said instead, and true. */
bool vz_remote_is_why(struct vz_remote *r, struct vz_err *e);
/* "NAME=value" among facts: the value, the caller's to free; NULL: there is none. */
char *vz_remote_fact(const char *facts, const char *name);
/* A second one to the same host, which knows nothing of what the first one has asked; without a sign of life. */
int vz_remote_branch(struct vz_remote *r, const struct vz_remote *of, struct vz_err *e);
/* Ends it; accepts one that was never opened. */
void vz_remote_close(struct vz_remote *r);
/* The arguments of ssh up to the host, for rsync's -e; the caller frees. */
char *vz_remote_shell(const struct vz_remote *r);

#endif
