// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See threads.h. As packed data a thing is
 *
 *	1, process, thread (their numbers inside), what, value
 *
 * with those alone that are not as usual.
 */
#include "cpt/threads.h"
#include "base/log.h"
#include "base/own.h"
#include "base/pack.h"
#include "base/str.h"
#include "cpt/criu.h"
#include "cpt/procs.h"
#include "sys/call.h"
#include "sys/caps.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "sys/wait.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_NAME "threads"
#define PACKED_MAX (8u << 20)
#define STATUS_MAX (2u << 20) /* the groups stand in it */
#define TEXT_MAX 100
#define SLACK_DEFAULT 50000   /* of the kernel */
#define CPUS_SIZE 1024        /* 8192 of them */
#define MORE_FILES 64

enum what { CPUS, IO, SLACK, CORE, AUTOGROUP, FILES, MEMORY, WHAT_COUNT };

struct thread {
	pid_t pid, tid;            /* host's */
	unsigned inner_pid, inner; /* inside */
};

/* ---- reading ---- */

/* The last number of a line of status: in the innermost namespace. */
static unsigned last_number_of(const char *status, const char *name)
{
	const char *at = strstr(status, name);
	size_t n;

	if (!at++)
		return 0;
	n = strcspn(at, "\n");
	while (n && at[n - 1] >= '0' && at[n - 1] <= '9')
		n--;
	return (unsigned)strtoul(at + n, NULL, 10);
}

static uint64_t line_number(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static int read_thread(int task, const char *name, struct thread *t)
{
	autoclose int dir = vz_openat2(task, name, O_RDONLY | O_DIRECTORY, 0, 0);
	autofree char *status = NULL;
	ssize_t n = dir < 0 ? dir : vz_file_read(dir, "status", STATUS_MAX, &status);

	if (n < 0)
		return (int)n;
	t->tid = (pid_t)strtol(name, NULL, 10);
	t->inner_pid = last_number_of(status, "\nNStgid:");
	t->inner = last_number_of(status, "\nNSpid:");
	return t->inner && t->inner_pid ? 0 : -ESRCH;
}

/* Calls fn for each thread of the process, the first one first in no case. A thread that ends is passed over. */
typedef int of_thread(const struct thread *t, void *arg);
static int each_thread(pid_t pid, int64_t end, of_thread *fn, void *arg)
{
	char path[sizeof("/proc//task") + 10];
	autoclosedir DIR *d = NULL;
	struct thread t = { .pid = pid };
	struct dirent *de;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	r = vz_dir_stream(vz_openat2(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, 0), &d);
	while (r >= 0 && (de = vz_dir_next(d))) {
		if (vz_now_ms() > end)
			return -ETIMEDOUT;
		r = read_thread(dirfd(d), de->d_name, &t);
		r = r < 0 ? cpt_unless_ended(r) : fn(&t, arg);
		if (r < 0)
			return r;
	}
	return cpt_unless_ended(r < 0 ? r : -errno);
}

/* A file that a process has and the directory of a thread among its threads has not: each thread has it by its own number. */
static bool read_text(pid_t tid, const char *name, char text[TEXT_MAX])
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	return vz_file_read_buf(AT_FDCWD, path, text, TEXT_MAX) > 0;
}

/* The number in it, or -1. */
static int64_t number_in(pid_t tid, const char *name, int base)
{
	char text[TEXT_MAX];

	return read_text(tid, name, text) ? strtoll(text, NULL, base) : -1;
}

static int64_t autogroup_of(pid_t pid)
{
	char text[TEXT_MAX];
	const char *nice = read_text(pid, "autogroup", text) ? strstr(text, " nice ") : NULL;

	return nice ? strtol(nice + sizeof(" nice ") - 1, NULL, 10) : 0;
}

/* ---- save ---- */

struct save {
	struct vz_pack out;
	const struct vz_threads_of *of;
	int64_t end;
	int64_t core;  /* of whom the host began with: the kernel's own value */
	bool masked; /* the group is held on some CPUs, and what is as init is none of a process's doing */
	size_t cpus_n; /* of init's */
	_Alignas(cpu_set_t) char cpus[CPUS_SIZE];
};

static void put_thing(struct save *s, const struct thread *t, enum what what, const void *value, size_t n)
{
	vz_pack_num(&s->out, 1);
	vz_pack_num(&s->out, t->inner_pid);
	vz_pack_num(&s->out, t->inner);
	vz_pack_num(&s->out, what);
	vz_pack_bytes(&s->out, value, n);
}

