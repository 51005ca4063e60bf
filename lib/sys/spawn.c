// SPDX-License-Identifier: GPL-2.0-or-later
/* Host children; see spawn.h. */
#include "sys/spawn.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/urgent.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define SPAWN_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define SPAWN_ENV_MAX 64

void vz_reset_signals(void)
{
	const unsigned long dfl[8] = { 0 }; /* struct sigaction of any processor: SIG_DFL */
	sigset_t none;

	/* the kernel's own call: libc hides two signals, which may be ignored all the same */
	for (int s = 1; s < NSIG; s++)
		(void)syscall(SYS_rt_sigaction, s, dfl, NULL, (NSIG - 1) / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* dup2() that also works when the fd is in place already: close-on-exec must go. */
static int place_fd(int fd, int at)
{
	if (fd == at)
		return fcntl(fd, F_SETFD, 0);
	return dup2(fd, at);
}

static _Noreturn void child(const struct vz_spawn *s, int report)
{
	const char *env[SPAWN_ENV_MAX] = { "PATH=" SPAWN_PATH, "HOME=/", "TERM=linux" };
	int n = 3, in = s->in, keep = 3, err;

	vz_reset_signals();
	if (s->apart)
		(void)setsid();
	if (s->death_signal)
		prctl(PR_SET_PDEATHSIG, s->death_signal);
	if (!s->urgent)
		vz_urgent_drop();
	for (int i = 0; s->env && s->env[i] && n < SPAWN_ENV_MAX - 1; i++)
		env[n++] = s->env[i];
	if (in < 0)
		in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* out of the way of 0..3 first, so that one placement cannot run over another */
	report = fcntl(report, F_DUPFD_CLOEXEC, 10);
	if (in < 0 || report < 0 || place_fd(in, 0) < 0 || (s->out >= 0 && place_fd(s->out, 1) < 0) ||
	    (s->err >= 0 && place_fd(s->err, 2) < 0) || (s->keep >= 0 && place_fd(s->keep, 3) < 0))
		goto fail;
	if (s->keep >= 0)
		keep = 4;
	(void)vz_close_range((unsigned)keep, (unsigned)report - 1, 0);
	(void)vz_close_range((unsigned)report + 1, ~0u, 0);
	/* the caller may stand in a guest's tree; its program shall not */
	if (chdir("/") < 0)
		goto fail;
	setenv("PATH", SPAWN_PATH, 1);
	execvpe(s->argv[0], s->argv, (char *const *)env);
fail:
	err = errno;
	(void)!write(report, &err, sizeof(err));
	_exit(127);
}

char *vz_spawn_path(const char *program)
{
	const char *rest = SPAWN_PATH;

	for (;;) {
		autofree char *dir = vz_str_word(&rest, ":");
		autofree char *file = dir ? vz_fmt("%s/%s", dir, program) : NULL;

		if (!file)
			return NULL;
		if (!access(file, X_OK))
			return TAKE_PTR(file);
	}
}

bool vz_spawn_finds(const char *program)
{
	autofree char *file = vz_spawn_path(program);

	return file != NULL;
}

int vz_spawn_start(const struct vz_spawn *s, pid_t *ret_pid)
{
	autoclose int r = -EBADF, w = -EBADF;
	int p[2], err = 0;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	r = p[0];
	w = p[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		child(s, w);
	close(TAKE_FD(w));
	if (read(r, &err, sizeof(err)) == sizeof(err)) {
		(void)waitpid(pid, NULL, 0);
		return -err;
	}
	*ret_pid = pid;
	return 0;
}

int vz_spawn_wait(pid_t pid, int seconds, bool deaf)
{
	autoclose int pidfd = vz_pidfd_open(pid);
	int r = pidfd, st = 0;

	if (r >= 0)
		r = vz_wait_program(pidfd, seconds ? vz_end_in(seconds) : VZ_NO_END, deaf, &st);
	if (r < 0)
		return r == -ETIMEDOUT ? -ETIME : r; /* nobody spoke of a connection */
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

int vz_spawn_run(const struct vz_spawn *s)
{
	bool undoing = vz_cancelled();
	pid_t pid;
	int r = vz_spawn_start(s, &pid);

	return r < 0 ? r : vz_spawn_wait(pid, s->seconds, undoing);
}
