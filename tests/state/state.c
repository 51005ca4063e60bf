// SPDX-License-Identifier: GPL-2.0-or-later
/* The runner of the cases: starts each in a session of its own, and later asks it for its verdict; see state.h. */
#include "tests/state/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MS 20000

enum fate {
	KEEPS,   /* continues */
	REFUSED, /* the verdict says no, by the kind in the table */
	WARNED,  /* the verdict says that it will be lost, by the kind in the table */
	DENIED,  /* a VPS may not make it */
};

static const char *const fates[] = { "keeps", "refused", "warned", "denied" };

struct row {
	const char *name;
	enum fate fate;
	const char *kind; /* of lib/cpt/verdict.def */
	const char *what;
	void (*run)(struct st *t);
};

static const struct row rows[] = {
#define CASE(symbol, fate_, kind_, what_) \
	{ .name = #symbol, .fate = fate_, .kind = kind_, .what = what_, .run = state_##symbol },
#include "tests/state/state.def"
#undef CASE
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* ---- what the cases call ---- */

static _Noreturn void end_case(struct st *t, const char *word, const char *fmt, va_list ap)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "%s ", word);

	vsnprintf(text + n, sizeof(text) - (size_t)n - 1, fmt, ap);
	strcat(text, "\n");
	if (write(t->said, text, strlen(text)) < 0)
		perror("said");
	_exit(1);
}

void check(struct st *t, bool holds, const char *sentence, ...)
{
	va_list ap;

	if (holds)
		return;
	va_start(ap, sentence);
	end_case(t, "fail", sentence, ap);
}

static _Noreturn void end_set_up(struct st *t, const char *word, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end_case(t, word, fmt, ap);
}

long must(struct st *t, long ret, const char *call)
{
	bool denied = errno == EPERM || errno == ENOSYS || errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT ||
		      errno == EOPNOTSUPP;

	if (ret >= 0)
		return ret;
	end_set_up(t, denied ? "denied" : "cannot", "%s: %s", call, strerrorname_np(errno));
}

void moved(struct st *t)
{
	char c;

	if (write(t->said, "ready\n", 6) != 6)
		_exit(2);
	while (read(t->go, &c, 1) != 1)
		if (errno != EINTR)
			_exit(2);
}

pid_t child(struct st *t)
{
	pid_t parent = getpid();
	pid_t pid = (pid_t)must(t, fork(), "fork");

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
	}
	return pid;
}

static bool until_ready(int fd, short events, double deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	int ms = (int)((deadline - seconds(CLOCK_MONOTONIC)) * 1000);

	return ms > 0 && (poll(&p, 1, ms) > 0 || errno == EINTR);
}

bool put(int fd, const void *data, size_t n)
{
	double deadline = seconds(CLOCK_MONOTONIC) + 10;
	const char *at = data;

	while (n > 0) {
		ssize_t w = until_ready(fd, POLLOUT, deadline) ? write(fd, at, n) : 0;

		if (w < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (w <= 0)
			return false;
		at += w;
		n -= (size_t)w;
	}
	return true;
}

bool get(int fd, void *data, size_t n)
{
	double deadline = seconds(CLOCK_MONOTONIC) + 10;
	char *at = data;

	while (n > 0) {
		ssize_t r = until_ready(fd, POLLIN, deadline) ? read(fd, at, n) : 0;

		if (r < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (r <= 0)
			return false;
		at += r;
		n -= (size_t)r;
	}
	return true;
}

bool comes(int fd, const char *text)
{
	char buf[512] = "";
	size_t n = strlen(text);

	return n < sizeof(buf) && get(fd, buf, n) && !memcmp(buf, text, n);
}

static unsigned char dot(size_t i, unsigned int seed)
{
	size_t x = (i + 1) * 2654435761u ^ (size_t)seed * 40503u;

	return (unsigned char)(x >> 11);
}

void paint(void *mem, size_t n, unsigned int seed)
{
	for (size_t i = 0; i < n; i++)
		((unsigned char *)mem)[i] = dot(i, seed);
}

bool painted(const void *mem, size_t n, unsigned int seed)
{
	for (size_t i = 0; i < n; i++)
		if (((const unsigned char *)mem)[i] != dot(i, seed))
			return false;
	return true;
}

void *shared(struct st *t, size_t n)
{
	void *mem = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	must(t, mem == MAP_FAILED ? -1 : 0, "mmap");
	return mem;
}

void proc_field(const char *path, const char *key, char *ret, size_t size)
{
	size_t n = strlen(key);
	char line[512];
	FILE *f = fopen(path, "re");

	ret[0] = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, n) || line[n] != ':')
			continue;
		line[strcspn(line, "\n")] = 0;
		snprintf(ret, size, "%s", line + n + 1 + strspn(line + n + 1, " \t"));
		break;
	}
	if (f)
		fclose(f);
}

