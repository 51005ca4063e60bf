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

#include "base/log.h"
#include "base/process.h"
#include "base/usage.h"
#include "ct/once.h"
#include "ops/plan.h"

struct global {
	char **argv; /* all of them */
	int verbose;
	bool quiet, skiplock, dry_run;
};

int finish(int r, const struct vz_err *e)
{
	return r < 0 ? vz_log_err(e) : VZ_OK;
}

static void warn(int level, const char *line)
{
	vz_log(level, "%s", line);
}

static void set_up_log(const struct vz_conf *c, const struct global *g, const struct verb *v)
{
	int level = c->log_level.set ? (int)c->log_level.v : 0;

	if (g->verbose)
		vz_log_verbosity(g->verbose);
	else
		vz_log_verbosity(c->verbose.set ? (int)c->verbose.v : level);
	if (v->flags & SILENT)
		vz_log_verbosity(-1);
	vz_log_quiet(g->quiet);
	vz_log_open(c);
}

/* Whoever works on a VPS that runs, or shall run, makes way for a stop that is in a hurry. */
static bool yields(const char *verb)
{
	const struct verb *v = find_verb(verb);

	return v && v->flags & YIELDS;
}

static int lock_container(const struct verb *v, struct vz_ct *ct, struct vz_err *e)
{
	int r = 0;

	if ((v->flags & BREAKS) && is_fast_stop())
		r = vz_ct_lock_break(ct, yields, warn, e);
	return r < 0 ? r : vz_ct_lock(ct, v->name, warn, e);
}

/* The checks that need the VPS's configuration, its lock, and the verb itself. */
static int with_container(const struct verb *v, struct vz_ct *ct, const struct global *g,
			  int argc, char **argv)
{
	struct vz_err e = { 0 };
	int r, code;

	if ((v->flags & NEEDS_CONF) && !ct->has_conf) {
		vz_log(-1, "Container config file does not exist");
		return VZ_NOVECONFIG;
	}
	r = vz_host_ready(v->flags & LOCKS, &e);
	if (r >= 0)
		r = vz_op_hide_program(ct, g->argv, &e);
	if (r >= 0 && v->flags & ASKS)
		r = ask_set(&e);
	if (r < 0)
		return finish(r, &e);
	if ((v->flags & LOCKS) && !g->skiplock) {
		r = lock_container(v, ct, &e);
		if (r < 0)
			return finish(r, &e);
	}
	if (v->flags & LOCKS)
		vz_op_heal(ct, !(v->flags & LEAVES_ENDED));
	code = v->run(ct, argc, argv, &e);
	vz_ct_unlock(ct);
	return code;
}

static int with_host(const struct verb *v, const char *which, const struct global *g, int argc,
		     char **argv)
{
	struct vz_host host = { 0 };
	struct vz_err e = { 0 };
	struct vz_ct ct = { 0 };
	bool by_name;
	unsigned id;
	int r, code;

	if (vz_ct_resolve(which, &id, &by_name, &e) < 0) {
		vz_log_quiet(g->quiet);
		return vz_log_err(&e);
	}
	/* every process inside could read our command line once we are there, and every user of the
	 * host now; what is left tells the operator who is at work */
	setproctitle("-vzctl %s %u", v->name, id);
	vz_log_quiet(g->quiet);
	if (!id && !(v->flags & HOST_TOO)) {
		vz_log(-1, "Only set actions are allowed for CT0");
		return VZ_INVALID_PARAMETER_VALUE;
	}
	r = vz_host_load(&host, warn, &e);
	if (r >= 0) {
		set_up_log(&host.conf, g, v);
		vz_log_ctid(id);
		r = v->parse ? v->parse(argc, argv, &e) : 0;
	}
	if (r >= 0 && (v->flags & NO_OPTIONS) && argc > 1)
		r = vz_fail(&e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Invalid options: %s", argv[1]);
	if (r >= 0)
		r = vz_ct_load(&host, id, &ct, warn, &e);
	if (r >= 0 && by_name && ct.own.name.set && strcmp(ct.own.name.v, which))
		r = vz_fail(&e, VZ_INVALID_PARAMETER_VALUE, 0,
			    "Unable to find container by name %s", which);
	code = r < 0 ? vz_log_err(&e) : with_container(v, &ct, g, argc, argv);
	vz_ct_free(&ct);
	vz_host_free(&host);
	return code;
}

static int without_container(const struct verb *v, const struct global *g, int argc, char **argv)
{
	struct vz_err e = { 0 };

	vz_log_quiet(g->quiet);
	return v->run(NULL, argc, argv, &e);
}

/* Global flags stand before the command only; returns the index of the command, or -exit code. */
static int global_flags(int argc, char **argv, struct global *g)
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

int main(int argc, char **argv)
{
	struct global g = { .argv = argv };
	const struct verb *v;
	int i;

	setproctitle_init(argc, argv, environ); /* before anything is kept that points there */
	vz_process_init();
	vz_plan_obey_signals();
	vz_log_init("vzctl");
	i = global_flags(argc, argv, &g);
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
	if (i + 1 >= argc && !(v->flags & NO_CTID)) {
		fprintf(stderr, "CT ID missing\n");
		return VZ_INVALID_PARAMETER_VALUE;
	}
	if (g.dry_run && vz_op_each_step(v->name, print_step) == 0)
		return 0;
	if (g.dry_run) {
		fprintf(stderr, "There is no plan to print for %s\n", v->name);
		return VZ_INVALID_PARAMETER_SYNTAX;
	}
	if (v->flags & ANYBODY)
		return without_container(v, &g, argc - i, argv + i);
	if (geteuid() != 0) {
		fprintf(stderr, "vzctl must be run as root\n");
		return VZ_NO_ACCES;
	}
	if (v->flags & NO_CTID)
		return without_container(v, &g, argc - i, argv + i);
	ctid_first(v, argc - i - 1, argv + i + 1);
	return with_host(v, argv[i + 1], &g, argc - i - 1, argv + i + 1);
}
