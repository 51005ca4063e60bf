// SPDX-License-Identifier: GPL-2.0-or-later
/* The start of a program; see process.h. */
#include "base/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>

void vz_process_init(void)
{
	sigset_t none;

	while (fcntl(2, F_GETFD) < 0)
		if (open("/dev/null", O_RDWR) < 0)
			break;
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(0022);
}
