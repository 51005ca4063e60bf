// SPDX-License-Identifier: GPL-2.0-or-later
/* Console and log file; see log.h. The only file that knows where messages go. */
#include "base/log.h"
#include "base/err.h"
#include "base/own.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static struct {
	const char *program;
	int verbosity, file_max, fd;
	unsigned ctid;
	bool quiet;
} sink = { .program = "vzctl", .fd = -1 };

void vz_log_init(const char *program)
{
	sink.program = program;
}

void vz_log_verbosity(int v)
{
	sink.verbosity = v < -1 ? -1 : v;
}

int vz_log_get_verbosity(void)
{
	return sink.verbosity;
}

void vz_log_quiet(bool on)
{
	sink.quiet = on;
}

int vz_log_file(const char *path, int max)
{
	sink.file_max = max;
	if (sink.fd < 0)
		sink.fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	return sink.fd < 0 ? -errno : 0;
}

void vz_log_ctid(unsigned ctid)
{
	sink.ctid = ctid;
}

void vz_log_close(void)
{
	if (sink.fd >= 0)
		close(sink.fd);
	sink.fd = -1;
}

/* One write per line, so lines of two commands never mix. */
static void file_line(const char *msg)
{
	char when[40], ct[24] = "", line[1400];
	time_t now = time(NULL);
	struct tm tm;
	int n;

	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S%z", &tm);
	if (sink.ctid)
		snprintf(ct, sizeof(ct), "CT %u : ", sink.ctid);
	n = snprintf(line, sizeof(line), "%s %s : %s%s\n", when, sink.program, ct, msg);
	if (n >= (int)sizeof(line)) {
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	(void)!write(sink.fd, line, (size_t)n);
}

void vz_log(int level, const char *fmt, ...)
{
	char msg[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (!sink.quiet && level <= sink.verbosity) {
		FILE *out = level < 0 ? stderr : stdout;

		fprintf(out, "%s\n", msg);
		fflush(out);
	}
	if (sink.fd >= 0 && level <= sink.file_max)
		file_line(msg);
}

int vz_log_err(const struct vz_err *e)
{
	if (e->msg[0])
		vz_log(-1, "%s", e->msg);
	return e->exit ? e->exit : VZ_SYSTEM;
}
