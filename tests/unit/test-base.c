// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers, strings and errors of lib/base. */
#include "base/near.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/num.h"
#include "base/own.h"
#include "base/process.h"
#include "base/str.h"
#include "sys/call.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static void numbers(void)
{
	uint64_t v = 7;

	CHECK_INT(vz_num_u64("0", 10, &v), 0);
	CHECK_INT(v, 0);
	CHECK_INT(vz_num_u64("18446744073709551615", UINT64_MAX, &v), 0);
	CHECK(v == UINT64_MAX);
	CHECK_INT(vz_num_u64("18446744073709551616", UINT64_MAX, &v), -ERANGE);
	CHECK_INT(vz_num_u64("11", 10, &v), -ERANGE);
	CHECK_INT(vz_num_u64("", 10, &v), -EINVAL);
	CHECK_INT(vz_num_u64("-1", 10, &v), -EINVAL);
	CHECK_INT(vz_num_u64(" 1", 10, &v), -EINVAL);
	CHECK_INT(vz_num_u64("1x", 10, &v), -EINVAL);
	CHECK_INT(vz_num_base("fF", 16, 255, &v), 0);
	CHECK_INT(v, 255);
	CHECK(vz_num_compare(&(unsigned){ 0 }, &(unsigned){ UINT32_MAX }) < 0);
	CHECK(vz_num_compare(&(unsigned){ UINT32_MAX }, &(unsigned){ 0 }) > 0);
	CHECK_INT(vz_num_compare(&(unsigned){ 7 }, &(unsigned){ 7 }), 0);
	CHECK(vz_pages_bytes(3) == 3 * vz_page_size());
	CHECK(vz_pages_bytes(VZ_UNLIMITED / vz_page_size() + 1) == VZ_UNLIMITED);
	CHECK(vz_pages_bytes(UINT64_MAX) == VZ_UNLIMITED);
}

static void strings(void)
{
	autostr b = { 0 };
	autofree char *s = NULL, *w = NULL;
	const char *p = "  one two", *rest;

	for (int i = 0; i < 100; i++)
		vz_str_addf(&b, "%d,", i);
	s = vz_str_take(&b);
	CHECK_INT(strlen(s), 290);
	w = vz_str_word(&p, " ");
	CHECK_STR(w, "one");
	CHECK_STR(p, " two");
	CHECK(vz_str_prefix("prefix", "pre", &rest));
	CHECK_STR(rest, "fix");
	CHECK(vz_str_has_word("cpu,memory,io", ',', "memory") && vz_str_has_word("io", ',', "io"));
	CHECK(!vz_str_has_word("cpuset,mem,", ',', "cpu") && !vz_str_has_word("", ' ', "cpu"));
	CHECK(!vz_str_has_word("cpuset", ' ', "set"));
	CHECK(!vz_str_is_component(".."));
	CHECK(!vz_str_is_component("a/b"));
	CHECK(vz_str_is_component("a..b"));
	CHECK(vz_str_has_control("a\nb"));
	CHECK(!vz_str_has_control("h\303\251"));
}

static const char *escaped(const char *in, size_t n)
{
	static char out[2 * VZ_ESCAPE_ROOM(40)];
	struct vz_escape x = { .n = 0 };
	size_t used = 0;

	/* byte by byte: every cut there can be */
	for (size_t i = 0; i < n; i++)
		used += vz_escape(&x, in + i, 1, out + used);
	used += vz_escape(&x, NULL, 0, out + used);
	out[used] = 0;
	return out;
}

static void escape(void)
{
	char whole[VZ_ESCAPE_ROOM(4)];
	struct vz_escape x = { .n = 0 };

	CHECK_STR(escaped("a\tb\n", 4), "a\tb\n");
	CHECK_STR(escaped("\033]0;x\a", 6), "\\x1b]0;x\\x07");
	CHECK_STR(escaped("\0\r\177", 3), "\\x00\\x0d\\x7f");
	CHECK_STR(escaped("h\303\251 \342\202\254 \360\237\230\200", 12), "h\303\251 \342\202\254 \360\237\230\200");
	/* C1, raw and as UTF-8; a sequence that breaks off, one too long, a surrogate */
	CHECK_STR(escaped("\233m", 2), "\\x9bm");
	CHECK_STR(escaped("\302\233m", 3), "\\xc2\\x9bm");
	CHECK_STR(escaped("\342\202x", 3), "\\xe2\\x82x");
	CHECK_STR(escaped("\342\202", 2), "\\xe2\\x82");
	CHECK_STR(escaped("\300\257", 2), "\\xc0\\xaf");
	CHECK_STR(escaped("\355\240\200", 3), "\\xed\\xa0\\x80");
	CHECK_INT(vz_escape(&x, "\1\2\3\4", 4, whole), 16);
}

static void plain(void)
{
	char text[] = "a\tb\n\033[2J h\303\251 \302\233 \342\202";

	vz_escape_plain(text);
	CHECK_STR(text, "a?b??[2J h\303\251 ?? ??");
}

static void errors(void)
{
	struct vz_err e = { 0 };
	int r = vz_fail(&e, VZ_FS_NOPRVT, ENOENT, "no %s", "tree");

	CHECK_INT(r, -ENOENT);
	CHECK_STR(e.msg, "no tree: No such file or directory");
	CHECK_INT(vz_within(&e, r, "start %d", 42), -ENOENT);
	CHECK_STR(e.msg, "start 42: no tree: No such file or directory");
	CHECK_INT(e.exit, 43);
	CHECK_INT(vz_fail(NULL, VZ_SYSTEM, 0, "x"), -EINVAL);
	CHECK_STR(vz_exit_text(9), "The container is locked by another command.");
	CHECK(!vz_exit_text(4));
}

static const char *nearest(const char *word)
{
	struct vz_near n = { .word = word };

	vz_near_try(&n, NULL);
	vz_near_try(&n, "start");
	vz_near_try(&n, "status");
	vz_near_try(&n, "stop");
	return n.best ? n.best : "";
}

static void test_near(void)
{
	char longer[200];

	CHECK(!strcmp(nearest("strat"), "start"));
	CHECK(!strcmp(nearest("statu"), "status"));
	CHECK(!strcmp(nearest("stpo"), "stop"));
	CHECK(!strcmp(nearest("frobnicate"), ""));
	CHECK(!strcmp(nearest("x"), ""));
	CHECK(!strcmp(nearest(""), ""));
	memset(longer, 's', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	CHECK(!strcmp(nearest(longer), ""));
}

/* With one of the first three descriptors closed: are all open across exec, and is no fourth one left? */
static bool is_set_up_without(int closed)
{
	int st = -1;
	pid_t pid = fork();

	if (!pid) {
		(void)vz_close_range(3, ~0u, 0);
		close(closed);
		vz_process_init();
		for (int i = 0; i < 3; i++)
			if (fcntl(i, F_GETFD) != 0)
				_exit(1);
		_exit(fcntl(3, F_GETFD) >= 0);
	}
	return pid > 0 && waitpid(pid, &st, 0) == pid && !st;
}

static void standard_descriptors(void)
{
	for (int i = 0; i < 3; i++)
		CHECK(is_set_up_without(i));
	CHECK(is_set_up_without(3)); /* none */
}

int main(void)
{
	test_near();
	numbers();
	escape();
	plain();
	strings();
	errors();
	standard_descriptors();
	return done();
}
