// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages of the current context, and its log file; see log.h. */
#include "base/log.h"
#include "base/context.h"
#include "base/err.h"
#include "base/own.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

int vz_log_get_verbosity(void)
{
	const struct vz_context *c = vz_context();

	return c ? c->verbosity : -1;
}

int vz_log_file(const char *path, int max)
{
	struct vz_context *c = vz_context();

	if (!c)
		return 0;
	c->log_max = max;
	if (c->log_fd < 0)
		c->log_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
						O_NONBLOCK | O_NOCTTY, 0640);
	return c->log_fd < 0 ? -errno : 0;
}

void vz_log_ctid(unsigned ctid)
{
	if (vz_context())
		vz_context()->ctid = ctid;
}

void vz_log_close(void)
{
	struct vz_context *c = vz_context();

	if (!c)
		return;
	vz_closep(&c->log_fd);
	c->log_fd = -1;
}

/* One write per line, so lines of two commands never mix. */
static void file_line(struct vz_context *c, const char *msg)
{
	char when[40], ct[24] = "", line[1400];
	time_t now = time(NULL);
	struct tm tm;
	ssize_t done;
	int n;

	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S%z", &tm);
	if (c->ctid)
		snprintf(ct, sizeof(ct), "CT %u : ", c->ctid);
	n = snprintf(line, sizeof(line), "%s %s : %s%s\n", when, c->program, ct, msg);
	if (n >= (int)sizeof(line)) {
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	done = write(c->log_fd, line, (size_t)n);
	if (done < n)
		c->log_error = done < 0 ? errno : ENOSPC;
}

int vz_log_lost(void)
{
	struct vz_context *c = vz_context();
	int err = c ? c->log_error : 0;

	if (c)
		c->log_error = 0;
	return err;
}

void vz_log(int level, const char *fmt, ...)
{
	struct vz_context *c = vz_context();
	char msg[1024];
	va_list ap;

	if (!c)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (c->sink && !c->quiet && level <= c->verbosity)
		c->sink(c->sink_arg, level < 0 ? VZ_LINE_ERROR : VZ_LINE_PROGRESS, msg);
	if (c->log_fd >= 0 && level <= c->log_max)
		file_line(c, msg);
}

int vz_log_err(const struct vz_err *e)
{
	if (e->msg[0])
		vz_log(-1, "%s", e->msg);
	return e->exit ? e->exit : VZ_SYSTEM;
}
