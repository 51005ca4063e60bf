/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share: the handle, the table of a back-end, work on directories. */
#ifndef VZ_CGROUP_INTERNAL_H
#define VZ_CGROUP_INTERNAL_H

#include "cgroup/cgroup.h"

/* The hierarchies we may need. CG_V2 is always used. */
enum cg_hier {
	CG_V2,
	CG_MEMORY, /* v1, for every VPS */
	CG_PIDS,
	CG_CPU,
	CG_DEVICES,
	CG_CPUSET, /* v1, only once a limit of theirs is set */
	CG_BLKIO,
	CG_FREEZER,
	CG_CPUACCT, /* v1, its root is never used for groups of our own */
	CG_NHIER
};
#define CG_FIRST_V1 CG_MEMORY
#define CG_FIRST_LAZY CG_CPUSET
#define CG_LAST_V1 CG_FREEZER

/* What "no limit" of v1 memory reads as: the largest count of pages, in bytes. */
#define CG_V1_NO_LIMIT (VZ_UNLIMITED & ~(uint64_t)0xffff)

/* Directory fds: -EBADF = not looked for yet, another -errno = looked for and not there. They
 * are behind a pointer because readers, which take a const handle, open them too. */
struct cg_fds {
	int base;             /* /sys/fs/cgroup */
	int root[CG_NHIER];   /* mount root of each hierarchy */
	int dir[CG_NHIER];    /* the group itself */
	int self[CG_NHIER];   /* v1 "tasks", opened by us for the child that attaches itself */
	int join;             /* the v2 group beside init */
	int init;             /* the host's /proc/PID of init */
	bool scanned;         /* mountinfo has been read, or must not be any more */
};

struct vz_cg {
	const struct vz_cg_ops *ops;
	struct cg_fds *fds;
	bool fake;       /* base is a directory made by a test */
	bool systemd;    /* the host's service manager rules the tree */
	bool made;       /* by this handle: it knows in which hierarchies */
	int holder;      /* pidfd of what keeps a scope alive until the VPS is in it; -EBADF none */
	pid_t opener;    /* whose child the holder is */
	unsigned ctid;
	char path[48];   /* below every mount root: "vz/N" */
};

/* One setter per kind of limit, indexed by the bit number of VZ_CG_*. */
#define CG_NLIMITS 10
#define CG_BIT(bit) __builtin_ctz(bit)
typedef int cg_set_fn(struct vz_cg *cg, const struct vz_cg_limits *l, struct vz_err *e);

struct vz_cg_ops {
	const char *name;
	/* The v2 group exists: makes the others, enables controllers. */
	int (*make)(struct vz_cg *cg, struct vz_err *e);
	/* pid 0: the caller. Everything but v2. */
	int (*attach)(struct vz_cg *cg, pid_t pid, struct vz_err *e);
	cg_set_fn *set[CG_NLIMITS];
	int (*devices)(struct vz_cg *cg, const struct vz_cg_dev *list, size_t n, struct vz_err *e);
};
extern const struct vz_cg_ops cg_v1_ops, cg_v2_ops;

/* ---- detect.c ---- */
/* Opens base and chooses the back-end. */
int cg_detect(struct vz_cg *cg, const char *root, struct vz_err *e);
/* Mount root of a hierarchy: an fd that stays the handle's, or -errno. */
int cg_root(const struct vz_cg *cg, enum cg_hier h);
const char *cg_hier_name(enum cg_hier h);
/* Mount root of the v1 hierarchy with these controllers, as /proc/PID/cgroup lists them
 * ("name=systemd", "net_cls,net_prio"): an fd, the caller's, or -errno. */
int cg_root_of(const struct vz_cg *cg, const char *controllers);

/* ---- tree.c: directories and attributes; hostile names below the group, so fds only ---- */
/* The group's directory: an fd that stays the handle's, or -errno. */
int cg_dir(const struct vz_cg *cg, enum cg_hier h);
/* Makes the group and, when missing, its parents. 1 when it was there already. `step` (may be
 * NULL) is called for each directory on the way that was made, with its parent. */
int cg_mkdir(struct vz_cg *cg, enum cg_hier h, int (*step)(int parent, int child));
/* One write to an attribute of the group; *e gets `code`, what was written and where. */
int cg_set(struct vz_cg *cg, enum cg_hier h, const char *file, const char *text,
	   struct vz_err *e);
int cg_set_u64(struct vz_cg *cg, enum cg_hier h, const char *file, uint64_t v, struct vz_err *e);
/* The exit code that belongs to an attribute, by its first word. */
enum vz_exit cg_exit_of(const char *file);
/* -EOPNOTSUPP with a sentence: this kernel has no such attribute. */
int cg_missing(const char *file, struct vz_err *e);
bool cg_has(const struct vz_cg *cg, enum cg_hier h, const char *file);
/* One number; "max" is VZ_UNLIMITED. VZ_UNLIMITED when the kernel has no such attribute. */
uint64_t cg_get(const struct vz_cg *cg, enum cg_hier h, const char *file);
/* The number behind "key " in a flat keyed attribute, VZ_UNLIMITED when there is none. */
uint64_t cg_get_key(const struct vz_cg *cg, enum cg_hier h, const char *file, const char *key);
/* Removes the group and all below it in one hierarchy. Missing is success. */
int cg_rmdir(struct vz_cg *cg, enum cg_hier h);
/* Calls fn for the pid of every process in the group and below; -errno of fn ends it. */
int cg_each_pid(int dir, int (*fn)(pid_t pid, void *arg), void *arg);
/* Calls fn with the number of every whole block device of the host. */
int cg_each_disk(const struct vz_cg *cg, int (*fn)(const char *dev, void *arg), void *arg);

/* ---- life.c: what lives in the v2 group: freeze, kill, wait ---- */
/* Waits until "key" of cgroup.events is `want`; -ETIMEDOUT. */
int cg_wait_event(const struct vz_cg *cg, const char *key, unsigned want, int timeout_ms);

/* ---- v1.c ---- */
/* Freezer of kernels whose v2 has none; makes the group when it must. -EOPNOTSUPP: none. */
int cg_v1_freeze(struct vz_cg *cg, bool on, struct vz_err *e);

/* ---- v2.c: cg_v2_ops also serves v1.c for a controller that is bound to v2 ---- */

/* ---- scope.c ---- */
bool cg_scope_wanted(void);
/* Makes the v2 group inside a delegated scope; a holder process sits in it. */
int cg_scope_start(struct vz_cg *cg, struct vz_err *e);
/* The VPS is inside: the holder may go. Also accepts a handle without one. */
void cg_scope_release(struct vz_cg *cg);
/* The payload group is gone: ends the unit and waits until it is away. */
int cg_scope_stop(struct vz_cg *cg, struct vz_err *e);

#endif
