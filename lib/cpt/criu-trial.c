// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is this CRIU good enough on this kernel? Its own check, then a process with a socket of each common kind,
 * dumped and restored: an old CRIU fails there on a new kernel, some at their own vDSO, some at a
 * socket, and says so nowhere else. All of it in a pid, mount and network namespace that ends with it.
 */
#include "cpt/criu-internal.h"
#include "base/escape.h"
#include "base/own.h"
#include "net/link.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/nl.h"
#include "sys/proc.h"
#include "sys/spawn.h"
#include "sys/wait.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define SECONDS 120    /* of the whole trial: the host may be busy, and it is tried once a boot */
#define RUN_SECONDS 60 /* of one run of criu */
#define KERNDAT_MAX 16384
#define LAB "/run" /* its own; a tmpfs, for criu.kdat */
#define LOG "trial.log"
#define VERBOSE "-v4" /* else its lines have no time, by which vz_criu_said() knows them */

/* The names are those of `criu check --feature`. */
static const struct {
	unsigned bit;
	const char *name;
} features[] = {
	{ VZ_CRIU_TRACK, "mem_dirty_track" },
	{ VZ_CRIU_LAZY, "uffd-noncoop" },
	{ VZ_CRIU_NFTABLES, "network_lock_nftables" },
};

struct result { /* as it comes out of the namespaces */
	int r;
	unsigned features;
	size_t kerndat_size;
	struct vz_err err;
	char kerndat[KERNDAT_MAX];
};

/* Its exit code; -errno. out: -1 for nowhere. */
static int run(const struct vz_criu *c, const char *verb, const char *const *args, int out)
{
	const char *argv[32];
	autoclose int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct vz_spawn s = VZ_SPAWN_INIT;
	int n = vz_criu_argv(c, verb, argv);

	for (; args && *args; args++)
		argv[n++] = *args;
	argv[n] = NULL;
	s.argv = (char *const *)argv;
	s.env = (char *const[]){ (char[]){ VZ_CRIU_PRELOAD }, NULL };
	s.out = s.err = out < 0 ? null : out;
	s.seconds = RUN_SECONDS;
	return vz_spawn_run(&s);
}

/* "Version: 4.2.1", "Version: 4.3", and before it what its loader has to say of what cannot be loaded into it. */
static int ask_version(const struct vz_criu *c, unsigned *ret, struct vz_err *e)
{
	autoclose int out = memfd_create("criu", MFD_CLOEXEC);
	unsigned a = 0, b = 0, d = 0;
	char text[VZ_CRIU_SAID] = "";
	int r = out < 0 ? -errno : run(c, "--version", NULL, out);

	if (r < 0)
		return vz_fail(e, VZ_CHKPNT, -r, "%s does not run", c->path);
	(void)!pread(out, text, sizeof(text) - 1, 0);
	if (!r && sscanf(text, "Version: %u.%u.%u", &a, &b, &d) >= 2) {
		*ret = a * 10000 + b * 100 + d;
		return 0;
	}
	text[strcspn(text, "\n")] = 0;
	vz_escape_plain(text);
	return vz_fail(e, VZ_CHKPNT, 0, "%s does not run as CRIU (%s)", c->path, text);
}

/* r: what run() said */
static int why(const char *verb, int r, struct vz_err *e)
{
	char text[VZ_CRIU_SAID];

	if (r == -ETIME)
		return vz_fail(e, VZ_CHKPNT, 0, "%s: it has not ended in %d seconds", verb, RUN_SECONDS);
	vz_criu_said(AT_FDCWD, LAB "/" LOG, text);
	return vz_fail(e, VZ_CHKPNT, 0, "%s: %s", verb, *text ? text : "it says nothing");
}

/* ---- the process ---- */

/* A listener, a connection of it, and what stands for other programs' sockets. All stay open over exec. */
static int open_sockets(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un u = { .sun_family = AF_UNIX, .sun_path = LAB "/socket" };
	socklen_t n = sizeof(a);
	int l = socket(AF_INET, SOCK_STREAM, 0), k = socket(AF_INET, SOCK_STREAM, 0);
	int d = socket(AF_INET, SOCK_DGRAM, 0), x = socket(AF_UNIX, SOCK_STREAM, 0), p[2];

	if (l < 0 || k < 0 || d < 0 || x < 0 || bind(l, (struct sockaddr *)&a, n) < 0 || listen(l, 1) < 0 ||
	    getsockname(l, (struct sockaddr *)&a, &n) < 0 || connect(k, (struct sockaddr *)&a, n) < 0 ||
	    accept(l, NULL, NULL) < 0 || bind(d, (struct sockaddr *)&a, n) < 0 ||
	    bind(x, (struct sockaddr *)&u, sizeof(u)) < 0 || listen(x, 1) < 0 ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, p) < 0)
		return -errno;
	return 0;
}

/* The caller's directory may be on a mount that is none of this namespace, which CRIU would dump. */
static _Noreturn void be_process(int ready)
{
	int r;

	if (chdir("/") < 0)
		_exit(1);
	vz_reset_signals();
	setsid();
	if (ready != 3 && dup2(ready, 3) < 0)
		_exit(1);
	vz_let_go(4);
	r = open_sockets();
	if (fcntl(3, F_SETFD, FD_CLOEXEC) >= 0 && write(3, &r, sizeof(r)) == sizeof(r) && r >= 0)
		execl("/bin/sleep", "sleep", "1000", NULL);
	_exit(1);
}

