/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a command comes to its VPS: vz.conf, the log, the VPS, its lock, and what a killed command left
 * taken back. One order, for every program; scripts depend on which error wins (INTERFACE 1.1).
 */
#ifndef VZ_OPS_SESSION_H
#define VZ_OPS_SESSION_H

#include "base/context.h"
#include "ct/ct.h"

struct vz_session {
	struct vz_context context; /* the caller makes it current before all else */
	unsigned id;
	const char *name;          /* under which it was found; NULL: by its id */
	struct vz_host host;
	struct vz_ct ct;
};

enum vz_session_flags {
	VZ_SESSION_CHANGES = 1 << 0,      /* changes something: the host must be fit, and ct is healed */
	VZ_SESSION_LOCKS = 1 << 1,        /* takes the lock */
	VZ_SESSION_BREAKS = 1 << 2,       /* ends who holds it, if he yields */
	VZ_SESSION_LEAVES_ENDED = 1 << 3, /* a VPS that ended by itself is left to vzeventd */
	VZ_SESSION_NEEDS_CONF = 1 << 4,   /* VZ_NOVECONFIG without N.conf */
	VZ_SESSION_HOST_TOO = 1 << 5,     /* CTID 0 is allowed */
	VZ_SESSION_SILENT = 1 << 6,       /* errors only, whatever vz.conf says */
};

struct vz_session_want {
	unsigned flags;     /* enum vz_session_flags */
	const char *verb;   /* written into the lock */
	int verbose;        /* of the command line; 0: what vz.conf says */
	char *const *argv;  /* of a program that enters VPSes: it is run anew where guests could open its file
			     * (vz_op_hide_program()); NULL: nothing is run */
	bool (*yields)(const char *verb); /* with BREAKS */
	/* Of the caller, may be NULL: once vz.conf is read; and before the lock, so that nobody waits for
	 * the user. */
	int (*read_options)(void *arg, struct vz_err *e);
	int (*ask_user)(void *arg, struct vz_err *e);
	void *arg;
};

/* "42" or a name into s->id. Opens nothing. */
int vz_session_find(struct vz_session *s, const char *which, struct vz_err *e);
/* Comes to the VPS found. On failure nothing is held. */
int vz_session_open(struct vz_session *s, const struct vz_session_want *w, struct vz_err *e);
/* Lets go of the VPS and its lock; the log stays open, and another one may be found. Accepts one that
 * was never opened. */
void vz_session_close(struct vz_session *s);

/* For a program whose verbs are about the host, or enter VPSes that are known later: the host must be
 * fit for changes, the program is hidden as above, and the log is opened, unless vz.conf cannot be
 * read. */
int vz_session_host(struct vz_session *s, char *const argv[], struct vz_err *e);

#endif
