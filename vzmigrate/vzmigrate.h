/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line of vzmigrate asks for, and who does it. */
#ifndef VZMIGRATE_VZMIGRATE_H
#define VZMIGRATE_VZMIGRATE_H

#include <stddef.h>

#include "base/str.h"
#include "move/migrate.h"
#include "vzmigrate/telling.h"

#define JOBS_MAX 64 /* at a time */

/* "CTID[:NEWID[:PRIVATE[:ROOT]]]" */
struct item {
	const char *which;
	struct vz_renew renew;
	bool online;              /* with --evacuate: it runs */
};

struct request {
	struct vz_migrate_opts o;
	struct vz_str ssh, rsync; /* all that was given for them */
	struct item *items;
	size_t n;
	char *words;              /* of the items */
	unsigned jobs;            /* at a time */
	bool json, evacuate;
	bool compact, snapshot;   /* of ploop, which nothing here is kept in */
};

/* request.c: 0, an exit code, or -ECANCELED: it asked for help or the version, and has them. */
int request_read(struct request *r, int argc, char **argv);
/* --evacuate: all containers of this host are its items. 0, or an exit code. */
int request_evacuate(struct request *r);
void request_free(struct request *r);
void request_usage(void);

/* one.c: moves one, or takes back what a killed one left; the exit code, or of the latter 1: it had arrived. To be called
 * in a process of its own, whose parent is `command`: when that dies a move is taken back. */
int move_one(struct vz_migrate_opts *o, const char *which, enum show_how how, bool recover, pid_t command);

/* several.c: moves all of them; the exit code. */
int move_all(const struct request *r);

#endif