static void put_int(struct save *s, const struct thread *t, enum what what, int64_t value)
{
	put_thing(s, t, what, &value, sizeof(value));
}

/* Without the zeros at its end; 0: unknown. */
static size_t cpus_of(pid_t tid, char cpus[CPUS_SIZE])
{
	size_t n = CPUS_SIZE;

	memset(cpus, 0, CPUS_SIZE);
	if (sched_getaffinity(tid, CPUS_SIZE, (cpu_set_t *)(void *)cpus) < 0)
		return 0;
	while (n && !cpus[n - 1])
		n--;
	return n;
}

static void save_cpus(struct save *s, const struct thread *t)
{
	_Alignas(cpu_set_t) char cpus[CPUS_SIZE];
	size_t n = cpus_of(t->tid, cpus);

	if (!n || CPU_COUNT_S(CPUS_SIZE, (cpu_set_t *)(void *)cpus) >= sysconf(_SC_NPROCESSORS_ONLN) ||
	    (s->masked && n == s->cpus_n && !memcmp(cpus, s->cpus, n)))
		return;
	put_thing(s, t, CPUS, cpus, n);
}

/* Without one the kernel answers none, or what follows from the niceness. */
static void save_io(struct save *s, const struct thread *t)
{
	int prio = vz_ioprio_of(t->tid);
	int nice = getpriority(PRIO_PROCESS, (id_t)t->tid);
	int class = prio >> IOPRIO_CLASS_SHIFT, level = prio & ((1 << IOPRIO_CLASS_SHIFT) - 1);

	if (prio >= 0 && class != IOPRIO_CLASS_NONE && !(class == IOPRIO_CLASS_BE && level == (nice + 20) / 5))
		put_int(s, t, IO, prio);
}

static int save_thread(const struct thread *t, void *arg)
{
	struct save *s = arg;
	int64_t slack = number_in(t->tid, "timerslack_ns", 10), core;

	save_cpus(s, t);
	save_io(s, t);
	if (slack > 0 && slack != SLACK_DEFAULT) /* 0 has who is scheduled in real time */
		put_int(s, t, SLACK, slack);
	if (t->tid != t->pid)
		return s->out.err;
	core = number_in(t->pid, "coredump_filter", 16);
	if (core >= 0 && core != s->core)
		put_int(s, t, CORE, core);
	/* of the session: it has one leader */
	if (getsid(t->pid) == t->pid && autogroup_of(t->pid))
		put_int(s, t, AUTOGROUP, autogroup_of(t->pid));
	for (size_t i = 0; i < s->of->raised->n; i++)
		if (s->of->raised->all[i].pid == t->pid)
			put_thing(s, t, s->of->raised->all[i].what == RLIMIT_AS ? MEMORY : FILES, &s->of->raised->all[i].was,
			    sizeof(s->of->raised->all[i].was));
	return s->out.err;
}

static int save_threads_of(pid_t pid, void *arg)
{
	struct save *s = arg;

	return each_thread(pid, s->end, save_thread, s);
}

int vz_threads_save(const struct vz_cg *cg, const struct vz_threads_of *of, struct vz_image *im, struct vz_err *e)
{
	struct save s = { .out.max = PACKED_MAX, .of = of, .end = vz_end_in(CPT_ALL_S) };
	autofree char *list = NULL;

	s.masked = vz_cg_list(cg, VZ_CG_LIMIT_CPUS, &list) >= 0;
	s.cpus_n = cpus_of(of->init, s.cpus);
	s.core = number_in(1, "coredump_filter", 16);
	s.out.err = vz_cg_each(cg, save_threads_of, &s);
	return vz_image_put_packed(im, FILE_NAME, &s.out, "what the threads of the container have", e);
}

/* ---- limits ---- */

bool vz_threads_may_raise(void)
{
	return vz_cap_is_effective("SYS_RESOURCE");
}

/* What of it is to be raised: no more than is needed; a hard limit where the caller may. */
static void note_limit(struct vz_raised *r, pid_t pid, int what, uint64_t need)
{
	struct vz_raised_one *more;
	struct rlimit now;
	struct vz_proc p;

	if (prlimit(pid, (enum __rlimit_resource)what, NULL, &now) < 0 || now.rlim_cur == RLIM_INFINITY || now.rlim_cur >= need)
		return;
	more = vz_proc_stat(pid, &p) < 0 ? NULL : realloc(r->all, (r->n + 1) * sizeof(*more));
	if (!more)
		return;
	r->all = more;
	r->all[r->n++] = (struct vz_raised_one){ pid, p.start_time, what, now,
						 { need, now.rlim_max < need ? need : now.rlim_max } };
}

