// SPDX-License-Identifier: GPL-2.0-or-later
/* What a process is: threads, families, sessions, signals, rights, names. */
#include "tests/state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

/* ---- threads ---- */

#define N_THREADS 8

struct worker {
	pthread_t thread;
	pthread_barrier_t *together;
	pid_t tid;
	int number;
	int answer;
};

static __thread int of_this_thread;

static void *work(void *arg)
{
	struct worker *w = arg;
	char name[16];

	of_this_thread = 100 + w->number;
	w->tid = (pid_t)syscall(SYS_gettid);
	snprintf(name, sizeof(name), "worker %d", w->number);
	prctl(PR_SET_NAME, name);
	pthread_barrier_wait(w->together); /* all are there */
	pthread_barrier_wait(w->together); /* the move is over */
	prctl(PR_GET_NAME, name);
	if (w->tid == (pid_t)syscall(SYS_gettid) && name[7] == '0' + w->number)
		w->answer = of_this_thread;
	return NULL;
}

void state_threads(struct st *t)
{
	struct worker w[N_THREADS] = { 0 };
	pthread_barrier_t together;

	must(t, pthread_barrier_init(&together, NULL, N_THREADS + 1) ? -1 : 0, "pthread_barrier_init");
	for (int i = 0; i < N_THREADS; i++) {
		w[i].together = &together;
		w[i].number = i;
		must(t, pthread_create(&w[i].thread, NULL, work, &w[i]) ? -1 : 0, "pthread_create");
	}
	pthread_barrier_wait(&together);
	moved(t);
	if (t->spoil)
		w[3].number = 4;
	pthread_barrier_wait(&together);
	for (int i = 0; i < N_THREADS; i++)
		check(t, !pthread_join(w[i].thread, NULL) && w[i].answer == 100 + i,
		      "thread %d has another id, name or storage", i);
}

/* Of another signal mask and scheduling than the first thread. */
static void *odd_thread(void *arg)
{
	int *fd = arg;
	sigset_t set;
	char c;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 7);
	put(fd[1], "r", 1);
	if (!get(fd[2], &c, 1))
		while (read(fd[2], &c, 1) != 1)
			;
	pthread_sigmask(SIG_SETMASK, NULL, &set);
	c = (char)(sigismember(&set, SIGUSR2) && getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid)) == 7 ? 'y' : 'n');
	put(fd[1], &c, 1);
	return NULL;
}

void state_thread_mask(struct st *t)
{
	int up[2], down[2], fd[3];
	pthread_t thread;
	sigset_t set;

	must(t, pipe(up), "pipe");
	must(t, pipe(down), "pipe");
	fd[0] = up[0];
	fd[1] = up[1];
	fd[2] = down[0];
	must(t, pthread_create(&thread, NULL, odd_thread, fd) ? -1 : 0, "pthread_create");
	must(t, comes(up[0], "r") ? 0 : -1, "thread");
	moved(t);
	sigprocmask(SIG_SETMASK, NULL, &set);
	check(t, !sigismember(&set, SIGUSR2) && getpriority(PRIO_PROCESS, 0) == 0, "the first thread has what the other has");
	put(down[1], "?", 1);
	check(t, comes(up[0], t->spoil ? "n" : "y"), "the thread's signal mask or niceness is lost");
}

static void *take_lock(void *arg)
{
	pthread_mutex_lock(arg);
	for (;;)
		pause();
	return NULL;
}

static void robust(pthread_mutex_t *m)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(m, &attr);
}

/* A child holds a robust mutex, and dies after the move: the kernel must find its list. */
void state_robust_mutex(struct st *t)
{
	pthread_mutex_t *m = shared(t, sizeof(*m));
	pid_t pid;
	int r, p[2];

	must(t, pipe(p), "pipe");
	robust(m);
	pid = child(t);
	if (pid == 0) {
		pthread_mutex_lock(m);
		put(p[1], "l", 1);
		for (;;)
			pause();
	}
	must(t, comes(p[0], "l") ? 0 : -1, "lock");
	moved(t);
	check(t, pthread_mutex_trylock(m) == EBUSY, "it is not locked any more");
	if (t->spoil)
		robust(m);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	r = pthread_mutex_trylock(m);
	check(t, r == EOWNERDEAD, "the kernel has not marked it: %s", r ? strerrorname_np(r) : "free");
}

