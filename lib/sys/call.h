/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's newer calls as small wrappers that return -errno, never -1, and set nothing. Every
 * raw system call of the project is made here or elsewhere in this room.
 */
#ifndef VZ_SYS_CALL_H
#define VZ_SYS_CALL_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sched.h>
#include <signal.h>
#include <sys/types.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20 /* Linux 5.12 */
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

/* Runs fn(arg) in a process that shares the caller's memory and descriptors, with a stack of `stack`
 * bytes, and waits until it has ended; all else (ids, limits, directories, namespaces) is a copy of
 * its own, so fn may change it at will. Signals are blocked in it. fn may end it; what it returns
 * is lost. A child that fn makes with CLONE_PARENT is the caller's and keeps the stack. */
int vz_vfork_run(void (*fn)(void *arg), void *arg, size_t stack);
/* setresgid(2), setresuid(2) of the effective ids for this thread alone, real and saved ones kept:
 * where libc's would change those of every thread that it knows of. */
int vz_thread_set_euid(uid_t uid, gid_t gid);
/* The real user alone, which is whom the kernel counts for; the effective one keeps its rights. */
int vz_thread_set_ruid(uid_t uid);
/* clone3(2): 0 in the child, pid in the parent. *pidfd (may be NULL) gets a close-on-exec pidfd;
 * cgroup_fd < 0: stay in the parent's cgroup. */
pid_t vz_clone3(uint64_t flags, int *pidfd, int cgroup_fd);
/* openat2(2); O_CLOEXEC is added. resolve: RESOLVE_* bits. */
int vz_openat2(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve);
int vz_pidfd_open(pid_t pid);
int vz_pidfd_signal(int pidfd, int sig);
int vz_close_range(unsigned first, unsigned last, unsigned flags);
int vz_pivot_root(const char *new_root, const char *put_old);
int vz_setns(int fd, int nstype);
/* ioprio_get(2) of a process: class and level in one, as in <linux/ioprio.h>. */
int vz_ioprio_of(pid_t pid);
int vz_ioprio_set(pid_t pid, int prio);
/* kcmp(2): whether two threads share a resource (KCMP_*) that needs no index: 1 or 0. Two that have none share it. */
int vz_kcmp(pid_t one, pid_t other, int type);
/* Whether two descriptors are one open file: 1 or 0. */
int vz_kcmp_files(pid_t one, int fd, pid_t other, int other_fd);
/* Whether the process has under the number `fd` what its epoll watches under it, as the nth: 1 or 0. */
int vz_kcmp_watched(pid_t pid, int epoll, int fd, unsigned nth);
/* The same as an order, so that many can be sorted by it: < 0, 0 (they share it), > 0. Who has ended shares nothing. */
int vz_kcmp_order(pid_t one, pid_t other, int type);
/* pidfd_getfd(2): a duplicate of another process's descriptor, close-on-exec, the caller's. */
int vz_pidfd_getfd(int pidfd, int fd);

/* The mount API of Linux 5.2; fds are close-on-exec and the caller's.
 * One string option ("source", "size" ...); value NULL sets a flag. */
int vz_fsconfig(int fsfd, const char *key, const char *value);
int vz_fsconfig_option(int fsfd, const char *option); /* "key" or "key=value" */
/* An existing file system, to be reconfigured; path "" for the mount behind dirfd itself. */
int vz_fspick(int dirfd, const char *path);
int vz_fsconfig_reconfigure(int fsfd);
/* fsopen + fsconfig of every "key" or "key=value" + create + fsmount. -errno of the first failure. */
int vz_mount_new(const char *fstype, const char *const *options, unsigned attr);
/* flags: OPEN_TREE_CLONE, AT_RECURSIVE, AT_EMPTY_PATH... (OPEN_TREE_CLOEXEC is added) */
int vz_open_tree(int dirfd, const char *path, unsigned flags);
/* Attaches the mount behind from_fd at to_dirfd/to_path ("" = on to_dirfd itself). */
int vz_move_mount(int from_fd, int to_dirfd, const char *to_path);
/* flags: AT_EMPTY_PATH | AT_RECURSIVE ... ; userns_fd < 0: no id map. propagation: MS_PRIVATE... */
int vz_mount_setattr(int dirfd, const char *path, unsigned flags, uint64_t set, uint64_t clear,
		     uint64_t propagation, int userns_fd);

#endif
