/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a VPS uses of each beancounter: held, the most that was held, how often it was refused. One
 * reading for all who show it. The kernel's counts end with the group; what they came to is kept in
 * a file of the VPS's, so that they go on over a stop, a reboot and a suspend. They end with the VPS
 * (destroy), or when it is started in another boot of the host, as those of the legacy kernel did;
 * one that is resumed there goes on.
 */
#ifndef VZ_RES_COUNTS_H
#define VZ_RES_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "ct/ct.h"

#define VZ_UNCOUNTED UINT64_MAX /* nothing tells */

/* Bytes, pages or items, as the counter's unit in counters.def says. */
struct vz_counted {
	uint64_t held, maxheld, failcnt;
};
struct vz_counts {
#define COUNTER(place, KEY, name, ...) struct vz_counted name;
#include "param/counters.def"
};

/* The kinds of `reading` in counters.def. */
enum vz_counts_kind {
	VZ_COUNTS_USAGE = 1 << 0,
	VZ_COUNTS_KINDS = 1 << 1, /* dearer */
	VZ_COUNTS_LINES = 1 << 2,
	VZ_COUNTS_BESIDE = 1 << 3,
};

/* All VZ_UNCOUNTED. */
void vz_counts_none(struct vz_counts *ret);
/* Those of these kinds, over the lives of VPS `id`, which runs in the group `cg` with the state `s`; the others are
 * not counted. maxheld is never below held. A group that cannot be read leaves all uncounted. */
void vz_counts_read(unsigned id, const struct vz_cg *cg, const struct vz_state *s, unsigned kinds,
		    struct vz_counts *ret);
/* Before the group is removed, and nothing lives in it: what it counted goes into the file. More than once is once. */
int vz_counts_keep(unsigned id, const struct vz_cg *cg, struct vz_err *e);
/* A life begins. What is kept of another boot ends, or goes on when `resumed`. */
int vz_counts_begin(unsigned id, bool resumed, struct vz_err *e);
void vz_counts_forget(unsigned id);

#endif
