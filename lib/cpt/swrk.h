/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is said to a running CRIU, which serves one socket then (criu swrk FD): a dump or a restore is asked
 * for, and CRIU asks back at each of its phases and waits for the answer. So all that is to be done at a phase is
 * done by whoever holds the other end, and no script is run.
 *
 * The messages are CRIU's images/rpc.proto, in the encoding of Protocol Buffers; the numbers of fields are for
 * ever. Only what a VPS needs is here.
 */
#ifndef VZ_CPT_SWRK_H
#define VZ_CPT_SWRK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

/* One dump, pre-dump or restore. Descriptors are those of CRIU, which opens the directories by /proc/PID/fd of who made the
 * socket pair: that is to be itself. */
struct vz_swrk_job {
	bool restore;
	pid_t pid;           /* dump: the VPS's init */
	bool pre_dump;       /* only memory, and the VPS goes on; the rest of a dump's fields counts, too */
	bool track;          /* dump: only memory that was written since `parent` was made; NULL: all */
	const char *parent;  /* directory of the images of the pre-dump before */
	int pages;           /* dump: memory goes to the page server at this socket; 0: into the images */
	/* Memory that comes when all else is done (lib/cpt/lazypages.h). Dump: a file of options that names the socket by which it
	 * is asked for; no other way leads there (4.2 forgets the one of the request). Restore: any word. NULL: there is none. */
	const char *lazy;
	bool by_path;        /* dump: what is watched is found again by its path, not by its inode: on another disk */
	int images, work;    /* directories: of the images, of the log, which must be one that it can mount in */
	const char *log;     /* name of the log there */
	const char *root;    /* restore: what is to be the root, a mount point */
	struct vz_str external; /* what is not in the image, each "KEY:VALUE" ends with a line's end */
	/* dump: the hierarchies of control groups that are in the image, a line each as in proc_pid_cgroup(5); the last one
	 * is "" on cgroup2. None: all */
	struct vz_str controllers;
	char tty[40];        /* the console, RDEV:DEV in hex; "": there is none */
	int tty_fd;          /* restore: its descriptor */
};
void vz_swrk_job_free(struct vz_swrk_job *j);

int vz_swrk_ask(int sock, const struct vz_swrk_job *j, struct vz_err *e);

/* What CRIU says. */
struct vz_swrk_word {
	char phase[32]; /* it waits for vz_swrk_answer() here; "": it has done all, or failed */
	bool good;
	pid_t pid;      /* of the init, as the host sees it; 0: not told now */
};
/* The next word, or -ETIMEDOUT, -ECANCELED (sys/wait.h; not when `deaf`), -ECHILD: CRIU has ended without one. No
 * sentence: the caller knows what was being done, and CRIU's log tells why. */
int vz_swrk_hear(int sock, int64_t end, bool deaf, struct vz_swrk_word *ret);
/* Goes on; or gives up, where CRIU heeds that. */
int vz_swrk_answer(int sock, bool good);

#endif
