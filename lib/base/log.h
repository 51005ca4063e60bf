/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where messages go: console and log file, as the legacy tools do (INTERFACE 1.2). Level 0 and
 * above is progress for stdout, below 0 is an error for stderr. Only ops and the front-ends call
 * this; lower rooms return a struct vz_err instead.
 */
#ifndef VZ_BASE_LOG_H
#define VZ_BASE_LOG_H

#include <stdbool.h>

struct vz_err;

/* program: name written into the log file ("vzctl"). Nothing is filed before vz_log_file(). */
void vz_log_init(const char *program);
/* Console verbosity: messages with level <= v are printed; -1 leaves errors only. */
void vz_log_verbosity(int v);
int vz_log_get_verbosity(void);
/* Nothing at all on the console; the file is not affected. */
void vz_log_quiet(bool on);
/* Opens the log file in append mode, once; messages with level <= max are filed. -errno when it cannot
 * be opened; the console still works then. */
int vz_log_file(const char *path, int max);
/* The "CT N : " part of later lines in the file; 0 for none. */
void vz_log_ctid(unsigned ctid);
/* Closes the file (enter does, for the length of a session). */
void vz_log_close(void);

void vz_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The message of *e at level -1; returns its exit code, VZ_SYSTEM when it has none. */
int vz_log_err(const struct vz_err *e);

#endif
