/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One VPS's group of processes and its limits. The words are ours (bytes, shares, percent), never
 * the kernel's file names: above this line nobody knows whether the host runs cgroup v1, v2 or
 * both. Two back-ends, v1.c (hybrid: v1 controllers, v2 on the side) and v2.c, behind one vtable.
 */
#ifndef VZ_CGROUP_CGROUP_H
#define VZ_CGROUP_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct vz_cg; /* opaque: open fds of the hierarchies and the name of the group */

/* A bit and one or more fields for each row of limits.def. */
enum vz_cg_limit {
#define LIMIT(name, ...) VZ_CG_LIMIT_##name,
#include "cgroup/limits.def"
	VZ_CG_NLIMITS
};
enum {
#define LIMIT(name, ...) VZ_CG_##name = 1u << VZ_CG_LIMIT_##name,
#include "cgroup/limits.def"
};
struct vz_cg_limits {
	unsigned has; /* VZ_CG_* bits: which fields below are meant */
#define LIMIT(name, option, ...) __VA_ARGS__;
#include "cgroup/limits.def"
};

struct vz_cg_dev {
	char type;                  /* 'b' or 'c' */
	uint32_t major, minor;
	bool all_majors, all_minors;
	bool r, w, m;
};

struct vz_cg_usage {            /* VZ_UNLIMITED where the kernel cannot tell */
	uint64_t ram, swap, ram_max, swap_max; /* bytes: now, limit */
	uint64_t both, both_peak; /* bytes of RAM and swap together */
	uint64_t ram_peak, swap_peak;
	uint64_t oom_kills;    /* processes killed because there was no memory */
	uint64_t swap_failcnt; /* how often there was no swap left */
	uint64_t pids, pids_peak, pids_max;
	uint64_t pids_failcnt; /* forks refused by the group's own limit */
	uint64_t cpu_usec, cpu_user_usec, cpu_system_usec;
};

/* Parts of the memory, in bytes; VZ_UNLIMITED where the kernel cannot tell. */
struct vz_cg_kinds {
	uint64_t kernel, kernel_peak, kernel_failcnt;
	uint64_t shmem, shmem_peak, shmem_failcnt; /* tmpfs and shared memory */
	uint64_t anon; /* of processes, and of no file */
};

/* What the kernel counts for one limit; VZ_UNLIMITED where it cannot tell. */
struct vz_cg_count {
	uint64_t held, peak, failcnt;
};

/* Opens the group of VPS `ctid` without side effects: the group need not exist. The handle works
 * for every call below and is closed with vz_cg_close(). `root` is NULL, or a directory standing
 * for /sys/fs/cgroup in unit tests. Errors: no usable hierarchy (VZ_BAD_KERNEL). */
int vz_cg_open(unsigned ctid, const char *root, struct vz_cg **ret, struct vz_err *e);
void vz_cg_close(struct vz_cg *cg);
static inline void vz_cg_closep(struct vz_cg **cg)
{
	vz_cg_close(*cg);
}
const char *vz_cg_backend(const struct vz_cg *cg); /* "v1", "v2": for status and tests */
/* What the group is called on this host, below the root of every hierarchy: "vz/101". */
const char *vz_cg_path(const struct vz_cg *cg);
/* How many of the last of these n bytes are what some host calls the group of that VPS; 0: they do not end so. */
size_t vz_cg_path_of(const char *path, size_t n, unsigned ctid);

/* Makes the group everywhere it is needed; an empty one left by a crash is reused. owner: host
 * uid and gid that may manage sub-groups below (delegation), 0 for none. */
int vz_cg_create(struct vz_cg *cg, uid_t owner, gid_t group, struct vz_err *e);
/* Directory fd for clone3(CLONE_INTO_CGROUP), owned by cg; -1 when the kernel or the set-up can
 * not, then vz_cg_attach() does all. Even with a valid fd vz_cg_attach() must follow: it places
 * the process wherever clone3 has not. */
int vz_cg_clone_fd(const struct vz_cg *cg);
/* Moves a fresh child (PID 1 to be) into every hierarchy. in_clone: it was born with clone_fd.
 *
 * pid 0 is the caller, which must have one thread and may be the child itself, in whatever user
 * namespace, with the handle that vz_cg_create() was called on; before its cgroup namespace is
 * made. That is the fast way, 0.1 ms: moving another process costs an RCU grace period of the
 * whole host, 5 to 20 ms, once clone3 has placed it in v2 and always otherwise. */
