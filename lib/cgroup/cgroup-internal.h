/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this room share: the handle, the table of a back-end, work on directories. Each
 * file uses only those before it:
 *
 *	unit  detect  tree  below  events  scope  kinds  v2  v1  lines  life  group  read
 */
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
	CG_HUGETLB,
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
	bool asked;           /* /proc/self/cgroup has: */
	unsigned bound;       /* bits of enum cg_hier that are bound to v1 */
};

#define CG_PATH 48

struct vz_cg {
	const struct vz_cg_ops *ops;
	struct cg_fds *fds;
	bool hybrid;     /* there are v1 controllers: the back-end is v1.c */
	bool fake;       /* base is a directory made by a test */
	bool systemd;    /* the host's service manager rules the tree */
	bool made;       /* by this handle: it knows in which hierarchies */
	int holder;      /* pidfd of what keeps a scope alive until the VPS is in it; -EBADF none */
	pid_t opener;    /* whose child the holder is */
	unsigned ctid;
	char path[CG_PATH]; /* below every mount root: "vz/N" */
};

struct cg_line;

/* Where one limit of a group is: who holds it, and in which hierarchy. */
struct cg_place {
	const struct cg_line *line;
	enum cg_hier h;        /* CG_V2, or that of the line */
	unsigned bit;          /* VZ_CG_* */
	const char *option;    /* for messages */
};

/* Puts the limit in force that *l asks for. */
typedef int cg_put_fn(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		      struct vz_err *e);
/* Sets the limit's fields in *ret to what holds now; false: the kernel does not tell. Where its coarser
 * number is what `want` became, that of `want` is the answer. */
typedef bool cg_now_fn(const struct vz_cg *cg, const struct cg_place *p,
		       const struct vz_cg_limits *want, struct vz_cg_limits *ret);

/* What the kernel counts for the limit. */
typedef void cg_count_fn(const struct vz_cg *cg, const struct cg_place *p, struct vz_cg_count *ret);

/* How a back-end holds one limit. Without `put` it cannot, and `why` has the reason. */
struct cg_line {
	enum cg_hier in;       /* the controller */
	const char *file;      /* the attribute, or the first of several */
	const char *second;    /* the other one of a kind that has two; of a share, systemd's name */
	cg_put_fn *put;
	cg_now_fn *now;        /* NULL: not read again */
	cg_count_fn *count;    /* NULL: read.c reads it, or nobody */
	bool dear;             /* to read: only for who names it in `want` */
	const char *why;
	size_t at;             /* the number in struct vz_cg_limits: CG_AT(field) */
	const char *none;      /* what is written for VZ_UNLIMITED; NULL: there is no such value */
	uint64_t (*to)(uint64_t ours), (*from)(uint64_t kernels); /* unit.h; NULL: the same */
};
#define CG_AT(field) offsetof(struct vz_cg_limits, field)

struct vz_cg_ops {
	const char *name;
	/* The v2 group exists: makes the others, enables controllers. */
	int (*make)(struct vz_cg *cg, struct vz_err *e);
	/* pid 0: the caller. Everything but v2. */
	int (*attach)(struct vz_cg *cg, pid_t pid, struct vz_err *e);
	/* Before the first write to `file` of a controller that not every group has: makes or enables
	 * it for this one; -EOPNOTSUPP when it cannot be enabled. Success does not say that the kernel
	 * has the file. */
	int (*want)(struct vz_cg *cg, const struct cg_place *p, const char *file, struct vz_err *e);
	const struct cg_line *lines; /* by enum vz_cg_limit */
	int (*devices)(struct vz_cg *cg, const struct vz_cg_dev *list, size_t n, struct vz_err *e);
};
extern const struct vz_cg_ops cg_v1_ops, cg_v2_ops;

/* ---- detect.c ---- */
/* Opens base and sees whether the host is hybrid. */
int cg_detect(struct vz_cg *cg, const char *root, struct vz_err *e);
/* Mount root of a hierarchy: an fd that stays the handle's, or -errno. */
int cg_root(const struct vz_cg *cg, enum cg_hier h);
/* Where a controller is: its v1 hierarchy, or CG_V2. */
enum cg_hier cg_where(const struct vz_cg *cg, enum cg_hier h);
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
/* Removes the group in every hierarchy, v2 last. Missing is success. */
int cg_remove(struct vz_cg *cg, struct vz_err *e);
/* Calls fn for the pid of every process in the group and below; -errno of fn ends it. */
int cg_each_pid(int dir, int (*fn)(pid_t pid, void *arg), void *arg);
/* Calls fn with the number of every whole block device of the host. */
int cg_each_disk(const struct vz_cg *cg, int (*fn)(const char *dev, void *arg), void *arg);

