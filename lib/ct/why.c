// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The journal of a VPS; see why.h. A line for each event, written at once and at the end of the file: who is killed
 * meanwhile leaves half a line, which no reader takes and the next writer ends. "+" before a line says that it
 * takes the place of the last one of its kind. A file that is full is replaced by one with the last events.
 */
#include "ct/why.h"
#include "base/escape.h"
#include "base/num.h"
#include "base/own.h"
#include "sys/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define READ_MAX (VZ_WHY_FILE_MAX + 4096u)
#define LOCK_TRIES 20
#define LOCK_PAUSE_US 5000

void vz_why_free(struct vz_why_events *a)
{
	free(a->v);
	*a = (struct vz_why_events){ 0 };
}

int vz_why_push(struct vz_why_events *a, const struct vz_why_event *ev)
{
	void *v = reallocarray(a->v, a->n + 1, sizeof(*a->v));

	if (!v)
		return -ENOMEM;
	a->v = v;
	a->v[a->n++] = *ev;
	return 0;
}

static char *why_path(unsigned id)
{
	return vz_fmt(VZ_WHY_DIR "/%u", id);
}

/* ---- lines ---- */

static void put_event_line(struct vz_str *out, const struct vz_why_event *ev, bool joined)
{
	vz_str_addf(out, "%c%" PRIu64 " %" PRIu64 " %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %s\n",
		    joined ? '+' : '-', (uint64_t)ev->from, (uint64_t)ev->to, ev->kind, ev->count, ev->total, ev->group,
		    ev->held, ev->limit, ev->pid, ev->text);
}

/* The next word as a number; false when it is none. */
static bool next_number(char **p, uint64_t max, uint64_t *ret)
{
	char *word = strsep(p, " ");

	return word && vz_num_u64(word, max, ret) == 0;
}

static bool parse_event(char *line, struct vz_why_event *ret)
{
	struct vz_why_event ev = { 0 };
	uint64_t from, to, pid;
	char *p = line, *kind;

	if (!next_number(&p, INT64_MAX, &from) || !next_number(&p, INT64_MAX, &to))
		return false;
	kind = strsep(&p, " ");
	if (!kind || !*kind || strlen(kind) >= sizeof(ev.kind) || vz_str_has_control(kind))
		return false;
	if (!next_number(&p, UINT64_MAX, &ev.count) || !next_number(&p, UINT64_MAX, &ev.total) ||
	    !next_number(&p, UINT64_MAX, &ev.group) || !next_number(&p, UINT64_MAX, &ev.held) ||
	    !next_number(&p, UINT64_MAX, &ev.limit) || !next_number(&p, INT32_MAX, &pid) || !p)
		return false;
	ev.from = (int64_t)from;
	ev.to = (int64_t)to;
	ev.pid = (pid_t)pid;
	snprintf(ev.kind, sizeof(ev.kind), "%s", kind);
	snprintf(ev.text, sizeof(ev.text), "%s", p);
	vz_escape_plain(ev.text);
	*ret = ev;
	return true;
}

/* Takes the last one of this kind away, whose place another one has. */
static void drop_last(struct vz_why_events *a, const char *kind)
{
	for (size_t i = a->n; i > 0; i--) {
		if (strcmp(a->v[i - 1].kind, kind))
			continue;
		memmove(&a->v[i - 1], &a->v[i], (a->n - i) * sizeof(*a->v));
		a->n--;
		return;
	}
}

static int take_line(struct vz_why_events *a, char *line)
{
	struct vz_why_event ev;

	if ((*line != '+' && *line != '-') || !parse_event(line + 1, &ev))
		return 0;
	if (*line == '+')
		drop_last(a, ev.kind);
	return vz_why_push(a, &ev);
}

int vz_why_read(unsigned id, struct vz_why_events *ret)
{
	autofree char *path = why_path(id), *text = NULL;
	ssize_t n = path ? vz_file_read(AT_FDCWD, path, READ_MAX, &text) : -ENOMEM;
	char *line = text, *end;
	autowhy a = { 0 };

	if (n < 0 && n != -ENOENT)
		return (int)n;
	/* what does not end has been cut */
	for (; n > 0 && (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		if (take_line(&a, line) < 0)
			return -ENOMEM;
	}
	*ret = a;
	a = (struct vz_why_events){ 0 };
	return 0;
}

/* ---- writing ---- */

/* Two writers are rare, and a short wait; one that is stopped must not stop the other. */
static int lock(void)
{
	autoclose int fd = open(VZ_WHY_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; fd >= 0 && i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) < 0; i++)
		usleep(LOCK_PAUSE_US);
	return TAKE_FD(fd);
}

static bool is_last_of_kind(const struct vz_why_events *a, size_t at)
{
	for (size_t i = at + 1; i < a->n; i++)
		if (!strcmp(a->v[i].kind, a->v[at].kind))
			return false;
	return true;
}

/* The last events, and the last one of each kind, from which its count goes on. */
static int shorten(unsigned id, const char *path)
{
	autostr text = { 0 };
	autowhy a = { 0 };
	int r = vz_why_read(id, &a);

	if (r == -EFBIG)
		return unlink(path) < 0 ? -errno : 0; /* not of our making */
	for (size_t i = 0; r >= 0 && i < a.n; i++)
		if (i + VZ_WHY_EVENTS >= a.n || is_last_of_kind(&a, i))
			put_event_line(&text, &a.v[i], false);
	if (r < 0 || text.failed)
		return r < 0 ? r : -ENOMEM;
	return vz_file_replace(path, text.s ? text.s : "", text.len, 0600, false);
}

/* Ends half a line that somebody left. */
static bool is_cut(int fd, off_t size)
{
	char last = '\n';

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

int vz_why_put(unsigned id, const struct vz_why_event *ev, bool joined)
{
	autofree char *path = why_path(id);
	autoclose int locked = -EBADF, fd = -EBADF;
	autostr line = { 0 };
	struct stat st;
	int r = path ? vz_mkdir_p(VZ_WHY_DIR, 0700) : -ENOMEM;

	if (r < 0)
		return r;
	locked = lock();
	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (is_cut(fd, st.st_size))
		vz_str_add(&line, "\n");
	put_event_line(&line, ev, joined);
	if (line.failed)
		return -ENOMEM;
	r = vz_write_all(fd, line.s, line.len);
	if (r >= 0 && (size_t)st.st_size + line.len > VZ_WHY_FILE_MAX)
		r = shorten(id, path);
	return r;
}

void vz_why_tell(unsigned id, const char *kind, const char *text)
{
	struct vz_why_event ev = { .from = time(NULL), .count = 1, .held = VZ_UNLIMITED, .limit = VZ_UNLIMITED };

	ev.to = ev.from;
	snprintf(ev.kind, sizeof(ev.kind), "%s", kind);
	snprintf(ev.text, sizeof(ev.text), "%s", text);
	vz_escape_plain(ev.text);
	(void)vz_why_put(id, &ev, false);
}

void vz_why_forget(unsigned id)
{
	autofree char *path = why_path(id);

	if (path)
		(void)unlink(path);
}
