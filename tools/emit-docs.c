// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes the parts of manuals and completion that come from tables, of parameters or of what `vzctl
 * check` tries, to stdout. Run at build time; it is not installed.
 */
#include <stdio.h>
#include <string.h>

#include "ops/check.h"
#include "param/param.h"

static void man_check(const struct vz_check *row, void *arg)
{
	FILE *out = arg;

	fprintf(out, ".TP\n\\fB");
	vz_emit_roff(out, row->name);
	fprintf(out, "\\fR%s\n", row->needed ? " (required)" : "");
	fputs("For ", out);
	vz_emit_roff(out, row->use);
	fprintf(out, ".\n.br\nRemedy: ");
	vz_emit_roff(out, row->remedy);
	fputs(".\n", out);
}

int main(int argc, char **argv)
{
	if (argc != 3 || (strcmp(argv[1], "man") && strcmp(argv[1], "words"))) {
		fprintf(stderr, "usage: emit-docs man SECTION | words VERB\n");
		return 1;
	}
	if (strcmp(argv[1], "man"))
		vz_emit_words(stdout, argv[2]);
	else if (!strcmp(argv[2], "check"))
		vz_check_rows(man_check, stdout);
	else
		vz_emit_man(stdout, argv[2]);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
