// SPDX-License-Identifier: GPL-2.0-or-later
/* A child whose only work is to be the last who has some descriptors open; see close-later.h. */
#include "sys/close-later.h"
#include "base/own.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define STACK 16384

struct closer {
	int fd[VZ_CLOSE_LATER_MAX + 1]; /* sorted */
	size_t n;
	size_t control; /* which of them is the child's end of the pair */
};

/* On a stack of its own in the parent's memory: nothing here may fail, because errno is the
 * parent's, and nothing may be written but the stack. Signals are blocked. The numbers go to the
 * front so that the rest can be closed as one range; sorted, none is overwritten before its turn. */
__attribute__((no_sanitize("address", "undefined"))) static int hold_open(void *arg)
{
	const struct closer *k = arg;
	char byte = 0;

	for (size_t i = 0; i < k->n; i++)
		if (k->fd[i] != (int)i)
			syscall(SYS_dup3, k->fd[i], i, 0);
	syscall(SYS_close_range, k->n, ~0U, 0);
	syscall(SYS_write, k->control, &byte, 1);
	syscall(SYS_read, k->control, &byte, 1); /* until the parent has closed its own */
	syscall(SYS_exit, 0);
	return 0;
}

static void sort_in(struct closer *k, int fd)
{
	size_t i = k->n++;

	for (; i && k->fd[i - 1] > fd; i--)
		k->fd[i] = k->fd[i - 1];
	k->fd[i] = fd;
}

/* Its stack is never unmapped: it may be standing on it. */
static int start_closer(const int *fd, size_t n, int control)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	struct closer *k = (struct closer *)stack;
	sigset_t all, old;
	int pid;

	if (stack == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < n; i++)
		if (fd[i] >= 0)
			sort_in(k, fd[i]);
	sort_in(k, control);
	while (k->fd[k->control] != control)
		k->control++;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = clone(hold_open, stack + STACK, CLONE_VM, k);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		munmap(stack, STACK);
	return pid < 0 ? -errno : pid;
}

void vz_close_later(int *fd, size_t n)
{
	autoclose int mine = -EBADF; /* closed last */
	int pair[2], any = 0;
	char byte;

	for (size_t i = 0; i < n; i++)
		any |= fd[i] >= 0;
	if (any && !socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		int pid = start_closer(fd, n, pair[1]);

		close(pair[1]);
		mine = pair[0];
		/* It answers when it has closed all else, so that nothing of ours (a pipe that
		 * somebody reads to its end, a directory to be unmounted) stays open unseen. */
		while (pid > 0 && read(mine, &byte, 1) < 0 && errno == EINTR)
			;
	}
	for (size_t i = 0; i < n; i++)
		if (fd[i] >= 0)
			close(TAKE_FD(fd[i]));
}
