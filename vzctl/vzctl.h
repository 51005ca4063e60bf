/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of vzctl: one row each; what they do is lib/ops. */
#ifndef VZCTL_VZCTL_H
#define VZCTL_VZCTL_H

#include <stdio.h>

#include "ops/ops.h"
#include "ops/session.h"

/* Of a row, beside what its session needs (enum vz_session_flags); NO_VPS: run() gets no container. */
enum verb_flags {
	NO_OPTIONS = VZ_SESSION_OWN << 0,      /* "Invalid options" when any is given */
	ASKS = VZ_SESSION_OWN << 1,            /* ask_passwords() before the lock: nobody waits for the user */
	COMMAND_FOLLOWS = VZ_SESSION_OWN << 2, /* what stands behind the CTID is not ours to read */
	ANYBODY = VZ_SESSION_OWN << 3,         /* no need to be root */
	YIELDS = VZ_SESSION_OWN << 4,          /* who holds the lock for it is ended by stop --fast */
};

/* What was given on the command line. */
struct command {
	const struct verb *verb;
	char **all; /* the program's argv */
	int verbose;
	bool quiet, skiplock, dry_run;
	int argc; /* argv[0] is the CTID as typed, or the verb; behind it is what followed */
	char **argv;

	struct vz_session_want want;
	struct vz_given given; /* create, set */
	struct vz_start_opts start;
	struct vz_stop_opts stop;
	struct vz_suspend_opts suspend;
	struct vz_resume_opts resume;
	const char *only_start, *only_stop; /* the last option that fits one of them only */
};

/* parse() runs before the container is looked at; returns 0, or a failure in *e. run() returns the
 * exit code; ct is NULL where the verb has none. */
struct verb {
	const char *name, *alias;
	unsigned flags; /* enum vz_session_flags, enum verb_flags */
	int (*parse)(struct command *c, struct vz_err *e);
	int (*run)(struct command *c, struct vz_ct *ct, struct vz_err *e);
	const char *usage;
	enum vz_where options; /* IN_CREATE, IN_SET: options of the parameter table; 0 none */
};

extern const struct verb verbs[];

/* ---- help.c ---- */
const struct verb *find_verb(const char *name);
/* Says so, and which one was meant, if any; returns the exit code. */
int bad_command(const char *name);
void usage(FILE *out);
void usage_of(FILE *out, const struct verb *v);
/* vzctl --words: the verbs; --words --: the global flags; --words VERB [--OPTION]: its options, or the
 * values of one (vz_emit_values()). For completion. */
void completion_words(int argc, char **argv);
/* Which of the words behind the verb is the CTID: the first that is neither an option nor the value of
 * one; 0 where none is, or where options are not ours to read. */
int find_ctid(const struct verb *v, int argc, char **argv);
int run_help(struct command *c, struct vz_ct *ct, struct vz_err *e);

/* Result of an op: its exit code, the message of *e printed. */
int finish(int r, const struct vz_err *e);

/* The values of long options begin here, above every character: optopt tells a long option from a short one
 * by it. */
#define LONG_OPTION 256
struct option; /* getopt.h */
/* What getopt did not take, by one of these. */
int unknown_option(const char *word, const struct option *all, struct vz_err *e);

int parse_life(struct command *c, struct vz_err *e);
int parse_suspend(struct command *c, struct vz_err *e);
int parse_resume(struct command *c, struct vz_err *e);
int parse_create(struct command *c, struct vz_err *e);
int parse_set(struct command *c, struct vz_err *e);
int parse_exec(struct command *c, struct vz_err *e);
int parse_enter(struct command *c, struct vz_err *e);
int parse_runscript(struct command *c, struct vz_err *e);

/* Words without a password get theirs from the terminal or from standard input. */
int ask_passwords(struct vz_plist *words, struct vz_err *e);

int parse_check_migrate(struct command *c, struct vz_err *e);
int run_check_migrate(struct command *c, struct vz_ct *ct, struct vz_err *e);
int parse_why(struct command *c, struct vz_err *e);
int run_why(struct command *c, struct vz_ct *ct, struct vz_err *e);
int run_check(struct command *c, struct vz_ct *ct, struct vz_err *e);
int run_create(struct command *c, struct vz_ct *ct, struct vz_err *e);
int run_set(struct command *c, struct vz_ct *ct, struct vz_err *e);
int run_start(struct command *c, struct vz_ct *ct, struct vz_err *e);
int run_stop(struct command *c, struct vz_ct *ct, struct vz_err *e);
int run_suspend(struct command *c, struct vz_ct *ct, struct vz_err *e);
int run_resume(struct command *c, struct vz_ct *ct, struct vz_err *e);
int run_restart(struct command *c, struct vz_ct *ct, struct vz_err *e);
int run_exec(struct command *c, struct vz_ct *ct, struct vz_err *e);
int run_enter(struct command *c, struct vz_ct *ct, struct vz_err *e);
int run_runscript(struct command *c, struct vz_ct *ct, struct vz_err *e);

#endif
