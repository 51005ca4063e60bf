/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making a VPS's first process, and joining a running VPS.
 *
 *   parent (host)                        child (PID 1 to be)
 *   1  a helper (clone.c) drops what
 *      the caller passed on, enters
 *      the launch pad (pad.h), takes the
 *      VPS's ids
 *   2  the helper: clone3(): user, pid,
 *      mount, net, uts; into the
 *      v2 cgroup                  -----> 3  arms the death signal; enters the v1 cgroups
 *   4  writes the id maps
 *   5  MAPPED; network devices    -----> 6  time namespace; becomes root inside; ipc and cgroup
 *                                           namespaces; builds the tree, pivots, drops the
 *                                           pad; boot id, host name, loopback; is there an init?
 *   8  connection tracking,       <----- 7  ROOTED
 *      distribution scripts, names
 *      of a LAN, N.start
 *   9  GO                         -----> 10 disarms the death signal; capabilities, seccomp,
 *                                           exec of init
 *   11 end of file, init has run         (or 12 FAILED with the reason)
 *
 * Before GO, end of file means that the other side died and is an error. After GO both exec and
 * death close the socket, so the parent looks whether the child has run exec before it believes in
 * success. Every wait names the message it waits for; there is no other traffic.
 *
 * vz_launch_begin() is steps 1 to 5, vz_launch_ready() 7, vz_launch_go() 9 to 11; what lies between
 * is the caller's. From step 5 on the namespaces are there, so their network is set up while the
 * child builds its tree.
 */
#ifndef VZ_LAUNCH_LAUNCH_H
#define VZ_LAUNCH_LAUNCH_H

#include <stdint.h>
#include <sys/types.h>

#include "cgroup/cgroup.h"
#include "ct/ct.h"
#include "sys/seccomp.h"

struct vz_cmd {
	const char *path; /* without '/': searched in PATH, inside; NULL ends a list */
	char *const *argv;
};

/* What to launch; everything is decided, opened and checked before. All fds stay the caller's. */
struct vz_spec {
	unsigned id;
	uint32_t uid, gid;       /* first host id; 0: no user namespace */
	uint32_t features;       /* VZ_FEAT_* */
	uint64_t caps;           /* bounding set */
	struct vz_filter filter;
	int root;                /* detached copy of what is mounted on VE_ROOT */
	int dev;                 /* detached /dev */
	int console;             /* detached mount for /dev/console, or -1 */
	const char *hostname;
	unsigned terminals;      /* bound of its /dev/pts; 0: none */
	struct vz_pu64 signals;  /* bound of all its queued signals; not set: the ordinary one */
	bool notify;             /* listen for vz_launch.ready */
	const struct vz_cmd *cmds; /* instead of init, tried in turn; or NULL */
	int stdio[3];            /* -1: the console, or /dev/null */
	struct vz_cg *cg;
};

struct vz_launch {
	pid_t pid;
	int pidfd, sock;
	int ready;    /* one byte comes when a systemd guest has said READY=1 to /run/vz-notify */
	int listener; /* the process that hears it */
};
#define VZ_LAUNCH_INIT { .pidfd = -EBADF, .sock = -EBADF, .ready = -EBADF, .listener = -EBADF }

/* On failure nothing of the child is left. */
int vz_launch_begin(const struct vz_spec *s, struct vz_launch *ret, struct vz_err *e);
/* The child says that its tree stands; on failure it is vz_launch_abort() that ends it. */
int vz_launch_ready(const struct vz_spec *s, struct vz_launch *l, struct vz_err *e);
/* Lets the child run init and waits until it does. -ECHILD: it died before that without a word, and
 * is not reaped yet; else what it said. On failure it is vz_launch_abort() that ends it. */
int vz_launch_go(struct vz_launch *l, struct vz_err *e);
/* Nobody listens for vz_launch.ready any longer, so systemd, which goes on to tell of itself, tells
 * its own socket, where that has no effect. */
void vz_launch_notified(const struct vz_state *st);
/* Kills the child if there is one, reaps it if it ends soon, and closes everything. */
void vz_launch_abort(struct vz_launch *l);
/* Closes everything and leaves the child to itself. */
void vz_launch_close(struct vz_launch *l);

/* Joining a running VPS: all namespaces, cgroup, capabilities and seccomp of its init, an own
 * session. */
struct vz_join {
	unsigned id;
	const struct vz_state *state;
	struct vz_filter filter;
	struct vz_cg *cg;
	const struct vz_cmd *cmds; /* tried in turn until one can be executed */
	char *const *env;
	int stdio[3];              /* placed as 0, 1, 2 */
	bool tty;                  /* a new terminal of the VPS instead of stdio */
	bool ctty;                 /* stdio is a terminal, and becomes the controlling one */
	int64_t end;               /* no longer than this (sys/wait.h); 0: as long as joining may take */
};

/* Starts the command; its process is a child of the caller, known by *ret_pidfd (the caller's to
 * close). ret_tty (when j->tty): the other side of its terminal, non-blocking, the caller's to close.
 * Errors before exec are reported here; -ENOTTY: there was no terminal to be had, or nothing at all.
 * Takes seconds at most, whatever the guest does. */
int vz_join_start(const struct vz_join *j, int *ret_pidfd, int *ret_tty, struct vz_err *e);

/* Runs `fn` in a short-lived child that has joined the given namespaces (CLONE_NEW* bits) of a
 * running VPS, still with the host's program: for a few system calls such as sethostname(2), and
 * of the guest's files no more than a number to compare (distro/dist.h). With CLONE_NEWUSER, which a
 * privileged VPS goes without, it is root inside and can do no more than that one; who opens
 * what lies in the guest's tree must be: the guest can have bound a file of proc there that only the
 * host's root reads. fn returns 0 or -errno. What does not return within seconds is killed:
 * -ETIMEDOUT. */
int vz_join_call(const struct vz_state *state, int namespaces, int (*fn)(void *), void *arg);

#endif
