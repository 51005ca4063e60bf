// SPDX-License-Identifier: GPL-2.0-or-later
/* A process's namespaces, session and tracer: proc_pid_status(5), proc_pid_ns(5). */
#include "cpt/verdict-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>

/* The groups stand in it, as many as the guest likes, before what we look for. */
#define STATUS_MAX (2u << 20)
#define GROUPS_LINE 4080 /* CRIU reads lines of a page */
#define NEVER_LOCKED (256u << 10) /* what the kernel itself maps, and more */

/* clang-format off */
static const struct {
	const char *name;
	enum cpt_kind kind; /* when it is not init's; CPT_KINDS: CRIU takes such ones along */
} namespaces[CPT_NS_COUNT] = {
	[CPT_NS_MNT] = { "mnt", CPT_KINDS },
	[CPT_NS_NET] = { "net", CPT_KINDS },
	[CPT_NS_USER] = { "user", CPT_NAMESPACE },
	[CPT_NS_PID] = { "pid", CPT_NAMESPACE },
	[CPT_NS_UTS] = { "uts", CPT_NAMESPACE },
	[CPT_NS_IPC] = { "ipc", CPT_NAMESPACE },
	[CPT_NS_CGROUP] = { "cgroup", CPT_NAMESPACE },
	[CPT_NS_TIME] = { "time", CPT_TIME_NS },
	[CPT_NS_TIME_CHILDREN] = { "time_for_children", CPT_TIME_NS },
};
/* clang-format on */

/* "pid:[4026531836]": its number. */
static uint64_t read_namespace(int dir, const char *name)
{
	char path[40], link[64];
	const char *number;
	ssize_t n;

	snprintf(path, sizeof(path), "ns/%s", name);
	n = readlinkat(dir, path, link, sizeof(link) - 1);
	if (n <= 0)
		return 0;
	link[n] = 0;
	number = strchr(link, '[');
	return number ? strtoull(number + 1, NULL, 10) : 0;
}

/* The value of a line "Name:\tvalue", or "". */
static const char *line_of(const char *status, const char *name)
{
	const char *s = strstr(status, name);

	return s ? s + strlen(name) : "";
}

/* The last number of a line: in the innermost namespace. */
static pid_t last_number(const char *s)
{
	size_t n = strcspn(s, "\n");

	while (n && s[n - 1] >= '0' && s[n - 1] <= '9')
		n--;
	return (pid_t)strtol(s + n, NULL, 10);
}

/* How many numbers: how many pid namespaces, from ours down. */
static unsigned count_numbers(const char *s)
{
	unsigned n = 0;

	for (; *s && *s != '\n'; s++)
		n += *s == '\t';
	return n;
}

int cpt_task_open(pid_t pid, struct cpt_task *ret)
{
	struct cpt_task t = { .pid = pid };
	char path[sizeof("/proc/") + 10];
	autofree char *status = NULL;
	autoclose int dir = -EBADF;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = vz_file_read(dir, "status", STATUS_MAX, &status);
	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	t.state = line_of(status, "\nState:\t")[0];
	t.depth = count_numbers(line_of(status, "\nNSpid:"));
	t.who.inside = last_number(line_of(status, "\nNSpid:"));
	t.session = last_number(line_of(status, "\nNSsid:"));
	t.tracer = (pid_t)strtol(line_of(status, "\nTracerPid:\t"), NULL, 10);
	t.parent = (pid_t)strtol(line_of(status, "\nPPid:\t"), NULL, 10);
	t.threads = (unsigned)strtoul(line_of(status, "\nThreads:\t"), NULL, 10);
	t.many_groups = strcspn(line_of(status, "\nGroups:\t"), "\n") > GROUPS_LINE;
	t.memory = strtoull(line_of(status, "\nVmSize:\t"), NULL, 10) << 10;
	t.locked = strtoull(line_of(status, "\nVmLck:\t"), NULL, 10) << 10;
	if (vz_file_read_buf(dir, "comm", t.who.command, sizeof(t.who.command)) < 0)
		t.who.command[0] = 0;
	for (unsigned i = 0; i < CPT_NS_COUNT; i++)
		t.ns[i] = read_namespace(dir, namespaces[i].name);
	t.dir = TAKE_FD(dir);
	*ret = t;
	return 0;
}

/* Its parent is outside of the VPS's pid namespace: it came in by setns(2), and no tree from init has it. */
static bool has_entered(struct cpt_look *l, const struct cpt_task *t)
{
	char path[sizeof("/proc//status") + 10];
	autofree char *status = NULL;

	if (t->pid == l->init.pid || !t->parent || t->parent == l->init.pid ||
	    cpt_seen_has(&l->parents, (uint64_t)t->parent))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/status", t->parent);
	if (vz_file_read(AT_FDCWD, path, STATUS_MAX, &status) < 0)
		return false;
	if (count_numbers(line_of(status, "\nNSpid:")) < l->init.depth)
		return true;
	(void)cpt_seen_new(&l->parents, (uint64_t)t->parent);
	return false;
}

