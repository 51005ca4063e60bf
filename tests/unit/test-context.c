/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The context of a thread: which lines come to its sink and its file, and the wish to end. */
#include "unit.h"
#include "base/context.h"
#include "base/err.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"

#include <pthread.h>

static void keep_line(void *arg, enum vz_line kind, const char *text)
{
	static const char letters[] = { [VZ_LINE_RESULT] = 'r', [VZ_LINE_NOTE] = 'n',
					[VZ_LINE_PROGRESS] = 'p', [VZ_LINE_ERROR] = 'e' };

	vz_str_addf(arg, "%c:%s|", letters[kind], text);
}

static void say_all(void)
{
	vz_result("id %u", 7u);
	vz_note("beside");
	vz_log(1, "more");
	vz_log(0, "done");
	vz_log(-1, "bad");
}

static void test_sink(void)
{
	autostr out = { 0 };
	struct vz_context c = VZ_CONTEXT_INIT;

	say_all(); /* to nobody */
	CHECK(!vz_context_use(&c));
	say_all();
	c.sink = keep_line;
	c.sink_arg = &out;
	say_all();
	CHECK_STR(out.s, "r:id 7|n:beside|p:done|e:bad|");
	vz_str_free(&out);
	c.verbosity = 1;
	say_all();
	CHECK_STR(out.s, "r:id 7|n:beside|p:more|p:done|e:bad|");
	vz_str_free(&out);
	c.verbosity = -1;
	say_all();
	CHECK_STR(out.s, "r:id 7|n:beside|e:bad|");
	vz_str_free(&out);
	c.quiet = true; /* what was asked for still comes */
	say_all();
	CHECK_STR(out.s, "r:id 7|n:beside|");
	CHECK(vz_context_use(NULL) == &c);
	vz_str_free(&out);
	say_all();
	CHECK_INT(out.len, 0);
	CHECK_INT(vz_log_get_verbosity(), -1);
}

/* As long as it is: only messages have a longest line. */
static void test_long_result(void)
{
	autostr out = { 0 }, text = { 0 };
	struct vz_context c = VZ_CONTEXT_INIT;

	for (int i = 0; i < 5000; i++)
		vz_str_add(&text, "x");
	c.sink = keep_line;
	c.sink_arg = &out;
	(void)vz_context_use(&c);
	vz_result("%s", text.s);
	CHECK_INT(out.len, 5003);
	(void)vz_context_use(NULL);
}

/* Two contexts file into two files; results are in neither. */
static void test_files(void)
{
	char dir[] = "/tmp/vz-context.XXXXXX", line[200];
	struct vz_context a = VZ_CONTEXT_INIT, b = VZ_CONTEXT_INIT;
	autofree char *one = NULL, *two = NULL;
	FILE *f;

	if (!mkdtemp(dir))
		return;
	one = vz_fmt("%s/one", dir);
	two = vz_fmt("%s/two", dir);
	a.program = "first";
	b.program = "second";
	(void)vz_context_use(&a);
	CHECK_INT(vz_log_file(one, 0), 0);
	vz_log_ctid(101);
	(void)vz_context_use(&b);
	CHECK_INT(vz_log_file(two, -1), 0);
	say_all();
	vz_log_close();
	CHECK_INT(b.log_fd, -1);
	say_all(); /* filed nowhere */
	(void)vz_context_use(&a);
	vz_log(0, "mine");
	vz_log_close();
	(void)vz_context_use(NULL);
	f = fopen(one, "r");
	CHECK(f && fgets(line, sizeof(line), f) && strstr(line, " first : CT 101 : mine\n"));
	CHECK(f && !fgets(line, sizeof(line), f));
	fclose(f);
	f = fopen(two, "r");
	CHECK(f && fgets(line, sizeof(line), f) && strstr(line, " second : bad\n"));
	CHECK(f && !fgets(line, sizeof(line), f));
	fclose(f);
	unlink(one);
	unlink(two);
	rmdir(dir);
}

static void *in_thread(void *arg)
{
	bool *ok = arg;

	*ok = !vz_context() && !vz_cancelled() && vz_cancel_fd() == -1;
	vz_result("to nobody");
	return NULL;
}

/* Another thread has none; its wish to end is its own. */
static void test_threads(void)
{
	autostr out = { 0 };
	struct vz_context c = VZ_CONTEXT_INIT;
	uint64_t n;
	pthread_t t;
	bool ok = false;

	c.sink = keep_line;
	c.sink_arg = &out;
	(void)vz_context_use(&c);
	CHECK_INT(vz_cancel_open(&c), 0);
	CHECK(!vz_cancelled());
	vz_cancel(&c);
	CHECK(vz_cancelled());
	CHECK(read(vz_cancel_fd(), &n, sizeof(n)) == sizeof(n));
	CHECK(!pthread_create(&t, NULL, in_thread, &ok) && !pthread_join(t, NULL));
	CHECK(ok);
	CHECK_INT(out.len, 0);
	close(c.cancel_fd);
	(void)vz_context_use(NULL);
}

int main(void)
{
	test_sink();
	test_long_result();
	test_files();
	test_threads();
	return done();
}