/* ---- events.c ---- */
/* Waits until "key" of cgroup.events is `want`; -ETIMEDOUT. */
int cg_wait_event(const struct vz_cg *cg, const char *key, unsigned want, int timeout_ms);

/* ---- memory that is less than what is used ---- */
/* Milliseconds without progress: what the kernel frees late is freed within a few of its grace periods, what is to be
 * written first takes its time. And in all: a guest may take again what was freed. */
#define CG_AMOUNT_MS 2000
#define CG_AMOUNT_MOST_MS 10000
/* A moment between two attempts. */
void cg_amount_pause(void);

/* ---- kinds.c: kinds of limits that both back-ends have ---- */
/* The number that *l holds for this limit, and it put there. */
uint64_t cg_value(const struct cg_place *p, const struct vz_cg_limits *l);
void cg_value_is(const struct cg_place *p, struct vz_cg_limits *ret, uint64_t v);
/* One number in one file. */
cg_put_fn cg_put_number;
cg_now_fn cg_now_number;
/* A share of what all groups beside it have, of which the kernel holds a narrower range than ours. */
cg_put_fn cg_put_share;
cg_now_fn cg_now_share;
uint64_t cg_share_held(const struct cg_place *p, uint64_t asked);
/* A quota of CPU time, which both write in their own way, read again. Around the writing: the kernel refuses a quota
 * that is less than the burst it has. */
int cg_no_burst(struct vz_cg *cg, const struct cg_place *p, struct vz_err *e);
int cg_put_burst(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l, struct vz_err *e);
cg_now_fn cg_now_quota;
/* The same limit for every disk, read again: `key` stands before the number in a line. */
uint64_t cg_of_disks(const struct vz_cg *cg, const struct cg_place *p, const char *key);
/* The same limit for every size of huge pages; `file` is the first word of the kernel's files. */
cg_put_fn cg_put_sizes;
cg_now_fn cg_now_sizes;
cg_count_fn cg_count_sizes;
#define CG_SIZES .put = cg_put_sizes, .now = cg_now_sizes, .count = cg_count_sizes, .dear = true
uint64_t cg_minus(uint64_t sum, uint64_t part); /* VZ_UNLIMITED when one of them is */

/* ---- lines.c ---- */
/* Which line of which back-end holds a limit on this host. False: none does. */
bool cg_place_of(const struct vz_cg *cg, enum vz_cg_limit limit, struct cg_place *ret);

/* ---- v1.c ---- */
/* A limit of memory in bytes. */
uint64_t cg_v1_memory_limit(const struct vz_cg *cg, const char *file);
/* Freezer of kernels whose v2 has none; makes the group when it must. -EOPNOTSUPP: none. */
int cg_v1_freeze(struct vz_cg *cg, bool on, int timeout_ms, struct vz_err *e);

/* ---- v2.c: cg_v2_ops also serves v1.c for a controller that is bound to v2 ---- */
/* Does the unified tree have this controller, enabled for us or not? */
bool cg_v2_offers(const struct vz_cg *cg, enum cg_hier h);

/* ---- scope.c ---- */
bool cg_scope_wanted(void);
/* Makes the v2 group inside a delegated scope; a holder process sits in it. */
int cg_scope_start(struct vz_cg *cg, struct vz_err *e);
/* The VPS is inside: the holder may go. Also accepts a handle without one. */
void cg_scope_release(struct vz_cg *cg);
/* The scope gets the share too: v in that file of hierarchy h, which systemd calls `property`. */
struct cg_share {
	enum cg_hier h;
	const char *file, *property;
	uint64_t v;
};
int cg_scope_share(struct vz_cg *cg, const struct cg_share *s, struct vz_err *e);
/* The payload group is gone: ends the unit and waits until it is away. */
int cg_scope_stop(struct vz_cg *cg, struct vz_err *e);

#endif
