// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where systemd rules the host's tree, a VPS gets a delegated scope of its own, vz-N.scope in
 * vz.slice, and lives in a group "payload" below it: the scope's attributes stay systemd's, which
 * rewrites them at will, the payload's are ours (systemd's document "Control Group APIs and
 * Delegation"). A scope is made around a process, and ours must have its limits before the VPS is
 * born; so a holder that only sleeps comes first and goes when the VPS has moved in.
 */
#include "cgroup/cgroup-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define SCOPE_TIMEOUT_MS 10000

bool cg_scope_wanted(void)
{
	return !access("/run/systemd/system", F_OK); /* sd_booted(3) */
}

/* Sleeps until it is killed, also by the end of the one who made it. */
static pid_t hold(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid < 0 ? -errno : pid;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	for (;;)
		pause();
}

void cg_scope_release(struct vz_cg *cg)
{
	/* A child of the opener has a copy of the handle, but the holder is not its to kill. */
	if (!cg->holder || cg->opener != getpid())
		return;
	(void)kill(cg->holder, SIGKILL);
	(void)waitpid(cg->holder, NULL, 0);
	cg->holder = 0;
}

/* Runs a tool of systemd in silence. */
static int run(char *const *argv)
{
	autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct vz_spawn s = VZ_SPAWN_INIT;

	s.argv = argv;
	s.out = s.err = null;
	return null < 0 ? -errno : vz_spawn_run(&s);
}

static int start_unit(const char *unit, pid_t pid, struct vz_err *e)
{
	char pid_text[12], about[64];
	char *argv[] = {
		(char *)"busctl", (char *)"--quiet", (char *)"call",
		(char *)"org.freedesktop.systemd1", (char *)"/org/freedesktop/systemd1",
		(char *)"org.freedesktop.systemd1.Manager", (char *)"StartTransientUnit",
		(char *)"ssa(sv)a(sa(sv))", (char *)unit, (char *)"fail", (char *)"6",
		(char *)"Description", (char *)"s", about,
		(char *)"Slice", (char *)"s", (char *)"vz.slice",
		(char *)"Delegate", (char *)"b", (char *)"true",
		(char *)"TasksMax", (char *)"t", (char *)"18446744073709551615",
		(char *)"CollectMode", (char *)"s", (char *)"inactive-or-failed",
		(char *)"PIDs", (char *)"au", (char *)"1", pid_text,
		(char *)"0", NULL,
	};
	int r;

	snprintf(pid_text, sizeof(pid_text), "%d", pid);
	snprintf(about, sizeof(about), "Container %s", unit);
	r = run(argv);
	if (r < 0)
		return vz_fail(e, VZ_RESOURCE, -r, "cannot run busctl to ask systemd for %s", unit);
	return r ? vz_fail(e, VZ_RESOURCE, EIO, "systemd refuses to start %s (busctl: %d)", unit,
			   r) :
		   0;
}

static void nap(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	nanosleep(&ms, NULL);
}

/* The job that moves the process runs when it pleases; /proc tells when it has. No event exists:
 * the file is made up at each reading. */
static int wait_inside(pid_t pid, const char *unit, struct vz_err *e)
{
	char file[sizeof("/proc//cgroup") + 10];

	snprintf(file, sizeof(file), "/proc/%d/cgroup", pid);
	for (int i = 0; i < SCOPE_TIMEOUT_MS; i++) {
		autofree char *text = NULL;

		if (vz_file_read(AT_FDCWD, file, 1u << 20, &text) >= 0 && strstr(text, unit))
			return 0;
		nap();
	}
	return vz_fail(e, VZ_RESOURCE, ETIMEDOUT, "systemd does not start %s", unit);
}

/* The payload below the scope, and the holder in it: the scope itself must be empty before it
 * may pass controllers on. */
static int enter_payload(struct vz_cg *cg, struct vz_err *e)
{
	char pid[12];
	int r = cg_mkdir(cg, CG_V2, NULL);

	snprintf(pid, sizeof(pid), "%d", cg->holder);
	if (r >= 0)
		r = vz_file_write(cg_dir(cg, CG_V2), "cgroup.procs", pid);
	return r < 0 ? vz_fail(e, VZ_RESOURCE, -r, "cannot make group %s", cg->path) : 0;
}

static void unit_name(const struct vz_cg *cg, char *buf, size_t size)
{
	snprintf(buf, size, "vz-%u.scope", cg->ctid);
}

int cg_scope_start(struct vz_cg *cg, struct vz_err *e)
{
	char unit[32];
	pid_t pid;
	int r;

	if (vz_cg_populated(cg) == 1)
		return vz_fail(e, VZ_RESOURCE, EBUSY, "group %s has processes", cg->path);
	r = vz_cg_destroy(cg, e); /* what a crash may have left */
	if (r < 0)
		return r;
	unit_name(cg, unit, sizeof(unit));
	pid = hold();
	if (pid < 0)
		return vz_fail(e, VZ_RESOURCE, -pid, "cannot fork");
	cg->holder = pid;
	cg->opener = getpid();
	r = start_unit(unit, pid, e);
	if (!r)
		r = wait_inside(pid, unit, e);
	return r ? r : enter_payload(cg, e);
}

int cg_scope_stop(struct vz_cg *cg, struct vz_err *e)
{
	char unit[32], slice[64];
	char *argv[] = { (char *)"systemctl", (char *)"--quiet", (char *)"stop", unit, NULL };
	int root = cg_root(cg, CG_V2);

	unit_name(cg, unit, sizeof(unit));
	snprintf(slice, sizeof(slice), "vz.slice/%s", unit);
	if (faccessat(root, slice, F_OK, 0) < 0)
		return 0;
	/* An empty scope ends by itself, but only when systemd has heard of it; the next start
	 * must not find it half dead. Failure is told by the directory that stays. */
	(void)run(argv);
	for (int i = 0; i < SCOPE_TIMEOUT_MS; i++) {
		if (faccessat(root, slice, F_OK, 0) < 0)
			return 0;
		nap();
	}
	return vz_fail(e, VZ_SYSTEM, ETIMEDOUT, "systemd does not end %s", unit);
}
