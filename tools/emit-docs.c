// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes the parts of manuals and completion that come from the parameter table to stdout. Run
 * at build time; it is not installed.
 */
#include <stdio.h>
#include <string.h>

#include "param/param.h"

int main(int argc, char **argv)
{
	if (argc != 3 || (strcmp(argv[1], "man") && strcmp(argv[1], "words"))) {
		fprintf(stderr, "usage: emit-docs man SECTION | words VERB\n");
		return 1;
	}
	if (!strcmp(argv[1], "man"))
		vz_emit_man(stdout, argv[2]);
	else
		vz_emit_words(stdout, argv[2]);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
