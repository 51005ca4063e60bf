// SPDX-License-Identifier: GPL-2.0-or-later
/* Clocks, timers, and who sleeps. */
#include "tests/state/state.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* vDSO and kernel agree, and the monotonic clocks have stood still while the VPS was away, or gone on: they have not
 * gone back, nor on by more than the time of the day has. */
void state_clocks(struct st *t)
{
	double real = seconds(CLOCK_REALTIME), mono = seconds(CLOCK_MONOTONIC), boot = seconds(CLOCK_BOOTTIME), gone;
	double cpu;
	struct timespec ts;

	for (volatile int i = 0; i < 30000000; i++)
		;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	moved(t);
	gone = seconds(CLOCK_REALTIME) - real;
	if (t->spoil)
		mono += 1000;
	check(t, gone >= 0, "the time of the day has gone back");
	check(t, seconds(CLOCK_MONOTONIC) >= mono && seconds(CLOCK_BOOTTIME) >= boot, "a clock has gone back");
	check(t, seconds(CLOCK_MONOTONIC) - mono < gone + 1, "the monotonic clock has leapt by %.1f s in %.1f s",
	      seconds(CLOCK_MONOTONIC) - mono, gone);
	check(t, seconds(CLOCK_BOOTTIME) - boot < gone + 1, "the clock since boot has leapt");
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	check(t, (double)ts.tv_sec - seconds(CLOCK_MONOTONIC) < 0.1 && seconds(CLOCK_MONOTONIC) - (double)ts.tv_sec < 1.1,
	      "the clock of the vDSO is another than the kernel's");
	(void)cpu;
}

static bool about(double left, double set, double began)
{
	return left <= set && left > set - (seconds(CLOCK_REALTIME) - began) - 5;
}

void state_itimers(struct st *t)
{
	struct itimerval real = { { 9, 0 }, { 3000, 0 } }, virt = { { 0, 0 }, { 500, 0 } }, now;
	double began = seconds(CLOCK_REALTIME);

	must(t, setitimer(ITIMER_REAL, &real, NULL), "ITIMER_REAL");
	must(t, setitimer(ITIMER_VIRTUAL, &virt, NULL), "ITIMER_VIRTUAL");
	moved(t);
	if (t->spoil)
		setitimer(ITIMER_REAL, &virt, NULL);
	check(t, !getitimer(ITIMER_REAL, &now) && now.it_interval.tv_sec == 9, "its interval is lost");
	check(t, about((double)now.it_value.tv_sec, 3000, began), "%ld of 3000 s are left", (long)now.it_value.tv_sec);
	check(t, !getitimer(ITIMER_VIRTUAL, &now) && now.it_value.tv_sec > 400, "%ld of 500 s of the CPU are left",
	      (long)now.it_value.tv_sec);
}

void state_alarm(struct st *t)
{
	unsigned int left;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	must(t, sigprocmask(SIG_BLOCK, &set, NULL), "sigprocmask");
	alarm(2000);
	moved(t);
	left = alarm(t->spoil ? 3000 : 1);
	check(t, left <= 2000 && left > 1000, "%u of 2000 s are left", left);
	check(t, sigtimedwait(&set, NULL, &(struct timespec){ 3, 0 }) == SIGALRM, "the alarm does not ring");
}

void state_posix_timers(struct st *t)
{
	struct sigevent by_signal = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 6, .sigev_value.sival_int = 77 };
	struct itimerspec far = { { 5, 6 }, { 4000, 0 } }, now, soon = { { 0, 0 }, { 0, 1 } };
	double began = seconds(CLOCK_REALTIME);
	timer_t one, gap, two;
	siginfo_t si;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 6);
	must(t, sigprocmask(SIG_BLOCK, &set, NULL), "sigprocmask");
	must(t, timer_create(CLOCK_MONOTONIC, &by_signal, &one), "timer_create");
	must(t, timer_create(CLOCK_MONOTONIC, &by_signal, &gap), "timer_create");
	must(t, timer_create(CLOCK_REALTIME, &by_signal, &two), "timer_create");
	must(t, timer_delete(gap), "timer_delete");
	must(t, timer_settime(one, 0, &far, NULL), "timer_settime");
	moved(t);
	if (t->spoil)
		timer_delete(one);
	check(t, !timer_gettime(one, &now), "the timer is gone");
	check(t, now.it_interval.tv_sec == 5 && now.it_interval.tv_nsec == 6, "its interval is lost");
	check(t, about((double)now.it_value.tv_sec, 4000, began), "%ld of 4000 s are left", (long)now.it_value.tv_sec);
	check(t, !timer_settime(two, 0, &soon, NULL) && sigtimedwait(&set, &si, &(struct timespec){ 2, 0 }) > 0 &&
			 si.si_value.sival_int == 77 && si.si_code == SI_TIMER, "the other one does not tell");
}

static volatile sig_atomic_t called;
static void on_call(int sig)
{
	called = sig;
}

/* Told by a signal, the sleeper says how much it had still to sleep. */
void state_nanosleep(struct st *t)
{
	double began = seconds(CLOCK_REALTIME), left = 0;
	int p[2];
	pid_t pid;

	must(t, pipe(p), "pipe");
	pid = child(t);
	if (pid == 0) {
		struct timespec ts = { 1000, 0 };
		struct sigaction sa = { .sa_handler = on_call };

		sigaction(SIGUSR2, &sa, NULL);
		put(p[1], "s", 1);
		while (nanosleep(&ts, &ts) < 0 && errno == EINTR && !called)
			;
		left = (double)ts.tv_sec;
		put(p[1], &left, sizeof(left));
		_exit(0);
	}
	must(t, comes(p[0], "s") ? 0 : -1, "sleeper");
	moved(t);
	kill(pid, t->spoil ? SIGTERM : SIGUSR2);
	if (t->spoil) {
		waitpid(pid, NULL, 0);
		put(p[1], &left, sizeof(left));
	}
	check(t, get(p[0], &left, sizeof(left)) && about(left, 1000, began), "%.0f of 1000 s are left", left);
}

/* Who sleeps until a time, and who waits at most so long, wakes then. */
void state_timeouts(struct st *t)
{
	struct timespec until;
	pid_t sleeper, poller;
	int code, ms = t->spoil ? 200000 : 2000;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += 2;
	sleeper = child(t);
	if (sleeper == 0) {
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
			;
		_exit(1);
	}
	poller = child(t);
	if (poller == 0) {
		int r;

		do
			r = poll(NULL, 0, ms);
		while (r < 0 && errno == EINTR);
		_exit(2);
	}
	moved(t);
	for (int i = 0; i < 400 && waitpid(poller, &code, WNOHANG) == 0; i++)
		usleep(10000);
	check(t, kill(poller, 0) < 0 && WEXITSTATUS(code) == 2, "the poll goes on after its time");
	check(t, waitpid(sleeper, &code, 0) == sleeper && WEXITSTATUS(code) == 1, "the sleeper does not wake");
}
