// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that follows: the VPS runs here, and a daemon puts in its place what processes touch, and then all the rest
 * (cpt/lazypages.h). Its bytes come on a second connection of the same migration, whose process hands the other end to the
 * one that takes the VPS in, and is a relay then.
 *
 * A VPS whose memory does not come any more must end, and nothing of it may go on without it before that. Who ends it is the
 * process that takes it in, and when that one is killed a child of its, the guard, which waits for nothing else. Both keep
 * the socket open on which the daemon waits for memory, so the daemon does not see that nothing comes any more; and the
 * first one holds the userfaultfds, should the daemon die.
 */
#include "base/fault.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "cpt/image.h"
#include "move/arrive-internal.h"
#include "move/migrate.h"
#include "move/moving.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/file.h"
#include "sys/inherit.h"
#include "sys/spawn.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#define AS(code) ((enum vz_exit)VZ_MIGRATE_##code)
#define CHUNK (1u << 18)
#define LOOK_MS 1000    /* whether the record is still there */
#define BEGIN_S 20
#define ANSWER_MS 10000
#define ASKED_ROOM (16 << 20) /* a kilobyte for each process that waits for a page */
#define KILL_MS 30000
#define TURN_S 10       /* an answer to the source, so that it sees that it goes on */
#define HOLD_MS 10      /* so long may a process that has all of its memory wait for fresh one, */
#define HOLD_SHARE 10   /* of many processes longer, or to look at them would be all that is done */

static char *meeting(unsigned id)
{
	autofree char *dir = vz_lazypages_dir(id);

	return dir ? vz_fmt("%s/relay", dir) : NULL;
}

/* ---- the second connection ---- */

/* Of a process that was killed the record stays; and as long as we are there ssh does not tell the source that it was. */
static bool is_wanted(const struct vz_arrival *a)
{
	struct vz_moving m;

	return vz_moving_read(a->id, &m) && !strcmp(m.token, a->token) && strcmp(m.stage, VZ_MOVING_HERE) &&
	       vz_ct_lock_holder(&a->session.host, a->id) > 0;
}

/* 0 at the end. */
static ssize_t pass(int from, int to, char *buf)
{
	ssize_t n;

	do
		n = read(from, buf, CHUNK);
	while (n < 0 && errno == EINTR);
	return n > 0 && vz_write_all(to, buf, (size_t)n) < 0 ? -EPIPE : n;
}

/* Until either side has ended: there is nothing to say after that. */
static void run_relay(const struct vz_arrival *a, int caller, int daemon, char *buf)
{
	struct pollfd f[] = { { .fd = a->talk.in, .events = POLLIN }, { .fd = daemon, .events = POLLIN } };
	int64_t told = 0;

	for (;;) {
		int n = poll(f, ARRAY_LEN(f), LOOK_MS);

		if (n < 0 && errno != EINTR)
			return;
		if (n <= 0 && !is_wanted(a))
			return;
		if (n <= 0)
			continue;
		if (f[0].revents && pass(f[0].fd, daemon, buf) <= 0)
			return;
		if (f[0].revents && vz_now_ms() - told >= LOOK_MS) {
			(void)send(caller, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL); /* memory comes */
			told = vz_now_ms();
		}
		if (f[1].revents && pass(daemon, a->talk.out, buf) <= 0)
			return;
	}
}

/* Until the process that takes it in is there; -EPIPE: the source has gone, or the migration has. */
static int wait_for_caller(const struct vz_arrival *a, int listener)
{
	struct pollfd f[] = { { .fd = listener, .events = POLLIN }, { .fd = a->talk.in, .events = POLLIN } };

	for (;;) {
		int n = poll(f, ARRAY_LEN(f), LOOK_MS);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0 && !is_wanted(a))
			return -EPIPE;
		if (n > 0 && f[0].revents)
			return vz_unix_accept_root(listener);
		if (n > 0)
			return -EPIPE;
	}
}

/* The caller's socket to the daemon. Our end of the one to the caller tells him that we are there. */
static void relay(struct vz_arrival *a, int listener)
{
	autofree char *buf = malloc(CHUNK);
	autoclose int caller = buf ? wait_for_caller(a, listener) : -ENOMEM, daemon = -EBADF;
	char byte;

	if (caller < 0 || vz_wait_fd(caller, POLLIN, vz_end_in(BEGIN_S)) < 0)
		return;
	if (vz_fd_recv(caller, &byte, 1, &daemon) == 1 && daemon >= 0)
		run_relay(a, caller, daemon, buf);
}

