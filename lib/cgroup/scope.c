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
#include "sys/call.h"
#include "sys/file.h"
#include "sys/spawn.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#define SCOPE_TIMEOUT_MS 10000
#define STOP_TIMEOUT_S 120 /* systemd itself waits 90 seconds, TimeoutStopSec= */

bool cg_scope_wanted(void)
{
	return !access("/run/systemd/system", F_OK); /* sd_booted(3) */
}

void cg_scope_release(struct vz_cg *cg)
{
	/* A child of the opener has a copy of the handle, but the holder is not its to kill. */
	if (cg->holder < 0 || cg->opener != getpid())
		return;
	/* it may have ended long ago, been reaped with what a guest left to us (vz_reap_some()), and its
	 * number be somebody else's: nothing is done to it by that */
	vz_give_up(cg->holder);
	close(TAKE_FD(cg->holder));
}

static void nap(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	nanosleep(&ms, NULL);
}

/*
 * systemd-run(1) makes the scope around itself and becomes the holder. Unlike a call on the bus
 * it needs no message bus, which a small host may lack: root talks to systemd's own socket.
 * *ret_words: its complaints, the caller closes.
 */
static int start_holder(const char *unit, pid_t *ret_pid, int *ret_words)
{
	char name[48], about[64];
	char *argv[] = {
		(char *)"systemd-run", (char *)"--scope", (char *)"--quiet", (char *)"--collect",
		(char *)"--slice=vz.slice", name, about,
		(char *)"--property=Delegate=yes", (char *)"--property=TasksMax=infinity",
		(char *)"sleep", (char *)"infinity", NULL,
	};
	autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC), r = -EBADF, w = -EBADF;
	struct vz_spawn s = VZ_SPAWN_INIT;
	int p[2], k;

	if (null < 0 || pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	r = p[0];
	w = p[1];
	snprintf(name, sizeof(name), "--unit=%s", unit);
	snprintf(about, sizeof(about), "--description=Container %s", unit);
	s.argv = argv;
	s.out = null;
	s.err = w;
	s.death_signal = SIGKILL; /* a creator that dies leaves no scope behind */
	k = vz_spawn_start(&s, ret_pid);
	if (!k)
		*ret_words = TAKE_FD(r);
	return k;
}

static void unit_name(const struct vz_cg *cg, char *buf, size_t size)
{
	snprintf(buf, size, "vz-%u.scope", cg->ctid);
}

