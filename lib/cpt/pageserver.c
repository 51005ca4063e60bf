// SPDX-License-Identifier: GPL-2.0-or-later
/* CRIU as a page server; see pageserver.h. */
#include "cpt/pageserver.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/criu-internal.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>

#define LOG_NAME "%u.pages.log"
#define WHY_NAME VZ_CRIU_WORK "/%u.pages.why"
#define CUT_OFF "data were not flushed" /* its stream has ended, for a reason of the other side's */

static _Noreturn void be_server(const struct vz_pageserver_spec *s, const char *log, pid_t parent)
{
	struct vz_criu_stream stream = { .criu = s->criu, .verb = "page-server", .log = log, .sock = s->sock, .dir = s->dir,
					 .work = open(VZ_CRIU_WORK, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .ready = -EBADF };

	if (s->parent) {
		stream.args[0] = "--prev-images-dir";
		stream.args[1] = s->parent;
		stream.args[2] = "--auto-dedup";
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	vz_criu_stream(&stream);
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
