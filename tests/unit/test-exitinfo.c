// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a PID 1 ended, told by the kernel itself: real pid namespaces (in a user namespace, so no
 * root is needed) whose members really call reboot(2). Skipped where that is not allowed.
 */
#include "base/own.h"
#include "sys/call.h"
#include "sys/exitinfo.h"
#include "sys/proc.h"
#include "unit.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum how { BY_INIT_RESTART, BY_INIT_OFF, BY_INIT_HALT, BY_CHILD_RESTART, BY_CHILD_OFF, EXIT_7, KILL };

static _Noreturn void guest(enum how how, int go)
{
	static const int magic[] = { RB_AUTOBOOT, RB_POWER_OFF, RB_HALT_SYSTEM, RB_AUTOBOOT,
				     RB_POWER_OFF };
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(99);
	if (how == EXIT_7)
		_exit(7);
	if (getpid() != 1) /* never the host */
		_exit(98);
	if (how < BY_CHILD_RESTART || (how < EXIT_7 && !fork()))
		reboot(magic[how]);
	for (;;)
		pause();
}

struct process {
	enum how how;
	pid_t pid;
	int pidfd, stat_fd, go;
};

static bool start(enum how how, struct process *p)
{
	char path[64];
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
		return false;
	p->how = how;
	p->pid = vz_clone3(CLONE_NEWUSER | CLONE_NEWPID, &p->pidfd, -1);
	if (!p->pid)
		guest(how, sv[0]);
	close(sv[0]);
	p->go = sv[1];
	if (p->pid < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", p->pid);
	p->stat_fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(p->stat_fd >= 0);
	return true;
}

static void go(const struct process *p)
{
	if (p->how == KILL)
		CHECK_INT(vz_pidfd_signal(p->pidfd, SIGKILL), 0);
	else
		CHECK_INT(write(p->go, "", 1), 1);
}

static void finish(struct process *p)
{
	close(p->pidfd);
	close(p->stat_fd);
	close(p->go);
}

static const struct {
	enum how how;
	enum vz_end end;
	int value;
} table[] = {
	{ BY_INIT_RESTART, VZ_END_REBOOT, SIGHUP },  { BY_INIT_OFF, VZ_END_HALT, SIGINT },
	{ BY_INIT_HALT, VZ_END_HALT, SIGINT },       { BY_CHILD_RESTART, VZ_END_REBOOT, SIGHUP },
	{ BY_CHILD_OFF, VZ_END_HALT, SIGINT },       { EXIT_7, VZ_END_EXITED, 7 },
	{ KILL, VZ_END_KILLED, SIGKILL },
};

/* As long as nobody reaps, everything is known; afterwards only what cannot mislead. */
static void zombies(void)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct vz_exitinfo x;
		struct process p;
		struct pollfd f;

		CHECK(start(table[i].how, &p));
		x = vz_exitinfo_get(p.stat_fd, p.pidfd);
		CHECK_INT(x.end, VZ_END_UNKNOWN); /* it lives */
		go(&p);
		f = (struct pollfd){ .fd = p.pidfd, .events = POLLIN };
		CHECK_INT(poll(&f, 1, -1), 1);
		x = vz_exitinfo_get(p.stat_fd, p.pidfd);
		CHECK_INT(x.end, table[i].end);
		CHECK_INT(x.value, table[i].value);
		CHECK_INT(waitpid(p.pid, NULL, 0), p.pid);
		x = vz_exitinfo_get(p.stat_fd, p.pidfd);
		if (table[i].how != EXIT_7)
			CHECK_INT(x.end, VZ_END_UNKNOWN);
		else if (x.end != VZ_END_UNKNOWN) /* a kernel with PIDFD_INFO_EXIT */
			CHECK_INT(x.value, table[i].value);
		finish(&p);
	}
}

/* Whether a process has run exec is told of it when it is dead, too. */
static void mark_of_exec(void)
{
	for (int exec = 0; exec < 2; exec++) {
		struct vz_proc p = { 0 };
		siginfo_t si;
		pid_t pid = fork();

		if (!pid && exec)
			execl("/bin/sh", "sh", "-c", "exit 3", NULL);
		if (!pid)
			_exit(3);
		CHECK(pid > 0 && !waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT));
		CHECK_INT(vz_proc_stat(pid, &p), 0);
		CHECK_INT(p.state, 'Z');
		CHECK_INT(p.has_run_exec, exec);
		CHECK_INT(waitpid(pid, NULL, 0), pid);
	}
}

/* A guest chooses the names of its processes, and no name is taken for the fields behind it. */
static void hostile_names(void)
{
	static const char *const names[] = { ")", ") Z 1 1 1 1 0 6", "(a) b) Z 0", ") X", " \\n) Z" };
	struct vz_proc was, is;
	char name[16];

	CHECK_INT(prctl(PR_GET_NAME, name), 0);
	CHECK_INT(vz_proc_stat(getpid(), &was), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CHECK_INT(prctl(PR_SET_NAME, names[i]), 0);
		CHECK_INT(vz_proc_stat(getpid(), &is), 0);
		CHECK_INT(is.state, 'R');
		CHECK_INT(is.parent, was.parent);
		CHECK_INT(is.start_time, was.start_time);
		CHECK(vz_proc_alive(getpid(), was.start_time) && !vz_proc_is_init(getpid()));
	}
	CHECK_INT(prctl(PR_SET_NAME, name), 0);
}

