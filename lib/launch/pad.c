// SPDX-License-Identifier: GPL-2.0-or-later
/* Making and finding the launch pad; see pad.h, mount_namespaces(7). */
#include "launch/pad.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>

#define PAD_DIR VZ_RUNDIR "/pad"
#define PAD_NS PAD_DIR "/ns"
#define PAD_LOCK VZ_RUNDIR "/pad.lck"
#define LOCK_TIMEOUT_S 20 /* it is held for the making of one pad */

static int mount_at(const char *type, const char *where, unsigned attr)
{
	static const char *const none[] = { NULL };
	autoclose int fd = -EBADF;
	int r = vz_mount_new(type, none, attr);

	if (r < 0)
		return r;
	fd = r;
	return vz_move_mount(fd, AT_FDCWD, where);
}

static int make_file(const char *path)
{
	autoclose int fd = open(path, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0);

	return fd < 0 ? -errno : 0;
}

/* In the child, in a mount namespace of its own: builds the pad and makes it the root. */
static int build_pad(void)
{
	const unsigned safe = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	int r;

	umask(0022);
	r = vz_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_PRIVATE, -1);
	if (r < 0)
		return r;
	r = mount_at("tmpfs", PAD_DIR, safe);
	if (r < 0)
		return r;
	if (chdir(PAD_DIR) < 0 || mkdir("proc", 0555) < 0 || mkdir("sys", 0555) < 0 ||
	    mkdir("root", 0755) < 0 || mkdir("hide", 0555) < 0)
		return -errno;
	r = mount_at("proc", "proc", safe);
	if (r < 0)
		return r;
	r = mount_at("sysfs", "sys", safe);
	if (r < 0)
		return r;
	r = mount_at("tmpfs", "hide", safe);
	if (r < 0)
		return r;
	if (mkdir("hide/dir", 0555) < 0)
		return -errno;
	r = make_file("hide/file");
	if (r < 0)
		return r;
	r = vz_mount_setattr(AT_FDCWD, "hide", 0, MOUNT_ATTR_RDONLY, 0, 0, -1);
	if (r < 0)
		return r;
	r = vz_pivot_root(".", ".");
	if (r < 0)
		return r;
	return umount2(".", MNT_DETACH) < 0 ? -errno : 0;
}

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

/* Forks a child that becomes the pad's only process for the moment it takes to pin it. */
static int build_and_pin(int cpu)
{
	char path[sizeof("/proc//ns/mnt") + 10];
	autoclose int tree = -EBADF;
	int up[2], down[2], r = 0;
	pid_t pid;

	if (pipe2(up, O_CLOEXEC) < 0 || pipe2(down, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(down[1]);
		if (cpu >= 0)
			run_on(cpu);
		r = unshare(CLONE_NEWNS) < 0 ? -errno : build_pad();
		(void)!write(up[1], &r, sizeof(r));
		(void)!read(down[0], &r, 1); /* until the parent has pinned us */
		_exit(0);
	}
	close(up[1]);
	close(down[0]);
	if (pid < 0 || read(up[0], &r, sizeof(r)) != sizeof(r))
		r = pid < 0 ? -errno : -ECHILD;
	if (r >= 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
		r = tree = vz_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE);
	}
	if (r >= 0)
		r = vz_move_mount(tree, AT_FDCWD, PAD_NS);
	close(up[0]);
	close(down[1]);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
	return r;
}

/* A mount namespace may be pinned only on a private mount, so PAD_DIR becomes one of its own. */
static int make_pad(void)
{
	int r = vz_mkdir_p(PAD_DIR, 0700);

	if (r < 0)
		return r;
	if (!vz_is_mount_point(PAD_DIR)) {
		r = mount_at("tmpfs", PAD_DIR, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
		if (r >= 0)
			r = vz_mount_setattr(AT_FDCWD, PAD_DIR, 0, 0, 0, MS_PRIVATE, -1);
		if (r >= 0 && chmod(PAD_DIR, 0700) < 0)
			r = -errno;
	}
	if (r >= 0)
		r = make_file(PAD_NS);
	if (r < 0 && r != -EEXIST)
		return r;
	r = build_and_pin(-1);
	/* A mount namespace may be pinned only in one that is older, and "older" is a smaller id.
	 * Since 6.18 every CPU hands out ids from a batch of its own, so a younger namespace may
	 * have the smaller id (ELOOP); on the CPU that made ours it has not. */
	for (int cpu = 0; r == -ELOOP && cpu < get_nprocs_conf(); cpu++)
		r = build_and_pin(cpu);
	return r;
}

static int open_pinned(void)
{
	autoclose int fd = open(PAD_NS, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNS ? TAKE_FD(fd) : -ENOENT;
}

int vz_pad_open(int *ret_fd, struct vz_err *e)
{
	autoclose int lock = -EBADF;
	int r = open_pinned();

	if (r < 0) {
		lock = vz_wait_lock(PAD_LOCK, vz_end_in(LOCK_TIMEOUT_S));
		if (lock < 0)
			return vz_wait_lock_fail(e, lock, PAD_LOCK);
		r = open_pinned(); /* another start may have made it meanwhile */
		if (r < 0)
			r = make_pad();
		if (r >= 0)
			r = open_pinned();
	}
	if (r < 0)
		return vz_fail(e, VZ_ENVCREATE, -r, "cannot make the launch pad %s", PAD_NS);
	*ret_fd = r;
	return 0;
}
