// SPDX-License-Identifier: GPL-2.0-or-later
/* Wrappers around system calls that libc may not know; see call.h. */
#include "sys/call.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <linux/ioprio.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef OPEN_TREE_CLOEXEC
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif

static int ret(long r)
{
	return r < 0 ? -errno : (int)r;
}

pid_t vz_clone3(uint64_t flags, int *pidfd, int cgroup_fd)
{
	int fd = -EBADF;
	struct clone_args a = {
		.flags = flags | (pidfd ? CLONE_PIDFD : 0),
		.pidfd = (uint64_t)(uintptr_t)&fd,
		/* with CLONE_PARENT it is the cloner's own */
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
	};
	int r;

	if (cgroup_fd >= 0) {
		a.flags |= CLONE_INTO_CGROUP;
		a.cgroup = (uint64_t)cgroup_fd;
	}
	r = ret(syscall(SYS_clone3, &a, sizeof(a)));
	if (r > 0 && pidfd)
		*pidfd = fd;
	return r;
}

struct vfork_call {
	void (*fn)(void *arg);
	void *arg;
};

static int run_vforked(void *arg)
{
	const struct vfork_call *b = arg;

	b->fn(b->arg);
	_exit(0);
}

int vz_vfork_run(void (*fn)(void *arg), void *arg, size_t stack)
{
	struct vfork_call b = { fn, arg };
	sigset_t all, old;
	pid_t pid;
	char *low = mmap(NULL, stack, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);

	if (low == MAP_FAILED)
		return -errno;
	/* a handler of the caller's must not run on that stack */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = clone(run_vforked, low + stack, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &b);
	if (pid < 0)
		pid = -errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	(void)munmap(low, stack);
	return pid < 0 ? pid : 0;
}

int vz_thread_set_euid(uid_t uid, gid_t gid)
{
	int r = ret(syscall(SYS_setresgid, -1, gid, -1));

	return r < 0 ? r : ret(syscall(SYS_setresuid, -1, uid, -1));
}

int vz_thread_set_ruid(uid_t uid)
{
	return ret(syscall(SYS_setresuid, uid, -1, -1));
}

int vz_openat2(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve };

	return ret(syscall(SYS_openat2, dirfd, path, &how, sizeof(how)));
}

int vz_pidfd_open(pid_t pid)
{
	return ret(syscall(SYS_pidfd_open, pid, 0));
}

int vz_pidfd_signal(int pidfd, int sig)
{
	return ret(syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
}

int vz_close_range(unsigned first, unsigned last, unsigned flags)
{
	return ret(syscall(SYS_close_range, first, last, flags));
}

int vz_pivot_root(const char *new_root, const char *put_old)
{
	return ret(syscall(SYS_pivot_root, new_root, put_old));
}

int vz_setns(int fd, int nstype)
{
	return ret(setns(fd, nstype));
}

int vz_ioprio_of(pid_t pid)
{
	return ret(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, pid));
}

int vz_ioprio_set(pid_t pid, int prio)
{
	return ret(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, prio));
}

int vz_kcmp(pid_t one, pid_t other, int type)
{
	int r = ret(syscall(SYS_kcmp, one, other, type, 0UL, 0UL));

	return r < 0 ? r : !r;
}

int vz_kcmp_files(pid_t one, int fd, pid_t other, int other_fd)
{
	int r = ret(syscall(SYS_kcmp, one, other, KCMP_FILE, (unsigned long)fd, (unsigned long)other_fd));

	return r < 0 ? r : !r;
}

int vz_kcmp_watched(pid_t pid, int epoll, int fd, unsigned nth)
{
	struct kcmp_epoll_slot slot = { .efd = (uint32_t)epoll, .tfd = (uint32_t)fd, .toff = nth };
	int r = ret(syscall(SYS_kcmp, pid, pid, KCMP_EPOLL_TFD, (unsigned long)fd, &slot));

	return r < 0 ? r : !r;
}

int vz_kcmp_order(pid_t one, pid_t other, int type)
{
	long r = syscall(SYS_kcmp, one, other, type, 0, 0);

	if (r < 0 || r > 2)
		return one < other ? -1 : one > other;
	return r == 0 ? 0 : r == 1 ? -1 : 1;
}

int vz_pidfd_getfd(int pidfd, int fd)
{
	return ret(syscall(SYS_pidfd_getfd, pidfd, fd, 0));
}

static int open_new_fs(const char *fstype)
{
	return ret(syscall(SYS_fsopen, fstype, FSOPEN_CLOEXEC));
}

int vz_fsconfig(int fsfd, const char *key, const char *value)
{
	return ret(syscall(SYS_fsconfig, fsfd, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key,
			   value, 0));
}

static int create_new_fs(int fsfd)
{
	return ret(syscall(SYS_fsconfig, fsfd, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
}

int vz_fspick(int dirfd, const char *path)
{
	return ret(syscall(SYS_fspick, dirfd, path,
			   FSPICK_CLOEXEC | FSPICK_NO_AUTOMOUNT | (*path ? 0 : FSPICK_EMPTY_PATH)));
}

int vz_fsconfig_reconfigure(int fsfd)
{
	return ret(syscall(SYS_fsconfig, fsfd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
}

static int mount_new_fs(int fsfd, unsigned attr)
{
	return ret(syscall(SYS_fsmount, fsfd, FSMOUNT_CLOEXEC, attr));
}

int vz_fsconfig_option(int fsfd, const char *option)
{
	const char *eq = strchr(option, '=');
	char key[64];

	if (!eq)
		return vz_fsconfig(fsfd, option, NULL);
	if ((size_t)(eq - option) >= sizeof(key))
		return -EINVAL;
	memcpy(key, option, (size_t)(eq - option));
	key[eq - option] = 0;
	return vz_fsconfig(fsfd, key, eq + 1);
}

int vz_mount_new(const char *fstype, const char *const *options, unsigned attr)
{
	int fs = open_new_fs(fstype), r = 0, mnt;

	if (fs < 0)
		return fs;
	for (; options && *options && r >= 0; options++)
		r = vz_fsconfig_option(fs, *options);
	if (r >= 0)
		r = create_new_fs(fs);
	mnt = r < 0 ? r : mount_new_fs(fs, attr);
	close(fs);
	return mnt;
}

int vz_open_tree(int dirfd, const char *path, unsigned flags)
{
	return ret(syscall(SYS_open_tree, dirfd, path, flags | OPEN_TREE_CLOEXEC));
}

int vz_move_mount(int from_fd, int to_dirfd, const char *to_path)
{
	return ret(syscall(SYS_move_mount, from_fd, "", to_dirfd, to_path,
			   MOVE_MOUNT_F_EMPTY_PATH | (*to_path ? 0 : MOVE_MOUNT_T_EMPTY_PATH)));
}

int vz_mount_setattr(int dirfd, const char *path, unsigned flags, uint64_t set, uint64_t clear,
		     uint64_t propagation, int userns_fd)
{
	struct mount_attr a = {
		.attr_set = set, .attr_clr = clear, .propagation = propagation
	};

	if (userns_fd >= 0) {
		a.attr_set |= MOUNT_ATTR_IDMAP;
		a.userns_fd = (uint64_t)userns_fd;
	}
	return ret(syscall(SYS_mount_setattr, dirfd, path, flags, &a, sizeof(a)));
}
