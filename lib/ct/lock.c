// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LOCKDIR/N.lck, the lock that shell scripts share with us (INTERFACE 1.3): line 1 is the holder's
 * pid, line 2 a status word, ours the verb. Ours adds line 3, start time and boot id, so that a pid
 * used again by another process does not keep a dead lock for ever.
 */
#include "ct/ct.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#define LOCK_MAX 4096
#define MUTEX_TIMEOUT_S 20 /* it is held for a few system calls */

/* Who is written in a lock file. */
struct holder {
	pid_t pid;        /* 0: nobody who lives */
	bool numbered;    /* a number was written, whoever had it */
	uint64_t start;   /* its start time; 0: not written by us */
	char verb[16];    /* what it does; "" not known */
};

/* Line 3: "START BOOT". Returns whether it is of this boot. */
static bool read_start(char *line, struct holder *h)
{
	char *blank = strchr(line, ' '), boot[40] = "";

	line[strcspn(line, "\n")] = 0;
	(void)vz_proc_boot_id(boot, sizeof(boot));
	if (blank && strcmp(blank + 1, boot))
		return false;
	if (blank)
		*blank = 0;
	(void)vz_num_u64(line, UINT64_MAX, &h->start);
	return true;
}

/* As sscanf's %d, which vzctl 4 reads it by: tools write "PID:HOST" or "PID COMMAND" into that line. 0: no number. */
static pid_t read_pid(const char *line)
{
	const char *at = line + strspn(line, " \t");
	autofree char *digits = strndup(at, strspn(at, "0123456789"));
	uint32_t pid = 0;

	return digits && vz_num_u32(digits, INT32_MAX, &pid) >= 0 ? (pid_t)pid : 0;
}

/* 0, or -errno when there is no such file. */
static int read_holder(const char *path, struct holder *ret)
{
	autofree char *text = NULL;
	char *line2, *line3 = NULL;
	struct holder h = { 0 };
	ssize_t n = vz_file_read(AT_FDCWD, path, LOCK_MAX, &text);
	pid_t pid;

	if (n < 0)
		return (int)n;
	line2 = strchr(text, '\n');
	if (line2) {
		*line2++ = 0;
		line3 = strchr(line2, '\n');
		if (line3)
			*line3++ = 0;
		snprintf(h.verb, sizeof(h.verb), "%s", line2);
	}
	pid = read_pid(text);
	h.numbered = pid > 0;
	if (h.numbered && (!line3 || read_start(line3, &h)) && vz_proc_alive(pid, h.start))
		h.pid = pid;
	*ret = h;
	return 0;
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
static int link_lock(const char *lock, const char *temp, vz_conf_warn *notice, struct vz_err *e)
{
	for (int tries = 0; tries < 3; tries++) {
		struct holder h;

		if (!link(temp, lock))
			return 0;
		if (errno != EEXIST)
			return vz_fail(e, VZ_SYSTEM, errno, "Unable to lock container");
		if (read_holder(lock, &h) < 0)
			continue;
		if (h.pid)
			return busy(h.pid, notice, e);
		if (h.numbered && notice) {
			autofree char *line = vz_fmt("Removing stale lock file %s", lock);

			notice(0, line ? line : "Removing stale lock file");
		}
		if (unlink(lock) < 0 && errno != ENOENT)
			return vz_fail(e, VZ_SYSTEM, errno, "Unable to lock container");
	}
	return vz_fail(e, VZ_SYSTEM, EAGAIN, "Unable to lock container");
}

static char *lock_path(const struct vz_conf *c, unsigned id)
{
	return vz_fmt("%s/%u.lck", c->lockdir.v, id);
}

/* One of us at a time looks and takes: two would clear each other's fresh lock away. */
static int open_mutex(const char *dir, struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/.mutex", dir);
	int r = path ? vz_wait_lock(path, vz_end_in(MUTEX_TIMEOUT_S)) : -ENOMEM;

	if (r == -ETIMEDOUT || r == -ECANCELED)
		(void)vz_within(e, vz_wait_lock_fail(e, r, path), "Unable to lock container");
	return r;
}

int vz_ct_lock(struct vz_ct *ct, const char *status, vz_conf_warn *notice, struct vz_err *e)
{
	autofree char *lock = NULL, *temp = NULL;
	autoclose int mutex = -EBADF;
	const char *dir;
	int r;

	if (!ct->conf.lockdir.set || !*ct->conf.lockdir.v) {
		if (notice)
			notice(-1, "lockdir is not set");
		return vz_fail(e, VZ_SYSTEM, 0, "Unable to lock container");
	}
	dir = ct->conf.lockdir.v;
	r = vz_mkdir_p(dir, 0755);
	lock = lock_path(&ct->conf, ct->id);
	if (!lock)
		r = -ENOMEM;
	if (r >= 0)
		r = mutex = open_mutex(dir, e);
	if (r == -ETIMEDOUT || r == -ECANCELED)
		return r;
	if (r >= 0)
		r = write_temp(lock, status, &temp);
	if (r == -EROFS || r == -ENOSPC || r == -EDQUOT)
		return vz_fail(e, VZ_SYSTEM, -r, "Unable to lock container (%s): %s",
			       r == -EROFS ? "--skiplock works without" :
					     "free space first; --skiplock works without", dir);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "Unable to lock container: %s", dir);
	r = link_lock(lock, temp, notice, e);
	unlink(temp);
	if (r < 0)
		return r;
	ct->lock_path = TAKE_PTR(lock);
	return 0;
}