/* "CTID TOKEN", as the first request of its connection */
int vz_arrive_lazy(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autofree char *dir = vz_lazypages_dir(a->id), *path = meeting(a->id);
	autoclose int listener = -EBADF;
	int r = vz_fault("arrive-lazy", e);

	vz_fault_kill("kill:", "arrive-lazy");
	if (r < 0)
		return r;
	if (*args || !is_wanted(a))
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	if (!dir || !path)
		return vz_oom(e);
	r = vz_mkdir_p(dir, 0700);
	if (r >= 0)
		r = listener = vz_unix_listen(path);
	if (r < 0)
		return vz_fail(e, AS(REMOTE), -r, "cannot make %s on destination node", path);
	a->is_stream = true; /* nothing but memory goes out from here on: no sign of life either */
	a->talk.beat = NULL;
	vz_beat_end(&a->beat);
	r = vz_talk_say(&a->talk, "ok");
	if (r >= 0)
		relay(a, listener);
	vz_fault_kill("kill+:", "arrive-lazy");
	return 0;
}

/* ---- who ends it ---- */

static int kill_all(unsigned id, struct vz_err *e)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	int r = vz_cg_open(id, NULL, &cg, e);

	return r < 0 ? r : vz_cg_kill(cg, KILL_MS, e);
}

/* Whatever becomes of who made it: the end of the pipe comes without a word then. */
static _Noreturn void be_guard(const struct vz_arrival *a, int pipe)
{
	int fds[] = { pipe, a->lazy.pidfd, a->peer };
	unsigned id = a->id;
	char word = 0;
	ssize_t n;

	(void)setsid();
	vz_reset_signals();
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)vz_file_write(AT_FDCWD, "/proc/self/oom_score_adj", "-1000");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = fcntl(fds[i], F_DUPFD, 3 + ARRAY_LEN(fds));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (dup2(fds[i], 3 + (int)i) < 0)
			_exit(1);
	vz_let_go(3 + ARRAY_LEN(fds));
	do
		n = read(3, &word, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1) {
		struct vz_err e = { 0 };

		(void)kill_all(id, &e);
		(void)vz_pidfd_signal(4, SIGKILL);
	}
	_exit(0);
}

static int start_guard(struct vz_arrival *a, struct vz_err *e)
{
	int p[2];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return vz_fail(e, AS(REMOTE), errno, "cannot make a pipe");
	pid = vz_clone3(0, &a->guard, -1);
	if (!pid) {
		close(p[1]);
		be_guard(a, p[0]);
	}
	close(p[0]);
	a->guard_pipe = p[1];
	return pid < 0 ? vz_fail(e, AS(REMOTE), (int)-pid, "cannot make a process") : 0;
}

/* ---- the process that takes it in ---- */

