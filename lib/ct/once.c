// SPDX-License-Identifier: GPL-2.0-or-later
/* What was said since the boot: a file for each warning, named after a hash; see once.h. */
#include "ct/once.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/ct.h"
#include "sys/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define SAID VZ_RUNDIR "/said"
#define TEXT_MAX 1024

/* Was this said before? Notes that it is said now; where that cannot be noted it is said again. Two keys
 * of one hash cost one warning. */
static bool was_said(const char *key, const char *text)
{
	autofree char *path = vz_fmt(SAID "/%016" PRIx64, vz_str_hash(key, strlen(key), 0));

	if (!path || access(path, F_OK) == 0)
		return path;
	if (vz_mkdir_p(SAID, 0700) >= 0)
		(void)vz_file_replace(path, text, strlen(text), 0600, false);
	return false;
}

/* What only the curious hear is not said. */
static void say(const char *key, int level, const char *text)
{
	vz_log(level < 1 && was_said(key, text) ? 1 : level, "%s", text);
}

void vz_say_once(int level, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say(text, level, text);
}

void vz_say_once_about(const char *key, int level, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say(key, level, text);
}

void vz_said_each(void (*fn)(const char *text, void *arg), void *arg)
{
	autoclosedir DIR *d = opendir(SAID);
	struct dirent *de;

	while (d && (de = readdir(d))) {
		autofree char *text = NULL;

		if (strchr(de->d_name, '.') || vz_file_read(dirfd(d), de->d_name, TEXT_MAX, &text) < 0)
			continue;
		vz_escape_plain(text); /* values of configuration files may be in it */
		fn(text, arg);
	}
}

void vz_logfile_check(void)
{
	int err = vz_log_lost();

	if (err)
		vz_say_once(-1, "Warning: lines are missing in the log (LOGFILE in " VZ_HOST_CONF "): %s",
			    strerror(err));
}

void vz_logfile_open(const struct vz_conf *c)
{
	int level = c->log_level.set ? (int)c->log_level.v : 0, r = 0;

	if (c->logfile.set && *c->logfile.v)
		r = vz_log_file(c->logfile.v, level);
	if (r < 0)
		vz_say_once(-1, "Warning: cannot write the log %s (LOGFILE in " VZ_HOST_CONF "): %s",
			    c->logfile.v, strerror(-r));
}
