// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A configuration file of any bytes: it is read, what was read is saved into a copy of the same
 * file, and reading that again must give the same values. Values are a loop over the table.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "param/param.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autoconf first = { 0 }, second = { 0 };
	char path[] = "/tmp/fuzz-conf.XXXXXX";
	char *text = malloc(size + 1);
	int fd = mkstemp(path);
	bool changed;

	must(text && fd >= 0);
	memcpy(text, data, size);
	text[size] = 0;
	must(write(fd, data, size) == (ssize_t)size);
	close(fd);
	must(!vz_conf_parse(text, "fuzz", &first, NULL));
	if (strlen(text) == size) {
		must(!vz_conf_save(path, &first, NULL, NULL));
		must(!vz_conf_load(path, &second, NULL, NULL));
		for (size_t i = 0; i < vz_nparams; i++) {
			char *a = vz_conf_text(&first, &vz_params[i]);
			char *b = vz_conf_text(&second, &vz_params[i]);

			/* an empty scalar in a file is an absent one */
			must(!(a && *a) == !(b && *b) && (!a || !*a || !strcmp(a, b)));
			free(a);
			free(b);
		}
		must(!vz_conf_save(path, &first, &changed, NULL) && !changed);
	}
	unlink(path);
	free(text);
	return 0;
}