static void look_at_namespaces(struct cpt_look *l, const struct cpt_task *t)
{
	for (unsigned i = 0; i < CPT_NS_COUNT; i++) {
		uint64_t own = t->ns[i], init = l->init.ns[i];

		if (namespaces[i].kind == CPT_KINDS && own && own == l->self.ns[i])
			cpt_say(l, CPT_NAMESPACE, &t->who, "the host's %s namespace", namespaces[i].name);
		if (namespaces[i].kind == CPT_KINDS || !own || !init || own == init)
			continue;
		/* the same sentence for both of time */
		if (i == CPT_NS_TIME_CHILDREN && t->ns[CPT_NS_TIME] != l->init.ns[CPT_NS_TIME])
			continue;
		cpt_say(l, namespaces[i].kind, &t->who, "the %s namespace %llu of its own", namespaces[i].name,
			(unsigned long long)own);
	}
}

static void look_at_personality(struct cpt_look *l, const struct cpt_task *t)
{
	char text[32];

	if (vz_file_read_buf(t->dir, "personality", text, sizeof(text)) > 0 && strtoul(text, NULL, 16))
		cpt_say(l, CPT_NOT_KEPT, &t->who, "personality 0x%lx", strtoul(text, NULL, 16));
}

/* Where its memory comes from, set_mempolicy(2), is the first word behind an address, "400000 prefer:1 file=...", of each mapping
 * that has none of its own. No more than the first is asked for: the kernel counts all pages for a line. */
static void look_at_policy(struct cpt_look *l, const struct cpt_task *t, int dir, const char *whose)
{
	autoclose int fd = vz_openat2(dir, "numa_maps", O_RDONLY, 0, 0);
	char line[100], policy[40];
	ssize_t n = fd < 0 ? fd : read(fd, line, sizeof(line) - 1);

	line[n > 0 ? n : 0] = 0;
	if (!l->criu && sscanf(line, "%*x %39s", policy) == 1 && strcmp(policy, "default"))
		cpt_say(l, CPT_NOT_KEPT, &t->who, "%s, memory policy %s", whose, policy);
}

/* Whoever has locked all may have asked for it of what it maps later, too, which nobody sees. */
static void look_at_locked(struct cpt_look *l, const struct cpt_task *t)
{
	if (t->locked && t->locked + NEVER_LOCKED >= t->memory)
		cpt_say(l, CPT_NOT_KEPT, &t->who, "mlockall(MCL_FUTURE), if it has called it");
}

/* The kernel shows nobody what a thread is to give back. But it tells whether two threads have the same list of it, and
 * the one that looks has none. An empty list has also whoever has made a thread. */
static void look_at_undo(struct cpt_look *l, const struct cpt_task *t, pid_t tid)
{
	int same = l->semaphores ? vz_kcmp(tid, getpid(), KCMP_SYSVSEM) : 1;

	if (same < 0 && same != -ESRCH)
		cpt_say(l, CPT_UNKNOWN, &t->who, "its SEM_UNDO values: %s", strerror(-same));
	if (!same)
		cpt_say(l, CPT_SEM_UNDO, &t->who, "host %s %d", tid == t->pid ? "process" : "thread", tid);
}

/* What of a thread differs from its process is in no image. */
static void look_at_thread(struct cpt_look *l, const struct cpt_task *t, int dir)
{
	autofree char *status = NULL;
	uint64_t mnt = read_namespace(dir, "mnt"), net = read_namespace(dir, "net");
	long tracer;

	ssize_t r = vz_file_read(dir, "status", STATUS_MAX, &status);

	if (r < 0) {
		cpt_unseen(l, t, (int)r, "the status of a thread");
		return;
	}
	if ((mnt && mnt != t->ns[CPT_NS_MNT]) || (net && net != t->ns[CPT_NS_NET]))
		cpt_say(l, CPT_THREAD, &t->who, "thread %d in a %s namespace of its own",
			last_number(line_of(status, "\nNSpid:")), mnt != t->ns[CPT_NS_MNT] ? "mount" : "network");
	look_at_policy(l, t, dir, "a thread");
	if (line_of(status, "\nState:\t")[0] == 'D')
		cpt_sleep_note(l, t, (pid_t)strtol(line_of(status, "\nPid:\t"), NULL, 10));
	tracer = strtol(line_of(status, "\nTracerPid:\t"), NULL, 10);
	if (tracer && tracer != l->criu && !t->tracer)
		cpt_say(l, CPT_TRACED, &t->who, "a thread traced by host process %ld", tracer);
}