/* What comes for the daemon, its end of the socket: *ret. */
static int take_stream(struct vz_arrival *a, int *ret, struct vz_err *e)
{
	autofree char *path = meeting(a->id);
	const int room = ASKED_ROOM;
	int pair[2];

	vz_inherit_raise_files(); /* one for each process of the VPS, whose own are its image's affair */
	a->relay = path ? vz_unix_connect(path, ANSWER_MS) : -ENOMEM;
	if (a->relay < 0)
		return vz_fail(e, AS(REMOTE), -a->relay, "There is no connection for the memory");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return vz_fail(e, AS(REMOTE), errno, "cannot make a socket");
	for (int i = 0; i < 2; i++) /* CRIU's end does not wait, and takes a full one for a failure */
		(void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	*ret = pair[0];
	a->peer = pair[1];
	return vz_fd_send(a->relay, "", 1, a->peer) < 0 ?
		       vz_fail(e, AS(REMOTE), 0, "There is no connection for the memory") : 0;
}

int vz_arrive_lazy_begin(struct vz_arrival *a, const char *dump, struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/" VZ_IMAGE_CRIU, dump);
	autoclose int dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -EBADF;
	autoclose int sock = -EBADF;
	struct vz_lazypages_spec spec = { .ctid = a->id, .dir = dir };
	struct vz_criu criu;
	int r = vz_fault("arrive-memory", e);

	vz_fault_kill("kill:", "arrive-memory");
	if (r >= 0 && dir < 0)
		r = vz_fail(e, AS(COPY), errno, "cannot read the dump");
	if (r >= 0)
		r = vz_criu_find(0, &criu, e);
	if (r >= 0)
		r = take_stream(a, &sock, e);
	spec.criu = &criu;
	spec.sock = sock;
	if (r >= 0)
		r = vz_lazypages_start(&spec, BEGIN_S, &a->lazy, e);
	if (r >= 0)
		r = start_guard(a, e);
	vz_fault_kill("kill+:", "arrive-memory");
	return r;
}

/* What it held and we hold nobody may hold any more, if all has come; else nobody may let go. */
static int bury(struct vz_arrival *a)
{
	int status = -1, r = vz_wait_child(a->lazy.pidfd, vz_end_in(1), &status);

	a->ended = true;
	a->all_came = r >= 0 && !status;
	if (a->all_came)
		vz_lazypages_release(&a->lazy);
	return 1;
}

static int lost(int r, struct vz_err *e)
{
	return vz_fail(e, AS(REMOTE), 0, "Not all of the memory has come: %s",
		       r == -ETIME ? "nothing comes any more" : r == -ECHILD ? "a process that keeps watch was killed" :
		       r == -ETIMEDOUT ? "nothing is heard of the source" : "the connection broke");
}

static int why(const struct vz_arrival *a, struct vz_err *e)
{
	struct vz_err own = { 0 };

	return vz_lazypages_error(a->id, &own) ? vz_fail(e, AS(COPY), 0, "%s", own.msg) : lost(-EPIPE, e);
}

int vz_arrive_lazy_lives(void *arrival)
{
	const struct vz_arrival *a = arrival;

	return vz_has_failed(a->lazy.pidfd) ? -EOWNERDEAD : 0;
}

int vz_arrive_lazy_hold(void *arrival, struct vz_err *e)
{
	struct vz_arrival *a = arrival;
	int r = vz_lazypages_hold_all(&a->lazy, BEGIN_S, e);

	a->came = vz_now_ms();
	if (r > 0)
		(void)bury(a);
	return r < 0 || !a->ended || a->all_came ? r : why(a, e);
}

/* The relay ends when the daemon does, too. */
static int hear_relay(struct vz_arrival *a)
{
	char byte;

	if (recv(a->relay, &byte, 1, MSG_DONTWAIT) == 1)
		return a->came = vz_now_ms(), 0;
	return vz_wait_fd(a->lazy.pidfd, POLLIN, vz_end_in(1)) < 0 ? -EPIPE : bury(a);
}

/* 1: the daemon has ended. */
static int look_around(struct vz_arrival *a, int64_t *heard)
{
	struct pollfd f[] = { { .fd = a->lazy.pidfd, .events = POLLIN }, { .fd = a->guard, .events = POLLIN },
			      { .fd = a->talk.in, .events = POLLIN }, { .fd = a->relay, .events = POLLIN } };
	int64_t began = vz_now_ms();
	int r;

	(void)vz_lazypages_hold(&a->lazy);
	r = poll(f, ARRAY_LEN(f), (int)(HOLD_MS + HOLD_SHARE * (vz_now_ms() - began)));
	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	if (f[0].revents)
		return bury(a);
	r = f[3].revents ? hear_relay(a) : 0;
	if (r)
		return r;
	if (f[1].revents)
		return -ECHILD;
	r = f[2].revents ? vz_talk_hear(&a->talk) : 0;
	if (f[2].revents && r >= 0)
		*heard = vz_now_ms();
	return r >= 0 && vz_now_ms() - *heard > a->talk.silence_s * 1000LL ? -ETIMEDOUT : r;
}

/* Whatever else is wrong is told when it is asked for. */
int vz_arrive_lazy_tend(struct vz_arrival *a)
{
	int64_t heard = vz_now_ms();
	int r = 0;

	while (!r && !a->ended && a->talk.from == a->talk.n)
		r = look_around(a, &heard);
	return r == -ETIMEDOUT ? r : 0;
}

int vz_arrive_lazy_wait(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autofree char *word = vz_str_word(&args, " ");
	int64_t heard = vz_now_ms(), end = vz_end_in(TURN_S);
	uint32_t seconds;
	int r = vz_fault("arrive-whole", e);

	vz_fault_kill("kill:", "arrive-whole");
	if (r < 0)
		return r;
	if (!word || vz_num_u32(word, INT32_MAX, &seconds) < 0)
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	while (!r && !a->ended && vz_now_ms() < end)
		r = vz_now_ms() - a->came > seconds * 1000LL ? -ETIME : look_around(a, &heard);
	if (r < 0)
		return lost(r, e);
	if (!a->ended || a->all_came)
		return a->ended ? 0 : 1;
	return why(a, e);
}

int vz_arrive_lazy_end(struct vz_arrival *a, bool whole, struct vz_err *e)
{
	struct vz_err why = { 0 };
	int r = whole ? 0 : kill_all(a->id, &why);

	if (r < 0)
		return vz_fail(e, AS(DOUBT), 0, "On destination node: it runs, is not to, and cannot be killed: %s", why.msg);
	vz_lazypages_release(&a->lazy);
	if (a->guard_pipe >= 0)
		(void)!write(a->guard_pipe, "", 1);
	vz_closep(&a->guard_pipe);
	if (a->guard >= 0)
		vz_give_up(a->guard);
	vz_closep(&a->guard);
	if (a->lazy.pidfd >= 0)
		vz_give_up(a->lazy.pidfd);
	vz_closep(&a->lazy.pidfd);
	vz_closep(&a->peer);
	vz_closep(&a->relay);
	a->follows = false;
	vz_lazypages_forget(a->id);
	return 0;
}
