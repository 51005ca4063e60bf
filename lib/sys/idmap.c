// SPDX-License-Identifier: GPL-2.0-or-later
/* Id maps; see idmap.h. user_namespaces(7), mount_setattr(2). */
#include "sys/idmap.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/file.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#define HOLDER_STACK 16384

static int write_map(pid_t pid, const char *file, uint32_t first)
{
	char path[sizeof("/proc//uid_map") + 10], text[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	snprintf(text, sizeof(text), "0 %u %u\n", first, VZ_IDS_PER_VPS);
	return vz_file_write(AT_FDCWD, path, text);
}

int vz_idmap_write(pid_t pid, uint32_t first_uid, uint32_t first_gid)
{
	int r = write_map(pid, "uid_map", first_uid);

	return r < 0 ? r : write_map(pid, "gid_map", first_gid);
}

/* Lives on the caller's memory, so that no page table is copied; touches nothing of it. */
static int hold_namespace(void *pipe_fds)
{
	int *p = pipe_fds;
	char c;

	close(p[1]);
	(void)!read(p[0], &c, 1); /* ends when the parent closes its end, or dies */
	_exit(0);
}

static pid_t start_holder(int *p, char *stack_end)
{
	sigset_t all, old;
	pid_t pid;

	/* a handler of the caller's must not run on this stack */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = clone(hold_namespace, stack_end, CLONE_VM | CLONE_NEWUSER | SIGCHLD, p);
	if (pid < 0)
		pid = -errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

int vz_idmap_userns(uint32_t first_uid, uint32_t first_gid)
{
	char stack[HOLDER_STACK] __attribute__((aligned(16)));
	char path[sizeof("/proc//ns/user") + 10];
	int p[2], fd, r;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	pid = start_holder(p, stack + sizeof(stack));
	close(p[0]);
	if (pid < 0) {
		close(p[1]);
		return pid;
	}
	r = vz_idmap_write(pid, first_uid, first_gid);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = r < 0 ? r : open(path, O_RDONLY | O_CLOEXEC);
	if (r >= 0 && fd < 0)
		fd = -errno;
	close(p[1]);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}
