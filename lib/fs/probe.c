// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Can an overlay be had here? Tried for real, in directories beside the template and the private area
 * that a process of its own makes and removes: so they go too when the command is killed meanwhile.
 */
#include "fs/fs-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "fs/shift.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "sys/spawn.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define PREFIX ".vz-probe."
#define TRY_SECONDS 10

/* What a probe left that was killed itself (or by a power cut). */
static void sweep(const char *near)
{
	autoclosedir DIR *d = opendir(near);
	struct dirent *de;
	const char *pid;
	uint32_t n;

	while (d && (de = readdir(d)))
		if (vz_str_prefix(de->d_name, PREFIX, &pid) && *pid &&
		    !vz_num_u32(pid + 1, INT32_MAX, &n) && !vz_proc_alive((pid_t)n, 0))
			(void)vz_remove_tree(dirfd(d), de->d_name);
}

/* PREFIX, a letter and the pid of the caller, in the nearest directory that exists. */
static char *probe_dir(const char *above, char letter)
{
	autofree char *near = vz_path_nearest(above), *dir = NULL;

	if (!near)
		return NULL;
	sweep(near);
	dir = vz_fmt("%s/" PREFIX "%c%u", near, letter, (unsigned)getpid());
	return dir && (mkdir(dir, 0700) == 0 || errno == EEXIST) ? TAKE_PTR(dir) : NULL;
}

/* In the child: is a file of the base seen with mapped ids, and can it be changed? */
static int try_overlay(const char *below, const char *above)
{
	autofree char *stage = vz_fmt("%s/stage", above);
	autoclose int base = -EBADF, file = -EBADF, top = -EBADF, lower = -EBADF;
	autoclose int upper = -EBADF, work = -EBADF, mnt = -EBADF;
	struct stat st;

	if (!stage || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	/* opened only now: the mounts of the old namespace cannot be cloned from here */
	base = open(below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	top = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (base < 0 || top < 0 || mkdirat(top, "fs", 0700) < 0 || mkdirat(top, "work", 0700) < 0)
		return -errno;
	file = openat(base, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	upper = openat(top, "fs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	work = openat(top, "work", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (file < 0 || upper < 0 || work < 0 || fchown(upper, VZ_PROBE_ID, VZ_PROBE_ID) < 0)
		return -errno;
	if (vz_shift_mark(upper, 0, 0) < 0)
		return -EOPNOTSUPP;
	lower = vz_tree_clone(base, VZ_PROBE_ID, VZ_PROBE_ID);
	if (lower < 0)
		return lower;
	mnt = vz_overlay_mount_any(&(struct vz_overlay){ lower, upper, work, stage, true });
	if (mnt < 0)
		return mnt;
	if (fstatat(mnt, "file", &st, 0) < 0 || st.st_uid != VZ_PROBE_ID ||
	    fchmodat(mnt, "file", 0640, 0) < 0 || fstatat(upper, "file", &st, 0) < 0 ||
	    st.st_uid != VZ_PROBE_ID)
		return -EOPNOTSUPP;
	return 0;
}

/* The child: a session of its own, lest what ends the command's group end it before it has tidied up, and
 * nothing of the command's, since it stays when it is given up. */
static bool try_apart(const char *base, const char *private_parent)
{
	autofree char *below = NULL, *above = NULL;
	bool can = false;
	pid_t pid;

	(void)setsid();
	vz_let_go(3);
	below = probe_dir(base, 'b');
	above = below ? probe_dir(private_parent, 'p') : NULL;
	pid = above ? fork() : -1; /* the mounts go with the process */
	if (!pid)
		_exit(try_overlay(below, above) < 0);
	if (pid > 0)
		can = vz_spawn_wait(pid, TRY_SECONDS, false) == 0;
	if (above)
		(void)vz_remove_tree(AT_FDCWD, above);
	if (below)
		(void)vz_remove_tree(AT_FDCWD, below);
	return can;
}

int vz_overlay_probe(const char *template_dir, const char *private_parent, struct vz_err *e)
{
	autofree char *base = vz_fmt("%s/base", template_dir);
	pid_t pid = base ? fork() : -1;
	autoclose int pidfd = -EBADF;
	int r, st;

	if (!pid)
		_exit(!try_apart(base, private_parent));
	r = pidfd = pid < 0 ? -EAGAIN : vz_pidfd_open(pid);
	if (r >= 0)
		r = vz_wait_child(pidfd, vz_end_in(TRY_SECONDS), &st);
	/* it is not killed: it tidies up as soon as the file system lets it */
	if (r == -ETIMEDOUT)
		return vz_fail(e, VZ_FS_NEW_VE_PRVT, 0, "The file system of %s or of %s gives no answer in "
			       "%d seconds", base, private_parent, TRY_SECONDS);
	if (r == -ECANCELED)
		vz_fail(e, VZ_SYSTEM, 0, "Interrupted by a signal");
	else if (r < 0)
		vz_fail(e, VZ_SYSTEM, -r, "Unable to try an overlay");
	if (r < 0)
		return r;
	if (st == 0)
		return VZ_LAYOUT_CAN;
	vz_fail(e, VZ_BAD_KERNEL, 0, "no overlay with an id-mapped template in %s and an area in %s", template_dir,
		private_parent);
	return VZ_LAYOUT_CANNOT;
}
