// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Halt or reboot; see exitinfo.h.
 *
 * A pid namespace whose member calls reboot(2) makes its PID 1 look killed by SIGHUP (restart) or
 * SIGINT (halt, power off) to whoever waits for it. That status lives in the process group's
 * exit code, and field 52 of /proc/PID/stat shows it while the process is a zombie (proc(5),
 * since Linux 5.17). PIDFD_GET_INFO and the proc connector do not: they report the code with
 * which the thread itself went, which is 0 when PID 1 made the call and 9 when another process
 * did, for restart and halt alike. So of the pidfd's answer only other codes are believed.
 */
#include "sys/exitinfo.h"
#include "base/own.h"
#include "base/num.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* <linux/pidfd.h> of Linux 6.15; the structure of the first size is understood for ever */
#define INFO_EXIT (1u << 3)
struct pidfd_info_v0 {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid, ids[8];
	int32_t exit_code;
};
_Static_assert(sizeof(struct pidfd_info_v0) == 64, "size is part of the ioctl number");
#define GET_INFO _IOWR(0xFF, 11, struct pidfd_info_v0)

struct vz_exitinfo vz_exitinfo_decode(int status)
{
	struct vz_exitinfo x = { VZ_END_EXITED, WEXITSTATUS(status) };

	if (!WIFSIGNALED(status))
		return x;
	x.end = VZ_END_KILLED;
	x.value = WTERMSIG(status);
	/* PID 1 cannot be killed by these two from inside, nor from outside without a handler */
	if (x.value == SIGHUP)
		x.end = VZ_END_REBOOT;
	else if (x.value == SIGINT)
		x.end = VZ_END_HALT;
	return x;
}

/* The nth word behind the one at p; NULL when there are fewer. */
static const char *skip_words(const char *p, int n)
{
	while (n-- && p)
		p = strchr(p, ' ') ? strchr(p, ' ') + 1 : NULL;
	return p;
}

/* The last number of a stat line whose state is dead; -errno. May be hostile: the name between
 * the parentheses is the guest's, therefore the last ')' counts. Read in the moment in which the
 * parent reaps it, the line has lost the group's exit code and has the thread's in its place; it
 * has lost the number of threads (field 20, 17 behind the state) at the same time: -ESRCH. */
static int zombie_status(int stat_fd, int *ret)
{
	char buf[2048], *p;
	const char *threads;
	ssize_t n = pread(stat_fd, buf, sizeof(buf) - 1, 0);
	uint32_t v;

	if (n < 0)
		return -errno;
	while (n && buf[n - 1] == '\n')
		n--;
	buf[n] = 0;
	p = strrchr(buf, ')');
	if (!p || p[1] != ' ' || (p[2] != 'Z' && p[2] != 'X'))
		return -EAGAIN;
	threads = skip_words(p + 2, 17);
	if (!threads || *threads == '0')
		return -ESRCH;
	p = strrchr(p, ' ');
	if (vz_num_u32(p + 1, INT32_MAX, &v) < 0)
		return -EINVAL;
	*ret = (int)v;
	return 0;
}

struct vz_exitinfo vz_exitinfo_get(int stat_fd, int pidfd)
{
	struct pidfd_info_v0 info = { .mask = INFO_EXIT };
	struct vz_exitinfo unknown = { VZ_END_UNKNOWN, 0 };
	int status;

	if (stat_fd >= 0 && zombie_status(stat_fd, &status) == 0)
		return vz_exitinfo_decode(status);
	if (pidfd < 0 || ioctl(pidfd, GET_INFO, &info) < 0 || !(info.mask & INFO_EXIT))
		return unknown;
	if (info.exit_code == 0 || info.exit_code == SIGKILL)
		return unknown;
	return vz_exitinfo_decode(info.exit_code);
}

bool vz_exitinfo_is_available(void)
{
	char path[sizeof("/proc//stat") + 10];
	autoclose int stat_fd = -EBADF;
	int status = 0;
	siginfo_t si;
	pid_t pid = fork();

	if (!pid)
		_exit(3);
	if (pid < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT) == 0) {
		stat_fd = open(path, O_RDONLY | O_CLOEXEC);
		if (stat_fd >= 0 && zombie_status(stat_fd, &status) < 0)
			status = 0;
	}
	(void)waitpid(pid, NULL, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 3;
}

