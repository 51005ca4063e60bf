/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the library shares with whoever calls it: where lines go, what is filed, whether the caller
 * wants it to end. All of it is one struct that the caller owns; each thread has one current context,
 * or none, and then nothing is said, filed or cancelled. So there is nothing global, and no pointer is
 * handed through every function. A child has a copy of what its parent had.
 *
 * The library itself prints nothing, aborts nothing, sends its own process no signal and leaves
 * its environment alone. A VZ_FAULT that kills is the caller's wish, see `fault`.
 *
 * Lines alone go to the sink. Streams are the process's own 0, 1 and 2: a command or script inside
 * reads and writes them through a relay (launch/inside.h), enter and console have them as the user's
 * terminal, programs of the host such as action scripts inherit 1 and 2 (sys/spawn.h), and the
 * unpacker shows its progress on 2 where that is a terminal. A caller who wants them elsewhere makes
 * a process for the verb.
 */
#ifndef VZ_BASE_CONTEXT_H
#define VZ_BASE_CONTEXT_H

#include <signal.h>
#include <stdbool.h>

/* What a line is, for a sink that treats them differently. */
enum vz_line {
	VZ_LINE_RESULT,   /* what was asked for; never left out */
	VZ_LINE_NOTE,     /* beside a stream that is the result, as a console is; never left out */
	VZ_LINE_PROGRESS, /* what is done */
	VZ_LINE_ERROR,    /* warnings, and what failed */
};

/* Takes one line, without its newline. */
typedef void vz_sink(void *arg, enum vz_line kind, const char *text);

struct vz_context {
	vz_sink *sink; /* NULL: nowhere */
	void *sink_arg;

	/* the log, see log.h */
	const char *program; /* named in the log file */
	int verbosity;       /* messages up to this level go to the sink; -1: errors only */
	bool quiet;          /* no message goes there; the file is not affected */
	unsigned ctid;       /* the "CT N : " part of lines in the file; 0 for none */
	int unwritten;       /* see vz_unwritten(); 0 none */
	int log_error;       /* why a line could not be filed, an errno; see vz_log_lost() */
	int log_fd, log_max; /* the file and the level up to which is filed; -1: none */

	/* the end, see vz_cancel() */
	volatile sig_atomic_t cancelled;
	int cancel_fd;
	bool undoing;

	const char *fault; /* VZ_FAULT, NULL none (base/fault.h); a program takes it from its environment */
};
#define VZ_CONTEXT_INIT { .program = "vzctl", .log_fd = -1, .cancel_fd = -1 }

/* Makes *c the context of this thread (NULL: none), until the next call; returns the former one. */
struct vz_context *vz_context_use(struct vz_context *c);
/* The current one, or NULL. */
struct vz_context *vz_context(void);

/* The user of this context may want us to end: makes that by which waits (sys/wait.h) hear of it.
 * Without it, or when it fails, vz_cancel() still is seen between two steps. */
int vz_cancel_open(struct vz_context *c);
/* From then on he does: waits return -ECANCELED. Safe in a signal handler, and in any thread. */
void vz_cancel(struct vz_context *c);
/* Of the current context; false without one. */
bool vz_cancelled(void);
/* While it is on no signal ends vz_wait_program(): what is half taken back is not left so. */
void vz_cancel_undoing(bool on);
bool vz_cancel_is_undoing(void);
/* Readable once it is; -1 without vz_cancel_open(). For poll(2). */
int vz_cancel_fd(void);

/* What was asked for could not be written, for this reason (an errno); the first is kept, and the program
 * says it and fails (vz_process_end()). EPIPE is none: who reads has had enough; nor is 0. */
void vz_unwritten(int err);

/* A line of the result, or one beside it, to the sink of the current context; of any length. */
void vz_result(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void vz_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
