/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facts about every VPS, for a front-end that lists them. Collects and says nothing about
 * columns, order or text. What costs a look at the kernel or at another file is collected only
 * when asked for, so that a list of a thousand stopped VPSes reads a thousand files and no more.
 */
#ifndef VZ_OPS_LIST_H
#define VZ_OPS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "ct/ct.h"
#include "res/counts.h"

/* In the order in which the legacy tool sorts them. */
enum vz_list_status {
	VZ_LIST_RUNNING,
	VZ_LIST_STOPPED,
	VZ_LIST_MOUNTED,
	VZ_LIST_SUSPENDED,
};

/* What a query may ask for beyond id, configuration, paths and "runs or not". */
enum vz_list_need {
	VZ_LIST_STATUS = 1 << 0, /* mounted and suspended told from stopped */
	VZ_LIST_NAME = 1 << 1,   /* name */
	VZ_LIST_USAGE = 1 << 2,  /* counters and limits in force of running ones */
	VZ_LIST_LAYOUT = 1 << 3, /* layout */
	VZ_LIST_IP = 1 << 4,     /* ip of running ones */
	VZ_LIST_TRAFFIC = 1 << 5, /* traffic */
	VZ_LIST_KINDS = 1 << 6,   /* counters of KINDS in counters.def, dearer to read */
	VZ_LIST_LINES = 1 << 7,   /* those of LINE */
	VZ_LIST_MIGRATABLE = 1 << 8, /* all its processes are looked at */
	VZ_LIST_BESIDE = 1 << 9,     /* counters of BESIDE */
	VZ_LIST_COUNTS = VZ_LIST_USAGE | VZ_LIST_KINDS | VZ_LIST_LINES | VZ_LIST_BESIDE,
};

#define VZ_LIST_UNKNOWN UINT64_MAX

/* Bytes of IP packets that were counted, to and from the VPS; VZ_LIST_UNKNOWN: cannot tell. Class 1
 * is foreign, every other one local. */
struct vz_list_traffic {
	uint64_t in, out, local_in, local_out, foreign_in, foreign_out;
};

struct vz_list_item {
	unsigned id;
	enum vz_list_status status;
	const struct vz_conf *conf; /* what N.conf says, without the defaults of vz.conf; of a
				     * running one the limits in force, when asked for */
	const char *root, *private; /* expanded; NULL when set nowhere */
	const char *name;           /* NULL: none, or not asked for */
	const char *layout;         /* NULL: unknown, or not asked for */
	pid_t init;                 /* of a running one: host pid of its PID 1, else 0 */
	uint64_t uptime_ms;         /* of a running one */
	struct vz_plist ip;         /* of a running one: addresses in force, in order of addition */
	struct vz_pbool migratable; /* not set: does not run, cannot be told, or not asked for */
	struct vz_pu64 uid;         /* first host id; 0: no user namespace */
	struct vz_counts counts;    /* of a running one; with the kinds that were asked for */
	struct vz_list_traffic traffic;
};

struct vz_list_query {
	const unsigned *ids; /* only these, n of them, in any order; NULL: every one */
	size_t n;
	bool running; /* those that run */
	bool others;  /* configured ones that do not run */
	unsigned need;
};

struct vz_list_store;

struct vz_list {
	struct vz_list_item *items; /* ascending by id */
	size_t n;
	size_t found; /* how many VPSes the query met, listed or not */
	size_t unreadable;  /* how many were left out because their configuration cannot be read */
	struct vz_err why;  /* of the first of these */
	struct vz_list_store *store; /* owns what the items point to */
};

/* "42" or a name -> id. VZ_INVALID_PARAMETER_VALUE "CT ID X is invalid." */
int vz_op_list_id(const char *text, unsigned *ret_id, struct vz_err *e);

/* Collects what the query asks for; the caller frees with vz_list_free(), and the host, which stays
 * his, afterwards. A configured VPS that neither runs nor has a private area is met but not listed.
 * VZ_SYSTEM: the directory of configurations cannot be read. */
int vz_op_list(const struct vz_host *host, const struct vz_list_query *q, struct vz_list *ret,
	       struct vz_err *e);
void vz_list_free(struct vz_list *l);
#define autolist __attribute__((cleanup(vz_list_free))) struct vz_list

#endif
