// SPDX-License-Identifier: GPL-2.0-or-later
/* What the process that moves one container shows; see telling.h. */
#include "vzmigrate/telling.h"
#include "base/own.h"
#include "base/str.h"
#include "show/json.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>

#define SAID_MS 5000

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- JSON ---- */

static void put_object(int fd, struct vz_str *text)
{
	if (!text->failed && write(fd, text->s, text->len) != (ssize_t)text->len)
		vz_unwritten(errno);
	vz_str_free(text);
}

static void begin_object(struct vz_json *j, const char *event)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	vz_json_object(j, VZ_JSON_TIGHT);
	vz_json_member(j, "event", event);
	vz_json_key(j, "time_ms");
	vz_json_number(j, (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000);
}

static void begin_event(struct vz_json *j, const struct show *s, const char *event)
{
	begin_object(j, event);
	vz_json_member(j, "container", s->which);
	vz_json_key(j, "ctid");
	if (s->id)
		vz_json_number(j, s->id);
	else
		vz_json_literal(j, "null");
}

static void put_number_member(struct vz_json *j, const char *key, uint64_t n)
{
	vz_json_key(j, key);
	vz_json_number(j, n);
}

/* ---- lines ---- */

static void clear_line(struct show *s)
{
	if (!s->on_line || !*s->on_line)
		return;
	*s->on_line = false;
	printf("\r\033[K");
	fflush(stdout);
}

static void take_line(void *arg, enum vz_line kind, const char *text)
{
	struct show *s = arg;
	autostr out = { 0 };
	struct vz_json j = { .out = &out };

	if (kind == VZ_LINE_ERROR && !strncmp(text, "Error: ", 7))
		snprintf(s->error, sizeof(s->error), "%s", text + 7);
	if (s->how == SHOW_JSON) {
		begin_event(&j, s, "message");
		vz_json_member(&j, "level", kind == VZ_LINE_ERROR ? "error" : "info");
		vz_json_member(&j, "text", text);
		vz_json_end(&j);
		put_object(s->json, &out);
		if (kind != VZ_LINE_ERROR)
			return;
	}
	clear_line(s);
	s->sink(s->sink_arg, kind, text);
}

static void put_size(struct vz_str *out, uint64_t n)
{
	static const char *const units[] = { "KB", "MB", "GB", "TB" };
	size_t u = 0;
	uint64_t tenths = n / 100;

	for (; tenths >= 10000 && u + 1 < ARRAY_LEN(units); u++)
		tenths /= 1000;
	vz_str_addf(out, "%llu.%llu %s", (unsigned long long)tenths / 10, (unsigned long long)tenths % 10, units[u]);
}

static void put_progress(struct vz_str *out, const struct vz_progress *p)
{
	int64_t now = now_ms(), left = vz_progress_left_s(p, now);

	vz_str_addf(out, "   %s: ", p->what);
	put_size(out, p->done);
	if (p->total && !p->ended) {
		vz_str_add(out, " of ");
		put_size(out, p->total);
		vz_str_addf(out, " (%u%%)", (unsigned)(p->done / (p->total / 100 + 1)));
	}
	vz_str_add(out, ", ");
	put_size(out, vz_progress_rate(p, now));
	vz_str_add(out, "/s");
	if (left >= 0 && !p->ended)
		vz_str_addf(out, ", %lld:%02lld left", (long long)left / 60, (long long)left % 60);
}

static void put_progress_json(struct show *s, const struct vz_progress *p)
{
	autostr out = { 0 };
	struct vz_json j = { .out = &out };
	int64_t now = now_ms(), left = vz_progress_left_s(p, now);

	begin_event(&j, s, "progress");
	vz_json_member(&j, "what", p->what);
	put_number_member(&j, "bytes", p->done);
	put_number_member(&j, "total", p->total);
	put_number_member(&j, "bytes_per_second", vz_progress_rate(p, now));
	vz_json_key(&j, "seconds_left");
	if (left >= 0)
		vz_json_number(&j, (uint64_t)left);
	else
		vz_json_literal(&j, "null");
	vz_json_key(&j, "ended");
	vz_json_bool(&j, p->ended);
	vz_json_end(&j);
	put_object(s->json, &out);
}

