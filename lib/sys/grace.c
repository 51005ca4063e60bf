// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A child sets the switch of the host, and sets it back when the pipe from its parent ends, whatever that died of. Who
 * else does so at the time has the same file locked; its content tells that the switch is ours.
 */
#include "sys/grace.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SWITCH "/sys/kernel/rcu_expedited"
#define OURS VZ_RUNDIR "/expedited"
#define END_S 5
#define PIPE_FD 3

static bool is_on(void)
{
	uint64_t v;

	return vz_file_number(SWITCH, 1, &v) < 0 || v;
}

static void switch_on(int file)
{
	if (!is_on() && pwrite(file, "1", 1, 0) == 1)
		(void)vz_file_write(AT_FDCWD, SWITCH, "1");
}

/* The last one; also of one that was killed together with its parent. */
static void switch_off(int file)
{
	char ours;

	if (flock(file, LOCK_EX | LOCK_NB) >= 0 && pread(file, &ours, 1, 0) == 1 &&
	    vz_file_write(AT_FDCWD, SWITCH, "0") >= 0)
		(void)!ftruncate(file, 0);
}

static _Noreturn void keep(void)
{
	int file = open(OURS, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	char c;

	if (file < 0 || flock(file, LOCK_SH) < 0)
		_exit(1);
	switch_on(file);
	while (read(PIPE_FD, &c, 1) < 0 && errno == EINTR)
		;
	switch_off(file);
	_exit(0);
}

void vz_grace_begin(struct vz_grace *g)
{
	int fds[2];
	pid_t pid;

	if (g->pidfd >= 0 || access(SWITCH, W_OK) < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return;
	pid = vz_clone3(0, &g->pidfd, -1);
	if (!pid) {
		static const int deaf[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

		for (size_t i = 0; i < ARRAY_LEN(deaf); i++)
			(void)signal(deaf[i], SIG_IGN);
		prctl(PR_SET_NAME, "vz:grace");
		(void)setsid();
		if (dup2(fds[0], PIPE_FD) < 0)
			_exit(1);
		vz_let_go(PIPE_FD + 1);
		keep();
	}
	close(fds[0]);
	if (pid > 0)
		g->pipe = fds[1];
	else
		close(fds[1]);
}

void vz_grace_end(struct vz_grace *g)
{
	int status;

	vz_closep(&g->pipe);
	if (g->pidfd >= 0) /* it ends by itself, and is not to be kept from that */
		(void)vz_wait_child(g->pidfd, vz_end_in(END_S), &status);
	vz_closep(&g->pidfd);
}
