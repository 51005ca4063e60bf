// SPDX-License-Identifier: GPL-2.0-or-later
/* Who keeps the pid namespace of a VPS from ending, as stop asks it, and what messages say of processes. Needs root;
 * skipped otherwise. */
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "unit.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

static pid_t init;
static int init_fd;

/* One outside that has run something inside, and does not reap it. */
struct keeper {
	pid_t pid, child;
	int go; /* a byte ends the child */
};

_Noreturn static void keep(int ns, int said, int go)
{
	pid_t child = vz_setns(ns, CLONE_NEWPID) < 0 ? -1 : vz_clone3(0, NULL, -1);
	char c;

	if (!child)
		_exit(read(go, &c, 1) != 1);
	if (write(said, &child, sizeof(child)) == sizeof(child))
		for (;;)
			pause();
	_exit(1);
}

/* exe: a file to run it from, by descriptor; -1: as it is. */
static struct keeper start(int exe)
{
	struct keeper k = { 0 };
	int said[2], go[2];

	CHECK(!pipe(said) && !pipe(go));
	k.pid = fork();
	if (!k.pid && exe >= 0) {
		char arg[3][16], *argv[] = { (char *)"keep", arg[0], arg[1], arg[2], NULL };

		snprintf(arg[0], sizeof(arg[0]), "%d", fcntl(init_fd, F_DUPFD, 3));
		snprintf(arg[1], sizeof(arg[1]), "%d", said[1]);
		snprintf(arg[2], sizeof(arg[2]), "%d", go[0]);
		fexecve(exe, argv, environ);
		_exit(1);
	}
	if (!k.pid)
		keep(init_fd, said[1], go[0]);
	CHECK_INT(read(said[0], &k.child, sizeof(k.child)), sizeof(k.child));
	close(said[0]);
	close(said[1]);
	close(go[0]);
	k.go = go[1];
	return k;
}

static void let_end(const struct keeper *k)
{
	autoclose int fd = vz_pidfd_open(k->child);
	struct pollfd f = { .fd = fd, .events = POLLIN };

	CHECK_INT(write(k->go, "", 1), 1);
	CHECK_INT(poll(&f, 1, 10000), 1);
}

static void stop(const struct keeper *k)
{
	int st;

	CHECK(!kill(k->pid, SIGSTOP));
	CHECK_INT(waitpid(k->pid, &st, WUNTRACED), k->pid);
	CHECK(WIFSTOPPED(st));
}

static void finish(pid_t pid)
{
	CHECK(!kill(pid, SIGKILL));
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	while (waitpid(-1, NULL, WNOHANG) > 0) /* we are the reaper of what it leaves */
		;
}

static void is(pid_t pid, bool traces, bool may_end)
{
	struct vz_keeper k;

	vz_proc_keeper(init, &k);
	CHECK_INT(k.pid, pid);
	CHECK_INT(k.traces, traces);
	CHECK_INT(k.may_end, may_end);
}

/* The caller has a child that has ended, and was not asked to reap it yet. */
static void own(void)
{
	pid_t pid = fork();
	struct vz_keeper k;
	siginfo_t si;
	int st;

	if (!pid) {
		pid = vz_setns(init_fd, CLONE_NEWPID) < 0 ? -1 : vz_clone3(0, NULL, -1);
		if (!pid)
			_exit(0);
		if (pid < 0 || waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT) < 0)
			_exit(2);
		vz_proc_keeper(init, &k);
		_exit(k.pid != 0);
	}
	CHECK_INT(waitpid(pid, &st, 0), pid);
	CHECK_INT(st, 0);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* One that is only slow is left alone, and one that is stopped found behind it. */
static void slow_and_stopped(void)
{
	struct keeper slow = start(-1), stopped;

	is(0, false, false);
	let_end(&slow);
	is(slow.pid, false, false);
	stopped = start(-1);
	let_end(&stopped);
	stop(&stopped);
	is(stopped.pid, false, true);
	finish(stopped.pid);
	is(slow.pid, false, false);
	finish(slow.pid);
	is(0, false, false);
}

static pid_t trace(pid_t pid, bool stopped)
{
	pid_t tracer;
	int said[2];
	char c;

	CHECK(!pipe(said));
	tracer = fork();
	if (!tracer) {
		if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
			_exit(1);
		if (stopped && (ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0 || waitpid(pid, NULL, 0) != pid))
			_exit(1);
		if (write(said[1], "", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	CHECK_INT(read(said[0], &c, 1), 1);
	close(said[0]);
	close(said[1]);
	return tracer;
}

/* Who is traced, or whose child is, has no part in it. */
static void traced(void)
{
	struct keeper k = start(-1);
	pid_t tracer = trace(k.child, false);

	let_end(&k);
	is(tracer, true, false);
	stop(&k);
	is(tracer, true, false);
	finish(tracer);
	is(k.pid, false, true);
	CHECK(!kill(k.pid, SIGCONT));
	tracer = trace(k.pid, true);
	is(tracer, true, false);
	finish(tracer);
	finish(k.pid);
}

/* Our program runs as a copy in memory where its file could be opened inside. */
static void copies(void)
{
	autofree char *text = NULL;
	autoclose int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), same = -EBADF, other = -EBADF;
	struct keeper k;
	struct stat st;

	CHECK(!fstat(exe, &st));
	text = calloc(1, (size_t)st.st_size + 1);
	CHECK(text && pread(exe, text, (size_t)st.st_size, 0) == st.st_size);
	same = vz_file_sealed(text, (size_t)st.st_size);
	other = vz_file_sealed(text, (size_t)st.st_size + 1);
	k = start(same);
	let_end(&k);
	is(k.pid, false, false);
	stop(&k);
	is(k.pid, false, true);
	finish(k.pid);
	k = start(other);
	let_end(&k);
	stop(&k);
	is(k.pid, false, false);
	finish(k.pid);
}

/* Nothing in a command line comes to the terminal of who reads a message as more than its letters. */
static void command_line(void)
{
	char sh[] = "sh", c_option[] = "-c", what[] = "echo; read x", esc[] = "a\33[31m\x7f", c1[] = "\302\233b\377",
	     letter[] = "\303\251\n", *argv[] = { sh, c_option, what, esc, c1, letter, NULL };
	int in[2], out[2];
	char buf[160], c;
	pid_t pid;

	CHECK(!pipe(in) && !pipe(out));
	pid = fork();
	if (!pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execv("/bin/sh", argv);
		_exit(1);
	}
	CHECK_INT(read(out[0], &c, 1), 1); /* it has run exec */
	vz_proc_cmdline(pid, buf, sizeof(buf));
	CHECK_STR(buf, "sh -c echo; read x a [31m? ??b? \303\251");
	CHECK(!kill(pid, SIGKILL));
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	for (int i = 0; i < 2; i++) {
		close(in[i]);
		close(out[i]);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4)
		keep(atoi(argv[1]), atoi(argv[2]), atoi(argv[3]));
	init = geteuid() ? -1 : vz_clone3(CLONE_NEWPID, &init_fd, -1);
	if (init < 0) {
		printf("needs root, and pid namespaces\n");
		return 77;
	}
	if (!init)
		for (;;)
			pause();
	command_line();
	CHECK(!prctl(PR_SET_CHILD_SUBREAPER, 1));
	own();
	slow_and_stopped();
	traced();
	copies();
	CHECK(!kill(init, SIGKILL));
	CHECK_INT(waitpid(init, NULL, 0), init);
	return done();
}
