/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying between descriptors while a child runs: the caller's terminal or pipes on one side, the
 * child's pipes or terminal on the other, so that no descriptor of the host enters a VPS. */
#ifndef VZ_SYS_RELAY_H
#define VZ_SYS_RELAY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct vz_relay {
	int pidfd;       /* of a child of ours; its end ends the relay */
	int64_t end;     /* deadline, sys/wait.h */
	int in[2];       /* from, to: -1 none; "to" is closed at the end of "from" */
	const char *first; /* goes to in[1] before anything else; NULL none */
	/* Not 0: "to" and out[0] are a terminal's master. This (^D) is typed at the end of "from", again until
	 * the child ends; a shell that does not is hung up, and also at SIGTERM and SIGHUP to us. */
	char in_eof;
	int out[2];      /* from, to */
	int err[2];      /* from, to */
	int winch_from;  /* on SIGWINCH its window size goes to out[0]; -1 none */
	/* Not the user's own command, but one of ours that a guest's shell runs: what it says is
	 * escaped (base/escape.h) and cut at VZ_RELAY_SAY, and a signal to us ends it. It runs to its end
	 * though nobody reads what it says. */
	bool ours;
	bool unread; /* set: what the child said was not taken to the end */
	int error;   /* set: why not, an errno; 0 where who read it has left */
};
/* The child's side (in[1], out[0], err[0]) becomes the relay's, which closes it; the rest stays
 * the caller's. */
#define VZ_RELAY_INIT \
	{ .pidfd = -1, .end = VZ_NO_END, .in = { -1, -1 }, .out = { -1, -1 }, .err = { -1, -1 }, \
	  .winch_from = -1 }
#define VZ_RELAY_SAY 65536

/* Copies until the child has ended and what it wrote is through; a daemon it left behind that
 * keeps the pipes open, or writes without end, is not waited for. Where nobody reads what it writes,
 * or it cannot be written, the user's command gets SIGPIPE. The child's ends must be closed in the caller already.
 *
 * SIGINT and SIGQUIT that reach us are sent on to the user's command, and three within five seconds
 * end it; so are SIGTERM and SIGHUP, in whose place its terminal is hung up where there is one (in_eof), and
 * five seconds later, or at the second, it is killed.
 *
 * *ret_status is waitpid(2)'s. -ETIMEDOUT, -ECANCELED: the child was given up, dead or not. */
int vz_relay_run(struct vz_relay *r, int *ret_status);

/* A descriptor of the caller's that is a pipe or a terminal, opened once more without waiting: close-on-exec,
 * and our caller's flags stay as they are. -errno for anything else. What is to be read is polled for by the
 * caller's own: a FIFO that was opened without waiting tells nothing of writers that had left before. */
int vz_own_description(int fd, int flags);
/* write(2) of what the user may not take: where fd is such a descriptor it never waits, else only where
 * neither the kernel nor poll(2) knows better. At most what was written; -1 with errno EAGAIN after a
 * moment of sleep, for a caller that polls again. */
ssize_t vz_write_some(int fd, const char *data, size_t n);
/* Copies the window size of terminal `from` to terminal `to`. */
void vz_tty_copy_size(int from, int to);

#endif
