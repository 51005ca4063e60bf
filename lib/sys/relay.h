/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying between descriptors while a child runs: the caller's terminal or pipes on one side, the
 * child's pipes or terminal on the other, so that no descriptor of the host enters a VPS. */
#ifndef VZ_SYS_RELAY_H
#define VZ_SYS_RELAY_H

#include <sys/types.h>

struct vz_relay {
	pid_t pid;       /* a child of ours; its end ends the relay */
	int in[2];       /* from, to: -1 none; "to" is closed at the end of "from" */
	char in_eof;     /* not 0: written to "to" at the end of "from" (a terminal's ^D) */
	int out[2];      /* from, to */
	int err[2];      /* from, to */
	int winch_from, winch_to; /* on SIGWINCH the window size goes across; -1 none */
};
/* The child's side (in[1], out[0], err[0]) becomes the relay's, which closes it; the rest stays
 * the caller's. */
#define VZ_RELAY_INIT \
	{ .in = { -1, -1 }, .out = { -1, -1 }, .err = { -1, -1 }, .winch_from = -1, .winch_to = -1 }

/* Copies until the child has ended and what it wrote is through; a daemon it left behind that
 * keeps the pipes open is not waited for. Where nobody reads what it writes, it gets SIGPIPE. SIGINT, SIGTERM, SIGHUP and SIGQUIT that reach us are
 * sent on to the child. The child's ends must be closed in the caller already. timeout_s 0: none;
 * when it runs out the child is killed. Returns waitpid(2)'s status, or -errno (-ETIMEDOUT). */
int vz_relay_run(struct vz_relay *r, int timeout_s);

/* Copies the window size of terminal `from` to terminal `to`. */
void vz_tty_copy_size(int from, int to);

#endif
