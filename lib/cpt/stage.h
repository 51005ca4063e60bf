/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stage: one process that holds all that CRIU takes from outside, and becomes CRIU by exec. It has a mount
 * namespace of its own, and for a restore a network namespace, so whatever it made is gone when it ends, however
 * it ends. Without its parent a restore ends at once, and a dump puts everything back.
 *
 *	begin()       its mounts: the VPS's root, /dev, what hides, the console, credentials
 *	              the caller makes the VPS's network devices in its network namespace
 *	run()         it becomes CRIU, and is asked for a dump or a restore
 *	until(PHASE)  CRIU works until it comes to that phase, and waits there
 *	finish()      CRIU works to its end; of a restore all is there then, and end() waits for its process, which
 *	              takes the old mounts along
 *	end()         whatever is left of it is killed
 *
 * A lazy dump is served after its phase post-dump: serve(). CRIU is at work then until the other side has all of its
 * memory, or has closed the socket, and lets go of processes that run on if nobody holds them.
 *
 * Each part has a deadline. The phases are CRIU's: network-lock (all are stopped), post-dump, status-ready; post-setup-namespaces, network-unlock, pre-resume.
 */
#ifndef VZ_CPT_STAGE_H
#define VZ_CPT_STAGE_H

#include "base/err.h"
#include "cpt/criu.h"
#include "cpt/image.h"
#include "cpt/swrk.h"
#include "param/param.h"

/* What it is made of; descriptors stay the caller's. */
struct vz_stage_spec {
	unsigned ctid;
	uint32_t uid, gid;         /* first host ids of the VPS */
	const struct vz_criu *criu;
	int images;                /* directory of CRIU's images */
	int pages;                 /* dump: a socket with a page server at its other end; 0: none */
	uint64_t rules;            /* dump: the network namespace, by its inode, whose nf_tables CRIU leaves alone; 0: none */
	bool lazy;                 /* dump: the memory waits here, and is asked for at that socket; restore: it comes later */
	bool iptables;             /* the VPS has tables of the legacy iptables */
	bool restore;              /* the rest is for that only */
	int root, dev, console;    /* detached mounts; console -1: none */
	const struct vz_image *image;
	struct vz_pu64 signals;    /* as in struct vz_spec */
};

struct vz_stage {
	bool restore;
	pid_t pid;
	int pidfd, sock, work;
	char log[32];    /* of CRIU, in the directory `work` */
	unsigned creds;  /* how many credentials wait */
	pid_t init;      /* of the VPS that is restored; 0 until CRIU has told it */
	int pages;       /* dump: the caller's socket to a page server; lazy: one of our own for it; 0: none */
	bool lazy, serves; /* dump: vz_stage_serve() */
	int (*turn)(void *arg); /* done all the time while CRIU is waited for; NULL: nothing. -EOWNERDEAD: it waits in vain */
	void *turn_arg;
	bool waits;      /* CRIU does, for an answer */
	bool failed;     /* it did, so its log stays until the next time */
	bool done;       /* all that was asked; it only has to end */
};
#define VZ_STAGE_INIT { .pidfd = -EBADF, .sock = -EBADF, .work = -EBADF }

/* Where what is external waits in the stage. */
#define VZ_STAGE_DIR "/tmp/vz-stage"

/* Errors are VZ_CHKPNT or VZ_RESTORE; -EAGAIN: a dump that is tried again may be well. On failure nothing is left. */
int vz_stage_begin(const struct vz_stage_spec *s, struct vz_stage *ret, struct vz_err *e);
/* Descriptors, log and root of the job are filled here. */
int vz_stage_run(struct vz_stage *st, struct vz_swrk_job *job, struct vz_err *e);
/* `phase` must be one that comes. A dump that sends memory to another can take long: it can be cancelled, and is, as when
 * its time is over, by the end of that socket. CRIU puts everything back then. */
int vz_stage_until(struct vz_stage *st, const char *phase, int seconds, struct vz_err *e);
int vz_stage_finish(struct vz_stage *st, int seconds, struct vz_err *e);
/* Of a lazy dump that waits at post-dump: from here on it answers at its socket. */
int vz_stage_serve(struct vz_stage *st, int seconds, struct vz_err *e);
/* Tells CRIU, if it waits or serves, to give up, and lets it put everything back. */
void vz_stage_give_up(struct vz_stage *st, int seconds);
void vz_stage_end(struct vz_stage *st);
/* The logs of those that failed go. */
void vz_stage_forget(unsigned ctid);

#endif
