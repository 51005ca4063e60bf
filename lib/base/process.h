/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program of ours does first, so that it works whoever started it. */
#ifndef VZ_BASE_PROCESS_H
#define VZ_BASE_PROCESS_H

struct vz_context;

/* Descriptors 0 to 2 are open, so that no file of ours gets such a number and is read or written for the
 * user. Every program calls this or the next before all else. */
void vz_process_stdio(void);

/* For a program that changes things: vz_process_stdio(); children can be waited
 * for, though the caller may ignore SIGCHLD; no signal is blocked; SIGPIPE and SIGXFSZ are ignored, so
 * that write(2) fails and what was begun is finished or taken back; files are made with the modes that
 * are asked for, but for others' writing. */
void vz_process_init(void);

/* The context of a program: makes *c current, its lines go to stdout and stderr, and VZ_FAULT is obeyed.
 * `program` is named in the log file. */
void vz_process_context(struct vz_context *c, const char *program);

/* The end of a program, whose context is current: writes out stdout and closes it. Something that was asked for
 * and could not be written is told on stderr. Returns `code`, or `failed` when that is 0 and this happened. */
int vz_process_end(int code, int failed);

/* Calls handler() on SIGINT, SIGTERM and SIGHUP, each only where the caller's parent had not set it
 * to be ignored (nohup(1), jobs in the background). The handler calls vz_cancel(). */
void vz_process_signals(void (*handler)(int));

#endif
