/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line of vzmigrate asks for, and who does it. */
#ifndef VZMIGRATE_VZMIGRATE_H
#define VZMIGRATE_VZMIGRATE_H

#include <stddef.h>

#include "base/str.h"
#include "move/migrate.h"

/* "CTID[:NEWID[:PRIVATE[:ROOT]]]" */
struct item {
	const char *which;
	struct vz_renew renew;
};

struct request {
	struct vz_migrate_opts o;
	struct vz_str ssh, rsync; /* all that was given for them */
	struct item *items;
	size_t n;
	char *words;              /* of the items */
	bool compact, snapshot;   /* of ploop, which nothing here is kept in */
};

/* request.c: 0, an exit code, or -ECANCELED: it asked for help or the version, and has them. */
int request_read(struct request *r, int argc, char **argv);
void request_free(struct request *r);
void request_usage(void);

/* several.c: moves all of them; the exit code. */
int move_all(const struct request *r);

#endif
