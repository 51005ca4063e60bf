// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Deleting private areas: out of sight at once by a rename on the same file system, and then
 * removed by a background process that outlives the command (INTERFACE 1.5, destroy).
 */
#include "base/escape.h"
#include "base/own.h"
#include "base/str.h"
#include "fs/fs-internal.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/mnt.h"
#include "sys/proc.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define TRASH "vztmp"
#define PREFIX "vzctl-rm-me."

/* The top of the file system `path` (absolute, without links) lies on. Caller frees. */
static char *mount_top(const char *path)
{
	autofree char *p = strdup(path);

	while (p) {
		char *slash = strrchr(p, '/');

		if (!slash)
			return NULL;
		slash[slash == p ? 1 : 0] = 0;
		if (slash == p || vz_is_mount_point(p))
			break;
	}
	return TAKE_PTR(p);
}

/* vztmp on the top of the file system. That can be a directory where everybody may write, so
 * what is there already must be root's own. */
static int open_trash(const char *top)
{
	autofree char *path = vz_fmt("%s/" TRASH, top);
	autoclose int fd = -EBADF;
	struct stat st;

	if (!path)
		return -ENOMEM;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid || st.st_mode & 022)
		return -EPERM;
	return TAKE_FD(fd);
}

/* Moves the directory into the trash under a fresh name. */
static int move_away(const char *private, int trash)
{
	char name[] = PREFIX "XXXXXX", *x = name + sizeof(PREFIX) - 1;
	uint64_t seed = vz_str_hash(private, strlen(private), (uint64_t)getpid());

	for (unsigned i = 0; i < 1000; i++) {
		seed = vz_str_hash(&i, sizeof(i), seed);
		for (int k = 0; k < 6; k++)
			x[k] = "abcdefghijklmnopqrstuvwxyz012345"[(seed >> (5 * k)) & 31];
		if (mkdirat(trash, name, 0700) < 0) {
			if (errno == EEXIST)
				continue;
			return -errno;
		}
		if (!renameat(AT_FDCWD, private, trash, name))
			return 0;
		i = (unsigned)errno;
		(void)unlinkat(trash, name, AT_REMOVEDIR);
		return -(int)i;
	}
	return -EEXIST;
}

/* Removes everything in the trash once; true when something was there and is gone. */
static bool empty_once(int trash)
{
	int fd = openat(trash, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autoclosedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	bool gone = false;

	while (d && (de = readdir(d)))
		if (vz_str_prefix(de->d_name, PREFIX, NULL) &&
		    !vz_remove_tree(trash, de->d_name))
			gone = true;
	return gone;
}

/* One process per file system does it; whoever comes while it works leaves the area to it, as it
 * looks again after it has let the lock go. */
static void empty_trash(int trash)
{
	autoclose int lock = openat(trash, "rm.lck", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
				    0600);
	struct flock all = { .l_type = F_WRLCK };

	do {
		all.l_type = F_WRLCK;
		if (lock < 0 || fcntl(lock, F_OFD_SETLK, &all) < 0)
			return;
		while (empty_once(trash))
			;
		all.l_type = F_UNLCK;
		(void)fcntl(lock, F_OFD_SETLK, &all);
	} while (empty_once(trash));
}

/* A detached grandchild: nobody waits for it, and it holds nothing of the caller's (a reader of
 * the command's output must not wait for it either). */
static int empty_in_background(int trash)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return 0;
	}
	if (setsid() < 0 || fork())
		_exit(0);
	if (chdir("/") < 0 || dup2(trash, 3) < 0)
		_exit(1);
	vz_let_go(4);
	empty_trash(3);
	_exit(0);
}

/* Takes away PRIVATE only. */
static int discard_private(const char *private, struct vz_err *e)
{
	autofree char *parent = strdup(private), *real = NULL, *top = NULL, *path = NULL;
	char *slash = parent ? strrchr(parent, '/') : NULL;
	autoclose int trash = -EBADF;
	struct stat st;
	int r;

	if (lstat(private, &st) < 0)
		return errno == ENOENT ? 0 : vz_fail(e, VZ_FS_DEL_PRVT, errno, "%s", private);
	if (S_ISLNK(st.st_mode)) {
		r = unlink(private) < 0 ? errno : 0;
		return r ? vz_fail(e, VZ_FS_DEL_PRVT, r, "cannot remove %s", private) : 0;
	}
	if (!slash || !S_ISDIR(st.st_mode))
		return vz_fail(e, VZ_FS_DEL_PRVT, ENOTDIR, "cannot remove %s", private);
	slash[slash == parent ? 1 : 0] = 0;
	real = realpath(parent, NULL);
	path = real ? vz_fmt("%s/%s", strcmp(real, "/") ? real : "", strrchr(private, '/') + 1)
		    : NULL;
	top = path ? mount_top(path) : NULL;
	if (!top)
		return vz_fail(e, VZ_FS_DEL_PRVT, errno, "cannot remove %s", private);
	trash = open_trash(top);
	if (trash < 0)
		return vz_fail(e, VZ_FS_DEL_PRVT, -trash, "cannot use %s/" TRASH, top);
	r = move_away(path, trash);
	if (r < 0)
		return vz_fail(e, VZ_FS_DEL_PRVT, -r, "cannot move %s to %s/" TRASH, private, top);
	(void)empty_in_background(trash); /* if it cannot run, the next destroy cleans up */
	return 0;
}

int vz_area_can_destroy(const struct vz_area *a, struct vz_err *e)
{
	autofree char *at = NULL;
	struct stat st;

	/* of a link nothing but the link goes */
	if (lstat(a->private, &st) < 0 || S_ISLNK(st.st_mode) || vz_mount_below(a->private, &at) <= 0)
		return 0;
	vz_escape_plain(at); /* a guest can have chosen the name */
	return vz_fail(e, VZ_FS_DEL_PRVT, 0, "Something is mounted on %s, which is not removed with "
		       "the container: umount it first", at);
}

int vz_area_destroy(const struct vz_area *a, struct vz_err *e)
{
	int r = discard_private(a->private, e);

	if (r < 0)
		return r;
	vz_area_forget(a);
	(void)rmdir(a->root); /* missing, or with something of the host's in it */
	return r;
}