/* A thread waits for a mutex that another holds. */
void state_mutex_waiter(struct st *t)
{
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;

	pthread_mutex_lock(&m);
	must(t, pthread_create(&thread, NULL, take_lock, &m) ? -1 : 0, "pthread_create");
	moved(t);
	check(t, pthread_mutex_trylock(&m) == EBUSY, "it is not locked any more");
	if (!t->spoil)
		pthread_mutex_unlock(&m);
	for (int i = 0; i < 200 && pthread_mutex_trylock(&m) == 0; i++) {
		pthread_mutex_unlock(&m);
		usleep(10000);
	}
	check(t, pthread_mutex_trylock(&m) == EBUSY && __atomic_load_n(&m.__data.__owner, __ATOMIC_SEQ_CST) != getpid(),
	      "the thread that waited has not got it");
}

void state_rseq(struct st *t)
{
	unsigned int cpu = 0, ns = 0;
	/* glibc has registered it, and says where */
	extern const ptrdiff_t __rseq_offset;
	extern const unsigned int __rseq_size;
	volatile uint32_t *area = (void *)((char *)__builtin_thread_pointer() + __rseq_offset);
	cpu_set_t one;

	must(t, __rseq_size ? 0 : -1, "rseq");
	moved(t);
	CPU_ZERO(&one);
	syscall(SYS_getcpu, &cpu, &ns, NULL);
	CPU_SET(cpu, &one);
	check(t, !sched_setaffinity(0, sizeof(one), &one), "no affinity can be set");
	if (t->spoil)
		area[1] = 4000;
	check(t, area[1] == cpu, "the kernel does not write the CPU number into it: %u", area[1]);
}

/* ---- families ---- */

void state_zombie(struct st *t)
{
	pid_t pid = child(t), killed = child(t);
	siginfo_t si;
	int code;

	if (pid == 0)
		_exit(42);
	if (killed == 0)
		for (;;)
			pause();
	kill(killed, SIGKILL);
	must(t, waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), "waitid");
	must(t, waitid(P_PID, (id_t)killed, &si, WEXITED | WNOWAIT), "waitid");
	moved(t);
	if (t->spoil)
		waitpid(pid, &code, 0);
	check(t, waitpid(pid, &code, WNOHANG) == pid && WIFEXITED(code) && WEXITSTATUS(code) == 42,
	      "the exit code of a dead child is lost");
	check(t, waitpid(killed, &code, WNOHANG) == killed && WIFSIGNALED(code) && WTERMSIG(code) == SIGKILL,
	      "the signal of a dead child is lost");
}

/* A process in the session of a leader that has ended: below init, or below who calls this. *ret is its pid. */
static pid_t orphan(struct st *t, pid_t *ret)
{
	pid_t *pid = shared(t, sizeof(pid_t));
	pid_t leader;
	int p[2];

	must(t, pipe(p), "pipe");
	leader = child(t);
	if (leader == 0) {
		setsid();
		if (fork() == 0) {
			*pid = getpid();
			put(p[1], "m", 1);
			for (;;)
				pause();
		}
		_exit(0);
	}
	must(t, comes(p[0], "m") && waitpid(leader, NULL, 0) == leader ? 0 : -1, "leader");
	*ret = *pid;
	return leader;
}

