// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the socket that a systemd guest speaks to leads once nobody of the host listens. */
#include "launch/launch-internal.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

/* As root inside, since a file of another id cannot be there; in one step, since it is spoken to at
 * any moment. */
static int link_notify_socket(void *unused)
{
	(void)unused;
	if (symlink("/run/systemd/notify", NOTIFY_SOCKET ".new") < 0 ||
	    rename(NOTIFY_SOCKET ".new", NOTIFY_SOCKET) < 0)
		return -errno;
	return 0;
}

void vz_launch_notified(const struct vz_state *st)
{
	(void)vz_join_call(st, CLONE_NEWNS | CLONE_NEWUSER, link_notify_socket, NULL);
}
