// SPDX-License-Identifier: GPL-2.0-or-later
/* The other host of a migration; see remote.h. */
#include "move/remote.h"
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "move/migrate.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/spawn.h"
#include "sys/wait.h"

#include <poll.h>
#include <signal.h>
#include <time.h>
#include <sys/socket.h>
#include <unistd.h>

#define ARGS_MAX 64
#define END_S 10
#define CHUNK (1u << 16)
#define OWED_MAX 500 /* answers: none of that many fills a pipe */
#define FACTS_MAX (4u << 20) /* bytes of one answer */
#define LINES_MAX 100000     /* and lines, of which most are shown */
#define ANSWER_S 3600        /* whatever signs of life there are meanwhile: a resume is the longest */
#define HELLO_S 60           /* before there are any */
#define ASKED 3  /* times, before ssh takes the other side for dead */

/* What is given by the user comes first: of an option that ssh is given twice the first one counts. */
static void shell(const struct vz_remote *r, struct vz_str *out)
{
	vz_str_add(out, "ssh");
	if (r->o->ssh)
		vz_str_addf(out, " %s", r->o->ssh);
	vz_str_addf(out, " -T -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=%d -o ServerAliveCountMax=%d",
		    vz_beat_every_s(r->o->silence_s), ASKED);
	for (int i = 3; i < r->o->verbose; i++)
		vz_str_add(out, " -v");
	/* whatever the user's own configuration makes of connections that are shared */
	vz_str_addf(out, " -o ControlPersist=no -S %s", r->mux);
}

char *vz_remote_shell(const struct vz_remote *r)
{
	struct vz_str out = { 0 };

	shell(r, &out);
	vz_str_add(&out, " -o ControlMaster=no");
	return vz_str_take(&out);
}

static int start(struct vz_remote *r, struct vz_err *e)
{
	struct vz_spawn s = VZ_SPAWN_INIT;
	autostr line = { 0 };
	const char *words[ARGS_MAX + 1];
	char *save = NULL, *env[2] = { NULL };
	autofree char *agent = NULL;
	const char *sock = getenv("SSH_AUTH_SOCK");
	size_t n = 0;
	int pair[2], x;

	shell(r, &line);
	if (!r->branch)
		vz_str_add(&line, " -o ControlMaster=yes");
	if (line.failed)
		return vz_oom(e);
	for (char *w = strtok_r(line.s, " \t", &save); w && n < ARGS_MAX - 4; w = strtok_r(NULL, " \t", &save))
		words[n++] = w;
	words[n++] = "-lroot";
	words[n++] = "--";
	words[n++] = r->o->host;
	words[n++] = VZ_REMOTE_HELPER;
	words[n] = NULL;
	if (sock)
		env[0] = agent = vz_fmt("SSH_AUTH_SOCK=%s", sock);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make a socket");
	s.argv = (char *const *)words;
	s.env = env;
	s.in = s.out = pair[1];
	s.death_signal = SIGTERM;
	s.apart = true;
	x = vz_spawn_start(&s, &r->pid);
	close(pair[1]);
	vz_pump_widen(pair[0]);
	r->talk = (struct vz_talk){ .in = pair[0], .out = pair[0] };
	if (x < 0)
		return r->pid = 0, vz_fail(e, (enum vz_exit)VZ_MIGRATE_CONNECT, -x, "cannot run ssh");
	return 0;
}

