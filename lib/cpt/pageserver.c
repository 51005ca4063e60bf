// SPDX-License-Identifier: GPL-2.0-or-later
/* CRIU as a page server; see pageserver.h. */
#include "cpt/pageserver.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/criu-internal.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/spawn.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#define LOG_NAME "%u.pages.log"
#define WHY_NAME VZ_CRIU_WORK "/%u.pages.why"
#define ARGS_MORE 16
#define CUT_OFF "data were not flushed" /* its stream has ended, for a reason of the other side's */

/* CRIU's. */
enum { SOCK_FD = 3, IMAGES_FD, WORK_FD, FREE_FD };

static int place_fds(const int fds[FREE_FD])
{
	int high[FREE_FD];

	for (int i = 0; i < FREE_FD; i++) { /* out of each other's way first */
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FREE_FD);
		if (high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < FREE_FD; i++)
		if (dup2(high[i], i) < 0)
			return -errno;
	return vz_close_range(FREE_FD, ~0u, 0);
}

/* In a mount namespace of its own, for what a CRIU that is killed leaves (cpt/criu.h). */
static _Noreturn void be_server(const struct vz_pageserver_spec *s, const char *log, pid_t parent)
{
	const char *argv[VZ_CRIU_ARGS + ARGS_MORE];
	char *env[] = { (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, (char[]){ "HOME=/" }, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), n = vz_criu_argv(s->criu, "page-server", argv);
	int fds[FREE_FD] = { null, null, null, s->sock, s->dir, open(VZ_CRIU_WORK, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };

	vz_reset_signals();
	(void)setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	argv[n++] = "--ps-socket";
	argv[n++] = "3"; /* SOCK_FD */
	argv[n++] = "--images-dir";
	argv[n++] = "/proc/self/fd/4"; /* IMAGES_FD */
	argv[n++] = "--work-dir";
	argv[n++] = "/proc/self/fd/5"; /* WORK_FD */
	argv[n++] = "--log-file";
	argv[n++] = log;
	argv[n++] = "-v3"; /* with the time, by which criu-error.c knows its lines */
	if (s->parent) {
		argv[n++] = "--prev-images-dir";
		argv[n++] = s->parent;
		argv[n++] = "--auto-dedup";
	}
	argv[n] = NULL;
	if (getppid() == parent && vz_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_PRIVATE, -1) >= 0 &&
	    vz_criu_mounts(s->criu, NULL) >= 0 && place_fds(fds) >= 0)
		execve(argv[0], (char *const *)(uintptr_t)argv, env);
	_exit(127);
}

int vz_pageserver_start(const struct vz_pageserver_spec *s, int *ret_pidfd, struct vz_err *e)
{
	autofree char *log = vz_fmt(LOG_NAME, s->ctid);
	pid_t parent = getpid(), pid;
	int r = log ? vz_mkdir_p(VZ_CRIU_WORK, 0700) : -ENOMEM;

	if (r < 0)
		return vz_fail(e, VZ_CHKPNT, -r, "cannot make %s", VZ_CRIU_WORK);
	vz_pageserver_forget(s->ctid);
	pid = vz_clone3(CLONE_NEWNS, ret_pidfd, -1);
	if (!pid)
		be_server(s, log, parent);
	return pid < 0 ? vz_fail(e, VZ_CHKPNT, -pid, "cannot make a process for criu") : 0;
}

int vz_pageserver_error(unsigned ctid, struct vz_err *e)
{
	autoclose int work = open(VZ_CRIU_WORK, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autofree char *log = vz_fmt(LOG_NAME, ctid);
	char text[VZ_CRIU_SAID];
	autofree char *why = vz_fmt(WHY_NAME, ctid);
	const char *remedy;

	if (!log || !why)
		return vz_oom(e);
	if (vz_file_read_buf(AT_FDCWD, why, text, sizeof(text)) > 0)
		return vz_fail(e, VZ_CHKPNT, 0, "%s", text);
	remedy = vz_criu_said(work, log, text);
	if (!*text || strstr(text, CUT_OFF))
		return 0;
	return vz_fail(e, VZ_CHKPNT, 0, "CRIU: %s%s%s", text, remedy ? "; " : "", remedy ? remedy : "");
}

void vz_pageserver_say(unsigned ctid, const char *why)
{
	autofree char *path = vz_fmt(WHY_NAME, ctid);

	if (path)
		(void)vz_file_replace(path, why, strlen(why), 0600, false);
}

void vz_pageserver_forget(unsigned ctid)
{
	autofree char *path = vz_fmt(VZ_CRIU_WORK "/" LOG_NAME, ctid), *why = vz_fmt(WHY_NAME, ctid);

	if (path)
		(void)unlink(path);
	if (why)
		(void)unlink(why);
}