static int refused(const char *unit, int words, struct vz_err *e)
{
	char text[160] = "";
	ssize_t n = read(words, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = 0;
	text[strcspn(text, "\n")] = 0;
	return vz_fail(e, VZ_RESOURCE, EIO, "systemd does not start %s (%s)", unit, text);
}

/* The job that moves the process runs when it pleases; /proc tells when it has. No event exists:
 * the file is made up at each reading. */
static int wait_inside(const struct vz_cg *cg, pid_t pid, int words, struct vz_err *e)
{
	char file[sizeof("/proc//cgroup") + 10], unit[32];
	struct pollfd ended = { .fd = cg->holder, .events = POLLIN };

	unit_name(cg, unit, sizeof(unit));
	snprintf(file, sizeof(file), "/proc/%d/cgroup", pid);
	for (int i = 0; i < SCOPE_TIMEOUT_MS; i++) {
		autofree char *text = NULL;

		if (poll(&ended, 1, 1) > 0)
			return refused(unit, words, e);
		if (vz_file_read(AT_FDCWD, file, 1u << 20, &text) >= 0 && strstr(text, unit))
			return 0;
	}
	return vz_fail(e, VZ_RESOURCE, ETIMEDOUT, "systemd does not start %s", unit);
}

/* The payload below the scope, and the holder in it: the scope itself must be empty before it
 * may pass controllers on. */
static int enter_payload(struct vz_cg *cg, pid_t pid, struct vz_err *e)
{
	char text[12];
	int r = cg_mkdir(cg, CG_V2, NULL);

	snprintf(text, sizeof(text), "%d", pid);
	if (r >= 0)
		r = vz_file_write(cg_dir(cg, CG_V2), "cgroup.procs", text);
	return r < 0 ? vz_fail(e, VZ_RESOURCE, -r, "cannot make group %s", cg->path) : 0;
}

int cg_scope_start(struct vz_cg *cg, struct vz_err *e)
{
	autoclose int words = -EBADF;
	char unit[32];
	pid_t pid = 0;
	int r;

	if (vz_cg_populated(cg) == 1)
		return vz_fail(e, VZ_RESOURCE, EBUSY, "group %s has processes", cg->path);
	r = cg_remove(cg, e); /* what a crash may have left */
	if (r >= 0)
		r = cg_scope_stop(cg, e);
	if (r < 0)
		return r;
	unit_name(cg, unit, sizeof(unit));
	r = start_holder(unit, &pid, &words);
	if (r < 0)
		return vz_fail(e, VZ_RESOURCE, -r, "cannot run systemd-run");
	cg->opener = getpid();
	cg->holder = vz_pidfd_open(pid);
	if (cg->holder < 0) {
		(void)kill(pid, SIGKILL); /* not reaped yet: still the one */
		return vz_fail(e, VZ_RESOURCE, -cg->holder, "cannot watch systemd-run");
	}
	/* nobody else waits for a child before the VPS has one: until then the number is its */
	r = wait_inside(cg, pid, words, e);
	return r ? r : enter_payload(cg, pid, e);
}

/* Runs a tool of systemd in silence. */
static int run(char *const *argv)
{
	autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct vz_spawn s = VZ_SPAWN_INIT;

	s.argv = argv;
	s.seconds = STOP_TIMEOUT_S;
	s.out = s.err = null;
	return null < 0 ? -errno : vz_spawn_run(&s);
}

/*
 * What shares are compared with are the neighbours' scopes: the payload is alone in its own. It is written
 * at once, and told to systemd, which writes the scope's attributes again at each daemon-reload. That it cannot be
 * told is no reason to stop: the share holds until then.
 */
int cg_scope_share(struct vz_cg *cg, const struct cg_share *s, struct vz_err *e)
{
	char unit[32], value[48], text[24], have[64] = "";
	char *argv[] = { (char *)"systemctl", (char *)"--quiet", (char *)"--runtime", (char *)"set-property", unit,
			 value, NULL };
	autoclose int up = openat(cg_dir(cg, s->h), "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ssize_t r = up < 0 ? -errno : vz_file_read_buf(up, s->file, have, sizeof(have));
	const char *now = have;

	if (r == -ENOENT)
		return 0; /* nobody's share is kept beside the scope */
	(void)vz_str_prefix(have, "default ", &now);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)s->v);
	have[strcspn(have, "\n")] = 0;
	if (r >= 0 && !strcmp(now, text))
		return 0;
	if (r >= 0)
		r = vz_file_write(up, s->file, text);
	if (r < 0)
		return vz_fail(e, cg_exit_of(s->file), (int)-r, "cannot write \"%s\" to %s of the scope of group %s",
			       text, s->file, cg->path);
	unit_name(cg, unit, sizeof(unit));
	snprintf(value, sizeof(value), "%s=%s", s->property, text);
	(void)run(argv);
	return 0;
}

int cg_scope_stop(struct vz_cg *cg, struct vz_err *e)
{
	char unit[32], slice[64];
	char *argv[] = { (char *)"systemctl", (char *)"--quiet", (char *)"stop", unit, NULL };
	int root = cg_root(cg, CG_V2);

	unit_name(cg, unit, sizeof(unit));
	snprintf(slice, sizeof(slice), "vz.slice/%s", unit);
	/* beside v1 the parents of our groups there are ours, too */
	for (enum cg_hier h = CG_FIRST_V1; cg->hybrid && h <= CG_LAST_V1; h++)
		if (cg_root(cg, h) >= 0)
			(void)unlinkat(cg_root(cg, h), slice, AT_REMOVEDIR);
	if (faccessat(root, slice, F_OK, 0) < 0)
		return 0;
	/* An empty scope ends by itself, but only when systemd has heard of it; the next start
	 * must not find it half dead. When systemd knows no such unit any more, the directory is
	 * nobody's. Failure is told by the directory that stays. */
	(void)run(argv);
	for (int i = 0; i < SCOPE_TIMEOUT_MS; i++) {
		if (!unlinkat(root, slice, AT_REMOVEDIR) || errno == ENOENT)
			return 0;
		nap();
	}
	return vz_fail(e, VZ_SYSTEM, ETIMEDOUT, "systemd does not end %s", unit);
}