/* Why the connection broke: of ssh itself, or of what it ran. */
int vz_remote_broke(struct vz_remote *r, int why, struct vz_err *e)
{
	int code;

	r->lost = true;
	if (r->talk.in >= 0)
		close(TAKE_FD(r->talk.in));
	r->talk.out = -EBADF;
	if ((why == -ETIMEDOUT || why == -EPROTO) && r->pid) /* it waits for the other side, too */
		kill(r->pid, SIGTERM);
	code = r->pid ? vz_spawn_wait(TAKE(r->pid, 0), END_S, true) : -ECHILD;
	if (*r->broke.msg) /* it was said */
		;
	else if (why == -ETIMEDOUT)
		(void)vz_fail(&r->broke, (enum vz_exit)VZ_MIGRATE_CONNECT, 0, "Nothing was heard of %s for %d seconds", r->o->host,
			      r->talk.silence_s);
	else if (why == -EPROTO)
		(void)vz_fail(&r->broke, (enum vz_exit)VZ_MIGRATE_REMOTE, 0, "What %s says is no answer", r->o->host);
	else if (code == 126 || code == 127)
		(void)vz_fail(&r->broke, (enum vz_exit)VZ_MIGRATE_REMOTE, 0, "There is no %s on %s: install vzctl there",
			      VZ_REMOTE_HELPER, r->o->host);
	else if (!r->heard)
		(void)vz_fail(&r->broke, (enum vz_exit)VZ_MIGRATE_CONNECT, 0, "No connection to %s (ssh: exit %d): 'ssh root@%s true' "
			      "must work here without a question", r->o->host, code, r->o->host);
	else
		(void)vz_fail(&r->broke, (enum vz_exit)VZ_MIGRATE_CONNECT, 0, "The connection to %s broke (ssh: exit %d)",
			      r->o->host, code);
	if (e)
		*e = r->broke;
	return -EPIPE;
}

static int refusal(struct vz_remote *r, const char *text, struct vz_err *e)
{
	autofree char *code = vz_str_word(&text, " ");
	uint32_t n;

	if (!code || vz_num_u32(code, 255, &n) < 0 || !n)
		n = VZ_MIGRATE_REMOTE;
	r->lost = r->lost || n == VZ_MIGRATE_DOUBT;
	return vz_fail(e, (enum vz_exit)n, 0, "%s", *text == ' ' ? text + 1 : text);
}

/* May be hostile: a host that was taken over; therefore an answer has an end, in lines, bytes and time. */
static int answer(struct vz_remote *r, char **ret_facts, struct vz_err *e)
{
	int64_t end = vz_end_in(ANSWER_S);
	autostr facts = { 0 };
	const char *rest;
	char *line;

	for (unsigned n = 0;; n++) {
		int x = vz_talk_line(&r->talk, vz_cancel_is_undoing(), &line);

		if (x >= 0 && (n > LINES_MAX || facts.len > FACTS_MAX || vz_now_ms() > end))
			x = -EPROTO;
		if (x == -ECANCELED) {
			r->lost = true;
			return vz_fail(e, VZ_SYSTEM, 0, "cancelled"), x;
		}
		if (x < 0)
			return vz_remote_broke(r, x, e);
		r->heard = true;
		if (*line == '!')
			vz_log(-1, "%s: %s", r->o->host, line + 1);
		else if (*line == '-')
			vz_log(1, "   %s: %s", r->o->host, line + 1);
		else if (*line == '+')
			vz_str_addf(&facts, "%s\n", line + 1);
		else if (!strcmp(line, "ok"))
			break;
		else if (vz_str_prefix(line, "fail ", &rest))
			return refusal(r, rest, e);
	}
	if (facts.failed)
		return vz_oom(e);
	if (ret_facts)
		*ret_facts = vz_str_take(&facts);
	return 0;
}

/* A line and what follows it, with nothing in between. */
static int send_out(struct vz_remote *r, const char *line, const void *data, size_t n)
{
	int x = -EPIPE;

	vz_beat_hold(&r->beat);
	if (r->talk.in >= 0)
		x = vz_talk_say(&r->talk, "%s", line);
	if (x >= 0 && n)
		x = vz_write_all(r->talk.out, data, n);
	vz_beat_go_on(&r->beat);
	return x;
}

int vz_remote_ask(struct vz_remote *r, char **ret_facts, struct vz_err *e, const char *fmt, ...)
{
	autostr line = { 0 };
	va_list ap;

	va_start(ap, fmt);
	vz_str_addv(&line, fmt, ap);
	va_end(ap);
	if (line.failed)
		return vz_oom(e);
	if (send_out(r, line.s, NULL, 0) < 0)
		return vz_remote_broke(r, -EPIPE, e);
	return answer(r, ret_facts, e);
}

bool vz_remote_is_why(struct vz_remote *r, struct vz_err *e)
{
	autofree char *text = NULL;

	if (!r->lost)
		(void)vz_remote_ask(r, &text, NULL, "why");
	if (r->lost && *r->broke.msg && e)
		*e = r->broke;
	return r->lost && *r->broke.msg;
}