void state_sessions(struct st *t)
{
	pid_t member, leader = orphan(t, &member), group;
	int p[2];

	must(t, pipe(p), "pipe");
	group = child(t);
	if (group == 0) {
		setpgid(0, 0);
		put(p[1], "g", 1);
		for (;;)
			pause();
	}
	must(t, comes(p[0], "g") ? 0 : -1, "group");
	moved(t);
	check(t, getsid(member) == leader && getpgid(member) == leader, "the orphan is in session %d, not %d", getsid(member),
	      leader);
	kill(member, SIGKILL);
	if (t->spoil)
		setpgid(group, getpgid(0));
	check(t, getpgid(group) == group && getsid(group) == getsid(0), "the child is in group %d, not %d", getpgid(group),
	      group);
}

void state_orphan(struct st *t)
{
	pid_t member, leader;

	must(t, prctl(PR_SET_CHILD_SUBREAPER, 1), "PR_SET_CHILD_SUBREAPER");
	leader = orphan(t, &member);
	moved(t);
	if (t->spoil)
		kill(member, SIGKILL);
	check(t, getsid(member) == leader, "the orphan is in session %d, not %d", getsid(member), leader);
	kill(member, SIGKILL);
	check(t, waitpid(member, NULL, 0) == member && !t->spoil, "the orphan is no child of the subreaper");
}

void state_stopped(struct st *t)
{
	pid_t pid = child(t);
	char path[64], stat[128];
	int code;

	if (pid == 0) {
		raise(SIGSTOP);
		_exit(7);
	}
	must(t, waitpid(pid, &code, WUNTRACED) == pid && WIFSTOPPED(code) ? 0 : -1, "waitpid");
	moved(t);
	if (t->spoil) {
		kill(pid, SIGKILL);
		usleep(50000);
	}
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	/* the signal that stops it again is there before it runs; without a processor it has not taken it yet */
	for (int i = 0; i < 200; i++, usleep(10000)) {
		proc_field(path, "State", stat, sizeof(stat));
		if (stat[0] != 'R')
			break;
	}
	check(t, stat[0] == 'T', "its state is %s", stat);
	kill(pid, SIGCONT);
	check(t, waitpid(pid, &code, 0) == pid && WIFEXITED(code) && WEXITSTATUS(code) == 7, "it does not go on");
}

void state_pdeathsig(struct st *t)
{
	int p[2], sig = 0;
	pid_t pid, *grandchild = shared(t, sizeof(pid_t));

	must(t, pipe(p), "pipe");
	must(t, prctl(PR_SET_CHILD_SUBREAPER, 1), "PR_SET_CHILD_SUBREAPER");
	must(t, prctl(PR_SET_PDEATHSIG, SIGRTMIN + 3), "PR_SET_PDEATHSIG");
	pid = child(t);
	if (pid == 0) {
		if (child(t) == 0) {
			*grandchild = getpid();
			put(p[1], "g", 1);
			for (;;)
				pause();
		}
		for (;;)
			pause();
	}
	must(t, comes(p[0], "g") ? 0 : -1, "grandchild");
	moved(t);
	if (t->spoil)
		prctl(PR_SET_PDEATHSIG, 0);
	check(t, !prctl(PR_GET_PDEATHSIG, &sig) && sig == SIGRTMIN + 3, "its signal is %d", sig);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	check(t, waitpid(*grandchild, &sig, 0) == *grandchild && WTERMSIG(sig) == SIGKILL,
	      "who is to die with its parent is not a child of the subreaper, or lives");
}

/* ---- signals ---- */

static volatile sig_atomic_t *seen;
static void on_signal(int sig, siginfo_t *si, void *uc)
{
	char here;

	(void)uc;
	seen[0] = sig;
	seen[1] = si->si_value.sival_int;
	/* on which stack */
	seen[2] = (sig_atomic_t)((uintptr_t)&here >> 20);
}