/* A line read while the parent reaps: dead, but the group's exit code is gone with the threads. */
static void half_reaped(void)
{
	static const char head[] = "7 (i) n) Z 1 7 7 0 -1 4228420 0 0 0 0 0 0 0 0 20 0 ";
	char path[] = "/tmp/vz-stat-XXXXXX";
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	CHECK_INT(unlink(path), 0);
	for (int threads = 0; threads < 2; threads++) {
		struct vz_exitinfo x;

		CHECK_INT(ftruncate(fd, 0), 0);
		CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
		dprintf(fd, "%s%d 0 5 0 0 %d\n", head, threads, threads ? SIGHUP : 0);
		x = vz_exitinfo_get(fd, -1);
		CHECK_INT(x.end, threads ? VZ_END_REBOOT : VZ_END_UNKNOWN);
	}
	close(fd);
}

static void *reap(void *p)
{
	CHECK_INT(waitpid(((struct process *)p)->pid, NULL, 0), ((struct process *)p)->pid);
	return NULL;
}

/* Whoever reaps, and when: a reboot is never taken for something else. */
static void reaped_meanwhile(void)
{
	for (int round = 0; round < 200; round++) {
		struct vz_exitinfo x;
		struct process p;
		struct pollfd f;
		pthread_t t;

		CHECK(start(BY_INIT_RESTART, &p));
		f = (struct pollfd){ .fd = p.pidfd, .events = POLLIN };
		go(&p);
		CHECK_INT(poll(&f, 1, -1), 1);
		CHECK_INT(pthread_create(&t, NULL, reap, &p), 0);
		do {
			x = vz_exitinfo_get(p.stat_fd, p.pidfd);
			CHECK(x.end == VZ_END_REBOOT || x.end == VZ_END_UNKNOWN);
		} while (x.end == VZ_END_REBOOT);
		CHECK_INT(pthread_join(t, NULL), 0);
		finish(&p);
	}
}

/* The watcher with many that end at once. */
static void watcher(void)
{
	enum { N = 20 };
	struct process p[N];
	struct vz_exitwatch *w = NULL;
	struct vz_exitwatch_event ev;
	int got = 0;

	CHECK_INT(vz_exitwatch_open(&w), 0);
	CHECK_INT(vz_exitwatch_next(w, &ev), 0);
	for (int i = 0; i < N; i++) {
		CHECK(start(table[i % ARRAY_LEN(table)].how, &p[i]));
		CHECK_INT(vz_exitwatch_add(w, p[i].pidfd, p[i].stat_fd), 0);
	}
	for (int i = 0; i < N; i++)
		go(&p[i]);
	while (got < N) {
		struct pollfd f = { .fd = vz_exitwatch_fd(w), .events = POLLIN };

		CHECK_INT(poll(&f, 1, -1), 1);
		if (vz_exitwatch_next(w, &ev) != 1)
			continue;
		for (int i = 0; i < N; i++) {
			if (p[i].pidfd != ev.pidfd)
				continue;
			CHECK_INT(ev.info.end, table[i % ARRAY_LEN(table)].end);
			CHECK_INT(ev.info.value, table[i % ARRAY_LEN(table)].value);
			got++;
		}
	}
	for (int i = 0; i < N; i++) {
		waitpid(p[i].pid, NULL, 0);
		finish(&p[i]);
	}
	vz_exitwatch_close(w);
}

/* One that is watched still when the watcher closes, and one that was dead before. */
static void edges(void)
{
	struct vz_exitwatch *w = NULL;
	struct vz_exitwatch_event ev;
	struct process alive, dead;
	struct pollfd f;
	char text[64];
	struct vz_exitinfo x = { VZ_END_KILLED, 11 };

	CHECK_INT(vz_exitwatch_open(&w), 0);
	CHECK(start(EXIT_7, &alive));
	CHECK(start(BY_INIT_RESTART, &dead));
	go(&dead);
	f = (struct pollfd){ .fd = dead.pidfd, .events = POLLIN };
	CHECK_INT(poll(&f, 1, -1), 1);
	CHECK_INT(vz_exitwatch_add(w, alive.pidfd, alive.stat_fd), 0);
	CHECK_INT(vz_exitwatch_add(w, dead.pidfd, dead.stat_fd), 0);
	f.fd = vz_exitwatch_fd(w);
	CHECK_INT(poll(&f, 1, -1), 1);
	CHECK_INT(vz_exitwatch_next(w, &ev), 1);
	CHECK_INT(ev.pidfd, dead.pidfd);
	CHECK_INT(ev.info.end, VZ_END_REBOOT);
	vz_exitwatch_close(w);
	go(&alive);
	waitpid(alive.pid, NULL, 0);
	waitpid(dead.pid, NULL, 0);
	finish(&alive);
	finish(&dead);
	CHECK_STR(vz_exitinfo_text(&x, text, sizeof(text)), "init was killed by signal 11");
	CHECK_INT(vz_exitinfo_get(-1, -1).end, VZ_END_UNKNOWN);
	CHECK(vz_exitinfo_is_available()); /* Linux 5.17 */
}

int main(void)
{
	struct process p;

	if (!start(EXIT_7, &p)) {
		printf("no user namespaces here\n");
		return 77;
	}
	go(&p);
	waitpid(p.pid, NULL, 0);
	finish(&p);
	hostile_names();
	half_reaped();
	mark_of_exec();
	zombies();
	reaped_meanwhile();
	watcher();
	edges();
	return done();
}
