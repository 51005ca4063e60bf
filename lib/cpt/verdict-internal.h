/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the verdict share. Everything here runs in the child that looks. */
#ifndef VZ_CPT_VERDICT_INTERNAL_H
#define VZ_CPT_VERDICT_INTERNAL_H

#include <dirent.h>

#include "cgroup/cgroup.h"
#include "cpt/seen.h"
#include "cpt/verdict.h"
#include "sys/mnt.h"

enum cpt_kind {
#define KIND(symbol, ...) CPT_##symbol,
#include "cpt/verdict.def"
#undef KIND
	CPT_KINDS
};

enum cpt_ns { CPT_NS_MNT, CPT_NS_NET, CPT_NS_USER, CPT_NS_PID, CPT_NS_UTS, CPT_NS_IPC, CPT_NS_CGROUP, CPT_NS_TIME,
	      CPT_NS_TIME_CHILDREN, CPT_NS_COUNT };

/* Whom a finding names. */
struct cpt_who {
	pid_t inside; /* in its own pid namespace */
	char command[32];
};

struct cpt_task {
	struct cpt_who who;
	pid_t pid;            /* host's */
	pid_t session;        /* in its own pid namespace; 0: its leader is outside */
	pid_t parent, tracer; /* host's; 0 none */
	unsigned depth;       /* of its pid namespace, ours is 1 */
	unsigned threads;
	char state;           /* 'R', 'S', 'Z', ... */
	bool many_groups;     /* their line is longer than a page */
	uint64_t memory;      /* all that is mapped, in bytes */
	uint64_t locked;      /* of that */
	int dir;              /* of /proc/PID */
	uint64_t ns[CPT_NS_COUNT]; /* inode numbers, 0 unknown */
};

/* The mount table of one namespace; the first is init's. */
struct cpt_mounts {
	struct cpt_who who; /* one who is in it */
	struct vz_mounts t;
};

/* A file whose mount was in no table yet when the file was looked at, or is covered. */
struct cpt_file {
	struct cpt_who who;
	dev_t terminal; /* the file system that this terminal is of; 0: it is none */
	uint64_t mount;
	bool mqueue;
	pid_t pid; /* host's */
	char at[24]; /* below /proc/PID */
	char name[128];
};

/* A deleted directory or file that is in use. */
struct cpt_deleted {
	struct cpt_who who;
	char *path;
	bool dir;
};

struct cpt_socket {
	uint64_t inode;
	struct cpt_who who;
	pid_t pid; /* host's */
	int fd;    /* in that process */
};

struct cpt_netns {
	uint64_t inode;
	int fd;
	int raw[2]; /* its table of raw sockets, IPv4 and IPv6 */
};

struct cpt_one {
	pid_t pid; /* host's */
	struct cpt_who who;
};

/* A segment of System V shared memory. */
struct cpt_shm {
	uint64_t id, size; /* the size in whole pages */
};

struct cpt_look {
	const struct vz_ct *ct;
	const struct vz_state *state;
	struct vz_cg *cg;
	int to;               /* the pipe up */
	pid_t criu;           /* the one that has stopped all processes; 0: they run */
	bool stand;           /* all stand still, which looks like a sleep that nothing ends */
	struct cpt_task init; /* of the VPS */
	struct cpt_task self; /* the child that looks: its mount and network namespaces are the host's */
	unsigned said[CPT_KINDS]; /* findings of each kind */
	struct cpt_seen mount_ns; /* whose tables were read */
	struct cpt_seen mount_ids, covered, read_only, groups; /* mounts: all, and those that are so or of control groups */
	struct cpt_seen interpreters;    /* file systems of them */
	struct cpt_seen other_terminals; /* numbers on another devpts than that of /dev/pts, and 1 */
	struct cpt_session *sessions;
	size_t sessions_n;
	struct cpt_seen parents; /* host pids of those inside */
	struct cpt_seen group;   /* host pids of those in the control group */
	struct cpt_mounts *mounts;
	size_t mounts_n, mounts_all; /* tables, and lines of them */
	struct cpt_file *files; /* judged when all mounts are known */
	size_t files_n;
	struct cpt_seen deleted_inodes, mapped;
	struct cpt_deleted *deleted;
	size_t deleted_n;
	struct cpt_seen unread; /* queues of events, by process and descriptor, that were not empty */
	struct cpt_watch *watches;
	size_t watches_n;
	struct cpt_seen removed_handles;
	struct cpt_removed *removed;
	size_t removed_n;
	struct cpt_socket *sockets;
	size_t sockets_n;
	pid_t *strangers; /* host's, in the tree and not in the group when that was read */
	size_t strangers_n;
	bool sockets_again; /* the second time: sockets only */
	struct cpt_netns *nets;
	size_t nets_n;
	bool semaphores; /* it has System V semaphores that were used */
	struct cpt_shm *shm;
	size_t shm_n;
	struct cpt_sleeper *sleepers;
	size_t sleepers_n;
	struct cpt_pair *pairs;
	size_t pairs_n;
	struct cpt_one *alive; /* those who are in the image, no zombies */
	size_t alive_n;
	struct cpt_kin *kin;
	size_t kin_n;
	struct cpt_epoll *epolls;
	size_t epolls_n;
};

