/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole unit test framework: a failed check prints where and what, done() is the exit code. */
#ifndef VZ_TESTS_UNIT_H
#define VZ_TESTS_UNIT_H

#include <stdio.h>
#include <string.h>

static int checks, failures;

#define CHECK(cond)                                                            \
	do {                                                                   \
		checks++;                                                      \
		if (!(cond)) {                                                 \
			failures++;                                            \
			printf("%s:%d: not true: %s\n", __FILE__, __LINE__, #cond); \
		}                                                              \
	} while (0)

#define CHECK_INT(a, b)                                                                   \
	do {                                                                              \
		long long _a = (long long)(a), _b = (long long)(b);                       \
		checks++;                                                                 \
		if (_a != _b) {                                                           \
			failures++;                                                       \
			printf("%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #a, _a, _b); \
		}                                                                         \
	} while (0)

#define CHECK_STR(a, b)                                                                     \
	do {                                                                                \
		const char *_a = (a), *_b = (b);                                            \
		checks++;                                                                   \
		if (!_a || !_b || strcmp(_a, _b)) {                                         \
			failures++;                                                         \
			printf("%s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, #a, \
			       _a ? _a : "(null)", _b ? _b : "(null)");                     \
		}                                                                           \
	} while (0)

/* The same for a string that is freed then. */
#define CHECK_TEXT(call, want)              \
	do {                                \
		autofree char *_s = (call); \
		CHECK_STR(_s, want);        \
	} while (0)

static inline int done(void)
{
	printf("%d checks, %d failed\n", checks, failures);
	return failures || !checks;
}

#endif
