// SPDX-License-Identifier: GPL-2.0-or-later
/* The parent's column of a launch; the numbers are those of launch.h. */
#include "launch/launch-internal.h"
#include "launch/sync.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/idmap.h"
#include "sys/proc.h"
#include "sys/wait.h"

/* For each of the child's two ways, to its tree and to exec: a host that starts a hundred VPSes at
 * once is slow, and programs that ran inside may have frozen the child. */
#define LAUNCH_TIMEOUT_S 60

static int map_child(const struct vz_spec *s, struct vz_launch *l, struct vz_err *e)
{
	int r = 0;

	if (s->uid)
		r = vz_idmap_write(l->pid, s->uid, s->gid);		/* 4 */
	if (r < 0)
		return vz_fail(e, VZ_ENVCREATE, -r, "cannot map host ids %u-%u", s->uid,
			       s->uid + VZ_IDS_PER_VPS - 1);
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
	l.pid = vz_launch_clone(s, sock, &l.pidfd, e);			/* 1, 2 */
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
	autoclose int notify = -EBADF;
	int r = vz_sync_wait(l->sock, ROOTED, vz_end_in(LAUNCH_TIMEOUT_S), &notify, e); /* 7 */

	vz_cg_attached(s->cg);
	return r < 0 || notify < 0 ? r : vz_notify_listen(notify, l, e);
}

/* Both death and exec close the socket. Which of them it was, a mark of the kernel's tells that exec
 * takes away before it closes anything, and that a zombie keeps: an init that has run and ended by
 * now is one that ran. */
static int expect_exec(struct vz_launch *l, struct vz_err *e)
{
	struct vz_proc p;
	int r = vz_sync_wait_end(l->sock, vz_end_in(LAUNCH_TIMEOUT_S), e); /* 11 */

	if (r < 0)
		return r;
	r = vz_proc_stat(l->pid, &p);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot tell whether init runs");
	if (!p.has_run_exec)
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
	vz_give_up(l->listener);
	vz_closep(&l->listener);
	vz_closep(&l->ready);
	*l = (struct vz_launch)VZ_LAUNCH_INIT;
}

void vz_launch_abort(struct vz_launch *l)
{
	if (l->pid > 0 && vz_pidfd_signal(l->pidfd, SIGKILL) >= 0)
		(void)vz_wait_init(l->pidfd, vz_end_in(1));
	if (l->pid > 0)
		vz_give_up(l->pidfd);
	vz_launch_close(l);
}