static void progress(void *arg, const struct vz_progress *p)
{
	struct show *s = arg;
	autostr out = { 0 };
	int64_t now = now_ms();

	if (s->how == SHOW_JSON) {
		put_progress_json(s, p);
		return;
	}
	if (s->how == SHOW_SOMETIMES && !p->ended && now - s->said < SAID_MS)
		return;
	s->said = now;
	put_progress(&out, p);
	if (out.failed)
		return;
	clear_line(s);
	printf("%s%s", out.s, s->how == SHOW_TERMINAL && !p->ended ? "" : "\n");
	fflush(stdout);
	if (s->on_line)
		*s->on_line = s->how == SHOW_TERMINAL && !p->ended;
}

static void begins(void *arg, const char *stage)
{
	struct show *s = arg;
	autostr out = { 0 };
	struct vz_json j = { .out = &out };

	begin_event(&j, s, "stage");
	vz_json_member(&j, "stage", stage);
	vz_json_member(&j, "state", "begins");
	vz_json_end(&j);
	put_object(s->json, &out);
}

static void ends(void *arg, const char *stage, bool good, int64_t ms)
{
	struct show *s = arg;
	autostr out = { 0 };
	struct vz_json j = { .out = &out };

	begin_event(&j, s, "stage");
	vz_json_member(&j, "stage", stage);
	vz_json_member(&j, "state", good ? "done" : "failed");
	put_number_member(&j, "ms", (uint64_t)ms);
	vz_json_end(&j);
	put_object(s->json, &out);
}

void show_begin(struct show *s, enum show_how how, const char *which, struct vz_context *c)
{
	*s = (struct show){ .how = how, .which = which, .json = -EBADF, .began = now_ms(), .sink = c->sink,
			    .sink_arg = c->sink_arg };
	if (how == SHOW_JSON) {
		s->json = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		(void)dup2(STDERR_FILENO, STDOUT_FILENO);
	}
	if (how == SHOW_TERMINAL) {
		s->on_line = mmap(NULL, sizeof(bool), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		s->on_line = s->on_line == MAP_FAILED ? NULL : s->on_line;
	}
	s->said = s->began;
	s->report = (struct vz_report){ .progress = how == SHOW_LINES ? NULL : progress, .arg = s, .fd = s->json };
	if (how == SHOW_JSON) {
		s->report.begins = begins;
		s->report.ends = ends;
	}
	c->sink = take_line;
	c->sink_arg = s;
}

void show_end(struct show *s, int code)
{
	autostr out = { 0 };
	struct vz_json j = { .out = &out };

	clear_line(s);
	if (s->on_line)
		(void)munmap(TAKE_PTR(s->on_line), sizeof(bool));
	if (s->how != SHOW_JSON)
		return;
	begin_event(&j, s, "result");
	put_number_member(&j, "exit", (uint64_t)code);
	vz_json_member(&j, "error", code ? s->error : NULL);
	put_number_member(&j, "ms", (uint64_t)(now_ms() - s->began));
	vz_json_end(&j);
	put_object(s->json, &out);
	close(s->json);
}

void show_summary(enum show_how how, const struct show_sum *s)
{
	autostr out = { 0 };
	struct vz_json j = { .out = &out };

	if (how != SHOW_JSON) {
		printf(s->checked ? "%zu of %zu containers can be moved to %s\n" : "%zu of %zu containers are on %s\n", s->good,
		       s->n, s->host);
		return;
	}
	begin_object(&j, "summary");
	vz_json_member(&j, "host", s->host);
	put_number_member(&j, "containers", s->n);
	put_number_member(&j, s->checked ? "movable" : "moved", s->good);
	put_number_member(&j, "exit", (uint64_t)s->code);
	vz_json_end(&j);
	put_object(STDOUT_FILENO, &out);
}