int vz_cg_attach(struct vz_cg *cg, pid_t pid, bool in_clone, struct vz_err *e);
/* To be called by the creator once the child has attached itself (not needed when it was the
 * creator who did): what kept the group alive until then goes. vz_cg_close() does it too. */
void vz_cg_attached(struct vz_cg *cg);
/* Looks up init (the VPS's PID 1, host pid) for vz_cg_join_fd() and the group in every hierarchy that
 * vz_cg_join() needs, and forbids a look at the mount table from then on: to be called in the host's mount
 * namespace, because /proc and the table of the guest's own are the guest's. */
void vz_cg_find(const struct vz_cg *cg, pid_t init);
/* Is this process in the group, or in one below it? 0 or -errno. */
int vz_cg_holds(const struct vz_cg *cg, pid_t pid);
/* As vz_cg_clone_fd(), for what joins a running VPS, after vz_cg_find(): the group that init is in at this
 * moment, because inner nodes of a v2 tree may hold no processes. The guest may remove it meanwhile; the next
 * call looks again. -1 when there is none. */
int vz_cg_join_fd(struct vz_cg *cg);
/* Moves the caller, born in that group or the VPS's own, into every other hierarchy; with the host's
 * rights, and of one thread. */
int vz_cg_join(struct vz_cg *cg, struct vz_err *e);

/* -EBUSY when what is put beside `init` would be frozen, and by whom: by the host, all of the VPS;
 * or by the guest, the group of its init. */
int vz_cg_check_frozen(struct vz_cg *cg, pid_t init, struct vz_err *e);

/* Takes the caller, a process of one thread with the host's rights that is to join the VPS, out of
 * the groups of whoever started it in all v1 hierarchies, named ones and those of other tools
 * included: vz_cg_attach() and vz_cg_join() know only those in which a VPS has a group. */
void vz_cg_leave(const struct vz_cg *cg);

/* Puts the limits named by l->has in force, before or after there are processes. What the kernel
 * has no file for does not keep the others from being set; it is -EOPNOTSUPP at the end. The exit
 * code in *e is that of the limit's kind: VZ_SETUBC, VZ_SETFSHD, VZ_SET_IO. I/O limits hold for
 * the block devices of this moment, for reading and for writing each. */
int vz_cg_apply(struct vz_cg *cg, const struct vz_cg_limits *l, struct vz_err *e);
/* The whole allow list of device nodes; everything else is denied. */
int vz_cg_devices(struct vz_cg *cg, const struct vz_cg_dev *list, size_t n, struct vz_err *e);

bool vz_cg_exists(const struct vz_cg *cg);
/* What names the group to BPF programs, never used twice until the next boot; 0: there is none. */
uint64_t vz_cg_id(const struct vz_cg *cg);
/* Calls fn with the id of every VPS that has a group; -errno of fn ends it. */
int vz_cg_each_vps(int (*fn)(unsigned ctid, void *arg), void *arg);
/* Calls fn for the host pid of every process in the group and below; -errno of fn ends it. */
int vz_cg_each(const struct vz_cg *cg, int (*fn)(pid_t pid, void *arg), void *arg);
/* Any process left inside? (0/1, or -errno) */
int vz_cg_populated(const struct vz_cg *cg);
/* Stops all inside, or lets them go on, and waits until it is so: ten seconds at most. A freeze that
 * fails leaves none frozen. */
int vz_cg_freeze(struct vz_cg *cg, bool on, struct vz_err *e);
/* SIGKILL to everything inside, also to what forks meanwhile; waits (at most timeout_ms) until
 * only zombies are left. */