/* What goes through the pipe: less than PIPE_BUF, so it comes whole. */
struct cpt_told {
	unsigned kind; /* CPT_KINDS: the end, all was seen; more than that: more of a kind */
	struct cpt_who who;
	char object[192];
};
#define CPT_TOLD_CUT (CPT_KINDS + 1)

/* ---- verdict-say.c ---- */
void cpt_tell(const struct cpt_look *l, const struct cpt_told *t);
/* One finding, about a process or (NULL) the VPS. The text may hold what the guest wrote. */
void cpt_say(struct cpt_look *l, enum cpt_kind kind, const struct cpt_who *who, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* What of a task, NULL for the VPS, could not be looked at, with -errno: the verdict is unknown, unless the task has ended
 * meanwhile. */
void cpt_unseen(struct cpt_look *l, const struct cpt_task *t, int r, const char *what);
/* A directory below /proc/PID, to be read; NULL: it has ended, or the verdict is unknown. */
DIR *cpt_dir_open(struct cpt_look *l, const struct cpt_task *t, const char *name);
/* Room for one more in an array of `n` things of `size` bytes: where it is, cleared. NULL: the memory ran out,
 * and the verdict is unknown. */
void *cpt_more(struct cpt_look *l, void *array, size_t *n, size_t size);

/* ---- verdict-task.c ---- */
/* Fills *ret, whose `dir` is the caller's to close. -ESRCH: it has ended. */
int cpt_task_open(pid_t pid, struct cpt_task *ret);
/* What its status and its namespaces tell; true: it is in the image, so the rest is to be looked at. */
bool cpt_task_look(struct cpt_look *l, const struct cpt_task *t);

/* Calls fn with the host pid of every process below init in the tree that CRIU walks, init too. */
void cpt_tree_walk(struct cpt_look *l, void (*fn)(struct cpt_look *l, pid_t pid));

/* ---- verdict-moment.c ---- */
/* The thread may be asleep. */
void cpt_sleep_note(struct cpt_look *l, const struct cpt_task *t, pid_t tid);
/* Who of l->alive, when all are known, shares what only threads should. */
void cpt_shared_look(struct cpt_look *l);
/* Nothing was found by the two. */
bool cpt_moment_is_over(const struct cpt_look *l);
/* Later: what of it is still so. */
void cpt_moment_judge(struct cpt_look *l);

/* ---- verdict-kin.c ---- */
void cpt_kin_note(struct cpt_look *l, const struct cpt_task *t);
/* When all are known. */
void cpt_kin_judge(struct cpt_look *l);

/* ---- verdict-epoll.c ---- */
/* An epoll, by its descriptor. */
void cpt_epoll_look(struct cpt_look *l, const struct cpt_task *t, int fd);
/* When all are known. */
void cpt_epoll_judge(struct cpt_look *l);

/* ---- verdict-mounts.c ---- */
/* The mounts of the task's mount namespace, once each. */
void cpt_mounts_read(struct cpt_look *l, const struct cpt_task *t);
/* When all are known. */
void cpt_mounts_judge(struct cpt_look *l);

/* That mount in one of the tables read so far; NULL: in none. */
const struct vz_mountinfo *cpt_mount_of(const struct cpt_look *l, uint64_t id);

/* ---- verdict-place.c ---- */
/* Opens a path of a task's tree by O_PATH, when the kernel has all of the way in memory; -EAGAIN: it has not. No link is
 * followed, and no file system is asked. */
int cpt_open_known(int root, const char *path, uint64_t flags);
/* What of a table that was just read is to be seen in its tree. */
void cpt_place_look(struct cpt_look *l, const struct cpt_task *t, const struct cpt_mounts *own);
/* The controlling terminal of a task. */
void cpt_terminal_note(struct cpt_look *l, const struct cpt_task *t);
void cpt_terminals_judge(struct cpt_look *l);

/* ---- verdict-files.c ---- */
void cpt_files_look(struct cpt_look *l, const struct cpt_task *t);
void cpt_files_judge(struct cpt_look *l);
/* A file in use: whether it is deleted, and CRIU cannot make it again where it was, or somebody watches it. `at` leads to it
 * from /proc/PID, `link` is what that says, and *x is of CPT_STATX. */
struct statx;
#define CPT_GONE " (deleted)" /* behind the name, in a link of /proc and in maps */
#define CPT_STATX (STATX_TYPE | STATX_NLINK | STATX_INO | STATX_BLOCKS | STATX_MNT_ID)
void cpt_deleted_look(struct cpt_look *l, const struct cpt_task *t, const char *at, const char *link,
		      const struct statx *x);
/* Whether its mount is gone or covered; the same words. */
void cpt_file_note(struct cpt_look *l, const struct cpt_task *t, const char *at, const char *link, const struct statx *x);
/* A file without a name of the kernel's own: memfd, shared memory, asynchronous I/O. */
bool cpt_is_kernels(const struct cpt_look *l, const char *link, const struct statx *x);

/* ---- verdict-watch.c ---- */
/* The watches of a descriptor, and whether its events are read; the second time the latter alone. */
void cpt_watch_look(struct cpt_look *l, const struct cpt_task *t, int fd);
/* A removed file in use: `at` leads to it from /proc/PID, `link` is its name for people. */
void cpt_watch_note_removed(struct cpt_look *l, const struct cpt_task *t, const char *at, const char *link);
/* When all are known. */
void cpt_watch_judge(struct cpt_look *l);

/* ---- verdict-ipc.c ---- */
/* The caller is put into the VPS's ipc namespace, whose segments and queues are looked at. */
void cpt_ipc_look(struct cpt_look *l);

/* ---- verdict-memory.c ---- */
void cpt_memory_look(struct cpt_look *l, const struct cpt_task *t);

/* ---- verdict-netconf.c ---- */
void cpt_netconf_look(struct cpt_look *l, const struct cpt_netns *n);

/* ---- verdict-netrest.c ---- */
void cpt_netrest_look(struct cpt_look *l, const struct cpt_netns *n);

/* ---- verdict-filter.c ---- */
/* The packet filter of a network namespace. */
void cpt_filter_look(struct cpt_look *l, const struct cpt_netns *n);

/* ---- verdict-net.c ---- */
/* That socket, when l->sockets is in order; NULL: nobody inside has it open. */
const struct cpt_socket *cpt_socket_find(const struct cpt_look *l, uint64_t inode);
/* Who has that socket open, when l->sockets is in order; NULL: nobody inside. */
const struct cpt_who *cpt_socket_holder(const struct cpt_look *l, uint64_t inode);
/* The network namespace of a task, once each. */
void cpt_net_note(struct cpt_look *l, const struct cpt_task *t);
/* Devices, and sockets by what the kernel tells of them; `again` makes l->sockets anew, for what may have been
 * a moment's is looked at twice. */
void cpt_net_judge(struct cpt_look *l, int (*again)(struct cpt_look *l));

/* ---- verdict-address.c ---- */
/* After cpt_net_judge(). */
void cpt_address_judge(struct cpt_look *l);

/* ---- verdict-senders.c ---- */
/* After cpt_net_judge(). */
void cpt_senders_judge(struct cpt_look *l);

#endif
