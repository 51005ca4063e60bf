// SPDX-License-Identifier: GPL-2.0-or-later
/* The start of a program; see process.h. */
#include "base/process.h"
#include "base/context.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void vz_process_stdio(void)
{
	int fd;

	/* the lowest free number is given: any of the three may be the one that is missing */
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= 2 && fcntl(fd, F_SETFD, 0) == 0);
	if (fd > 2)
		close(fd);
}

void vz_process_init(void)
{
	sigset_t none;

	vz_process_stdio();
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(0022);
}

static void put_line(void *arg, enum vz_line kind, const char *text)
{
	FILE *out = kind == VZ_LINE_ERROR || kind == VZ_LINE_NOTE ? stderr : stdout;

	(void)arg;
	if (fprintf(out, "%s\n", text) >= 0 && !fflush(out))
		return;
	/* what was done is done, though nobody can be told */
	if (kind == VZ_LINE_RESULT)
		vz_unwritten(errno);
	clearerr(out);
}

void vz_process_context(struct vz_context *c, const char *program)
{
	*c = (struct vz_context)VZ_CONTEXT_INIT;
	c->program = program;
	c->sink = put_line;
	c->fault = getenv("VZ_FAULT");
	(void)vz_context_use(c);
}

int vz_process_end(int code, int failed)
{
	struct vz_context *c = vz_context();
	bool bad = ferror(stdout);

	errno = 0;
	/* a file of a network file system, or over its quota, may fail only now */
	if (fclose(stdout) || bad)
		vz_unwritten(errno ? errno : EIO);
	if (!c->unwritten)
		return code;
	vz_log(-1, "cannot write the output: %s", strerror(c->unwritten));
	return code ? code : failed;
}

void vz_process_signals(void (*handler)(int))
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = handler }, old;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &sa, NULL);
}

#ifdef __SANITIZE_ADDRESS__
/* libbsd's setproctitle_init() copies the arguments for the whole life of the program. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:setproctitle_init\n";
}
#endif
