// SPDX-License-Identifier: GPL-2.0-or-later
/* What was said since the boot: a file for each warning, named after a hash of it; see once.h. */
#include "ops/once.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>

#define SAID VZ_RUNDIR "/said"
#define TEXT_MAX 1024

/* FNV-1a; a collision costs one warning. */
static uint64_t hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	return h;
}

/* Was this said before? Notes that it is said now; where that cannot be noted it is said again. */
static bool was_said(const char *text)
{
	autofree char *path = vz_fmt(SAID "/%016llx", (unsigned long long)hash(text));

	if (!path || access(path, F_OK) == 0)
		return path;
	if (vz_mkdir_p(SAID, 0700) >= 0)
		(void)vz_file_replace(path, text, strlen(text), 0600, false);
	return false;
}

void vz_log_once(int level, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* what only the curious hear is not said */
	vz_log(level < 1 && was_said(text) ? 1 : level, "%s", text);
}

void vz_said_each(void (*fn)(const char *text, void *arg), void *arg)
{
	autoclosedir DIR *d = opendir(SAID);
	struct dirent *de;

	while (d && (de = readdir(d))) {
		autofree char *text = NULL;

		if (de->d_name[0] != '.' && !strchr(de->d_name, '.') &&
		    vz_file_read(dirfd(d), de->d_name, TEXT_MAX, &text) >= 0)
			fn(text, arg);
	}
}

void vz_log_open(const struct vz_conf *c)
{
	int level = c->log_level.set ? (int)c->log_level.v : 0, r = 0;

	if (c->logfile.set && *c->logfile.v)
		r = vz_log_file(c->logfile.v, level);
	if (r < 0)
		vz_log_once(-1, "Warning: cannot write the log %s (LOGFILE in " VZ_CONFDIR "/vz.conf): %s",
			    c->logfile.v, strerror(-r));
}
