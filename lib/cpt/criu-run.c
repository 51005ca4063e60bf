// SPDX-License-Identifier: GPL-2.0-or-later
/* How CRIU is called and run: its words, its environment, its mounts, its deadline. */
#include "cpt/criu.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/spawn.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <linux/magic.h>

#define CRIU_KERNDAT "/run/criu.kdat" /* CRIU's own name, for root */
#define ARGS_MAX 128
#define ENV_MAX 32
#define NO_PROGRAM 127

int vz_criu_argv(const struct vz_criu *c, const char *verb, const char *ret[VZ_CRIU_ARGS])
{
	int n = 0;

	if (*c->loader) {
		ret[n++] = c->loader;
		ret[n++] = "--library-path";
		ret[n++] = c->libraries;
	}
	ret[n++] = c->path;
	ret[n++] = verb;
	return n;
}

void vz_criu_env(uint32_t uid, uint32_t gid, char ret[VZ_CRIU_ENV])
{
	snprintf(ret, VZ_CRIU_ENV, "VZ_CRIU_OWNER=%u:%u", uid, gid);
}

static int make_tmp(struct vz_err *e)
{
	struct stat st;

	if (!stat("/tmp", &st) && S_ISDIR(st.st_mode) && (st.st_mode & 01777) == 01777)
		return 0;
	if (mount("criu", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot give CRIU a /tmp that all may write to");
	return 0;
}

/* CRIU looks for the file anywhere, and keeps it on a tmpfs only. What cannot be mounted costs time, no more. */
static void show_kerndat(const struct vz_criu *c)
{
	struct statfs fs;
	int fd;

	if (access(c->kerndat, R_OK) < 0 || statfs("/run", &fs) < 0 || fs.f_type == TMPFS_MAGIC)
		return;
	fd = open(CRIU_KERNDAT, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	close(fd);
	(void)mount(c->kerndat, CRIU_KERNDAT, NULL, MS_BIND, NULL);
}

int vz_criu_mounts(const struct vz_criu *c, struct vz_err *e)
{
	int r = make_tmp(e);

	if (r >= 0)
		show_kerndat(c);
	return r;
}

/* ---- a run ---- */

struct command {
	const char *argv[ARGS_MAX], *env[ENV_MAX];
	char owner[VZ_CRIU_ENV], log[64];
};

/* The directory is descriptor 3. */
static int compose(const struct vz_criu_run *r, struct command *ret)
{
	const char *const fixed[] = { "-D", "/proc/self/fd/3", "-W", "/proc/self/fd/3", "-o", ret->log, "-v4" };
	const char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", VZ_CRIU_PRELOAD, ret->owner };
	int n = vz_criu_argv(r->criu, r->verb, ret->argv), m = 0;

	vz_criu_env(r->uid, r->gid, ret->owner);
	snprintf(ret->log, sizeof(ret->log), "%s.log", r->verb);
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		ret->argv[n++] = fixed[i];
	for (const char *const *a = r->args; a && *a; a++) {
		if (n >= ARGS_MAX - 1)
			return -E2BIG;
		ret->argv[n++] = *a;
	}
	for (size_t i = 0; i < ARRAY_LEN(env); i++)
		ret->env[m++] = env[i];
	for (const char *const *v = r->env; v && *v && m < ENV_MAX - 1; v++)
		ret->env[m++] = *v;
	ret->argv[n] = ret->env[m] = NULL;
	return 0;
}

/* In a mount namespace that is a copy of the host's. The terminal's signals, and the kernel when memory runs out, look for
 * somebody else: criu that dies while it has its code in a process takes that along, the VPS's init too. */
static _Noreturn void become_criu(const struct vz_criu *c, const struct command *cmd, int dir)
{
	vz_reset_signals();
	(void)setsid();
	(void)vz_file_write(AT_FDCWD, "/proc/self/oom_score_adj", "-1000");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || vz_criu_mounts(c, NULL) < 0 ||
	    (dir == 3 ? fcntl(3, F_SETFD, 0) : dup2(dir, 3)) < 0)
		_exit(NO_PROGRAM);
	vz_let_go(4);
	execve(cmd->argv[0], (char *const *)cmd->argv, (char *const *)cmd->env);
	_exit(NO_PROGRAM);
}

int vz_criu_run(const struct vz_criu_run *r, struct vz_err *e)
{
	autoclose int dir = open(r->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), pidfd = -EBADF;
	const bool holds = !strcmp(r->verb, "dump") || !strcmp(r->verb, "pre-dump");
	struct command cmd;
	int k, st = 0;
	pid_t pid;

	if (dir < 0)
		return vz_fail(e, VZ_CHKPNT, errno, "cannot open %s", r->directory);
	k = compose(r, &cmd);
	if (k < 0)
		return vz_fail(e, VZ_CHKPNT, -k, "cannot put together the command line of CRIU");
	pid = vz_clone3(CLONE_NEWNS, &pidfd, -1);
	if (!pid)
		become_criu(r->criu, &cmd, dir);
	k = pid < 0 ? pid : vz_wait_program(pidfd, vz_end_in(r->seconds), holds, &st);
	if (k == -ETIMEDOUT)
		return vz_fail(e, VZ_CHKPNT, ETIME, "criu %s was ended after %d seconds", r->verb, r->seconds);
	if (k < 0)
		return vz_fail(e, VZ_CHKPNT, -k, "cannot run criu %s", r->verb);
	if (WIFEXITED(st) && WEXITSTATUS(st) == NO_PROGRAM)
		return vz_fail(e, VZ_CHKPNT, ENOEXEC, "cannot run %s", r->criu->path);
	if (WIFSIGNALED(st)) {
		vz_fail(e, VZ_CHKPNT, 0, "criu %s was ended by signal %d", r->verb, WTERMSIG(st));
		return -EIO;
	}
	return st ? vz_criu_error(dir, cmd.log, VZ_CHKPNT, e) : 0;
}
