// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes the parts of manuals and completion that come from tables, of parameters, or of what `vzctl
 * check` and check-migrate look at, to stdout. Run at build time; it is not installed.
 */
#include <stdio.h>
#include <string.h>

#include "ops/check-migrate.h"
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

static void man_obstacle(const struct vz_obstacle *o, void *arg)
{
	FILE *out = arg;

	fprintf(out, ".TP\n\\fB");
	vz_emit_roff(out, o->kind);
	fprintf(out, "\\fR%s\n", o->refuses ? "" : " (a warning)");
	vz_emit_roff(out, o->object);
	fprintf(out, ".\n.br\nRemedy: ");
	vz_emit_roff(out, o->remedy);
	fputs(".\n", out);
}

/* The rows of counters.def as a table of blanks. */
static void man_counters(void)
{
	static const char form[] = "%-14s%-7s%-17s%s\n";

	printf(".nf\n.ft CR\n");
	printf(form, "COUNTER", "UNIT", "LIMIT HELD BY", "USE SHOWN");
#define COUNTER(place, KEY, name, letter, unit, title, holder, reading, ...) \
	printf(form, #KEY, #unit, HELD_##holder, SHOWN_##reading);
#define HELD_NOTHING(why) "nothing"
#define HELD_DEVPTS "its /dev/pts"
#define HELD_SOCKETS "BPF programs"
#define HELD_USERNS "user namespace"
#define HELD_LIMIT(bit, field) "control group"
#define HELD_STRICT(bit, field) "control group"
#define SHOWN_UNREAD "no"
#define SHOWN_USAGE(held, peak, failcnt) "yes"
#define SHOWN_KINDS(held, peak, failcnt) "yes"
#define SHOWN_LINE(bit) "yes"
#define SHOWN_BESIDE(held, peak, failcnt) "yes"
#include "param/counters.def"
	printf(".ft\n.fi\n");
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
	else if (!strcmp(argv[2], "obstacles"))
		vz_obstacle_kinds(man_obstacle, stdout);
	else if (!strcmp(argv[2], "counters"))
		man_counters();
	else
		vz_emit_man(stdout, argv[2]);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
