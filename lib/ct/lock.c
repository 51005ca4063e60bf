// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LOCKDIR/N.lck, the lock that shell scripts share with us (reference 1.3): line 1 is the holder's
 * pid, line 2 a status word. Ours adds line 3, start time and boot id, so that a pid used again
 * by another process does not keep a dead lock for ever.
 */
#include "ct/ct.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#define LOCK_MAX 4096

/* The live holder written in a lock file: its pid; 0 when the lock is stale or holds no number
 * (*ret_numbered tells which); -errno when there is no such file. */
static pid_t holder_of(const char *path, bool *ret_numbered)
{
	autofree char *text = NULL;
	char *line2, *line3, boot[40] = "";
	uint64_t start = 0;
	uint32_t pid;
	ssize_t n = vz_file_read(AT_FDCWD, path, LOCK_MAX, &text);

	*ret_numbered = false;
	if (n < 0)
		return (pid_t)n;
	line2 = strchr(text, '\n');
	if (line2)
		*line2++ = 0;
	if (vz_num_u32(text, INT32_MAX, &pid) < 0 || !pid)
		return 0;
	*ret_numbered = true;
	line3 = line2 ? strchr(line2, '\n') : NULL;
	if (line3) {
		char *blank = strchr(++line3, ' ');

		line3[strcspn(line3, "\n")] = 0;
		if (blank && !vz_proc_boot_id(boot, sizeof(boot)) && strcmp(blank + 1, boot))
			return 0; /* of a former boot */
		if (blank)
			*blank = 0;
		(void)vz_num_u64(line3, UINT64_MAX, &start);
	}
	return vz_proc_alive((pid_t)pid, start) ? (pid_t)pid : 0;
}

/* One name, so that what a killed process left goes with the next command. It is unlinked and not
 * written over: it may be the same file as a stale lock. */
static int write_temp(const char *lock, const char *status, char **ret)
{
	autofree char *temp = vz_fmt("%s.new", lock);
	char text[256], boot[40] = "";
	autoclose int fd = -EBADF;
	struct vz_proc me = { 0 };
	int n, r;

	if (!temp)
		return -ENOMEM;
	(void)vz_proc_stat(getpid(), &me);
	(void)vz_proc_boot_id(boot, sizeof(boot));
	n = snprintf(text, sizeof(text), "%d\n%s\n%llu %s\n", getpid(), status,
		     (unsigned long long)me.start_time, boot);
	if (unlink(temp) < 0 && errno != ENOENT)
		return -errno;
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = vz_write_all(fd, text, (size_t)n);
	if (r < 0) {
		unlink(temp);
		return r;
	}
	*ret = TAKE_PTR(temp);
	return 0;
}

static int busy(pid_t pid, vz_conf_warn *notice, struct vz_err *e)
{
	char cmd[160], line[240];

	vz_proc_cmdline(pid, cmd, sizeof(cmd));
	snprintf(line, sizeof(line), "Locked by: pid %d, cmdline %s", pid, cmd);
	if (notice)
		notice(-1, line);
	return vz_fail(e, VZ_LOCKED, 0, "Container already locked"), -EBUSY;
}

/* Links the temp file to the lock's name, clearing a stale lock out of the way. */
static int take(const char *lock, const char *temp, vz_conf_warn *notice, struct vz_err *e)
{
	bool numbered;

	for (int tries = 0; tries < 3; tries++) {
		pid_t pid;

		if (!link(temp, lock))
			return 0;
		if (errno != EEXIST)
			return vz_fail(e, VZ_SYSTEM, errno, "Unable to lock container");
		pid = holder_of(lock, &numbered);
		if (pid > 0)
			return busy(pid, notice, e);
		if (pid < 0)
			continue;
		if (numbered && notice) {
			autofree char *line = vz_fmt("Removing stale lock file %s", lock);

			notice(0, line ? line : "Removing stale lock file");
		}
		if (unlink(lock) < 0 && errno != ENOENT)
			return vz_fail(e, VZ_SYSTEM, errno, "Unable to lock container");
	}
	return vz_fail(e, VZ_SYSTEM, EAGAIN, "Unable to lock container");
}

int vz_ct_lock(struct vz_ct *ct, const char *status, vz_conf_warn *notice, struct vz_err *e)
{
	autofree char *lock = NULL, *temp = NULL;
	autoclose int dirfd = -EBADF;
	const char *dir;
	int r;

	if (!ct->conf.lockdir.set || !*ct->conf.lockdir.v) {
		if (notice)
			notice(-1, "lockdir is not set");
		return vz_fail(e, VZ_SYSTEM, 0, "Unable to lock container");
	}
	dir = ct->conf.lockdir.v;
	r = vz_mkdir_p(dir, 0755);
	lock = vz_fmt("%s/%u.lck", dir, ct->id);
	if (!lock)
		r = -ENOMEM;
	/* one of us at a time: two would clear each other's fresh lock away */
	if (r >= 0) {
		dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = dirfd < 0 || flock(dirfd, LOCK_EX) < 0 ? -errno :
							     write_temp(lock, status, &temp);
	}
	if (r == -EROFS || r == -ENOSPC)
		return vz_fail(e, VZ_SYSTEM, -r,
			       "Unable to lock container (--skiplock works without): %s", dir);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "Unable to lock container: %s", dir);
	r = take(lock, temp, notice, e);
	unlink(temp);
	if (r < 0)
		return r;
	ct->lock_path = TAKE_PTR(lock);
	return 0;
}

void vz_ct_unlock(struct vz_ct *ct)
{
	bool numbered;

	if (ct->lock_path && holder_of(ct->lock_path, &numbered) == getpid())
		(void)unlink(ct->lock_path);
	free(TAKE_PTR(ct->lock_path));
}

pid_t vz_ct_lock_holder(const struct vz_host *h, unsigned id)
{
	autofree char *lock = NULL;
	bool numbered;
	pid_t pid;

	if (!h->conf.lockdir.set)
		return 0;
	lock = vz_fmt("%s/%u.lck", h->conf.lockdir.v, id);
	pid = lock ? holder_of(lock, &numbered) : 0;
	return pid > 0 ? pid : 0;
}
