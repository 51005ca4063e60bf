/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages: to the sink and the log file of the current context (base/context.h), as the legacy tools
 * word them (INTERFACE 1.2). Level 0 and above is progress, below 0 is an error. Lower rooms return a
 * struct vz_err instead.
 */
#ifndef VZ_BASE_LOG_H
#define VZ_BASE_LOG_H

struct vz_err;

void vz_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The message of *e at level -1; returns its exit code, VZ_SYSTEM when it has none. */
int vz_log_err(const struct vz_err *e);

/* The verbosity of the context; -1 without one. */
int vz_log_get_verbosity(void);
/* Opens the log file in append mode, once; messages with level <= max are filed. -errno when it cannot
 * be opened; the sink still works then. Nothing is waited for: a FIFO without a reader is -ENXIO. */
int vz_log_file(const char *path, int max);
/* Why a line of this context could not be filed, an errno, and 0 from then on; 0 when all were. */
int vz_log_lost(void);
/* The "CT N : " part of later lines in the file; 0 for none. */
void vz_log_ctid(unsigned ctid);
/* Closes the file (enter does, for the length of a session). */
void vz_log_close(void);

#endif
