// SPDX-License-Identifier: GPL-2.0-or-later
/* The process that becomes CRIU; see stage.h. */
#include "cpt/stage.h"
#include "base/own.h"
#include "cpt/creds.h"
#include "cpt/lazypages.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/file.h"
#include "sys/inherit.h"
#include "sys/nl.h"
#include "sys/spawn.h"
#include "sys/urgent.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define LOG_NAME "%u.%s.log"
#define BEGIN_S 20
#define TURN_MS 200
#define CUT_S 20
#define BIN_DIR VZ_STAGE_DIR "/bin"
#define LAZY_CONF VZ_STAGE_DIR "/criu.conf"
#define SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* CRIU's. */
enum { SOCK_FD = 3, TTY_FD, IMAGES_FD, WORK_FD, PAGES_FD, LAST_FD = PAGES_FD };
#define LAZY_OPTIONS "ps-socket 7\n" /* PAGES_FD */

/* What the stage says once, before it becomes CRIU. */
struct report {
	int result;
	unsigned creds;
	struct vz_err err;
};

static enum vz_exit code_of(bool restore)
{
	return restore ? VZ_RESTORE : VZ_CHKPNT;
}

/* ---- in the stage ---- */

static int attach_named(int tree, const char *name, bool dir)
{
	autoclose int at = -EBADF;
	autofree char *path = vz_fmt(VZ_STAGE_DIR "/%s", name);

	if (!path)
		return -ENOMEM;
	if (dir && mkdir(path, 0755) < 0)
		return -errno;
	if (!dir)
		at = open(path, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0600);
	if (!dir && at < 0)
		return -errno;
	return vz_move_mount(tree, AT_FDCWD, path);
}

/* As those of the launch pad, which cannot be reached from here: an empty file that nobody may open, an empty
 * directory. */
static int make_masks(void)
{
	static const char *const none[] = { NULL };
	autoclose int fs = vz_mount_new("tmpfs", none, SAFE), file = -EBADF;
	int r = fs;

	if (r >= 0)
		r = attach_named(fs, "mask", true);
	if (r < 0)
		return r;
	file = open(VZ_STAGE_DIR "/mask/file", O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0);
	if (file < 0 || mkdir(VZ_STAGE_DIR "/mask/dir", 0555) < 0)
		return -errno;
	return vz_mount_setattr(fs, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0, 0, -1);
}

