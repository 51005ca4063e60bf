// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The clone that is a VPS's first process: made by a helper that lives for that moment, so that
 * everything that must be changed for it is changed for nobody else.
 *
 * The helper takes the VPS's first host ids as its effective ones, because the kernel charges a
 * user namespace, and with it everything counted per user inside, to the effective user of who
 * made it (create_user_ns(), kernel/ucount.c): made by root, all VPSes share root's 128 inotify
 * instances, made so, each has 128 of its own. Capabilities are raised again; root's real and saved
 * ids stay, since RLIMIT_NPROC is not held against a real uid of 0.
 */
#include "launch/launch-internal.h"
#include "launch/pad.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/caps.h"
#include "sys/inherit.h"

#include <grp.h>
#include <sys/prctl.h>

#define NAMESPACES (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS)
/* The child goes on with its copy of the helper's stack. */
#define STACK (1u << 20)

struct cloning {
	const struct vz_spec *s;
	const int *sock;
	int pad, pidfd;
	pid_t pid;          /* or -errno */
	struct vz_err err;
};

void vz_child_drop_inherited(struct vz_cg *cg)
{
	vz_inherit_reset();
	(void)setgroups(0, NULL);
	vz_cg_leave(cg);
}

static int prepare(struct cloning *b)
{
	int r;

	vz_child_drop_inherited(b->s->cg);
	vz_inherit_open_limits();
	if (b->s->signals.set)
		vz_inherit_bound_signals(b->s->signals.v);
	r = vz_setns(b->pad, CLONE_NEWNS);				/* 1 */
	if (r < 0)
		return vz_fail(&b->err, VZ_ENVCREATE, -r, "cannot enter the launch pad");
	if (!b->s->uid)
		return 0;
	r = vz_thread_set_euid(b->s->uid, b->s->gid);
	/* the change of ids has cleared it, for vzctl's memory and the child's copy of it, which
	 * needs its own /proc/self until it is root inside */
	prctl(PR_SET_DUMPABLE, 1);
	if (r >= 0)
		r = vz_caps_raise();
	return r < 0 ? vz_fail(&b->err, VZ_ENVCREATE, -r, "cannot take host id %u", b->s->uid) : 0;
}

/* The helper. */
static void clone_init(void *arg)
{
	struct cloning *b = arg;
	uint64_t flags = NAMESPACES | CLONE_PARENT | (b->s->uid ? CLONE_NEWUSER : 0);
	int r = prepare(b);

	if (r < 0) {
		b->pid = r;
		return;
	}
	r = vz_clone3(flags, &b->pidfd, vz_cg_clone_fd(b->s->cg));	/* 2 */
	if (!r) {
		close(b->sock[0]);
		vz_child_main(b->s, b->sock[1]);
	}
	b->pid = r < 0 ? vz_fail(&b->err, VZ_ENVCREATE, -r,
				 "cannot create the container's namespaces") :
			 r;
}

pid_t vz_launch_clone(const struct vz_spec *s, const int sock[2], int *ret_pidfd, struct vz_err *e)
{
	autoclose int pad = -EBADF;
	struct cloning b = { .s = s, .sock = sock, .pidfd = -EBADF, .pid = -ECHILD };
	int r = vz_pad_open(&pad, e), dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);

	if (r < 0)
		return r;
	b.pad = pad;
	(void)vz_fail(&b.err, VZ_SYSTEM, 0, "the process that makes the container's died");
	r = vz_vfork_run(clone_init, &b, STACK);
	if (!dumpable) /* it was taken away because there is a password in this memory */
		prctl(PR_SET_DUMPABLE, 0);
	if (r < 0)
		return vz_fail(e, VZ_RESOURCE, -r, "cannot make a process");
	if (b.pid < 0) {
		*e = b.err;
		return b.pid;
	}
	*ret_pidfd = b.pidfd;
	return b.pid;
}