/* CRIU has descriptors and the current directory of the first thread alone. One that ends has none, and no memory. */
static void look_at_own(struct cpt_look *l, const struct cpt_task *t, pid_t tid)
{
	bool files = !vz_kcmp(tid, t->pid, KCMP_FILES), dir = !vz_kcmp(tid, t->pid, KCMP_FS);

	if ((files || dir) && vz_kcmp(tid, t->pid, KCMP_VM) == 1)
		cpt_say(l, CPT_THREAD, &t->who, "host thread %d with %s of its own", tid,
			files ? "descriptors" : "a current directory");
}

static void look_at_threads(struct cpt_look *l, const struct cpt_task *t)
{
	autoclosedir DIR *d = cpt_dir_open(l, t, "task");
	struct dirent *de;

	while (d && (de = vz_dir_next(d))) {
		pid_t tid = (pid_t)strtol(de->d_name, NULL, 10);
		autoclose int one = tid == t->pid ? -ENOENT : vz_openat2(dirfd(d), de->d_name, O_RDONLY | O_DIRECTORY, 0, 0);

		if (one < 0) {
			cpt_unseen(l, t, one, "a thread");
			continue;
		}
		look_at_thread(l, t, one);
		look_at_own(l, t, tid);
		/* most share it with their process */
		if (l->semaphores && !vz_kcmp(tid, t->pid, KCMP_SYSVSEM))
			look_at_undo(l, t, tid);
	}
	if (d && errno)
		cpt_unseen(l, t, -errno, "its threads");
}

bool cpt_task_look(struct cpt_look *l, const struct cpt_task *t)
{
	struct cpt_one *alive;

	if (t->depth < l->init.depth || has_entered(l, t)) {
		cpt_say(l, CPT_ENTERED, &t->who, "host process %d", t->pid);
		return false;
	}
	cpt_kin_note(l, t);
	if (t->tracer && t->tracer != l->criu)
		cpt_say(l, CPT_TRACED, &t->who, "traced by host process %d", t->tracer);
	if (!t->session)
		cpt_say(l, CPT_SESSION, &t->who, "host process %d", t->pid);
	if (t->state == 'Z' && t->threads > 1)
		cpt_say(l, CPT_DEAD_LEADER, &t->who, "%u threads", t->threads - 1);
	if (t->state == 'Z' || t->state == 'X')
		return false;
	alive = cpt_more(l, &l->alive, &l->alive_n, sizeof(*alive));
	if (alive)
		*alive = (struct cpt_one){ t->pid, t->who };
	if (t->state == 'D')
		cpt_sleep_note(l, t, t->pid);
	if (t->many_groups)
		cpt_say(l, CPT_GROUPS, &t->who, "their numbers take more than %d bytes", GROUPS_LINE);
	look_at_namespaces(l, t);
	cpt_terminal_note(l, t);
	look_at_personality(l, t);
	look_at_policy(l, t, t->dir, "the process");
	look_at_locked(l, t);
	look_at_undo(l, t, t->pid);
	if (t->threads > 1)
		look_at_threads(l, t);
	return true;
}

/* ---- the tree ---- */

struct pids {
	pid_t *v;
	size_t n;
};

/* proc_tid_children(5): right for what stands still; CRIU reads it too. */
static void add_children(struct cpt_look *l, int task, const char *tid, struct pids *to)
{
	char path[40];
	autofree char *text = NULL;
	char *p, *word;

	ssize_t r;

	snprintf(path, sizeof(path), "%.16s/children", tid);
	r = vz_file_read(task, path, STATUS_MAX, &text);
	if (r < 0) {
		cpt_unseen(l, NULL, (int)r, "the children of a process");
		return;
	}
	for (p = text; (word = strsep(&p, " "));) {
		pid_t *one = *word ? cpt_more(l, &to->v, &to->n, sizeof(*one)) : NULL;

		if (one)
			*one = (pid_t)strtol(word, NULL, 10);
	}
}

void cpt_tree_walk(struct cpt_look *l, void (*fn)(struct cpt_look *l, pid_t pid))
{
	struct pids all = { 0 };
	pid_t *first = cpt_more(l, &all.v, &all.n, sizeof(*first));

	if (first)
		*first = l->init.pid;
	for (size_t i = 0; i < all.n; i++) {
		char path[sizeof("/proc//task") + 10];
		autoclosedir DIR *d = NULL;
		struct dirent *de;

		fn(l, all.v[i]);
		snprintf(path, sizeof(path), "/proc/%d/task", all.v[i]);
		d = opendir(path);
		while (d && (de = readdir(d)))
			if (*de->d_name != '.')
				add_children(l, dirfd(d), de->d_name, &all);
	}
	free(all.v);
}