int vz_remote_put(struct vz_remote *r, const char *verb, const void *data, size_t n, struct vz_err *e)
{
	autofree char *line = vz_fmt("%s %zu", verb, n);

	if (!line)
		return vz_oom(e);
	return send_out(r, line, data, n) < 0 ? vz_remote_broke(r, -EPIPE, e) : answer(r, NULL, e);
}

static void pause_for(struct vz_remote *r, uint64_t n)
{
	int64_t ms = vz_throttle_ms(&r->throttle, n, vz_now_ms());
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	if (ms)
		(void)nanosleep(&t, NULL);
}

/* As vz_write_all(), but one that takes nothing for too long is silent: a VPS stands still meanwhile. */
static int write_watched(struct vz_remote *r, const char *buf, size_t n)
{
	while (n) {
		struct pollfd p = { .fd = r->talk.out, .events = POLLOUT };
		ssize_t k = send(r->talk.out, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		int ready;

		if (k < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		buf += k > 0 ? k : 0;
		n -= k > 0 ? (size_t)k : 0;
		ready = k < 0 && errno == EAGAIN ? poll(&p, 1, r->o->silence_s * 1000) : 1;
		if (!ready)
			return -ETIMEDOUT;
	}
	return 0;
}

struct sending {
	int fd;
	bool in_frames;
	uint64_t left;  /* bytes of the file */
	char buf[CHUNK];
	size_t have;    /* that go out together: a line, and what follows if it is small */
	char plain[CHUNK];
};

static int put_out(struct vz_remote *r, struct sending *s, const char *bytes, size_t n)
{
	int x = 0;

	if (n <= sizeof(s->buf) - s->have) {
		memcpy(s->buf + s->have, bytes, n);
		s->have += n;
		n = 0;
	}
	if (n || !s->left) {
		x = write_watched(r, s->buf, s->have);
		s->have = 0;
	}
	return x < 0 || !n ? x : write_watched(r, bytes, n);
}

/* The next bytes of the file, in a frame or as they are; what goes out of them, and how many there were. */
static ssize_t next_bytes(struct vz_remote *r, struct sending *s, const char **ret, size_t *ret_n)
{
	size_t max = s->in_frames ? VZ_FRAME_MAX : CHUNK;
	char *buf = s->in_frames ? r->packer.in : s->plain;
	bool squeeze = r->o->squeeze == VZ_SQUEEZE_ALWAYS || r->o->bwlimit || vz_pump_is_behind(r->talk.out);
	ssize_t n = read(s->fd, buf, s->left < max ? (size_t)s->left : max);

	if (n <= 0) /* the other side waits for the rest, so the connection is of no more use */
		return -EIO;
	*ret = buf;
	*ret_n = s->in_frames ? vz_frame_make(&r->packer, (size_t)n, squeeze, ret) : (size_t)n;
	pause_for(r, *ret_n);
	return n;
}

static int send_all(struct vz_remote *r, const char *verb, struct sending *s)
{
	struct vz_progress *p = r->o->progress;
	int k = snprintf(s->buf, sizeof(s->buf), "%s %llu\n", verb, (unsigned long long)s->left);
	int x = r->talk.in < 0 || (size_t)k >= sizeof(s->buf) ? -EPIPE : 0;

	s->have = (size_t)k;
	if (x >= 0 && !s->left)
		return write_watched(r, s->buf, s->have);
	while (x >= 0 && s->left) {
		const char *bytes;
		size_t out;
		ssize_t n = next_bytes(r, s, &bytes, &out);

		s->left -= n > 0 ? (uint64_t)n : 0;
		x = n < 0 ? (int)n : put_out(r, s, bytes, out);
		if (p && n > 0)
			vz_progress_at(p, p->done + (uint64_t)n, p->total);
	}
	return x;
}

int vz_remote_answers(struct vz_remote *r, struct vz_err *e)
{
	int first = 0;

	for (; r->owed && r->talk.in >= 0; r->owed--) {
		int x = answer(r, NULL, first < 0 ? NULL : e);

		first = first < 0 ? first : x;
		if (r->lost)
			break;
	}
	r->owed = 0;
	return first;
}

static int send_file(struct vz_remote *r, const char *verb, struct sending *s, struct vz_err *e)
{
	int x;

	vz_beat_hold(&r->beat);
	x = send_all(r, verb, s);
	vz_beat_go_on(&r->beat);
	if (x < 0)
		return vz_remote_broke(r, x == -ETIMEDOUT ? x : -EPIPE, e);
	return ++r->owed < OWED_MAX ? 0 : vz_remote_answers(r, e);
}

int vz_remote_send_fd(struct vz_remote *r, const char *verb, int fd, uint64_t size, struct vz_err *e)
{
	struct sending s = { .fd = fd, .left = size, .in_frames = r->in_frames };

	return send_file(r, verb, &s, e);
}

int vz_remote_put_fd(struct vz_remote *r, const char *verb, int fd, uint64_t size, struct vz_err *e)
{
	struct sending s = { .fd = fd, .left = size };
	int x = send_file(r, verb, &s, e);

	return x < 0 ? x : vz_remote_answers(r, e);
}

char *vz_remote_fact(const char *facts, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = facts; p && *p; p = strchr(p, '\n') + 1)
		if (!strncmp(p, name, n) && p[n] == '=')
			return strndup(p + n + 1, strcspn(p + n + 1, "\n"));
	return NULL;
}

/* To log in takes time. */
static int first_s(const struct vz_remote *r)
{
	return r->o->silence_s > HELLO_S ? r->o->silence_s : HELLO_S;
}

/* Also what both sides can do. */
static int greet(struct vz_remote *r, struct vz_err *e)
{
	bool want = r->o->squeeze != VZ_SQUEEZE_NEVER;
	autofree char *facts = NULL, *can = NULL;
	int x = vz_remote_ask(r, &facts, e, "hello %d %d%s", VZ_REMOTE_VERSION, r->o->silence_s,
			      want ? " " VZ_FRAME_WORD : "");

	can = x < 0 || !want ? NULL : vz_remote_fact(facts, VZ_FRAME_WORD);
	r->in_frames = can;
	if (x >= 0 && !can && r->o->squeeze == VZ_SQUEEZE_ALWAYS && !r->branch)
		vz_log(-1, "Warning: %s takes nothing of the memory compressed: its vzctl is older", r->o->host);
	return x < 0 || !can || vz_packer_open(&r->packer) >= 0 ? x : vz_oom(e);
}

int vz_remote_open(struct vz_remote *r, const struct vz_remote_opts *o, struct vz_err *e)
{
	int x;

	*r = (struct vz_remote)VZ_REMOTE_INIT;
	r->o = o;
	r->throttle.per_s = o->bwlimit;
	r->mux = vz_fmt("%s/ssh-%d", VZ_RUNDIR, (int)getpid());
	if (!r->mux || vz_mkdir_p(VZ_RUNDIR, 0755) < 0)
		return vz_oom(e);
	(void)unlink(r->mux);
	x = start(r, e);
	r->talk.silence_s = first_s(r);
	if (x >= 0)
		x = greet(r, e);
	if (x >= 0) {
		r->talk.silence_s = o->silence_s; /* from here on it gives signs of life */
		x = vz_beat_begin(&r->beat, r->talk.out, vz_beat_every_s(o->silence_s));
		x = x < 0 ? vz_fail(e, VZ_SYSTEM, -x, "cannot make a process") : 0;
	}
	if (x < 0)
		vz_remote_close(r);
	return x;
}

int vz_remote_branch(struct vz_remote *r, const struct vz_remote *of, struct vz_err *e)
{
	int x;

	*r = (struct vz_remote)VZ_REMOTE_INIT;
	r->o = of->o;
	r->branch = true;
	r->mux = of->mux ? strdup(of->mux) : NULL;
	if (of->mux && !r->mux)
		return vz_oom(e);
	x = start(r, e);
	r->talk.silence_s = first_s(r);
	if (x >= 0)
		x = greet(r, e);
	if (x < 0)
		vz_remote_close(r);
	return x;
}

void vz_remote_close(struct vz_remote *r)
{
	vz_beat_end(&r->beat);
	if (r->talk.in >= 0)
		close(TAKE_FD(r->talk.in));
	r->talk.out = -EBADF;
	if (r->pid)
		(void)vz_spawn_wait(TAKE(r->pid, 0), END_S, true);
	if (r->mux && !r->branch)
		(void)unlink(r->mux);
	vz_packer_close(&r->packer);
	free(TAKE_PTR(r->mux));
}
