// SPDX-License-Identifier: GPL-2.0-or-later
/* Copying a tree of files to the other host; see passes.h. */
#include "move/passes.h"
#include "base/own.h"
#include "base/str.h"
#include "move/migrate.h"
#include "move/watch.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/spawn.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define ARGS_MAX 64
#define VANISHED 24  /* rsync(1), EXIT VALUES */
#define SILENCE "--timeout=300" /* without a byte, for either end of a dead wire; comparing is silent too, and takes time */
#define TIMES "--modify-window=-1" /* to the nanosecond; by default what has the second has the time */
#define TOLD_MAX (1 << 20) /* bytes: a line is some 70, and there is one in a second at most */
#define NO_MOUNT 120 /* ours; rsync has none so high */

#define SHOWN (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW)

/* In a mount namespace of our own, so nothing has to be taken away again. */
static int show_tree(const char *path)
{
	autoclose int tree = -EBADF;
	int r;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	tree = vz_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE);
	r = tree < 0 ? tree : vz_mount_setattr(tree, "", AT_EMPTY_PATH, SHOWN, 0, 0, -1);
	return r < 0 ? r : vz_move_mount(tree, AT_FDCWD, path);
}

/* Ends of pipes: of the list of files that rsync waits for, of what it tells, and of its errors; negative: none. */
struct pipes {
	int list[2], told[2], err[2];
};
#define NO_PIPES { .list = { -EBADF, -EBADF }, .told = { -EBADF, -EBADF }, .err = { -EBADF, -EBADF } }

static _Noreturn void run_rsync(const struct vz_pass *p, const char *const *argv, const struct pipes *io)
{
	struct vz_spawn s = VZ_SPAWN_INIT;
	int r;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	s.argv = (char *const *)argv;
	s.in = io->list[0];
	s.out = io->told[1];
	s.err = io->err[1];
	s.urgent = true;
	s.death_signal = SIGTERM;
	s.apart = true;
	r = show_tree(p->from);
	if (r >= 0)
		r = vz_spawn_run(&s);
	_exit(r < 0 ? NO_MOUNT : r);
}

static void add_words(char *text, const char **argv, size_t *n)
{
	char *save = NULL;

	for (char *w = text ? strtok_r(text, " \t", &save) : NULL; w && *n < ARGS_MAX - 8;
	     w = strtok_r(NULL, " \t", &save))
		argv[(*n)++] = w;
}

/* What rsync is run with; texts are the struct's. */
struct command {
	const char *argv[ARGS_MAX + 1];
	size_t n;
	char *shell, *from, *to, *more, *limit;
};

static void free_command(struct command *c)
{
	free(c->shell);
	free(c->from);
	free(c->to);
	free(c->more);
	free(c->limit);
}

/* Somebody wants to know how far it is, and not each name. */
static bool is_shown(const struct vz_remote *r)
{
	return r->o->progress && r->o->progress->tell && r->o->verbose < 2;
}

static int make_command(struct command *c, const struct vz_remote *r, const struct vz_pass *p, bool listed)
{
	static const char *const first[] = { "rsync", "-aHAXS", "--numeric-ids", "--delete", TIMES, "-s", SILENCE, "-e" };
	bool is_v6 = strchr(r->o->host, ':');

	*c = (struct command){ .shell = vz_remote_shell(r), .from = vz_fmt("%s/", p->from),
			       .more = strdup(p->opts ? p->opts : "") };
	c->to = vz_fmt("root@%s%s%s:%s/", is_v6 ? "[" : "", r->o->host, is_v6 ? "]" : "", p->to);
	c->limit = vz_fmt("--bwlimit=%llu", (unsigned long long)((r->o->bwlimit + 1023) / 1024)); /* 0: none */
	if (!c->shell || !c->from || !c->to || !c->more || !c->limit)
		return -ENOMEM;
	for (; c->n < ARRAY_LEN(first); c->n++)
		c->argv[c->n] = first[c->n];
	c->argv[c->n++] = c->shell;
	if (r->o->bwlimit)
		c->argv[c->n++] = c->limit;
	if (r->o->squeeze == VZ_SQUEEZE_ALWAYS)
		c->argv[c->n++] = "-z"; /* the best that both know: zstd since rsync 3.2 */
	if (is_shown(r)) {
		c->argv[c->n++] = "--info=progress2";
		c->argv[c->n++] = "--no-human-readable";
	}
	add_words(c->more, c->argv, &c->n);
	for (int i = 1; i < r->o->verbose && c->n < ARGS_MAX - 4; i++)
		c->argv[c->n++] = "-v";
	if (listed) {
		c->argv[c->n++] = "-r"; /* that of -a is off where there is a list */
		c->argv[c->n++] = "--files-from=-";
	}
	c->argv[c->n++] = "--";
	c->argv[c->n++] = c->from;
	c->argv[c->n++] = c->to;
	return 0;
}

/* Whose list of files comes from us waits for it when it has connected and all is ready there; the list is "all". */
static int start(const struct vz_remote *r, const struct vz_pass *p, const struct pipes *io, struct vz_err *e)
{
	struct command c;
	pid_t pid;

	if (make_command(&c, r, p, io->list[0] >= 0) < 0) {
		free_command(&c);
		return vz_oom(e);
	}
	pid = fork();
	if (!pid) {
		if (io->list[1] >= 0)
			close(io->list[1]);
		run_rsync(p, c.argv, io);
	}
	free_command(&c);
	return pid < 0 ? vz_fail(e, (enum vz_exit)VZ_MIGRATE_COPY, errno, "cannot copy %s", p->from) : pid;
}