/* The size of its table of descriptors is more than any number in it. */
static int note_limits(pid_t pid, void *arg)
{
	char path[sizeof("/proc//status") + 10];
	autofree char *status = NULL;
	uint64_t files, memory;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (vz_file_read(AT_FDCWD, path, STATUS_MAX, &status) < 0)
		return 0;
	files = line_number(status, "\nFDSize:\t");
	memory = line_number(status, "\nVmSize:\t") << 10;
	if (files)
		note_limit(arg, pid, RLIMIT_NOFILE, files + VZ_THREADS_FILES);
	if (memory)
		note_limit(arg, pid, RLIMIT_AS, memory + VZ_THREADS_MEMORY);
	return 0;
}

static char *record_of(unsigned ctid)
{
	return vz_fmt(VZ_CRIU_WORK "/%u.limits", ctid);
}

/* Whoever reads it may be of another build: a line of numbers for each. */
static int write_record(const struct vz_raised *r)
{
	autofree char *path = record_of(r->ctid);
	autostr s = { 0 };

	for (size_t i = 0; i < r->n; i++)
		vz_str_addf(&s, "%d %" PRIu64 " %d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", (int)r->all[i].pid,
			    r->all[i].start_time, r->all[i].what, (uint64_t)r->all[i].was.rlim_cur,
			    (uint64_t)r->all[i].was.rlim_max, (uint64_t)r->all[i].to.rlim_cur, (uint64_t)r->all[i].to.rlim_max);
	return path && !s.failed ? vz_file_replace(path, s.s, s.len, 0600, false) : -ENOMEM;
}

void vz_threads_raise(unsigned ctid, const struct vz_cg *cg, struct vz_raised *r)
{
	size_t n = 0;

	r->ctid = ctid;
	(void)vz_cg_each(cg, note_limits, r);
	if (!r->n || write_record(r) < 0)
		r->n = 0;
	for (size_t i = 0; i < r->n; i++)
		if (prlimit(r->all[i].pid, (enum __rlimit_resource)r->all[i].what, &r->all[i].to, NULL) >= 0)
			r->all[n++] = r->all[i];
	r->n = n;
}

/* Unless it was changed since. */
static void lower_one(const struct vz_raised_one *one)
{
	struct rlimit now;

	if (vz_proc_alive(one->pid, one->start_time) &&
	    prlimit(one->pid, (enum __rlimit_resource)one->what, NULL, &now) >= 0 &&
	    now.rlim_cur == one->to.rlim_cur && now.rlim_max == one->to.rlim_max)
		(void)prlimit(one->pid, (enum __rlimit_resource)one->what, &one->was, NULL);
}

static void forget_record(unsigned ctid)
{
	autofree char *path = record_of(ctid);

	if (path)
		(void)unlink(path);
}

void vz_threads_lower(const struct vz_raised *r)
{
	for (size_t i = 0; i < r->n; i++)
		lower_one(&r->all[i]);
	if (r->n)
		forget_record(r->ctid);
}

void vz_threads_heal(unsigned ctid)
{
	autofree char *path = record_of(ctid), *text = NULL;
	char *p, *line;

	if (!path || vz_file_read(AT_FDCWD, path, PACKED_MAX, &text) < 0)
		return;
	for (p = text; (line = strsep(&p, "\n"));) {
		uint64_t start, was[2], to[2];
		int pid, what;

		if (sscanf(line, "%d %" SCNu64 " %d %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &pid, &start, &what, &was[0],
			   &was[1], &to[0], &to[1]) == 7)
			lower_one(&(struct vz_raised_one){ pid, start, what, { was[0], was[1] }, { to[0], to[1] } });
	}
	forget_record(ctid);
}

void vz_threads_free(struct vz_raised *r)
{
	free(r->all);
	*r = (struct vz_raised){ 0 };
}

/* ---- load ---- */

struct here {
	unsigned inner_pid, inner;
	pid_t pid, tid;
};

struct load {
	struct here *all;
	size_t n;
	unsigned failed[WHAT_COUNT];
};

