/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Warnings about the host, which would be the same at every start: each is said once a boot. Later
 * ones are for those who asked for more words (level 1), and `vzctl check` repeats them all.
 */
#ifndef VZ_CT_ONCE_H
#define VZ_CT_ONCE_H

#include "param/param.h"

/* As vz_log(); another text is another warning. */
void vz_say_once(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for a text with numbers that change: about the same key it is said once. */
void vz_say_once_about(const char *key, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* vz_log_file() of LOGFILE and LOG_LEVEL; without a log a warning, once. */
void vz_logfile_open(const struct vz_conf *c);
/* At the end of a command: that lines were lost, once. */
void vz_logfile_check(void);
/* Calls fn with every warning that was said since the boot, printable and in one line. */
void vz_said_each(void (*fn)(const char *text, void *arg), void *arg);

#endif
