// SPDX-License-Identifier: GPL-2.0-or-later
/* Copying a tree of files to the other host; see passes.h. */
#include "move/passes.h"
#include "base/own.h"
#include "base/str.h"
#include "move/migrate.h"
#include "sys/call.h"
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

static _Noreturn void run_rsync(const struct vz_pass *p, const char *const *argv, int list)
{
	struct vz_spawn s = VZ_SPAWN_INIT;
	int r;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	s.argv = (char *const *)argv;
	s.in = list;
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

static int wait_for(pid_t pid)
{
	autoclose int pidfd = vz_pidfd_open(pid);
	int status = 0, r = pidfd;

	if (r >= 0)
		r = vz_wait_program(pidfd, VZ_NO_END, vz_cancel_is_undoing(), &status);
	return r < 0 ? r : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Whose list of files comes from us waits for it when it has connected and all is ready there; the list is "all". */
static int start(const struct vz_remote *r, const struct vz_pass *p, const int list[2], struct vz_err *e)
{
	autofree char *shell = vz_remote_shell(r), *more = p->opts ? strdup(p->opts) : NULL;
	autofree char *from = vz_fmt("%s/", p->from), *to = NULL;
	const char *argv[ARGS_MAX + 1] = { "rsync", "-aHAXS", "--numeric-ids", "--delete", "-s", SILENCE, "-e", shell };
	size_t n = 8;
	bool is_v6 = strchr(r->o->host, ':');
	pid_t pid;

	to = vz_fmt("root@%s%s%s:%s/", is_v6 ? "[" : "", r->o->host, is_v6 ? "]" : "", p->to);
	if (!shell || !from || !to || (p->opts && !more))
		return vz_oom(e);
	add_words(more, argv, &n);
	for (int i = 1; i < r->o->verbose; i++)
		argv[n++] = "-v";
	if (list[0] >= 0) {
		argv[n++] = "-r"; /* that of -a is off where there is a list */
		argv[n++] = "--files-from=-";
	}
	argv[n++] = "--";
	argv[n++] = from;
	argv[n++] = to;
	argv[n] = NULL;
	pid = fork();
	if (!pid) {
		if (list[1] >= 0)
			close(list[1]);
		run_rsync(p, argv, list[0]);
	}
	return pid < 0 ? vz_fail(e, (enum vz_exit)VZ_MIGRATE_COPY, errno, "cannot copy %s", p->from) : pid;
}

static int result(const struct vz_remote *r, const char *from, int code, struct vz_err *e)
{
	if (!code || code == VANISHED)
		return 0;
	if (code < 0)
		return vz_fail(e, (enum vz_exit)VZ_MIGRATE_COPY, -code, "cannot copy %s", from);
	return vz_fail(e, (enum vz_exit)VZ_MIGRATE_COPY, 0, "Failed to copy %s to %s (rsync: exit %d)", from,
		       r->o->host, code);
}

int vz_pass_run(const struct vz_remote *r, const struct vz_pass *p, struct vz_err *e)
{
	const int none[2] = { -EBADF, -EBADF };
	int pid = start(r, p, none, e);

	return pid < 0 ? pid : result(r, p->from, wait_for(pid), e);
}

int vz_pass_begin(const struct vz_remote *r, const struct vz_pass *p, struct vz_passing *ret, struct vz_err *e)
{
	struct vz_passing now = { .remote = r };
	int list[2], pid;

	if (pipe2(list, O_CLOEXEC) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make a pipe");
	pid = start(r, p, list, e);
	close(list[0]);
	now.list = list[1];
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
	p->list = -EBADF;
}

int vz_passing_end(struct vz_passing *p, struct vz_err *e)
{
	int r = result(p->remote, p->from, wait_for(TAKE(p->pid, 0)), e);

	vz_passing_stop(p);
	return r;
}

void vz_passing_stop(struct vz_passing *p)
{
	vz_closep(&p->list);
	if (p->pid > 0) {
		autoclose int pidfd = vz_pidfd_open(p->pid);

		if (pidfd >= 0) /* rsync is told when its parent ends */
			vz_give_up(pidfd);
	}
	free(p->from);
	*p = (struct vz_passing)VZ_PASSING_INIT;
}