double seconds(int clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int file_of(struct st *t, const char *path, const char *text)
{
	int fd = (int)must(t, open(path, O_RDWR | O_CREAT | O_TRUNC, 0644), path);

	must(t, put(fd, text, strlen(text)) ? 0 : -1, "write");
	must(t, lseek(fd, 0, SEEK_SET), "lseek");
	return fd;
}

/* ---- the runner ---- */

static const struct row *row_of(const char *name)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

static _Noreturn void run_case(const struct row *row, const char *dir, bool spoil)
{
	struct st t = { .name = row->name, .dir = dir, .spoil = spoil };
	int null = open("/dev/null", O_RDWR);
	int log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0644);

	setsid();
	signal(SIGPIPE, SIG_IGN);
	t.go = open("go", O_RDWR);
	t.said = open("said", O_RDWR);
	if (null < 0 || log < 0 || t.go < 0 || t.said < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		_exit(2);
	close(null);
	close(log);
	row->run(&t);
	if (write(t.said, "pass\n", 5) != 5)
		_exit(2);
	_exit(0);
}

/* One line of `fd` in *ret; what there is instead when none comes. */
static void answer(int fd, char *ret, size_t size)
{
	double deadline = seconds(CLOCK_MONOTONIC) + ANSWER_MS / 1000.0;
	size_t n = 0;

	while (n + 1 < size && until_ready(fd, POLLIN, deadline)) {
		ssize_t r = read(fd, ret + n, 1);

		if (r < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (r <= 0) {
			snprintf(ret, size, "fail it has died");
			return;
		}
		if (ret[n] == '\n') {
			ret[n] = 0;
			return;
		}
		n++;
	}
	snprintf(ret, size, "fail it does not answer");
}

static int tell(const char *name, const char *line, const char *good)
{
	printf("%s %s\n", name, line);
	fflush(stdout);
	return strcmp(line, good) != 0;
}

static int start_one(const struct row *row, const char *top, bool spoil)
{
	char dir[256], line[600];
	int said, p[2];
	pid_t pid;

	snprintf(dir, sizeof(dir), "%s/%s", top, row->name);
	if (mkdir(dir, 0755) || chdir(dir) || mkfifo("go", 0600) || mkfifo("said", 0600)) {
		perror(dir);
		return 1;
	}
	said = open("said", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (pipe(p))
		return 1;
	pid = fork();
	if (pid == 0) {
		if (fork() == 0) {
			/* it begins as a child of init: some ask for a signal at the death of their parent */
			close(p[1]);
			while (read(p[0], line, 1) < 0 && errno == EINTR)
				;
			close(p[0]);
			run_case(row, dir, spoil);
		}
		_exit(0);
	}
	close(p[0]);
	waitpid(pid, NULL, 0);
	close(p[1]); /* not before: who exits closes its files before its children get another parent */
	answer(said, line, sizeof(line));
	close(said);
	return tell(row->name, line, "ready");
}

static int start_cases(char **argv)
{
	bool spoil = argv[0] && !strcmp(argv[0], "--spoil");
	const char *top = argv[spoil];
	int bad = 0;

	if (!top || (mkdir(top, 0755) && errno != EEXIST))
		return 2;
	for (argv += spoil + 1; *argv; argv++) {
		const struct row *row = row_of(*argv);

		if (row)
			bad |= start_one(row, top, spoil);
		for (size_t i = 0; !strcmp(*argv, "all") && i < N_ROWS; i++)
			if (rows[i].fate == KEEPS)
				bad |= start_one(&rows[i], top, spoil);
		if (!row && strcmp(*argv, "all") != 0)
			return 2;
	}
	return bad;
}

/* A judge at work: what it says comes at `fd`; -1: nobody is there. */
static int ask(const char *top, const char *name)
{
	char path[256];
	int said, go;

	snprintf(path, sizeof(path), "%s/%s/said", top, name);
	said = open(path, O_RDONLY | O_NONBLOCK);
	snprintf(path, sizeof(path), "%s/%s/go", top, name);
	go = open(path, O_WRONLY | O_NONBLOCK);
	if (said >= 0 && (go < 0 || write(go, "x", 1) != 1)) {
		close(said);
		said = -1;
	}
	close(go);
	return said;
}

/* All at once: some wait for what does not come. */
static int judge_cases(const char *top)
{
	char path[256], line[600];
	int said[N_ROWS], bad = 0;

	for (size_t i = 0; i < N_ROWS; i++)
		said[i] = ask(top, rows[i].name);
	for (size_t i = 0; i < N_ROWS; i++) {
		snprintf(path, sizeof(path), "%s/%s", top, rows[i].name);
		if (access(path, F_OK))
			continue;
		if (said[i] < 0)
			snprintf(line, sizeof(line), "fail it is gone");
		else
			answer(said[i], line, sizeof(line));
		bad |= tell(rows[i].name, line, "pass");
	}
	return bad;
}

static int list_cases(const char *fate)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (!fate || !strcmp(fate, fates[rows[i].fate]))
			printf("%-18s %-8s %-16s %s\n", rows[i].name, fates[rows[i].fate],
			       rows[i].kind[0] ? rows[i].kind : "-", rows[i].what);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "start"))
		return start_cases(argv + 2);
	if (argc == 3 && !strcmp(argv[1], "judge"))
		return judge_cases(argv[2]);
	if ((argc == 2 || argc == 3) && !strcmp(argv[1], "list"))
		return list_cases(argv[2]);
	fprintf(stderr, "state start [--spoil] DIR {CASE|all}...\n"
			"state judge DIR\n"
			"state list [keeps|refused|warned|denied]\n");
	return 2;
}
