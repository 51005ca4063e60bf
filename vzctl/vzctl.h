/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of vzctl: one row each; what they do is lib/ops. */
#ifndef VZCTL_VZCTL_H
#define VZCTL_VZCTL_H

#include <stdio.h>

#include "ops/ops.h"

enum verb_flags {
	LOCKS = 1 << 0,        /* takes the container's lock and heals */
	LEAVES_ENDED = 1 << 1, /* heals after killed commands only */
	NEEDS_CONF = 1 << 2,   /* 14 without CTID.conf */
	HOST_TOO = 1 << 3,     /* CTID 0 is allowed */
	SILENT = 1 << 4,       /* errors only */
	NO_OPTIONS = 1 << 5,   /* "Invalid options" when any is given */
	NO_CTID = 1 << 6,      /* about the host: run() gets no container, argv[0] is the verb */
	ASKS = 1 << 7,         /* ask_set() before the lock: nobody waits for the user */
	COMMAND_FOLLOWS = 1 << 8, /* what stands behind the CTID is not ours to read */
	ANYBODY = 1 << 9,      /* no need to be root */
	YIELDS = 1 << 10,      /* who holds the lock for it is ended by stop --fast */
	BREAKS = 1 << 11,      /* with --fast: ends him */
};

/* argv[0] is the CTID as typed, argv[1..] what followed it. parse() runs before the VPS
 * is looked at; returns 0, or a failure in *e. run() returns the exit code. */
struct verb {
	const char *name, *alias;
	unsigned flags;
	int (*parse)(int argc, char **argv, struct vz_err *e);
	int (*run)(struct vz_ct *ct, int argc, char **argv, struct vz_err *e);
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
int run_help(struct vz_ct *ct, int argc, char **argv, struct vz_err *e);

/* Result of an op: its exit code, the message of *e printed. */
int finish(int r, const struct vz_err *e);

int parse_life(int argc, char **argv, struct vz_err *e);
bool is_fast_stop(void);
int parse_create(int argc, char **argv, struct vz_err *e);
int parse_set(int argc, char **argv, struct vz_err *e);
int parse_exec(int argc, char **argv, struct vz_err *e);
int parse_enter(int argc, char **argv, struct vz_err *e);
int parse_runscript(int argc, char **argv, struct vz_err *e);

int ask_set(struct vz_err *e);
/* Words without a password get theirs from the terminal or from standard input. */
int ask_passwords(struct vz_plist *words, struct vz_err *e);

int run_check(struct vz_ct *ct, int argc, char **argv, struct vz_err *e);
int run_create(struct vz_ct *ct, int argc, char **argv, struct vz_err *e);
int run_set(struct vz_ct *ct, int argc, char **argv, struct vz_err *e);
int run_start(struct vz_ct *ct, int argc, char **argv, struct vz_err *e);
int run_stop(struct vz_ct *ct, int argc, char **argv, struct vz_err *e);
int run_restart(struct vz_ct *ct, int argc, char **argv, struct vz_err *e);
int run_exec(struct vz_ct *ct, int argc, char **argv, struct vz_err *e);
int run_enter(struct vz_ct *ct, int argc, char **argv, struct vz_err *e);
int run_runscript(struct vz_ct *ct, int argc, char **argv, struct vz_err *e);

#endif