void state_pending(struct st *t)
{
	sigset_t set;
	siginfo_t si;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 4);
	must(t, sigprocmask(SIG_BLOCK, &set, NULL), "sigprocmask");
	for (int i = 1; i <= 3; i++)
		must(t, sigqueue(getpid(), SIGRTMIN + 4, (union sigval){ .sival_int = i * 11 }), "sigqueue");
	must(t, kill(getpid(), SIGUSR1), "kill");
	moved(t);
	if (t->spoil)
		sigwaitinfo(&set, &si);
	check(t, sigtimedwait(&set, &si, &(struct timespec){ 0 }) == SIGUSR1 && si.si_code == SI_USER && si.si_pid == getpid(),
	      "the signal that was pending is lost");
	for (int i = 1; i <= 3; i++)
		check(t, sigtimedwait(&set, &si, &(struct timespec){ 0 }) == SIGRTMIN + 4 && si.si_value.sival_int == i * 11 &&
				 si.si_code == SI_QUEUE, "queued signal %d is lost", i);
	check(t, sigtimedwait(&set, &si, &(struct timespec){ 0 }) < 0, "there is a signal too many");
}

void state_handlers(struct st *t)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART }, now;
	stack_t alt = { .ss_sp = shared(t, 1 << 20), .ss_size = 1 << 20 }, alt_now;

	seen = shared(t, 4096);
	sigaddset(&sa.sa_mask, SIGHUP);
	must(t, sigaltstack(&alt, NULL), "sigaltstack");
	must(t, sigaction(SIGWINCH, &sa, NULL), "sigaction");
	signal(SIGTTOU, SIG_IGN);
	moved(t);
	if (t->spoil)
		signal(SIGTTOU, SIG_DFL);
	check(t, !sigaction(SIGTTOU, NULL, &now) && now.sa_handler == SIG_IGN, "an ignored signal is not ignored");
	check(t, !sigaction(SIGWINCH, NULL, &now) && now.sa_sigaction == on_signal && sigismember(&now.sa_mask, SIGHUP) == 1 &&
			 (now.sa_flags & sa.sa_flags) == sa.sa_flags, "a handler has changed");
	check(t, !sigaltstack(NULL, &alt_now) && alt_now.ss_sp == alt.ss_sp && alt_now.ss_size == alt.ss_size,
	      "the stack for signals is lost");
	sigqueue(getpid(), SIGWINCH, (union sigval){ .sival_int = 5 });
	check(t, seen[0] == SIGWINCH && seen[1] == 5, "the handler is not called");
	check(t, seen[2] == (sig_atomic_t)((uintptr_t)alt.ss_sp >> 20) || seen[2] == (sig_atomic_t)(((uintptr_t)alt.ss_sp >> 20) + 1),
	      "the handler runs on another stack");
}

/* ---- rights and limits ---- */

void state_rlimits(struct st *t)
{
	struct rlimit want[] = { { 111, 222 }, { 1 << 20, 2 << 20 }, { 0, RLIM_INFINITY }, { 33, 44 } }, now;
	const int which[] = { RLIMIT_NOFILE, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_SIGPENDING };

	for (int i = 0; i < 4; i++) {
		must(t, getrlimit((__rlimit_resource_t)which[i], &now), "getrlimit");
		if (want[i].rlim_max > now.rlim_max)
			want[i].rlim_max = now.rlim_max;
		must(t, setrlimit((__rlimit_resource_t)which[i], &want[i]), "setrlimit");
	}
	moved(t);
	if (t->spoil)
		setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 100, 100 });
	for (int i = 0; i < 4; i++)
		check(t, !getrlimit((__rlimit_resource_t)which[i], &now) && now.rlim_cur == want[i].rlim_cur &&
				 now.rlim_max == want[i].rlim_max, "limit %d is %lu of %lu", which[i],
		      (unsigned long)now.rlim_cur, (unsigned long)now.rlim_max);
}

