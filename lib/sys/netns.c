// SPDX-License-Identifier: GPL-2.0-or-later
/* Network namespaces without a process of their own; see netns.h. */
#include "sys/netns.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/spawn.h"
#include "sys/wait.h"

#include <fcntl.h>

static int current_netns(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void return_to(int home)
{
	if (vz_setns(home, CLONE_NEWNET) < 0)
		abort(); /* never go on in the wrong network */
}

int vz_netns_new(struct vz_err *e)
{
	autoclose int home = current_netns(), fd = -EBADF;
	int r = home;

	if (r >= 0 && unshare(CLONE_NEWNET) < 0)
		r = -errno;
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot make a network namespace");
	fd = current_netns();
	return_to(home);
	return fd < 0 ? vz_fail(e, VZ_SYSTEM, -fd, "cannot open the network namespace") :
			TAKE_FD(fd);
}

int vz_netns_run(int netns, const struct vz_spawn *s)
{
	autoclose int home = current_netns();
	bool undoing = vz_cancelled();
	pid_t pid = 0;
	int r = home < 0 ? home : vz_setns(netns, CLONE_NEWNET);

	if (r < 0)
		return r;
	r = vz_spawn_start(s, &pid);
	return_to(home);
	return r < 0 ? r : vz_spawn_wait(pid, s->seconds, undoing);
}