const char *vz_exitinfo_text(const struct vz_exitinfo *x, char *buf, size_t size)
{
	switch (x->end) {
	case VZ_END_UNKNOWN:
		snprintf(buf, size, "ended, nothing tells how");
		break;
	case VZ_END_REBOOT:
		snprintf(buf, size, "rebooted");
		break;
	case VZ_END_HALT:
		snprintf(buf, size, "halted");
		break;
	case VZ_END_EXITED:
		snprintf(buf, size, "init exited with code %d", x->value);
		break;
	case VZ_END_KILLED:
		snprintf(buf, size, "init was killed by signal %d", x->value);
		break;
	}
	return buf;
}

struct vz_exitwatch {
	int ep, in, out; /* in: the caller's end of the socket pair, out: the thread's */
	pthread_t thread;
};

/* Two fds fit into the word that epoll keeps for us, so the thread shares no memory. */
static uint64_t pack(int pidfd, int stat_fd)
{
	return (uint64_t)(uint32_t)pidfd << 32 | (uint32_t)stat_fd;
}

#define STOP_WORD UINT64_MAX

static void *watch_main(void *arg)
{
	struct vz_exitwatch *w = arg;
	struct sched_param prio = { .sched_priority = 1 };

	/* ahead of the host's init, which is woken for the same death; not allowed: no harm */
	(void)pthread_setschedparam(pthread_self(), SCHED_RR, &prio);
	for (;;) {
		struct vz_exitwatch_event done;
		struct epoll_event ev;

		if (epoll_wait(w->ep, &ev, 1, -1) < 1)
			continue;
		if (ev.data.u64 == STOP_WORD)
			return NULL;
		done.pidfd = (int)(ev.data.u64 >> 32);
		done.info = vz_exitinfo_get((int)(uint32_t)ev.data.u64, done.pidfd);
		(void)epoll_ctl(w->ep, EPOLL_CTL_DEL, done.pidfd, NULL);
		if (send(w->out, &done, sizeof(done), MSG_NOSIGNAL) < 0)
			return NULL;
	}
}

static int start_thread(struct vz_exitwatch *w)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&w->thread, NULL, watch_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

int vz_exitwatch_open(struct vz_exitwatch **ret)
{
	autoclose int ep = epoll_create1(EPOLL_CLOEXEC), in = -EBADF, out = -EBADF;
	struct epoll_event ev = { .events = EPOLLRDHUP, .data.u64 = STOP_WORD };
	autofree struct vz_exitwatch *w = calloc(1, sizeof(*w));
	int sv[2], r;

	if (!w)
		return -ENOMEM;
	if (ep < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		return -errno;
	in = sv[0];
	out = sv[1];
	if (epoll_ctl(ep, EPOLL_CTL_ADD, out, &ev) < 0)
		return -errno;
	w->ep = ep;
	w->in = in;
	w->out = out;
	r = start_thread(w);
	if (r < 0)
		return r;
	ep = in = out = -EBADF;
	*ret = TAKE_PTR(w);
	return 0;
}

int vz_exitwatch_fd(const struct vz_exitwatch *w)
{
	return w->in;
}

int vz_exitwatch_add(struct vz_exitwatch *w, int pidfd, int stat_fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = pack(pidfd, stat_fd) };

	return epoll_ctl(w->ep, EPOLL_CTL_ADD, pidfd, &ev) < 0 ? -errno : 0;
}

int vz_exitwatch_next(struct vz_exitwatch *w, struct vz_exitwatch_event *ret)
{
	ssize_t n = recv(w->in, ret, sizeof(*ret), MSG_DONTWAIT);

	if (n == sizeof(*ret))
		return 1;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n < 0 ? -errno : -EPIPE;
}

void vz_exitwatch_close(struct vz_exitwatch *w)
{
	if (!w)
		return;
	shutdown(w->in, SHUT_RDWR); /* wakes the thread, also out of a full socket */
	pthread_join(w->thread, NULL);
	close(w->in);
	close(w->out);
	close(w->ep);
	free(w);
}
