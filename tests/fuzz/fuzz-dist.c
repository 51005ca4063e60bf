// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A distribution file and a resolv.conf of any bytes. What comes out goes into a text for a shell:
 * a value must come back from its quotes as it was, and servers and domains must be plain words.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "distro/dist.h"
#include "net/resolv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
	if (!ok)
		abort();
}

/* Reads "export N='...'\n" as sh does; the whole must be one word. */
static void unquoted_is(const char *line, const char *value)
{
	const char *s = line;
	bool quoted = false;

	must(!strncmp(s, "export N=", 9));
	for (s += 9; *s && (quoted || *s != '\n'); s++) {
		if (*s == '\'') {
			quoted = !quoted;
		} else if (!quoted) {
			must(*s++ == '\\' && *s == '\'');
			must(*value++ == '\'');
		} else {
			must(*value++ == *s);
		}
	}
	must(!quoted && !*value && !strcmp(s, "\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_ ";
	autofree char *text = malloc(size + 1), *servers = NULL, *search = NULL;
	autostr t = { 0 };
	autodist d = { 0 };

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = 0;
	must(!vz_dist_parse(text, &d));
	must(!vz_resolv_parse(text, &servers, &search));
	must(strspn(servers, plain) == strlen(servers) && strspn(search, plain) == strlen(search));
	vz_dist_text_var(&t, "N", text);
	unquoted_is(t.s, text);
	return 0;
}
