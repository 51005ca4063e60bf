// SPDX-License-Identifier: GPL-2.0-or-later
/* start, stop, restart: their options. */
#include "vzctl/vzctl.h"

#include <getopt.h>
#include <string.h>

#include "base/usage.h"
#include "base/str.h"

enum { FORCE = LONG_OPTION, WAIT, SKIP_FSCK, SKIP_REMOUNT, SKIP_SETUP, FAST, SKIP_UMOUNT };

static const struct option options[] = {
	{ "force", no_argument, NULL, FORCE },
	{ "wait", no_argument, NULL, WAIT },
	{ "skip-fsck", no_argument, NULL, SKIP_FSCK },
	{ "skip-remount", no_argument, NULL, SKIP_REMOUNT },
	{ "skip_ve_setup", no_argument, NULL, SKIP_SETUP },
	{ "fast", no_argument, NULL, FAST },
	{ "skip-umount", no_argument, NULL, SKIP_UMOUNT },
	{ 0 },
};

static void keep_option(struct command *c, int o)
{
	switch (o) {
	case FORCE:
		c->start.force = true;
		break;
	case WAIT:
		c->start.wait = true;
		break;
	case SKIP_REMOUNT:
		c->start.skip_remount = true;
		break;
	case SKIP_SETUP:
		c->start.skip_setup = true;
		break;
	case FAST:
		c->stop.fast = true;
		break;
	case SKIP_UMOUNT:
		c->stop.skip_umount = true;
		break;
	}
}

/* In getopt's words, on one line with what was meant; never with the value, which may be a password. */
int unknown_option(const char *word, const struct option *all, struct vz_err *e)
{
	const char *near = vz_option_near(word, all), *other = vz_given_verb_of(word);
	int n = (int)strcspn(word, "="), alike = 0;

	for (const struct option *o = all; o->name && n > 2; o++) {
		if (strncmp(o->name, word + 2, (size_t)n - 2))
			continue;
		alike++;
		if (strlen(o->name) == (size_t)n - 2) {
			alike = 1; /* its own name, which others may begin with */
			break;
		}
	}
	/* getopt leaves a word of short options only behind the last of them: `word` may be an earlier one */
	if (optopt && optopt < LONG_OPTION)
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "vzctl: invalid option -- '%c'", optopt);
	if (alike)
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "vzctl: option '%.*s' %s", n, word,
			       alike > 1 ? "is ambiguous" : word[n] ? "doesn't allow an argument" : "requires an argument");
	if (other)
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0,
			       "vzctl: unrecognized option '%.*s', it is one of 'vzctl %s'", n, word, other);
	return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "vzctl: unrecognized option '%.*s'%s%s%s", n,
		       word, near ? ", did you mean '--" : "", near ? near : "", near ? "'?" : "");
}

int parse_life(struct command *c, struct vz_err *e)
{
	char name[] = "vzctl", *ctid = c->argv[0];
	int o, at = 0;

	c->argv[0] = name; /* getopt's messages begin with it */
	optind = opterr = 0;
	while ((o = getopt_long(c->argc, c->argv, "", options, &at)) != -1) {
		if (o == '?')
			return unknown_option(c->argv[optind - 1], options, e);
		keep_option(c, o);
		if (o >= FAST)
			c->only_stop = options[at].name;
		else
			c->only_start = options[at].name;
	}
	c->argv[0] = ctid;
	if (optind < c->argc)
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Invalid extra arguments: %.*s",
			       (int)strcspn(c->argv[optind], "="), c->argv[optind]);
	return 0;
}

static int not_applicable(const char *option, const char *verb, struct vz_err *e)
{
	return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0,
		       "Option --%s is not applicable to %s command", option, verb);
}

int run_start(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	if (c->only_stop)
		return finish(not_applicable(c->only_stop, "start", e), e);
	return finish(vz_op_start(ct, &c->start, e), e);
}

int run_stop(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	if (c->only_start)
		return finish(not_applicable(c->only_start, "stop", e), e);
	return finish(vz_op_stop(ct, &c->stop, e), e);
}

int run_restart(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	return finish(vz_op_restart(ct, &c->start, &c->stop, e), e);
}
