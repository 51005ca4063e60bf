/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that keep state, each the judge of its own continuity. A case is one function: it makes a state of the
 * kernel, calls moved(), which returns when the VPS has been suspended and resumed, moved to another host, or what
 * else was done to it, and then looks whether the state is what it was. Told to spoil, it breaks that state itself
 * before it looks, and must find it: a judge who cannot say no is none.
 *
 * They share no line with the product.
 */
#ifndef VZT_STATE_H
#define VZT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct st {
	const char *name;
	const char *dir; /* where it runs: of its own, empty at first */
	bool spoil;
	int go;   /* a byte comes when the move is over */
	int said; /* what it says to the runner */
};

/* Everything is set up: says so, and returns when the move is over. */
void moved(struct st *t);
/* `ret` of a call that sets up; a failure ends the case: "denied" when the VPS may not, else "cannot". */
long must(struct st *t, long ret, const char *call);
/* The sentence is the verdict when `holds` is false; ends the case. */
void check(struct st *t, bool holds, const char *sentence, ...) __attribute__((format(printf, 3, 4)));

/* fork(); the child dies with its parent */
pid_t child(struct st *t);
/* Writes or reads exactly n bytes; false at an error, an end, or after ten seconds. */
bool put(int fd, const void *data, size_t n);
bool get(int fd, void *data, size_t n);
/* Whether exactly these characters are what comes next of fd. */
bool comes(int fd, const char *text);
/* Fills with, or compares to, a pattern that depends on the place and on `seed`. */
void paint(void *mem, size_t n, unsigned int seed);
bool painted(const void *mem, size_t n, unsigned int seed);
/* Memory that children share. */
void *shared(struct st *t, size_t n);
/* The value behind `key` in a file of lines "key:<space>value"; "" when there is none. */
void proc_field(const char *path, const char *key, char *ret, size_t size);
/* Seconds of a clock. */
double seconds(int clock);
/* A new file of this content, open for reading and writing, at its begin. */
int file_of(struct st *t, const char *path, const char *text);

#define CASE(symbol, fate, kind, what) void state_##symbol(struct st *t);
#include "tests/state/state.def"
#undef CASE

#endif