int vz_cg_kill(struct vz_cg *cg, int timeout_ms, struct vz_err *e);
/* Where it is told that a limit of the group may have been hit. */
#define VZ_CG_WATCHES 4
struct vz_cg_notice {
	int fd;         /* the caller's */
	short events;   /* of poll(2); 0: the kernel wakes nobody, and it is asked by vz_cg_notice_seen() */
	uint64_t hash;  /* of what it said last */
};
/* Their number: fewer, down to none, where the kernel does not tell. */
size_t vz_cg_watch(const struct vz_cg *cg, struct vz_cg_notice ret[VZ_CG_WATCHES]);
/* Before the counts are read: what comes later is told again. True when it says something new. */
bool vz_cg_notice_seen(struct vz_cg_notice *n);
/* What is used, was used at most and was refused; VZ_UNLIMITED where no controller tells. Fails only
 * when there is no group. */
int vz_cg_read(const struct vz_cg *cg, struct vz_cg_usage *ret, struct vz_err *e);
/* The smallest size of huge pages of this host, in bytes; 0: it has none. */
uint64_t vz_cg_huge_page(void);
unsigned vz_cg_ctid(const struct vz_cg *cg);
/* The list that the group was given, of CPUs or of memory nodes (VZ_CG_LIMIT_CPUS, _MEMS), in fresh memory; -ENOENT:
 * none, it may use all. */
int vz_cg_list(const struct vz_cg *cg, enum vz_cg_limit limit, char **ret);
/* Dearer than vz_cg_read(): the kernel adds them up for whoever asks. */
void vz_cg_read_kinds(const struct vz_cg *cg, struct vz_cg_kinds *ret);
/* The share that the group would have when asked for so many units: the same, or what the kernel's range
 * of shares cuts it to. */
uint64_t vz_cg_units_held(const struct vz_cg *cg, uint64_t units);
/* Bytes that were read from and written to all block devices; VZ_UNLIMITED where they are not counted: on
 * cgroup v1 they are once there was a limit. */
void vz_cg_read_io(const struct vz_cg *cg, uint64_t *ret_read, uint64_t *ret_written);
/* By the line of the limit; what read.c reads all together is not told here. */
void vz_cg_count(const struct vz_cg *cg, enum vz_cg_limit limit, struct vz_cg_count *ret);
/* -ENODEV, with a sentence and VZ_SETUBC, when this host cannot hold one of the limits `bits`: no line, or no
 * controller. The group need not exist. */
int vz_cg_can(const struct vz_cg *cg, unsigned bits, struct vz_err *e);
/* The limits that hold at this moment, as far as the table of the back-end reads them; ret->has: those
 * the kernel tells; one that is dear to read only when want->has has its bit.
 * Where its coarser number is what `want` became, that of `want` is the answer. */
int vz_cg_in_force(const struct vz_cg *cg, const struct vz_cg_limits *want,
		   struct vz_cg_limits *ret, struct vz_err *e);
/* Removes the group with all sub-groups the guest made; kills nothing. No group is success. */
int vz_cg_destroy(struct vz_cg *cg, struct vz_err *e);

/* ---- below.c: the groups that a guest made below its own in the v2 tree ---- */
struct vz_pack;   /* base/pack.h */
struct vz_packed;
/* Adds names, owners, modes, enabled controllers and values to *out; whom the VPS's group belongs to
 * (vz_cg_create()) has its first host ids. -EBUSY: the guest has frozen one of its own. */
int vz_cg_below_save(const struct vz_cg *cg, struct vz_pack *out, struct vz_err *e);
/* Lets those go on that the guest has frozen. */
void vz_cg_below_thaw(const struct vz_cg *cg);
/* Makes the groups again with their owners, by the ids of whom the group belongs to now, and enables nothing.
 * -EBADMSG: nobody saved that. */
int vz_cg_below_make(struct vz_cg *cg, struct vz_packed in, struct vz_err *e);
/* Enables the controllers from the top down, then sets the values. What the kernel does not have is left out;
 * what it refuses is left out too, and the last one named in *ret_refused. */
struct vz_cg_refused {
	unsigned n;
	int why;       /* errno */
	char file[64];
};
int vz_cg_below_enable(struct vz_cg *cg, struct vz_packed in, struct vz_cg_refused *ret_refused,
		       struct vz_err *e);

/* Called by PID 1 to be, after its cgroup namespace exists: a detached mount (fd, caller closes)
 * of the hierarchy a guest should see at /sys/fs/cgroup. */
int vz_cg_guest_mount(int *ret_fd, struct vz_err *e);

#endif