static int fill(const struct vz_stage_spec *s, unsigned *ret_creds, struct vz_err *e)
{
	autoclose int dir = -EBADF;
	int r;

	r = attach_named(s->root, "root", true);
	if (r >= 0)
		r = attach_named(s->dev, "dev", true);
	if (r >= 0)
		r = make_masks();
	if (r >= 0 && s->console >= 0)
		r = attach_named(s->console, "console", false);
	if (r < 0)
		return vz_fail(e, VZ_RESTORE, -r, "cannot mount what the container has of the host");
	dir = open(VZ_STAGE_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return vz_fail(e, VZ_RESTORE, errno, "cannot open a directory");
	r = vz_creds_load(dir, s->image, s->uid, s->gid, e);
	if (r < 0)
		return r;
	*ret_creds = (unsigned)r;
	return vz_nl_loopback_up(e);
}

/* A file system of its own: on the host's, anybody could have that name. CRIU makes files in /tmp, too. */
static int make_directory(void)
{
	static const char *const open_to_all[] = { "mode=1777", NULL };
	autoclose int tmp = vz_mount_new("tmpfs", open_to_all, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	int r = tmp < 0 ? tmp : vz_move_mount(tmp, AT_FDCWD, "/tmp");

	if (r >= 0 && (mkdir(VZ_STAGE_DIR, 0755) < 0 || mkdir(BIN_DIR, 0755) < 0))
		r = -errno;
	return r;
}

/* Where CRIU finds the programs that it needs. It runs iptables-save and its kin eight times to learn that there
 * is nothing to save, a third of the time that a small VPS stands still; where there is, /usr/sbin follows. */
static int find_programs(void)
{
	static const char *const names[] = { "ip", "tar", "gzip", "sh" };
	static const char *const dirs[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (size_t k = 0; k < ARRAY_LEN(dirs); k++) {
			autofree char *from = vz_fmt("%s/%s", dirs[k], names[i]);
			autofree char *to = vz_fmt("%s/%s", BIN_DIR, names[i]);

			if (!from || !to)
				return -ENOMEM;
			if (access(from, X_OK) < 0)
				continue;
			if (symlink(from, to) < 0)
				return -errno;
			break;
		}
	return 0;
}

/*
 * May be hostile: links in the guest's tree, which CRIU follows from the host's root where it makes a deleted file again;
 * therefore nothing of the host can be changed from here but what CRIU works with. The kernel lets no user namespace
 * mount proc and sysfs writable where those that it sees are not.
 */
static int make_host_read_only(void)
{
	static const char *const writable[] = { VZ_CRIU_WORK, "/proc", "/sys" };
	autoclose int work = vz_open_tree(AT_FDCWD, VZ_CRIU_WORK, OPEN_TREE_CLONE);
	int r = work < 0 ? work : vz_move_mount(work, AT_FDCWD, VZ_CRIU_WORK);

	if (r >= 0)
		r = vz_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0, -1);
	for (size_t i = 0; i < ARRAY_LEN(writable) && r >= 0; i++)
		r = vz_mount_setattr(AT_FDCWD, writable[i], 0, 0, MOUNT_ATTR_RDONLY, 0, -1);
	return r;
}

static int make_ready(const struct vz_stage_spec *s, unsigned *ret_creds, struct vz_err *e)
{
	int r = vz_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_PRIVATE, -1);

	if (r >= 0 && s->restore)
		r = make_host_read_only();

	if (r < 0)
		return vz_fail(e, code_of(s->restore), -r, "cannot make mounts private");
	umask(0022);
	r = vz_criu_mounts(s->criu, e);
	if (r < 0)
		return r;
	r = make_directory();
	if (r >= 0)
		r = find_programs();
	if (r < 0)
		return vz_fail(e, code_of(s->restore), -r, "cannot make %s", VZ_STAGE_DIR);
	if (!s->restore && s->lazy)
		r = vz_file_replace(LAZY_CONF, LAZY_OPTIONS, sizeof(LAZY_OPTIONS) - 1, 0600, false);
	if (r < 0)
		return vz_fail(e, VZ_CHKPNT, -r, "cannot write %s", LAZY_CONF);
	return s->restore ? fill(s, ret_creds, e) : 0;
}

/* In the stage's own mount namespace: CRIU mounts in it. */
static int open_work(const struct vz_stage_spec *s)
{
	autofree char *own = s->lazy && s->restore ? vz_lazypages_dir(s->ctid) : NULL;
	int fd = open(own ? own : VZ_CRIU_WORK, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* CRIU's descriptors, each as its number says; all others are closed. */
static int place_fds(const int fds[LAST_FD + 1])
{
	int high[LAST_FD + 1];

	for (int i = 0; i <= LAST_FD; i++) { /* out of each other's way first */
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, LAST_FD + 1);
		if (high[i] < 0)
			return -errno;
	}
	for (int i = 0; i <= LAST_FD; i++)
		if (dup2(high[i], i) < 0)
			return -errno;
	return vz_close_range(LAST_FD + 1, ~0u, 0);
}

/* Nobody hears of a failure: the caller finds that there is no CRIU. It was there a moment ago. */
static void become_criu(const struct vz_stage_spec *s, int sock)
{
	const char *argv[VZ_CRIU_ARGS + 2];
	int n = vz_criu_argv(s->criu, "swrk", argv), null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fds[LAST_FD + 1] = { null, null, null, sock, null, s->images, open_work(s),
				 s->pages ? s->pages : null };
	char owner[VZ_CRIU_ENV], rules[VZ_CRIU_ENV];
	char *env[] = { s->iptables ? (char[]){ "PATH=" BIN_DIR ":/usr/sbin:/sbin" } : (char[]){ "PATH=" BIN_DIR },
			(char[]){ "HOME=/" }, (char[]){ VZ_CRIU_PRELOAD }, owner, rules, NULL };

	argv[n++] = "3"; /* SOCK_FD */
	argv[n] = NULL;
	vz_criu_env(s->uid, s->gid, owner);
	snprintf(rules, sizeof(rules), "VZ_CRIU_RULES=%" PRIu64, s->rules);
	if (s->restore && s->console >= 0)
		fds[TTY_FD] = open(VZ_STAGE_DIR "/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (place_fds(fds) >= 0)
		execve(argv[0], (char *const *)(uintptr_t)argv, env);
}

/* The pair is made here: CRIU opens descriptors by the pid of who made it. */
static int give_socket(int to, struct report *rep)
{
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	r = vz_fd_send(to, rep, sizeof(*rep), pair[0]);
	close(pair[0]);
	return r < 0 ? r : pair[1];
}

/*
 * A restore ends with its parent: nothing is lost by that. A dump must not be ended: while CRIU has its code in a
 * process it takes that along, init too. So it goes on until it asks the next time, finds nobody, and puts everything
 * back; and neither the terminal nor the kernel, when memory runs out, ends it.
 */
static void live_alone(bool restore, pid_t parent)
{
	(void)setsid();
	(void)vz_urgent_begin(0); /* a VPS stands still; what is restored gets its own */
	if (!restore) {
		(void)signal(SIGPIPE, SIG_IGN);
		(void)vz_file_write(AT_FDCWD, "/proc/self/oom_score_adj", "-1000");
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

static _Noreturn void stage_main(const struct vz_stage_spec *s, int to, pid_t parent)
{
	struct report rep = { 0 };
	int sock;
	char go;

	prctl(PR_SET_NAME, "vz:stage");
	vz_reset_signals();
	live_alone(s->restore, parent);
	vz_inherit_reset();
	vz_inherit_open_limits();
	if (s->signals.set)
		vz_inherit_bound_signals(s->signals.v);
	rep.result = make_ready(s, &rep.creds, &rep.err);
	sock = give_socket(to, &rep);
	close(to);
	if (sock >= 0 && rep.result >= 0 && vz_fd_recv(sock, &go, sizeof(go), NULL) == sizeof(go))
		become_criu(s, sock);
	_exit(1);
}

/* ---- outside ---- */

static int make_work(const struct vz_stage_spec *s, struct vz_stage *st)
{
	autofree char *own = s->lazy && s->restore ? vz_lazypages_dir(s->ctid) : NULL;
	int r = vz_mkdir_p(own ? own : VZ_CRIU_WORK, 0700);

	if (r < 0)
		return r;
	st->work = open(own ? own : VZ_CRIU_WORK, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(st->log, sizeof(st->log), LOG_NAME, s->ctid, st->restore ? "restore" : "dump");
	if (st->work < 0)
		return -errno;
	(void)unlinkat(st->work, st->log, 0);
	return 0;
}

static int interrupted(const struct vz_stage *st, int r, struct vz_err *e)
{
	if (r == -ECANCELED)
		(void)vz_fail(e, code_of(st->restore), 0, "Interrupted by a signal");
	else if (r == -ETIMEDOUT)
		(void)vz_fail(e, code_of(st->restore), 0, "criu did not end in time");
	return r;
}

static int hear_report(struct vz_stage *st, int from, struct vz_err *e)
{
	int r = vz_wait_fd(from, POLLIN, vz_end_in(BEGIN_S));
	struct report rep;

	if (r < 0)
		return interrupted(st, r, e);
	if (vz_fd_recv(from, &rep, sizeof(rep), &st->sock) != sizeof(rep) || st->sock < 0)
		return vz_fail(e, code_of(st->restore), 0, "the process that was to become criu died");
	if (rep.result < 0 && e)
		*e = rep.err;
	st->creds = rep.creds;
	return rep.result;
}

static int clone_stage(const struct vz_stage_spec *s, struct vz_stage *st, struct vz_err *e)
{
	const uint64_t namespaces = CLONE_NEWNS | (s->restore ? CLONE_NEWNET : 0);
	pid_t parent = getpid();
	int pair[2], r = make_work(s, st);

	if (r >= 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		r = -errno;
	if (r < 0)
		return vz_fail(e, code_of(s->restore), -r, "cannot make %s", VZ_CRIU_WORK);
	r = st->pid = vz_clone3(namespaces, &st->pidfd, -1);
	if (!r) {
		close(pair[0]);
		stage_main(s, pair[1], parent);
	}
	close(pair[1]);
	r = r < 0 ? vz_fail(e, code_of(s->restore), -r, "cannot make a process for criu") :
		    hear_report(st, pair[0], e);
	close(pair[0]);
	return r;
}

/* Who asks for a dump of which memory is asked for may be gone, and its socket closed, when it is given up. */
static bool owns_pages(const struct vz_stage *st)
{
	return st->lazy && !st->restore;
}

int vz_stage_begin(const struct vz_stage_spec *s, struct vz_stage *ret, struct vz_err *e)
{
	struct vz_stage st = VZ_STAGE_INIT;
	int r;

	st.restore = s->restore;
	st.lazy = s->lazy;
	st.pages = owns_pages(&st) && s->pages ? fcntl(s->pages, F_DUPFD_CLOEXEC, 3) : s->pages;
	r = st.pages < 0 ? vz_fail(e, VZ_CHKPNT, errno, "cannot keep a socket") : clone_stage(s, &st, e);
	if (r < 0) {
		vz_stage_end(&st);
		return r;
	}
	*ret = st;
	return 0;
}

/* Its own words first: they name the process and the object. */
static int why(struct vz_stage *st, struct vz_err *e)
{
	struct vz_err own = { 0 };
	int r;

	st->failed = true;
	r = vz_criu_error(st->work, st->log, code_of(st->restore), &own);
	if (e)
		*e = own;
	return r;
}

int vz_stage_run(struct vz_stage *st, struct vz_swrk_job *job, struct vz_err *e)
{
	const char go = 1;
	int r = vz_fd_send(st->sock, &go, sizeof(go), -1);

	if (r < 0)
		return vz_fail(e, code_of(st->restore), -r, "the process that was to become criu died");
	job->restore = st->restore;
	job->images = IMAGES_FD;
	job->work = WORK_FD;
	job->log = st->log;
	job->root = st->restore ? VZ_STAGE_DIR "/root" : NULL;
	job->tty_fd = TTY_FD;
	job->pages = st->pages ? PAGES_FD : 0;
	job->lazy = st->lazy ? LAZY_CONF : NULL;
	r = vz_swrk_ask(st->sock, job, e);
	return r == -EPIPE ? why(st, e) : r; /* it has ended, and may have said why */
}

/* A CRIU that finds its page server gone gives up, and puts everything back. */
static void cut_off(struct vz_stage *st)
{
	int64_t end = vz_end_in(CUT_S);
	struct vz_swrk_word w;

	if (!st->pages || shutdown(st->pages, SHUT_RDWR) < 0)
		return;
	while (vz_swrk_hear(st->sock, end, true, &w) >= 0 && *w.phase)
		if (vz_swrk_answer(st->sock, false) < 0)
			return;
}

static int hear(struct vz_stage *st, int64_t end, struct vz_swrk_word *w)
{
	bool deaf = !st->restore && (!st->pages || vz_cancel_is_undoing());

	for (;;) {
		int64_t turn = st->turn ? vz_now_ms() + TURN_MS : end;
		int r = vz_swrk_hear(st->sock, turn < end ? turn : end, deaf, w);

		if (r != -ETIMEDOUT || !st->turn || vz_now_ms() >= end)
			return r;
		r = st->turn(st->turn_arg);
		if (r < 0)
			return r;
	}
}

/* phase NULL: to the end. */
static int work_until(struct vz_stage *st, const char *phase, int64_t end, struct vz_err *e)
{
	struct vz_swrk_word w;
	int r = 0;

	for (;;) {
		if (st->waits)
			r = vz_swrk_answer(st->sock, true);
		st->waits = false;
		if (r >= 0)
			r = hear(st, end, &w);
		if (r == -ETIMEDOUT || r == -ECANCELED) {
			cut_off(st);
			return interrupted(st, r, e);
		}
		if (r == -EOWNERDEAD)
			return vz_fail(e, code_of(st->restore), 0, "what CRIU waits for has ended");
		if (r < 0)
			return why(st, e);
		st->waits = *w.phase;
		if (w.pid)
			st->init = w.pid;
		if (*w.phase ? phase && !strcmp(w.phase, phase) : !phase && w.good)
			return 0;
		if (!*w.phase)
			return why(st, e);
	}
}

int vz_stage_until(struct vz_stage *st, const char *phase, int seconds, struct vz_err *e)
{
	return work_until(st, phase, vz_end_in(seconds), e);
}

int vz_stage_finish(struct vz_stage *st, int seconds, struct vz_err *e)
{
	int64_t end = vz_end_in(seconds);
	int status, r = work_until(st, NULL, end, e);

	if (r < 0)
		return r;
	st->done = st->restore;
	if (st->done)
		return 0;
	(void)shutdown(st->sock, SHUT_RDWR); /* after a pre-dump it waits for another one */
	r = vz_wait_child(st->pidfd, end, &status);
	return r < 0 ? interrupted(st, r, e) : 0;
}

/* It is the last phase before the end. */
int vz_stage_serve(struct vz_stage *st, int seconds, struct vz_err *e)
{
	int r = vz_stage_until(st, "status-ready", seconds, e);

	if (r < 0)
		return r;
	r = vz_swrk_answer(st->sock, true);
	st->waits = false;
	st->serves = r >= 0;
	return r < 0 ? why(st, e) : 0;
}

void vz_stage_give_up(struct vz_stage *st, int seconds)
{
	int64_t end = vz_end_in(seconds);
	struct vz_swrk_word w;
	int status;

	if (st->lazy && st->pages) /* it would serve, whatever it is told */
		(void)shutdown(st->pages, SHUT_RDWR);
	if (!st->serves && (!st->waits || vz_swrk_answer(st->sock, false) < 0))
		return;
	st->serves = false;
	st->waits = false;
	while (vz_swrk_hear(st->sock, end, true, &w) >= 0 && *w.phase)
		if (vz_swrk_answer(st->sock, true) < 0)
			return;
	(void)vz_wait_child(st->pidfd, end, &status);
}

void vz_stage_end(struct vz_stage *st)
{
	int status;

	if (st->done)
		(void)vz_wait_child(st->pidfd, vz_end_in(CUT_S), &status);
	vz_give_up(st->pidfd);
	if (st->work >= 0 && !st->failed)
		(void)unlinkat(st->work, st->log, 0);
	vz_closep(&st->pidfd);
	vz_closep(&st->sock);
	vz_closep(&st->work);
	if (owns_pages(st) && st->pages > 0)
		close(st->pages);
	*st = (struct vz_stage)VZ_STAGE_INIT;
}

void vz_stage_forget(unsigned ctid)
{
	static const char *const what[] = { "dump", "restore", "pages" };

	for (size_t i = 0; i < ARRAY_LEN(what); i++) {
		autofree char *path = vz_fmt(VZ_CRIU_WORK "/" LOG_NAME, ctid, what[i]);

		if (path)
			(void)unlink(path);
	}
}
