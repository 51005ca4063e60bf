// SPDX-License-Identifier: GPL-2.0-or-later
/* vzfdstore as a process: in the background, in a session of its own. The work is sys/fdstore.h. */
#include "base/own.h"
#include "eventd/eventd-internal.h"
#include "eventd/eventd.h"
#include "sys/fdstore.h"

#include <fcntl.h>
#include <signal.h>

#define IDLE_MS 60000
#define DRAIN_MS 5000 /* longer than a service manager takes to start vzeventd again */

/* Called when the socket exists, so whoever waits for the parent can connect at once. */
static int to_background(void)
{
	autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid)
		return 1;
	setsid();
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		(void)dup2(null, fd);
	return chdir("/") < 0 ? -errno : 0;
}

int vz_eventd_fdstore(struct vz_err *e)
{
	struct vz_fdstore_opts o = { VZ_FDSTORE_SOCKET, IDLE_MS, DRAIN_MS };
	int r;

	(void)signal(SIGHUP, SIG_IGN);
	r = vz_fdstore_serve(&o, to_background);
	if (r == -EADDRINUSE)
		return 0;
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot serve %s", o.socket) : 0;
}
