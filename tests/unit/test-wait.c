// SPDX-License-Identifier: GPL-2.0-or-later
/* Waits with an end: programs of the host that do not end, and children that a tracer keeps. */
#include "base/err.h"
#include "base/own.h"
#include "base/process.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/spawn.h"
#include "sys/wait.h"
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define SEVERAL 9

static int shell(const char *text, int seconds)
{
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char *)(uintptr_t)text, NULL };
	struct vz_spawn s = VZ_SPAWN_INIT;

	s.argv = argv;
	s.seconds = seconds;
	return vz_spawn_run(&s);
}

static void programs(void)
{
	int64_t begin = vz_now_ms();

	CHECK_INT(shell("exit 7", 0), 7);
	CHECK_INT(shell("kill -9 $$", 60), 128 + SIGKILL);
	CHECK_INT(shell("exec sleep 1000", 1), -ETIME);
	CHECK_INT(shell("trap '' TERM; exec sleep 1000", 1), -ETIME);
	CHECK(vz_now_ms() - begin < 30000);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

/* A process that traces all of them, and the end of a pipe whose other end it holds. */
static pid_t trace(const pid_t *pid)
{
	pid_t tracer;
	int p[2];
	char c;

	CHECK(!pipe(p));
	tracer = fork();
	if (!tracer) {
		for (size_t i = 0; i < SEVERAL; i++)
			if (ptrace(PTRACE_SEIZE, pid[i], 0, 0) < 0)
				_exit(1);
		if (write(p[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(p[1]);
	CHECK_INT(read(p[0], &c, 1), 1);
	close(p[0]);
	return tracer;
}

/* However many were given up while somebody traced them, none stays when he lets go. */
static void given_up(void)
{
	pid_t pid[SEVERAL], tracer;
	int p[2];

	CHECK(!pipe(p));
	for (size_t i = 0; i < SEVERAL; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			(void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
			close(p[0]);
			if (write(p[1], "", 1) == 1)
				pause();
			_exit(1);
		}
	}
	for (size_t i = 0; i < SEVERAL; i++) {
		char c;

		CHECK_INT(read(p[0], &c, 1), 1);
	}
	tracer = trace(pid);
	for (size_t i = 0; i < SEVERAL; i++) {
		autoclose int fd = vz_pidfd_open(pid[i]);

		vz_give_up(fd);
		CHECK(!kill(pid[i], 0));
	}
	(void)kill(tracer, SIGKILL);
	CHECK_INT(waitpid(tracer, NULL, 0), tracer);
	CHECK_INT(vz_wait_fd(p[0], POLLIN, vz_now_ms() + 1), -ETIMEDOUT);
	for (size_t i = 0; i < SEVERAL; i++)
		CHECK(kill(pid[i], 0) < 0 && errno == ESRCH);
	close(p[0]);
	close(p[1]);
}

static struct vz_context context = VZ_CONTEXT_INIT;

static void on_signal(int sig)
{
	(void)sig;
	vz_cancel(&context);
}

/* A signal ends the wait for a program, but not for the next one, which undoes something. */
/* sh -c text, waited for a moment later: the signal came in between. */
static int shell_late(const char *text)
{
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char *)(uintptr_t)text, NULL };
	struct vz_spawn s = VZ_SPAWN_INIT;
	pid_t pid;

	s.argv = argv;
	CHECK_INT(vz_spawn_start(&s, &pid), 0);
	return vz_spawn_wait(pid, 0, false);
}

static void cancelled(void)
{
	(void)vz_context_use(&context);
	CHECK_INT(vz_cancel_open(&context), 0);
	vz_process_signals(on_signal);
	CHECK_INT(shell("kill -TERM $PPID; exec sleep 1000", 0), -ECANCELED);
	CHECK_INT(shell("exit 7", 0), 7);
	CHECK_INT(shell_late("exec sleep 1000"), -ECANCELED);
	vz_cancel_undoing(true);
	CHECK_INT(shell_late("sleep 0.1; exit 7"), 7);
	vz_cancel_undoing(false);
}

/* One that others could open is closed to them; who waits too long is told why, and what to do. */
static void locks(void)
{
	char path[] = "/tmp/test-wait.XXXXXX";
	autoclose int made = mkstemp(path), one = -EBADF, other = -EBADF;
	struct vz_err e = { 0 };
	struct stat st;

	CHECK(made >= 0 && !fchmod(made, 0644));
	one = vz_wait_lock(path, vz_now_ms());
	CHECK(one >= 0 && !stat(path, &st) && (st.st_mode & 0777) == 0600);
	CHECK_INT(vz_wait_lock(path, vz_now_ms() + 10), -ETIMEDOUT);
	CHECK_INT(vz_wait_lock_fail(&e, -ETIMEDOUT, "/run/x"), -ETIMEDOUT);
	CHECK_STR(e.msg, "another command holds /run/x for too long ('fuser -v /run/x' shows which one); "
			 "try again when it has ended");
	CHECK_INT(vz_wait_lock_fail(&e, -ENOSPC, "/run/x"), -ENOSPC);
	CHECK_STR(e.msg, "cannot lock /run/x: No space left on device");
	vz_closep(&one);
	one = vz_wait_lock_at(path, 7, vz_now_ms());
	other = vz_wait_lock_at(path, 8, vz_now_ms());
	CHECK(one >= 0 && other >= 0);
	CHECK_INT(vz_wait_lock_at(path, 7, vz_now_ms()), -ETIMEDOUT);
	vz_closep(&one);
	one = vz_wait_lock_at(path, 7, vz_now_ms());
	CHECK(one >= 0);
	unlink(path);
}

/* Whether it has failed is seen, and it is there to be waited for afterwards. */
static void fails(void)
{
	for (int how = 0; how < 3; how++) {
		autoclose int pidfd = -EBADF;
		int status = -1;
		pid_t pid = vz_clone3(0, &pidfd, -1);

		if (!pid) {
			if (how == 2)
				(void)pause();
			_exit(how);
		}
		CHECK(pid > 0);
		if (how == 2) {
			CHECK(!vz_has_failed(pidfd));
			CHECK_INT(vz_pidfd_signal(pidfd, SIGKILL), 0);
		}
		CHECK_INT(vz_wait_fd(pidfd, POLLIN, vz_end_in(20)), 0);
		CHECK(vz_has_failed(pidfd) == (how > 0));
		CHECK_INT(vz_wait_child(pidfd, vz_end_in(20), &status), 0);
		CHECK_INT(status, how == 2 ? SIGKILL : how << 8);
		CHECK(!vz_has_failed(pidfd));
	}
}

int main(void)
{
	programs();
	fails();
	given_up();
	locks();
	cancelled();
	return done();
}
