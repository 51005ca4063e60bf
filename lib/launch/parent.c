// SPDX-License-Identifier: GPL-2.0-or-later
/* The parent's column of a launch; the numbers are those of launch.h. */
#include "launch/launch-internal.h"
#include "launch/pad.h"
#include "launch/sync.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/idmap.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>

/* For each of the child's two ways, to its tree and to exec: a host that starts a hundred VPSes at
 * once is slow, and programs that ran inside may have frozen the child. */
#define LAUNCH_TIMEOUT_S 60

#define NAMESPACES (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS)

/* What a booting kernel gives its init; the operator's own ulimits are none of the guest's. Needs
 * CAP_SYS_RESOURCE to raise; where that is missing the guest keeps what we have. */
static void default_rlimits(pid_t pid)
{
	static const struct {
		int what;
		rlim_t soft, hard;
	} limits[] = {
		{ RLIMIT_NOFILE, 1024, 524288 },
		{ RLIMIT_CORE, 0, RLIM_INFINITY },
		{ RLIMIT_STACK, 8 << 20, RLIM_INFINITY },
		{ RLIMIT_NPROC, RLIM_INFINITY, RLIM_INFINITY },
		{ RLIMIT_MEMLOCK, 8 << 20, 8 << 20 },
	};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct rlimit want = { limits[i].soft, limits[i].hard };

		(void)prlimit(pid, limits[i].what, &want, NULL);
	}
}

/* Steps 1, 2 and the first half of 4: clones the child out of the pad. */
static pid_t clone_child(const struct vz_spec *s, const int sock[2], int *pidfd, struct vz_err *e)
{
	autoclose int pad = -EBADF, here = -EBADF, cwd = -EBADF;
	uint64_t flags = NAMESPACES | (s->uid ? CLONE_NEWUSER : 0);
	pid_t pid;
	int r;

	r = vz_pad_open(&pad, e);
	if (r < 0)
		return r;
	here = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (here < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot open the own mount namespace");
	r = vz_setns(pad, CLONE_NEWNS);					/* 1 */
	if (r < 0)
		return vz_fail(e, VZ_ENVCREATE, -r, "cannot enter the launch pad");
	pid = vz_clone3(flags, pidfd, vz_cg_clone_fd(s->cg));		/* 2 */
	if (!pid) {
		close(sock[0]);
		vz_child_main(s, sock[1]);
	}
	r = vz_setns(here, CLONE_NEWNS);				/* 4 */
	if (cwd >= 0)
		(void)!fchdir(cwd);
	if (pid < 0)
		return vz_fail(e, VZ_ENVCREATE, -pid, "cannot create the container's namespaces");
	if (r < 0) {
		(void)vz_pidfd_signal(*pidfd, SIGKILL);
		return vz_fail(e, VZ_SYSTEM, -r, "cannot leave the launch pad");
	}
	return pid;
}

static int map_child(const struct vz_spec *s, struct vz_launch *l, struct vz_err *e)
{
	int r = 0;

	if (s->uid)
		r = vz_idmap_write(l->pid, s->uid, s->gid);		/* 4 */
	if (r < 0)
		return vz_fail(e, VZ_ENVCREATE, -r, "cannot map host ids %u-%u", s->uid,
			       s->uid + VZ_IDS_PER_VPS - 1);
	default_rlimits(l->pid);
	vz_sync_send(l->sock, MAPPED, NULL, -1);			/* 5 */
	return 0;
}

int vz_launch_begin(const struct vz_spec *s, struct vz_launch *ret, struct vz_err *e)
{
	struct vz_launch l = VZ_LAUNCH_INIT;
	int sock[2], r;

	r = vz_sync_pair(sock);
	if (r < 0)
		return vz_fail(e, VZ_RESOURCE, -r, "cannot make a socket pair");
	l.sock = sock[0];
	l.pid = clone_child(s, sock, &l.pidfd, e);
	close(sock[1]);
	r = l.pid < 0 ? l.pid : map_child(s, &l, e);
	if (r < 0) {
		vz_launch_abort(&l);
		return r;
	}
	*ret = l;
	return 0;
}

int vz_launch_ready(const struct vz_spec *s, struct vz_launch *l, struct vz_err *e)
{
	int r = vz_sync_wait(l->sock, ROOTED, vz_end_in(LAUNCH_TIMEOUT_S), &l->notify, e); /* 7 */

	vz_cg_attached(s->cg);
	return r;
}

int vz_launch_prepare(const struct vz_spec *s, struct vz_launch *ret, struct vz_err *e)
{
	int r = vz_launch_begin(s, ret, e);

	if (r < 0)
		return r;
	r = vz_launch_ready(s, ret, e);
	if (r < 0)
		vz_launch_abort(ret);
	return r;
}

/* Death gives up the program image first and the descriptors after it; exec puts the new image in
 * place before it closes anything. So once the socket is at its end, a process that has an image
 * has run exec, and one without died. */
static int expect_exec(struct vz_launch *l, struct vz_err *e)
{
	char exe[sizeof("/proc//exe") + 10], to[PATH_MAX];
	int r = vz_sync_wait_end(l->sock, vz_end_in(LAUNCH_TIMEOUT_S), e); /* 11 */

	if (r < 0)
		return r;
	snprintf(exe, sizeof(exe), "/proc/%d/exe", l->pid);
	if (readlink(exe, to, sizeof(to)) < 0 && (errno == ENOENT || errno == ESRCH))
		return vz_fail(e, VZ_FS_BAD_TMPL, ECHILD, "init died before it could run");
	return 0;
}

int vz_launch_go(struct vz_launch *l, struct vz_err *e)
{
	vz_sync_send(l->sock, GO, NULL, -1);				/* 9 */
	return expect_exec(l, e);
}

void vz_launch_close(struct vz_launch *l)
{
	vz_closep(&l->sock);
	vz_closep(&l->pidfd);
	vz_closep(&l->notify);
	*l = (struct vz_launch)VZ_LAUNCH_INIT;
}

void vz_launch_abort(struct vz_launch *l)
{
	if (l->pid > 0)
		vz_give_up(l->pidfd);
	vz_launch_close(l);
}
