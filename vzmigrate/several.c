// SPDX-License-Identifier: GPL-2.0-or-later
/* Moves what the command line names, some at a time. Each container is moved by a process of its own, so that somebody is
 * there to take back what one left that was killed; of several, what these write is passed on with the container's name. */
#include "vzmigrate/vzmigrate.h"
#include "base/own.h"
#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#define TURN_MS 50
#define LINE_MAX_BYTES 16384

/* A signal handler has no other way to reach them. */
static volatile sig_atomic_t workers[JOBS_MAX];
static volatile sig_atomic_t ending;

/* Of the process that waits. The terminal's signals reach the workers without us, too: a second one is nothing new. */
static void pass_on(int sig)
{
	(void)sig;
	ending = 1;
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (workers[i] > 0)
			kill((pid_t)workers[i], SIGTERM);
}

struct job {
	const struct item *item; /* NULL: the place is free */
	pid_t pid;
	bool recovers;
	int fd[2];               /* of its stdout and stderr; -1: they are ours */
	struct vz_str line[2];
	char reason[512];        /* the last error */
};

struct outcome {
	int code;
	char *reason;
	bool begun;
};

struct all {
	const struct request *r;
	struct vz_migrate_opts o;
	enum show_how how;
	struct job job[JOBS_MAX];
	struct outcome *outcome; /* of each item */
	size_t next, running;
};

/* ---- one process ---- */

static void make_pipes(struct job *j, int theirs[2])
{
	for (int i = 0; i < 2; i++) {
		int p[2];

		j->fd[i] = theirs[i] = -EBADF;
		if (pipe2(p, O_CLOEXEC) < 0)
			continue;
		(void)fcntl(p[0], F_SETFL, O_NONBLOCK);
		j->fd[i] = p[0];
		theirs[i] = p[1];
	}
}

/* Who evacuates does not know how many there are, so one is told as many are. */
static bool is_several(const struct request *r)
{
	return r->evacuate || r->n != 1;
}

static _Noreturn void work(const struct all *a, const struct job *j, pid_t command)
{
	struct vz_migrate_opts o = a->o;

	o.renew = j->item->renew;
	if (a->r->evacuate)
		o.online = j->item->online;
	exit(move_one(&o, j->item->which, a->how, j->recovers, command));
}

static void set_worker(struct all *a, const struct job *j)
{
	workers[j - a->job] = j->pid > 0 ? j->pid : 0;
}

static int start_job(struct all *a, struct job *j)
{
	int theirs[2] = { -EBADF, -EBADF };
	pid_t command = getpid();

	fflush(stdout);
	j->fd[0] = j->fd[1] = -EBADF;
	if (is_several(a->r))
		make_pipes(j, theirs);
	j->pid = fork();
	if (!j->pid) {
		for (int i = 0; i < 2; i++)
			if (theirs[i] >= 0)
				(void)dup2(theirs[i], i + 1);
		work(a, j, command);
	}
	set_worker(a, j);
	for (int i = 0; i < 2; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	return j->pid < 0 ? -errno : 0;
}

/* ---- what it writes ---- */

static void pass_line(struct all *a, struct job *j, int which)
{
	FILE *to = which ? stderr : stdout;
	struct vz_str *line = &j->line[which];
	const char *text;

	if (which && vz_str_prefix(line->s, "Error: ", &text))
		snprintf(j->reason, sizeof(j->reason), "%s", text);
	if (a->how == SHOW_JSON && !which)
		fprintf(to, "%s\n", line->s);
	else
		fprintf(to, "CT %s: %s\n", j->item->which, line->s);
	fflush(to);
	vz_str_free(line);
}

static void take_bytes(struct all *a, struct job *j, int which, const char *buf, size_t n)
{
	while (n) {
		const char *end = memchr(buf, '\n', n);
		size_t now = end ? (size_t)(end - buf) : n;

		vz_str_addn(&j->line[which], buf, now);
		if (j->line[which].failed)
			vz_str_free(&j->line[which]);
		if ((end || j->line[which].len > LINE_MAX_BYTES) && (j->line[which].s || end)) {
			vz_str_add(&j->line[which], "");
			pass_line(a, j, which);
		}
		buf += now + (end ? 1 : 0);
		n -= now + (end ? 1 : 0);
	}
}

static void read_output(struct all *a, struct job *j, int which)
{
	char buf[8192];
	ssize_t n;

	while (j->fd[which] >= 0 && (n = read(j->fd[which], buf, sizeof(buf))) > 0)
		take_bytes(a, j, which, buf, (size_t)n);
}

/* ---- all of them ---- */

static void end_job(struct all *a, struct job *j, int code)
{
	struct outcome *out = &a->outcome[j->item - a->r->items];

	out->code = code;
	out->reason = *j->reason ? strdup(j->reason) : NULL;
	j->item = NULL;
	a->running--;
}

static void close_output(struct all *a, struct job *j)
{
	for (int i = 0; i < 2; i++) {
		read_output(a, j, i);
		if (j->line[i].s)
			pass_line(a, j, i);
		if (j->fd[i] >= 0)
			close(TAKE_FD(j->fd[i]));
	}
}

/* One that was killed is taken back by another one; 1 of that: it had arrived. */
static void has_ended(struct all *a, struct job *j, int status)
{
	int code = WIFSIGNALED(status) ? VZ_MIGRATE_STOP : WEXITSTATUS(status);

	j->pid = 0;
	set_worker(a, j);
	close_output(a, j);
	if (WIFSIGNALED(status) && !j->recovers) {
		fprintf(stderr, "Error: the migration of CT %s was killed by signal %d; taking it back\n", j->item->which,
			WTERMSIG(status));
		snprintf(j->reason, sizeof(j->reason), "killed by signal %d", WTERMSIG(status));
		j->recovers = true;
		if (start_job(a, j) >= 0)
			return;
	} else if (j->recovers) {
		code = code == 1 ? 0 : code ? code : VZ_MIGRATE_STOP;
	}
	end_job(a, j, code);
}

static void begin_next(struct all *a)
{
	for (size_t i = 0; i < JOBS_MAX && a->next < a->r->n && a->running < a->r->jobs && !ending; i++) {
		struct job *j = &a->job[i];

		if (j->item)
			continue;
		*j = (struct job){ .item = &a->r->items[a->next] };
		a->outcome[a->next++].begun = true;
		a->running++;
		if (start_job(a, j) < 0) {
			fprintf(stderr, "Error: cannot make a process\n");
			end_job(a, j, VZ_MIGRATE_REMOTE);
		}
	}
}

static void wait_some(struct all *a)
{
	struct pollfd p[JOBS_MAX * 2];

	for (size_t i = 0; i < JOBS_MAX * 2; i++) {
		const struct job *j = &a->job[i / 2];

		p[i] = (struct pollfd){ .fd = j->item ? j->fd[i % 2] : -1, .events = POLLIN };
	}
	(void)poll(p, JOBS_MAX * 2, TURN_MS);
	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct job *j = &a->job[i];
		int status;

		if (!j->item)
			continue;
		read_output(a, j, 0);
		read_output(a, j, 1);
		if (waitpid(j->pid, &status, WNOHANG) == j->pid)
			has_ended(a, j, status);
	}
}

