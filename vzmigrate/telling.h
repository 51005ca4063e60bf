/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the process that moves one container shows: lines, a line of progress, or JSON. */
#ifndef VZMIGRATE_TELLING_H
#define VZMIGRATE_TELLING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/context.h"
#include "move/report.h"

enum show_how {
	SHOW_LINES,    /* what is done, a line each */
	SHOW_SOMETIMES, /* and how far a copy is, every few seconds */
	SHOW_TERMINAL, /* the same, on the last line of a terminal */
	SHOW_JSON,     /* one object a line, and nothing else, on stdout */
};

struct show {
	enum show_how how;
	const char *which;   /* as it was named */
	unsigned id;         /* 0: not known yet */
	int json;            /* where objects go */
	int64_t began, said; /* ms */
	bool *on_line;       /* of the terminal is some progress; a child of ours may have written it */
	char error[1024];    /* the last one */
	vz_sink *sink;
	void *sink_arg;
	struct vz_report report;
};

/* From here on lines of *c go through it. With SHOW_JSON what else is written to stdout goes to stderr. */
void show_begin(struct show *s, enum show_how how, const char *which, struct vz_context *c);
void show_end(struct show *s, int code);

struct show_sum {
	const char *host;
	bool checked;    /* nothing was moved */
	size_t n, good;
	int code;
};
/* Of all of them. */
void show_summary(enum show_how how, const struct show_sum *s);

#endif
