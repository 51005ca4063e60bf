// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vzctl: global flags, then COMMAND CTID [options]. The order of checks is the legacy one
 * (INTERFACE 1.1): scripts depend on which error wins.
 */
#include "vzctl/vzctl.h"

#include <bsd/unistd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/context.h"
#include "base/log.h"
#include "base/own.h"
#include "base/process.h"
#include "base/usage.h"

/* A signal handler has no other way to reach it. */
static struct vz_context context;

int finish(int r, const struct vz_err *e)
{
	return r < 0 ? vz_log_err(e) : VZ_OK;
}

static void on_signal(int sig)
{
	static const char text[] = "\nCancelling...\n";

	(void)sig;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	vz_cancel(&context);
}

/* Whoever works on a VPS that runs, or shall run, makes way for a stop that is in a hurry. */
static bool yields(const char *verb)
{
	const struct verb *v = find_verb(verb);

	return v && v->flags & YIELDS;
}

static int read_options(void *arg, struct vz_err *e)
{
	struct command *c = arg;
	int r = c->verb->parse ? c->verb->parse(c, e) : 0;

	if (r >= 0 && c->verb->flags & NO_OPTIONS && c->argc > 1)
		r = vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Invalid options: %s", c->argv[1]);
	if (!c->stop.fast)
		c->want.flags &= ~(unsigned)VZ_SESSION_BREAKS;
	return r;
}

static int ask_user(void *arg, struct vz_err *e)
{
	struct command *c = arg;

	return ask_passwords(&c->given.userpasswd, e);
}

static int with_container(struct command *c)
{
	struct vz_session session = { 0 };
	struct vz_err e = { 0 };
	int r = vz_session_find(&session, c->argv[0], &e), code;

	c->want = (struct vz_session_want){ .flags = c->verb->flags |
						     (c->skiplock ? VZ_SESSION_NO_LOCK : 0),
					    .verb = c->verb->name,
					    .verbose = c->verbose,
					    .argv = c->all,
					    .yields = yields,
					    .read_options = read_options,
					    .ask_user = c->verb->flags & ASKS ? ask_user : NULL,
					    .arg = c };
	if (r < 0)
		return vz_log_err(&e);
	/* every process inside could read our command line once we are there, and every user of the
	 * host now; what is left tells the operator who is at work */
	setproctitle("-vzctl %s %u", c->verb->name, session.id);
	r = vz_session_open(&session, &c->want, &e);
	code = r < 0 ? vz_log_err(&e) : c->verb->run(c, &session.ct, &e);
	vz_session_close(&session);
	vz_given_free(&c->given);
	return code;
}

static int without_container(struct command *c)
{
	struct vz_err e = { 0 };

	return c->verb->run(c, NULL, &e);
}

/* Global flags stand before the command only; returns the index of the command, or -exit code. */
static int global_flags(int argc, char **argv, struct command *g)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--verbose"))
			g->verbose++;
		else if (!strcmp(argv[i], "--quiet"))
			g->quiet = true;
		else if (!strcmp(argv[i], "--skiplock"))
			g->skiplock = true;
		else if (!strcmp(argv[i], "--dry-run"))
			g->dry_run = true;
		else
			break;
	}
	return i;
}

/* "--help" behind the verb, and where the verb has options of its own also later. */
static bool wants_help(const struct verb *v, int argc, char **argv)
{
	for (int i = 0; i < argc && (!i || !(v->flags & COMMAND_FOLLOWS)); i++)
		if (!strcmp(argv[i], "--help"))
			return true;
	return false;
}

/* The CTID may stand behind options, as getopt would have it: "stop --fast 101". */
static void ctid_first(const struct verb *v, int argc, char **argv)
{
	int at = find_ctid(v, argc, argv);
	char *ctid = argv[at];

	memmove(argv + 1, argv, (size_t)at * sizeof(*argv));
	argv[0] = ctid;
}

static void print_step(const char *step)
{
	printf("%s\n", step);
}

/* argv begins with the verb. */
static int print_plan(const struct verb *v, int argc, char **argv)
{
	if (vz_op_each_step(v->name, argv[1 + find_ctid(v, argc - 1, argv + 1)], print_step) == 0)
		return 0;
	fprintf(stderr, "There is no plan to print for %s\n", v->name);
	return VZ_INVALID_PARAMETER_SYNTAX;
}

static int run_line(int argc, char **argv)
{
	struct command c = { .all = argv };
	const struct verb *v;
	int i = global_flags(argc, argv, &c);

	context.quiet = c.quiet;
	if (i >= argc) {
		usage(stderr);
		return VZ_INVALID_PARAMETER_SYNTAX;
	}
	if (!strcmp(argv[i], "--version")) {
		printf("vzctl version %s\n", PACKAGE_VERSION);
		return 0;
	}
	if (vz_is_help(argv[i])) {
		usage(stdout);
		return 0;
	}
	if (!strcmp(argv[i], "--words")) {
		completion_words(argc - i - 1, argv + i + 1);
		return 0;
	}
	v = find_verb(argv[i]);
	if (!v)
		return bad_command(argv[i]);
	if (wants_help(v, argc - i - 1, argv + i + 1)) {
		usage_of(stdout, v);
		return 0;
	}
	if (i + 1 >= argc && !(v->flags & VZ_SESSION_NO_VPS)) {
		fprintf(stderr, "CT ID missing\n");
		return VZ_INVALID_PARAMETER_VALUE;
	}
	if (c.dry_run)
		return print_plan(v, argc - i, argv + i);
	if (!(v->flags & ANYBODY) && geteuid() != 0) {
		fprintf(stderr, "vzctl must be run as root\n");
		return VZ_NO_ACCES;
	}
	c.verb = v;
	c.argc = argc - i;
	c.argv = argv + i;
	if (v->flags & (ANYBODY | VZ_SESSION_NO_VPS))
		return without_container(&c);
	c.argc--;
	c.argv++;
	ctid_first(v, c.argc, c.argv);
	return with_container(&c);
}

int main(int argc, char **argv)
{
	setproctitle_init(argc, argv, environ); /* before anything is kept that points there */
	vz_process_init();
	vz_process_context(&context, "vzctl");
	(void)vz_cancel_open(&context);
	vz_process_signals(on_signal);
	return vz_process_end(run_line(argc, argv), VZ_SYSTEM);
}