void state_scheduling(struct st *t)
{
	struct sched_param sp = { 0 };
	char oom[16] = "";
	int fd;

	must(t, setpriority(PRIO_PROCESS, 0, 11), "setpriority");
	must(t, sched_setscheduler(0, SCHED_BATCH, &sp), "sched_setscheduler");
	fd = (int)must(t, open("/proc/self/oom_score_adj", O_RDWR), "open");
	must(t, put(fd, "123", 3) ? 0 : -1, "oom_score_adj");
	moved(t);
	if (t->spoil)
		setpriority(PRIO_PROCESS, 0, 12);
	check(t, getpriority(PRIO_PROCESS, 0) == 11, "its niceness is %d", getpriority(PRIO_PROCESS, 0));
	check(t, sched_getscheduler(0) == SCHED_BATCH, "its class is %d", sched_getscheduler(0));
	check(t, pread(fd, oom, 15, 0) == 4 && !strcmp(oom, "123\n"), "its oom_score_adj is %s", oom);
}

void state_io_priority(struct st *t)
{
	must(t, syscall(SYS_ioprio_set, 1, 0, (2 << 13) | 6), "ioprio_set");
	moved(t);
	check(t, syscall(SYS_ioprio_get, 1, 0) == ((2 << 13) | (t->spoil ? 7 : 6)), "its I/O priority is lost");
}

void state_affinity(struct st *t)
{
	cpu_set_t all, one, now;

	must(t, sched_getaffinity(0, sizeof(all), &all), "sched_getaffinity");
	one = all;
	for (int cpu = 0, n = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &one) && n++)
			CPU_CLR(cpu, &one);
	must(t, sched_setaffinity(0, sizeof(one), &one), "sched_setaffinity");
	moved(t);
	if (t->spoil)
		sched_setaffinity(0, sizeof(all), &all);
	check(t, !sched_getaffinity(0, sizeof(now), &now) && CPU_EQUAL(&one, &now), "it may run on other CPUs");
}

static void capabilities(struct st *t, struct __user_cap_data_struct data[2], bool set)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };

	must(t, syscall(set ? SYS_capset : SYS_capget, &h, data), set ? "capset" : "capget");
}

void state_capabilities(struct st *t)
{
	struct __user_cap_data_struct want[2] = { 0 }, now[2] = { 0 };
	const unsigned int kept = 1u << CAP_NET_BIND_SERVICE | 1u << CAP_CHOWN;

	must(t, prctl(PR_CAPBSET_DROP, CAP_MKNOD, 0, 0, 0), "PR_CAPBSET_DROP");
	must(t, prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_KEEP_CAPS, 0, 0, 0), "PR_SET_SECUREBITS");
	must(t, setresgid(33, 34, 35), "setresgid");
	must(t, setgroups(2, (gid_t[]){ 44, 55 }), "setgroups");
	must(t, setresuid(33, 34, 35), "setresuid");
	want[0] = (struct __user_cap_data_struct){ .effective = 1u << CAP_CHOWN, .permitted = kept, .inheritable = kept };
	capabilities(t, want, true);
	must(t, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0), "PR_CAP_AMBIENT");
	moved(t);
	if (t->spoil)
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	capabilities(t, now, false);
	check(t, !memcmp(want, now, sizeof(now)), "it has other capabilities: effective %#x permitted %#x inheritable %#x",
	      now[0].effective, now[0].permitted, now[0].inheritable);
	check(t, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_BIND_SERVICE, 0, 0) == 1, "an ambient capability is lost");
	check(t, prctl(PR_CAPBSET_READ, CAP_MKNOD) == 0, "its bounding set has grown");
	check(t, prctl(PR_GET_SECUREBITS) == (SECBIT_NOROOT | SECBIT_KEEP_CAPS), "its securebits are %#x",
	      (unsigned int)prctl(PR_GET_SECUREBITS));
	uid_t r, e, s;
	gid_t groups[8];
	check(t, !getresuid(&r, &e, &s) && r == 33 && e == 34 && s == 35, "its user ids are %u %u %u", r, e, s);
	check(t, !getresgid(&r, &e, &s) && r == 33 && e == 34 && s == 35, "its group ids are %u %u %u", r, e, s);
	check(t, getgroups(8, groups) == 2 && groups[0] == 44 && groups[1] == 55, "its groups have changed");
}
