/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a command comes to the host and to its VPS: vz.conf, the log, the VPS, its lock, and what a killed
 * command left taken back. One order, for every program; scripts depend on which error wins (INTERFACE 1.1).
 * Log, levels and the id that lines are filed under are set in the context of the caller, who has made it
 * current before all else.
 */
#ifndef VZ_OPS_SESSION_H
#define VZ_OPS_SESSION_H

#include "ct/ct.h"

struct vz_session {
	unsigned id;
	const char *name;    /* under which it was found; NULL: by its id */
	struct vz_host host;
	struct vz_ct ct;     /* without NO_VPS */
};

/* What a command needs and may; a program puts them into the table of its verbs. */
enum vz_session_flags {
	VZ_SESSION_CHANGES = 1 << 0,      /* changes something: the host must be fit, ct is locked and healed */
	VZ_SESSION_NO_LOCK = 1 << 1,      /* but not locked */
	VZ_SESSION_BREAKS = 1 << 2,       /* ends who holds the lock, if he yields */
	VZ_SESSION_LEAVES_ENDED = 1 << 3, /* a VPS that ended by itself is left to vzeventd */
	VZ_SESSION_NEEDS_CONF = 1 << 4,   /* VZ_NOVECONFIG without N.conf */
	VZ_SESSION_HOST_TOO = 1 << 5,     /* CTID 0 is allowed */
	VZ_SESSION_SILENT = 1 << 6,       /* errors only, whatever vz.conf says */
	VZ_SESSION_NO_VPS = 1 << 7,       /* about the host, or VPSes that are known later; what is wrong in
					   * vz.conf is told by who comes to one */
	VZ_SESSION_NO_LOG = 1 << 8,       /* shows something, with NO_VPS: no log file is made */
	VZ_SESSION_CONF_OPTIONAL = 1 << 9, /* with NO_VPS: goes on where vz.conf cannot be read */
	VZ_SESSION_GIVEN_AWAY = 1 << 10,  /* may come to a VPS that is being handed to another host, vz_ct_is_given_away():
					   * ends that, or only looks. All others are refused: VZ_NOVECONFIG */
	VZ_SESSION_LOOKS = 1 << 11,       /* with CHANGES: has the lock, and nothing is healed */
	VZ_SESSION_OWN = 1 << 16,         /* from here on the bits are the program's own */
};

struct vz_session_want {
	unsigned flags;     /* enum vz_session_flags */
	const char *verb;   /* written into the lock */
	int verbose;        /* of the command line; 0: what vz.conf says */
	char *const *argv;  /* of a program that enters VPSes: it is run anew where guests could open its file
			     * (vz_op_hide_program()); NULL: nothing is run */
	bool (*yields)(const char *verb); /* with BREAKS */
	/* Of the caller, may be NULL, and not asked with NO_VPS: once vz.conf is read, and it may change
	 * flags; and before the lock, so that nobody waits for the user. */
	int (*read_options)(void *arg, struct vz_err *e);
	int (*ask_user)(void *arg, struct vz_err *e);
	void *arg;
};

/* "42" or a name into s->id. Opens nothing. */
int vz_session_find(struct vz_session *s, const char *which, struct vz_err *e);
/* Comes to the VPS found, or with NO_VPS to the host alone. On failure nothing is held. */
int vz_session_open(struct vz_session *s, const struct vz_session_want *w, struct vz_err *e);
/* Lets go of the VPS and its lock; the log stays open, and another one may be found. Accepts one that
 * was never opened. */
void vz_session_close(struct vz_session *s);

#endif
