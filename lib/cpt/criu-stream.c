// SPDX-License-Identifier: GPL-2.0-or-later
/* CRIU at one end of a stream of memory; see criu-internal.h. */
#include "cpt/criu-internal.h"
#include "sys/call.h"
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#define ARGS_OWN 16

/* CRIU's. */
enum { SOCK_FD = 3, IMAGES_FD, WORK_FD, READY_FD, FREE_FD };

/* What there is none of stays closed. */
static int place_fds(const int fds[FREE_FD])
{
	int high[FREE_FD];

	for (int i = 0; i < FREE_FD; i++) { /* out of each other's way first */
		high[i] = fds[i] < 0 ? -EBADF : fcntl(fds[i], F_DUPFD_CLOEXEC, FREE_FD);
		if (fds[i] >= 0 && high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < FREE_FD; i++)
		if (high[i] < 0 ? close(i) < 0 && errno != EBADF : dup2(high[i], i) < 0)
			return -errno;
	return vz_close_range(FREE_FD, ~0u, 0);
}

_Noreturn void vz_criu_stream(const struct vz_criu_stream *s)
{
	const char *argv[VZ_CRIU_ARGS + ARGS_OWN + VZ_CRIU_STREAM_ARGS];
	char *env[] = { (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, (char[]){ "HOME=/" }, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), n = vz_criu_argv(s->criu, s->verb, argv);
	const int fds[FREE_FD] = { null, null, null, s->sock, s->dir, s->work, s->ready };

	vz_reset_signals();
	(void)setsid();
	argv[n++] = "--ps-socket";
	argv[n++] = "3"; /* SOCK_FD */
	argv[n++] = "--images-dir";
	argv[n++] = "/proc/self/fd/4"; /* IMAGES_FD */
	argv[n++] = "--work-dir";
	argv[n++] = "/proc/self/fd/5"; /* WORK_FD */
	if (s->ready >= 0) {
		argv[n++] = "--status-fd";
		argv[n++] = "6"; /* READY_FD */
	}
	argv[n++] = "--log-file";
	argv[n++] = s->log;
	argv[n++] = "-v3"; /* with the time, by which criu-error.c knows its lines */
	for (int i = 0; i < VZ_CRIU_STREAM_ARGS && s->args[i]; i++)
		argv[n++] = s->args[i];
	argv[n] = NULL;
	if (vz_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_PRIVATE, -1) >= 0 &&
	    vz_criu_mounts(s->criu, NULL) >= 0 && place_fds(fds) >= 0)
		execve(argv[0], (char *const *)(uintptr_t)argv, env);
	_exit(127);
}
