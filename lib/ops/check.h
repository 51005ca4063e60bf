/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is this host fit for VPSes? One table of things that somebody needs (check.c), each tried
 * for real by a function in a process of its own: features, never versions. Nothing that is tried
 * stays, save kernel modules that a start would have loaded too.
 */
#ifndef VZ_OPS_CHECK_H
#define VZ_OPS_CHECK_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

enum vz_check_verdict {
	VZ_CHECK_OK,
	VZ_CHECK_DEGRADED, /* works, with less; `found` says with how much less */
	VZ_CHECK_MISSING,
};

#define VZ_CHECK_FOUND 400

struct vz_check {
	const char *name;   /* one word */
	bool needed;        /* without it no container runs; else without it `use` is not there */
	const char *use;    /* what needs it */
	const char *remedy; /* what to do about it, one sentence without full stop */
	enum vz_check_verdict verdict;
	char found[VZ_CHECK_FOUND]; /* what is the case, printable UTF-8, or "" */
};

const char *vz_check_word(enum vz_check_verdict v);

/* Goes through the table; each row's result is handed to each(). VZ_UNSUITABLE (182) with the names
 * in *e when something is missing that every VPS needs. A row whose process dies or does not
 * answer within its time is missing. VZ_FAULT=NAME makes that row missing,
 * VZ_FAULT=check all of them. */
typedef void vz_check_each(const struct vz_check *row, void *arg);
int vz_op_check(vz_check_each *each, void *arg, struct vz_err *e);
/* The same without trying: for documents; verdict and `found` mean nothing. */
void vz_check_rows(vz_check_each *each, void *arg);
/* Adds the facts of this host that decide whether a VPS can be moved here (cpt/facts.h). VZ_NOCONFIG: vz.conf cannot
 * be read. */
int vz_op_host_facts(struct vz_str *out, struct vz_err *e);
/* Calls fn with every warning that commands have said since the boot, printable and in one line. */
void vz_check_said(void (*fn)(const char *text, void *arg), void *arg);

#endif
