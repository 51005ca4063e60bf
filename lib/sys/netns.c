// SPDX-License-Identifier: GPL-2.0-or-later
/* Network namespaces without a process of their own; see netns.h. */
#include "sys/netns.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

struct visit {
	int netns, r;
	int (*fn)(void *arg);
	void *arg;
};

static void *visit_main(void *arg)
{
	struct visit *v = arg;

	if (v->netns == VZ_NETNS_NEW)
		v->r = unshare(CLONE_NEWNET) < 0 ? -errno : 0;
	else
		v->r = vz_setns(v->netns, CLONE_NEWNET);
	if (v->r >= 0)
		v->r = v->fn(v->arg);
	return NULL;
}

int vz_netns_call(int netns, int (*fn)(void *arg), void *arg)
{
	struct visit v = { .netns = netns, .fn = fn, .arg = arg };
	sigset_t all, old;
	pthread_t thread;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&thread, NULL, visit_main, &v);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r)
		return -r;
	pthread_join(thread, NULL);
	return v.r;
}

static int open_own(void *arg)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	(void)arg;
	return fd < 0 ? -errno : fd;
}

int vz_netns_new(struct vz_err *e)
{
	int fd = vz_netns_call(VZ_NETNS_NEW, open_own, NULL);

	return fd < 0 ? vz_fail(e, VZ_SYSTEM, -fd, "cannot make a network namespace") : fd;
}

static int spawn_there(void *arg)
{
	return vz_spawn_run(arg);
}

int vz_netns_run(int netns, const struct vz_spawn *s)
{
	return vz_netns_call(netns, spawn_there, (void *)(uintptr_t)s);
}