/* Until it has become sleep: then the other end of the pipe is closed. */
static int start_process(pid_t *ret)
{
	autoclose int r = -EBADF;
	int p[2], state = -EPIPE;
	char more;
	pid_t pid;

	if (pipe(p) < 0)
		return -errno;
	pid = fork();
	if (!pid)
		be_process(p[1]);
	close(p[1]);
	r = p[0];
	if (pid < 0)
		return -EAGAIN;
	if (read(r, &state, sizeof(state)) == sizeof(state) && state >= 0)
		(void)!read(r, &more, 1);
	*ret = pid;
	return state;
}

static int dump_and_restore(const struct vz_criu *c, unsigned has, struct vz_err *e)
{
	const bool nft = has & VZ_CRIU_NFTABLES;
	char number[16];
	const char *const dump[] = { "-t", number, "-D", LAB, "-o", LOG, VERBOSE, "--tcp-established",
				     "--manage-cgroups=ignore", nft ? "--network-lock" : NULL, "nftables", NULL };
	const char *const restore[] = { "-d", "-D", LAB, "-o", LOG, VERBOSE, "--tcp-established",
					"--manage-cgroups=ignore", NULL };
	autoclose int pidfd = -EBADF;
	pid_t pid = 0;
	int r = start_process(&pid), st;

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot make a process to try CRIU with");
	pidfd = vz_pidfd_open(pid);
	snprintf(number, sizeof(number), "%d", pid);
	r = run(c, "dump", dump, -1);
	if (r)
		return why("dump", r, e);
	r = vz_wait_child(pidfd, vz_end_in(RUN_SECONDS), &st);
	if (r < 0)
		return vz_fail(e, VZ_CHKPNT, -r, "what was dumped has not ended");
	r = run(c, "restore", restore, -1);
	if (r)
		return why("restore", r, e);
	return vz_proc_alive(pid, 0) ? 0 : vz_fail(e, VZ_CHKPNT, ESRCH, "what was restored does not run");
}

/* ---- the namespaces ---- */

static int furnish(struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e);
	struct vz_link lo;
	int r = rtnl < 0 ? rtnl : vz_link_find(rtnl, "lo", &lo, e);

	if (r >= 0)
		r = vz_link_set(rtnl, lo.index, &(struct vz_link_change){ .up = true }, e);
	if (r < 0)
		return r;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("proc", "/proc", "proc", 0, NULL) < 0 ||
	    mount("criu", LAB, "tmpfs", 0, "mode=0755") < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot mount what CRIU is tried in");
	return 0;
}

static void take_kerndat(struct result *t)
{
	autofree char *data = NULL;
	ssize_t n = vz_file_read(AT_FDCWD, LAB "/criu.kdat", KERNDAT_MAX, &data);

	if (n > 0) {
		memcpy(t->kerndat, data, (size_t)n);
		t->kerndat_size = (size_t)n;
	}
}

static int try_out(const struct vz_criu *c, struct result *t)
{
	int r = furnish(&t->err);

	if (r < 0)
		return r;
	r = run(c, "check", (const char *const[]){ "-W", LAB, "-o", LOG, VERBOSE, NULL }, -1);
	if (r)
		return why("check", r, &t->err);
	take_kerndat(t);
	for (size_t i = 0; i < ARRAY_LEN(features); i++)
		if (!run(c, "check", (const char *const[]){ "--feature", features[i].name, NULL }, -1))
			t->features |= features[i].bit;
	return dump_and_restore(c, t->features, &t->err);
}

static int wait_for(pid_t pid, int pidfd, struct result *t)
{
	int st, r = pid < 0 ? pid : vz_wait_child(pidfd, vz_end_in(SECONDS), &st);

	if (r < 0) {
		vz_give_up(pidfd);
		return r == -ECANCELED ? r : vz_fail(&t->err, VZ_SYSTEM, -r, "it could not be tried");
	}
	return st ? vz_fail(&t->err, VZ_SYSTEM, ECHILD, "the trial was killed") : t->r;
}

/* In the namespaces. The sink of the caller's context is not ours to write to. */
static _Noreturn void be_trial(const struct vz_criu *c, struct result *t)
{
	vz_let_go(3);
	t->r = try_out(c, t);
	_exit(0);
}

int vz_criu_trial(struct vz_criu *c, struct vz_err *e)
{
	struct result *t;
	autoclose int pidfd = -EBADF;
	int r = ask_version(c, &c->version, e);
	pid_t pid;

	if (r < 0)
		return r;
	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t == MAP_FAILED)
		return vz_oom(e);
	pid = vz_clone3(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC, &pidfd, -1);
	if (!pid)
		be_trial(c, t);
	r = wait_for(pid, pidfd, t);
	c->features = t->features;
	if (r == -ECANCELED)
		(void)vz_fail(e, VZ_CHKPNT, 0, "Interrupted by a signal");
	else if (r < 0)
		r = vz_fail(e, VZ_CHKPNT, 0, "%s (%u.%u.%u) does not work on this kernel (%s); bring one that does with "
			    "tools/get-criu", c->path, c->version / 10000, c->version / 100 % 100, c->version % 100,
			    t->err.msg);
	if (r >= 0 && t->kerndat_size) /* without it each run asks the kernel itself */
		(void)vz_file_replace(c->kerndat, t->kerndat, t->kerndat_size, 0600, false);
	munmap(t, sizeof(*t));
	return r;
}