void vz_ct_unlock(struct vz_ct *ct)
{
	struct holder h;

	if (ct->lock_path && read_holder(ct->lock_path, &h) >= 0 && h.pid == getpid())
		(void)unlink(ct->lock_path);
	free(TAKE_PTR(ct->lock_path));
}

/* 0 and *ret, all zero when nobody holds it. */
static int find_holder(const struct vz_conf *c, unsigned id, struct holder *ret)
{
	autofree char *lock = c->lockdir.set ? lock_path(c, id) : NULL;

	*ret = (struct holder){ 0 };
	return lock ? read_holder(lock, ret) : -ENOENT;
}

pid_t vz_ct_lock_holder(const struct vz_host *h, unsigned id)
{
	struct holder holder;

	return find_holder(&h->conf, id, &holder) < 0 ? 0 : holder.pid;
}

/* Asks first: it takes back what it has done. */
static int end_holder(int pidfd, struct vz_err *e)
{
	static const struct {
		int sig, seconds;
	} ways[] = { { SIGTERM, 15 }, { SIGKILL, 5 } };
	int r = -ETIMEDOUT;

	for (size_t i = 0; r == -ETIMEDOUT && i < ARRAY_LEN(ways); i++) {
		(void)vz_pidfd_signal(pidfd, ways[i].sig);
		r = vz_wait_fd(pidfd, POLLIN, vz_end_in(ways[i].seconds));
	}
	return r < 0 ? vz_fail(e, VZ_LOCKED, -r, "The holder of the lock does not end") : 0;
}

int vz_ct_lock_break(const struct vz_ct *ct, bool (*yields)(const char *verb),
		     vz_conf_warn *notice, struct vz_err *e)
{
	autofree char *line = NULL;
	autoclose int pidfd = -EBADF;
	struct holder h;

	if (find_holder(&ct->conf, ct->id, &h) < 0 || !h.pid)
		return 0;
	/* without a start time the number proves nothing */
	if (!h.start || !yields(h.verb))
		return busy(h.pid, notice, e);
	pidfd = vz_pidfd_open(h.pid);
	/* checked after the pidfd exists: from here on the number cannot change hands */
	if (pidfd < 0 || !vz_proc_alive(h.pid, h.start))
		return 0;
	line = vz_fmt("Ending pid %d (vzctl %s), which holds the lock", h.pid, h.verb);
	if (notice && line)
		notice(0, line);
	return end_holder(pidfd, e);
}