static void run_one(struct all *a)
{
	struct job *j = a->job;
	int status;

	begin_next(a);
	while (j->item) {
		while (waitpid(j->pid, &status, 0) < 0 && errno == EINTR)
			;
		has_ended(a, j, status);
	}
}

/* One that may be on both hosts' hands comes first, then the first of the command line. */
static int worst(const struct all *a)
{
	int code = 0;

	for (size_t i = 0; i < a->r->n; i++) {
		int its = a->outcome[i].begun ? a->outcome[i].code : VZ_MIGRATE_STOP;

		if (its && (!code || its == VZ_MIGRATE_DOUBT))
			code = its;
	}
	return code;
}

static void sum_up(const struct all *a, int code)
{
	struct show_sum summary = { .host = a->r->o.host, .checked = a->r->o.check_only, .n = a->r->n, .code = code };
	size_t good = 0;

	for (size_t i = 0; i < a->r->n; i++) {
		const struct outcome *o = &a->outcome[i];

		if (o->begun && !o->code)
			good++;
		else if (a->how != SHOW_JSON && o->begun)
			printf("CT %s stays: exit status %d%s%s\n", a->r->items[i].which, o->code, o->reason ? ", " : "",
			       o->reason ? o->reason : "");
		else if (a->how != SHOW_JSON)
			printf("CT %s stays: it was not begun\n", a->r->items[i].which);
	}
	summary.good = good;
	show_summary(a->how, &summary);
}

static enum show_how how_of(const struct request *r)
{
	if (r->json)
		return SHOW_JSON;
	if (isatty(STDOUT_FILENO))
		return is_several(r) ? SHOW_SOMETIMES : SHOW_TERMINAL;
	return r->o.verbose ? SHOW_SOMETIMES : SHOW_LINES;
}

int move_all(const struct request *r)
{
	struct all a = { .r = r, .o = r->o, .how = how_of(r) };
	size_t at_once = r->jobs < r->n ? r->jobs : r->n;
	int code;

	a.outcome = calloc(r->n + 1, sizeof(*a.outcome));
	if (!a.outcome)
		return VZ_MIGRATE_REMOTE;
	if (at_once)
		a.o.bwlimit = (r->o.bwlimit + at_once - 1) / at_once;
	vz_process_signals(pass_on);
	if (!is_several(r))
		run_one(&a);
	for (begin_next(&a); a.running; begin_next(&a))
		wait_some(&a);
	code = worst(&a);
	if (is_several(r))
		sum_up(&a, code);
	for (size_t i = 0; i < r->n; i++)
		free(a.outcome[i].reason);
	free(a.outcome);
	return code;
}
