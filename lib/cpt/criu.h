/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRIU, the engine: which one this host has, what it can do on the running kernel, and how it is
 * run. It is a program like any other: never patched, never linked.
 *
 * Looked for are criu where programs of the host are (sys/spawn.h; a build of the operator's own in
 * /usr/local/sbin comes first), then the one of tools/get-criu, VZ_LIBEXECDIR/criu/sbin/criu. Whether one
 * is good enough is no question of its version. It is tried: `criu check`, then a small process
 * with sockets is dumped and restored. CRIU 3.17.1 passes on Linux 6.1 and fails on a newer one. What was
 * found is kept under VZ_RUNDIR until the next boot, another kernel or another file, so that a
 * suspend pays for no trial.
 */
#ifndef VZ_CPT_CRIU_H
#define VZ_CPT_CRIU_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum vz_criu_feature {
	VZ_CRIU_TRACK = 1 << 0,    /* which memory was written since a pre-dump (mem_dirty_track) */
	VZ_CRIU_LAZY = 1 << 1,     /* memory that comes after the restore (uffd-noncoop) */
	VZ_CRIU_NFTABLES = 1 << 2, /* --network-lock nftables */
};

struct vz_criu {
	char path[256];      /* of the program */
	char loader[256];    /* "": none. It is a binary of a newer distribution, beside its own loader */
	char libraries[256]; /* for that loader */
	char kerndat[256];   /* where what it has found out about the kernel is kept */
	unsigned version;    /* 40201 is 4.2.1. To be recorded in an image, and for vz_criu_find() */
	unsigned features;   /* enum vz_criu_feature */
};

/* The CRIU for an image that `version` has written: the same one, else a newer one. 0: for a new image, any.
 * VZ_CHKPNT or VZ_RESTORE, with the reason and the remedy, when there is none. The first call of a boot
 * tries it out and takes half a second, later ones read a file. */
int vz_criu_find(unsigned version, struct vz_criu *ret, struct vz_err *e);

/* Where CRIU works: logs, and what a dump needs beside its images. */
#define VZ_CRIU_WORK VZ_RUNDIR "/cpt"

#define VZ_CRIU_ARGS 8
/* The first words of a command line: "criu dump", with the loader where there is one. Points into *c. Returns
 * how many; no NULL is put. */
int vz_criu_argv(const struct vz_criu *c, const char *verb, const char *ret[VZ_CRIU_ARGS]);

/* Two words of the environment of every dump, pre-dump and restore: VZ_CRIU_PRELOAD, and the one that vz_criu_env()
 * makes of the VPS's first host ids ("VZ_CRIU_OWNER=UID:GID", 0:0 for a privileged one). By them two system calls
 * of criu are made by that id (helpers/criu-owner.c), all others by root, and its action scripts are root's. Needed for
 * - restore, on every host: who makes a user namespace owns it, and the kernel counts for the owner;
 * - dump and pre-dump, where root lacks CAP_SYS_RESOURCE, as in a container: prlimit(2) of a process of the
 *   VPS. An ordinary host's root has it.
 * And what is on tmpfs is not compressed (helpers/criu-plain.c), and what lies in terminals not processed twice
 * (helpers/criu-raw.c). A third word, VZ_CRIU_RULES, is of a network namespace whose packet filter criu is not to look
 * at (helpers/criu-rules.c). */
#define VZ_CRIU_PRELOAD                                                                            \
	"LD_PRELOAD=" VZ_LIBEXECDIR "/criu-owner.so:" VZ_LIBEXECDIR "/criu-plain.so:" VZ_LIBEXECDIR "/criu-rules.so:" \
	VZ_LIBEXECDIR "/criu-raw.so"
#define VZ_CRIU_ENV 48
void vz_criu_env(uint32_t uid, uint32_t gid, char ret[VZ_CRIU_ENV]);

/* For the process that becomes criu, in a mount namespace of its own whose mounts are private. Where /run is no tmpfs,
 * what the trial has learned about the kernel is mounted on /run/criu.kdat: CRIU keeps it on a tmpfs only, and asks anew
 * in each run without it, 28 ms. A /tmp that is not of mode 1777, as CRIU needs it, is covered by one that is; so
 * give it directories by descriptor. The network namespace must have lo up. */
int vz_criu_mounts(const struct vz_criu *c, struct vz_err *e);

/* Fills *e with the sentence of a log that says why criu failed, and with the remedy where we know one;
 * `code` is VZ_CHKPNT or VZ_RESTORE. Returns -EIO, or -EAGAIN: it was a moment's, and the next dump may be well.
 * dirfd/log is no link.
 *
 * May be hostile: the log has names of files and processes that the guest chose; therefore one line of it is
 * shown, escaped and cut, and what is taken for a known error is the text at the place where criu puts it. */
int vz_criu_error(int dirfd, const char *log, enum vz_exit code, struct vz_err *e);
/* Of how many queues of events (inotify, fanotify) a dump that went well has left out what was unread. Log as above. */
size_t vz_criu_dropped(int dirfd, const char *log);

#endif
