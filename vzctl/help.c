// SPDX-License-Identifier: GPL-2.0-or-later
/* What vzctl says of itself, from the table of verbs: usage, the nearest verb, completion's words. */
#include "vzctl/vzctl.h"

#include <stdio.h>
#include <string.h>

#include "base/near.h"

static const char *const global_flags[] = { "--quiet", "--verbose", "--skiplock", "--dry-run",
					     "--version", "--help", NULL };

const struct verb *find_verb(const char *name)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (!strcmp(v->name, name) || (v->alias && !strcmp(v->alias, name)))
			return v;
	return NULL;
}

int bad_command(const char *name)
{
	struct vz_near near = { .word = name };

	for (const struct verb *v = verbs; v->name; v++) {
		vz_near_try(&near, v->name);
		vz_near_try(&near, v->alias);
	}
	for (size_t i = 0; global_flags[i]; i++)
		vz_near_try(&near, global_flags[i]);
	fprintf(stderr, "Bad command: %s\n", name);
	if (near.best)
		fprintf(stderr, "Did you mean \"vzctl %s\"?\n", near.best);
	return VZ_INVALID_PARAMETER_SYNTAX;
}

void usage_of(FILE *out, const struct verb *v)
{
	fprintf(out, "vzctl %s%s%s%s\n", v->name, v->flags & VZ_SESSION_NO_VPS ? "" : " <ctid>",
		*v->usage ? " " : "", v->usage);
	if (v->options)
		vz_emit_usage(out, v->options);
}

void usage(FILE *out)
{
	fprintf(out, "vzctl version %s\n", PACKAGE_VERSION);
	fprintf(out, "Usage: vzctl [--quiet] [--verbose] [--skiplock] [--version] "
		     "<command> <ctid> [options]\n\n");
	for (const struct verb *v = verbs; v->name; v++)
		usage_of(out, v);
}

int run_help(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	const struct verb *v = c->argc > 1 ? find_verb(c->argv[1]) : NULL;

	(void)ct;
	(void)e;
	if (c->argc > 1 && !v)
		return bad_command(c->argv[1]);
	if (v)
		usage_of(stdout, v);
	else
		usage(stdout);
	return VZ_OK;
}

/* The options that stand in a usage line: "[--force] [--wait]". */
static void words_of_usage(const char *s)
{
	while ((s = strstr(s, "--"))) {
		int n = (int)strcspn(s, " ]|");

		printf("%.*s\n", n, s);
		s += n;
	}
}

static void words_of(const struct verb *v, const char *option)
{
	if (option && v->options)
		vz_emit_values(stdout, v->name, option);
	else if (!option && v->options)
		vz_emit_words(stdout, v->name);
	else if (!option)
		words_of_usage(v->usage);
}

void completion_words(int argc, char **argv)
{
	const struct verb *v = argc ? find_verb(argv[0]) : NULL;

	if (v)
		words_of(v, argc > 1 ? argv[1] : NULL);
	for (v = verbs; !argc && v->name; v++)
		printf("%s\n", v->name);
	for (size_t i = 0; argc && !strcmp(argv[0], "--") && global_flags[i]; i++)
		printf("%s\n", global_flags[i]);
}

int find_ctid(const struct verb *v, int argc, char **argv)
{
	for (int i = 0; i < argc && !(v->flags & COMMAND_FOLLOWS); i++) {
		if (argv[i][0] != '-' || !argv[i][1])
			return i;
		if (!strcmp(argv[i], "--"))
			break;
		if (v->options && vz_given_takes_value(argv[i], v->options))
			i++;
	}
	return 0;
}
