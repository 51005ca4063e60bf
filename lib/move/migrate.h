/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moving a VPS to another host (INTERFACE 9.2). */
#ifndef VZ_MOVE_MIGRATE_H
#define VZ_MOVE_MIGRATE_H

#include <stdbool.h>

#include "ct/ct.h"
#include "move/pump.h"
#include "move/renew.h"
#include "move/report.h"

/* Exit codes of vzmigrate; numbers that vzctl has for something else. Those up to 20 are the legacy ones. */
enum vz_migrate_exit {
	VZ_MIGRATE_USAGE = 1,
	VZ_MIGRATE_STOPPED = 2,     /* is to be moved online, and does not run */
	VZ_MIGRATE_CONNECT = 4,     /* no connection */
	VZ_MIGRATE_COPY = 6,
	VZ_MIGRATE_START = 7,       /* it did not start there */
	VZ_MIGRATE_STOP = 8,        /* it could not be stopped or suspended here */
	VZ_MIGRATE_EXISTS = 9,      /* there is one of that id there */
	VZ_MIGRATE_MISSING = 10,    /* there is none here */
	VZ_MIGRATE_IP = 12,         /* an address is in use there */
	VZ_MIGRATE_REMOTE = 14,     /* vzctl, or what the VPS needs, is not there */
	VZ_MIGRATE_CONFIG = 15,     /* its configuration cannot be put there */
	VZ_MIGRATE_LAYOUT = 16,     /* its layout is not possible there */
	VZ_MIGRATE_VERSION = 17,    /* CRIU there is older */
	VZ_MIGRATE_CPU = 18,
	VZ_MIGRATE_BAD_CONFIG = 19, /* vz.conf there */
	VZ_MIGRATE_LOCKED = 20,
	VZ_MIGRATE_IDS = 21,        /* its host ids belong to another VPS there, and no others are free */
	VZ_MIGRATE_DOUBT = 22,      /* nobody knows whether it has arrived: it stands still here, and runs there or nowhere */
};

/* Checks whose failure is only said, --nodeps. */
#define VZ_MIGRATE_IGNORING "Ignoring the above error (migration can fail)..."
#define VZ_MIGRATE_NO_CPU (1u << 0)
#define VZ_MIGRATE_NO_IPV6 (1u << 1)
#define VZ_MIGRATE_NO_DISK (1u << 2)

/* So long its files are counted: of a larger area that is at least what it takes. */
#define VZ_MIGRATE_COUNT_MS 2000

#define VZ_MIGRATE_SILENCE_S 60
#define VZ_MIGRATE_SILENCE_MIN 5
#define VZ_MIGRATE_SILENCE_MAX 3600

struct vz_migrate_opts {
	const char *host;
	const char *ssh, *rsync; /* further arguments, apart by blanks; NULL none */
	bool online, keep_area, keep_dst, check_only, times;
	bool no_start;           /* it is not started there, nor resumed */
	bool keep_images;        /* its dump stays there when it is resumed */
	bool once;               /* memory is copied once, while it is frozen */
	bool realtime;           /* only if memory can be copied while it runs */
	bool post;               /* memory may follow when it runs there */
	bool lost;               /* the user says that the other host is gone for good: what was in doubt goes on here */
	bool cold;               /* one that cannot be moved while it runs is stopped; of the program */
	enum vz_squeeze squeeze; /* of memory */
	uint64_t bwlimit;        /* bytes a second, 0: as fast as it can */
	struct vz_renew renew;   /* what it is called there */
	const struct vz_report *report; /* NULL: nobody wants to know */
	unsigned ignore;         /* VZ_MIGRATE_NO_* */
	int verbose;
	int silence_s;           /* of a host, until the other one takes it for dead */
};

/* Moves it. *e has an exit code of vzmigrate. After a failure it is what it was, here, but for VZ_MIGRATE_DOUBT.
 * What an earlier one that was killed left is taken back or finished first. The caller holds the lock. */
int vz_migrate(struct vz_ct *ct, const struct vz_migrate_opts *o, struct vz_err *e);
/* Can CRIU move it while it runs, as far as this host knows? AS(STOP) with the first that refuses. */
int vz_migrate_can_go_on(const struct vz_ct *ct, struct vz_err *e);
/* Is it down, with a dump that a start resumes? */
bool vz_migrate_is_suspended(const struct vz_ct *ct);
/* The live holder of its lock, or 0. */
pid_t vz_migrate_lock_holder(unsigned id);
/* recover.c: takes back or finishes what a killed one left, with ->check_only only says so. 0: nothing was left, or the VPS is what it was, here. 1: it
 * had arrived, and is gone here. VZ_MIGRATE_DOUBT: the other host gives no answer, and has to be asked. */
int vz_migrate_recover(struct vz_ct *ct, const struct vz_migrate_opts *o, struct vz_err *e);

#endif
