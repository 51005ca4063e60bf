/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What serving and checking share. */
#ifndef VZ_MOVE_ARRIVE_INTERNAL_H
#define VZ_MOVE_ARRIVE_INTERNAL_H

#include "ct/ct.h"
#include "move/beat.h"
#include "move/talk.h"
#include "ops/session.h"

struct vz_arrival {
	struct vz_talk talk;
	struct vz_beat beat;  /* from hello on */
	struct vz_session session; /* the host */
	bool has_host;
	unsigned id;
	char token[40];
	char *conf;          /* the bytes of its N.conf */
	size_t nconf;
	struct vz_conf own;  /* the same, read, with what is wanted */
	struct vz_conf wanted; /* that is to be otherwise here (renew.h) */
	unsigned from;       /* its id there */
	char *private, *root, *template, *dumpdir; /* here */
	struct vz_ct lock;   /* holds the lock once it is prepared */
	bool prepared, accepted, keep;
	bool online;
	bool urgent;         /* it stands still there */
	int nice, ssh_nice;  /* what this process and its sshd had before */
	int ram;             /* the directory in memory for its dump; -EBADF: it comes into DUMPDIR */
};

/* Can it be here? Changes nothing. Codes are those of vzmigrate. `ignore`: VZ_MIGRATE_NO_*. */
int vz_arrive_check(struct vz_arrival *a, unsigned ignore, struct vz_err *e);

#endif
