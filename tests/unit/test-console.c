// SPDX-License-Identifier: GPL-2.0-or-later
/* The keys that leave a console, and those that only look like them. */
#include "base/own.h"
#include "ops/console-view.h"
#include "unit.h"

#include <unistd.h>

static const struct {
	const char *typed[4]; /* one string per read(2) */
	const char *passed;
	bool detach;
} table[] = {
	{ { "abc" }, "abc", false },
	{ { "\033." }, "", true }, /* the start counts as the begin of a line */
	{ { "ls\r\033.x" }, "ls\r", true },
	{ { "ls\n\033." }, "ls\n", true },
	{ { "ls\r", "\033", "." }, "ls\r", true },
	{ { "a\033." }, "a\033.", false },          /* not after Enter */
	{ { "\r\033[A." }, "\r\033[A.", false },     /* a cursor key */
	{ { "\r", "\033", "x", "." }, "\r\033x.", false },
	{ { "\r\033\033." }, "\r\033\033.", false }, /* the second ESC is not after Enter */
	{ { "\r\033\r\033." }, "\r\033\r", true },
	{ { "\r\033!" }, "\r\033!", false },
	{ { "abc\035def" }, "abc", true },
	{ { "\r\033\035" }, "\r", true },
	{ { ".\r." }, ".\r.", false },
};

int main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct vz_keys k = { 0 };
		char passed[64] = "";
		bool detach = false;

		for (size_t j = 0; j < 4 && table[i].typed[j]; j++) {
			const char *in = table[i].typed[j];
			uint8_t out[32];
			size_t n;

			CHECK(!detach);
			n = vz_keys_filter(&k, (const uint8_t *)in, strlen(in), out, &detach);
			CHECK(n <= strlen(in) + 1);
			strncat(passed, (char *)out, n);
		}
		CHECK_STR(passed, table[i].passed);
		CHECK_INT(detach, table[i].detach);
	}
	return done();
}