static int note_thread(const struct thread *t, void *arg)
{
	struct load *l = arg;
	struct here *more = l->n % 64 ? l->all : realloc(l->all, (l->n + 64) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	l->all = more;
	l->all[l->n++] = (struct here){ t->inner_pid, t->inner, t->pid, t->tid };
	return 0;
}

/* There are no more than were saved in time, and they do not run for anybody meanwhile. */
static int note_process(pid_t pid, void *arg)
{
	return each_thread(pid, VZ_NO_END, note_thread, arg);
}

static int by_number(const void *a, const void *b)
{
	const struct here *x = a, *y = b;

	if (x->inner_pid != y->inner_pid)
		return x->inner_pid < y->inner_pid ? -1 : 1;
	return x->inner < y->inner ? -1 : x->inner > y->inner;
}

static int write_number(pid_t pid, const char *name, int64_t value)
{
	char path[64], text[TEXT_MAX];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	snprintf(text, sizeof(text), "%ld", (long)value);
	return vz_file_write(AT_FDCWD, path, text);
}

static int set_rlimit(pid_t pid, int what, const char *value, size_t n)
{
	struct rlimit was;

	if (n != sizeof(was))
		return -EBADMSG;
	memcpy(&was, value, n);
	return prlimit(pid, (enum __rlimit_resource)what, &was, NULL) < 0 ? -errno : 0;
}

static int set_cpus(pid_t tid, const char *value, size_t n)
{
	_Alignas(cpu_set_t) char cpus[CPUS_SIZE] = { 0 };

	memcpy(cpus, value, n);
	return sched_setaffinity(tid, sizeof(cpus), (cpu_set_t *)(void *)cpus) < 0 ? -errno : 0;
}

static int set_thing(const struct here *h, enum what what, const char *value, size_t n)
{
	int64_t number = 0;

	if (what == CPUS)
		return set_cpus(h->tid, value, n);
	if (what == FILES || what == MEMORY)
		return set_rlimit(h->pid, what == FILES ? RLIMIT_NOFILE : RLIMIT_AS, value, n);
	if (n != sizeof(number))
		return -EBADMSG;
	memcpy(&number, value, n);
	switch (what) {
	case IO:
		return number < 0 || number > UINT16_MAX ? -EBADMSG : vz_ioprio_set(h->tid, (int)number);
	case SLACK:
		return write_number(h->tid, "timerslack_ns", number);
	case CORE:
		return write_number(h->pid, "coredump_filter", number);
	case AUTOGROUP:
		return write_number(h->pid, "autogroup", number);
	case CPUS:
	case FILES:
	case MEMORY:
	case WHAT_COUNT:
		break;
	}
	return -EBADMSG;
}

static const struct here *find_thread(const struct load *l, unsigned pid, unsigned tid)
{
	const struct here key = { .inner_pid = pid, .inner = tid };

	return l->n ? bsearch(&key, l->all, l->n, sizeof(key), by_number) : NULL;
}

static int load_things(struct load *l, struct vz_packed *in)
{
	while (vz_packed_num(in, 1)) {
		unsigned pid = (unsigned)vz_packed_num(in, INT32_MAX), tid = (unsigned)vz_packed_num(in, INT32_MAX);
		enum what what = (enum what)vz_packed_num(in, WHAT_COUNT - 1);
		size_t n;
		const char *value = vz_packed_bytes(in, CPUS_SIZE, &n);
		const struct here *h = in->bad ? NULL : find_thread(l, pid, tid);
		int r = h ? set_thing(h, what, value, n) : 0;

		if (r == -EBADMSG)
			return r;
		l->failed[what] += r < 0;
	}
	return in->bad || in->left ? -EBADMSG : 0;
}

static void say_failed(const struct load *l)
{
	static const char *const words[WHAT_COUNT] = {
		[CPUS] = "CPU affinity", [IO] = "I/O priority", [SLACK] = "slack of timers", [CORE] = "filter of core dumps",
		[AUTOGROUP] = "niceness of autogroups", [FILES] = "limit of open files", [MEMORY] = "limit of address space",
	};

	for (size_t i = 0; i < WHAT_COUNT; i++)
		if (l->failed[i])
			vz_log(-1, "Warning: this host does not take the %s of %u threads, ignoring", words[i], l->failed[i]);
}

int vz_threads_load(const struct vz_cg *cg, const struct vz_image *im, struct vz_err *e)
{
	autofree char *data = NULL;
	struct vz_packed in = { 0 };
	struct load l = { 0 };
	int r = vz_image_read_packed(im, FILE_NAME, &data, &in, e);

	if (r <= 0)
		return r;
	r = vz_cg_each(cg, note_process, &l);
	if (l.n)
		qsort(l.all, l.n, sizeof(*l.all), by_number);
	if (r >= 0)
		r = load_things(&l, &in);
	free(l.all);
	if (r == -EBADMSG)
		return vz_fail(e, VZ_RESTORE, 0, "what the dump has of threads was not written by vzctl");
	if (r < 0)
		return vz_fail(e, VZ_RESTORE, -r, "cannot look at the threads of the container");
	say_failed(&l);
	return 0;
}