static int64_t end_in(int seconds)
{
	return seconds ? vz_end_in(seconds) : VZ_NO_END;
}

/* Exit code of rsync, or -errno, with a sentence where the other host is gone. */
static int wait_for(struct vz_remote *r, const struct vz_waited *what, struct vz_err *e)
{
	int status = 0, x = vz_watch_child(r, what, &status, e);

	return x < 0 ? x : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Errors of its protocol and of its connection, and what ssh gives; rsync(1), EXIT VALUES. */
static bool is_of_the_wire(int code)
{
	return code == 10 || code == 12 || code == 30 || code == 35 || code == 255;
}

static int result(struct vz_remote *r, const char *from, int code, struct vz_err *e)
{
	if (!code || code == VANISHED)
		return 0;
	if (code == -ETIME)
		return vz_fail(e, (enum vz_exit)VZ_MIGRATE_COPY, 0, "To copy what has changed in %s takes too long while the container "
			       "stands still", from), code;
	if (code < 0 && *e->msg)
		return code;
	if (code < 0)
		return vz_fail(e, (enum vz_exit)VZ_MIGRATE_COPY, -code, "cannot copy %s", from);
	if (is_of_the_wire(code) && vz_remote_is_why(r, e))
		return -EPIPE;
	return vz_fail(e, (enum vz_exit)VZ_MIGRATE_COPY, 0, "Failed to copy %s to %s (rsync: exit %d)", from,
		       r->o->host, code);
}

/* Without one nobody is told how far it is, and its errors go where ours go. Of a pass that waits nobody reads them until
 * vz_passing_end(). */
static void make_pipes(const struct vz_remote *r, struct pipes *io)
{
	if (is_shown(r) && pipe2(io->told, O_CLOEXEC) >= 0)
		(void)fcntl(io->told[1], F_SETPIPE_SZ, TOLD_MAX);
	if (pipe2(io->err, O_CLOEXEC) >= 0)
		(void)fcntl(io->err[1], F_SETPIPE_SZ, TOLD_MAX);
}

int vz_pass_run(struct vz_remote *r, const struct vz_pass *p, struct vz_err *e)
{
	struct pipes io = NO_PIPES;
	struct vz_waited what = { .end = end_in(p->seconds) };
	int pid, code;

	make_pipes(r, &io);
	vz_progress_begin(r->o->progress, "files", 0);
	pid = start(r, p, &io, e);
	vz_closep(&io.told[1]);
	vz_closep(&io.err[1]);
	what.pid = pid;
	what.out = io.told[0];
	what.err = io.err[0];
	code = pid < 0 ? pid : wait_for(r, &what, e);
	vz_closep(&io.told[0]);
	vz_closep(&io.err[0]);
	vz_progress_end(r->o->progress);
	return pid < 0 ? pid : result(r, p->from, code, e);
}

int vz_pass_begin(struct vz_remote *r, const struct vz_pass *p, struct vz_passing *ret, struct vz_err *e)
{
	struct vz_passing now = VZ_PASSING_INIT;
	struct pipes io = NO_PIPES;
	int pid;

	if (pipe2(io.list, O_CLOEXEC) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make a pipe");
	make_pipes(r, &io);
	pid = start(r, p, &io, e);
	close(io.list[0]);
	vz_closep(&io.told[1]);
	vz_closep(&io.err[1]);
	now.remote = r;
	now.seconds = p->seconds;
	now.list = io.list[1];
	now.told = io.told[0];
	now.err = io.err[0];
	now.pid = pid;
	now.from = strdup(p->from);
	if (pid < 0 || !now.from) {
		now.pid = pid < 0 ? 0 : pid;
		vz_passing_stop(&now);
		return pid < 0 ? pid : vz_oom(e);
	}
	*ret = now;
	return 0;
}

void vz_passing_go(struct vz_passing *p)
{
	static const char all[] = "./\n";

	if (p->list >= 0)
		(void)vz_write_all(p->list, all, sizeof(all) - 1); /* where it is dead, its end says why */
	vz_closep(&p->list);
	p->end = end_in(p->seconds);
	p->since = vz_now_ms();
}

int vz_passing_end(struct vz_passing *p, struct vz_err *e)
{
	const struct vz_waited what = { .pid = TAKE(p->pid, 0), .out = p->told, .err = p->err, .end = p->end };
	struct vz_progress *progress = p->told < 0 ? NULL : p->remote->o->progress;
	int r;

	vz_progress_begin(progress, "files", 0);
	if (progress)
		progress->began = p->since;
	r = result(p->remote, p->from, wait_for(p->remote, &what, e), e);
	vz_progress_end(progress);
	vz_passing_stop(p);
	return r;
}

void vz_passing_stop(struct vz_passing *p)
{
	vz_closep(&p->list);
	vz_closep(&p->told);
	vz_closep(&p->err);
	if (p->pid > 0) {
		autoclose int pidfd = vz_pidfd_open(p->pid);

		if (pidfd >= 0) /* rsync is told when its parent ends */
			vz_give_up(pidfd);
	}
	free(p->from);
	*p = (struct vz_passing)VZ_PASSING_INIT;
}
