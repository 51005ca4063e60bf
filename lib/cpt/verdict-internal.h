/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the verdict share. Everything here runs in the child that looks. */
#ifndef VZ_CPT_VERDICT_INTERNAL_H
#define VZ_CPT_VERDICT_INTERNAL_H

#include "cpt/seen.h"
#include "cpt/verdict.h"

enum cpt_kind {
#define KIND(symbol, ...) CPT_##symbol,
#include "cpt/verdict.def"
#undef KIND
	CPT_KINDS
};

enum cpt_ns { CPT_NS_MNT, CPT_NS_NET, CPT_NS_USER, CPT_NS_PID, CPT_NS_UTS, CPT_NS_IPC, CPT_NS_CGROUP, CPT_NS_TIME,
	      CPT_NS_TIME_CHILDREN, CPT_NS_COUNT };

struct cpt_task {
	pid_t pid;    /* host's */
	pid_t inside;   /* in its own pid namespace */
	pid_t session;  /* there; 0: its leader is outside */
	pid_t parent, tracer; /* host's; 0 none */
	unsigned depth; /* of its pid namespace, ours is 1 */
	unsigned threads;
	char state;     /* 'R', 'S', 'Z', ... */
	int dir;        /* of /proc/PID */
	char command[32];
	uint64_t ns[CPT_NS_COUNT]; /* inode numbers, 0 unknown */
};

struct cpt_look {
	const struct vz_ct *ct;
	int to;               /* the pipe up */
	struct cpt_task init; /* of the VPS */
	unsigned said[CPT_KINDS];
	struct cpt_seen mounts, nets; /* namespaces that were looked at */
	dev_t root_dev; /* of the VPS's root file system */
};

/* What goes through the pipe: less than PIPE_BUF, so it comes whole. */
struct cpt_told {
	unsigned kind; /* CPT_KINDS: the end, all was seen; more than that: more of a kind */
	pid_t pid;
	char command[32];
	char object[192];
};
#define CPT_TOLD_CUT (CPT_KINDS + 1)

/* ---- verdict-say.c ---- */
void cpt_tell(const struct cpt_look *l, const struct cpt_told *t);
/* One finding, about a process or (NULL) the VPS. The text may hold what the guest wrote. */
void cpt_say(struct cpt_look *l, enum cpt_kind kind, const struct cpt_task *t, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* ---- verdict-task.c ---- */
/* Fills *ret, whose `dir` is the caller's to close. -ESRCH: it has ended. */
int cpt_task_open(pid_t pid, struct cpt_task *ret);
/* What its status and its namespaces tell; true: it is in the image, so the rest is to be looked at. */
bool cpt_task_look(struct cpt_look *l, const struct cpt_task *t);

/* ---- verdict-mounts.c ---- */
/* The mounts of the task's mount namespace, once each. */
void cpt_mounts_look(struct cpt_look *l, const struct cpt_task *t);

#endif
