/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The equations of the calculators (INTERFACE 5.5): how much of a host its VPSes use and are promised, whether
 * the beancounters of a configuration agree with each other, and what a share of the host is. Integers only;
 * what is beyond all numbers is VZ_UNLIMITED. Knows no VPS, changes nothing and says nothing.
 */
#ifndef VZ_CALC_CALC_H
#define VZ_CALC_CALC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/num.h"
#include "base/str.h"
#include "param/param.h"

/* ---- node.c: what this host has ---- */

struct vz_node {
	uint64_t ram, swap, low; /* bytes; low is ram where the kernel has no other memory */
	uint64_t threads;        /* kernel.threads-max */
	uint64_t power;          /* of all CPUs, in hundredths: 25 times their bogomips; 0: the kernel tells none */
};
/* `proc` is "/proc", or a directory that stands for it. VZ_SYSTEM. */
int vz_node_read(const char *proc, struct vz_node *ret, struct vz_err *e);

/* ---- validate.c ---- */

/* Is memory limited the VSwap way? What 32-bit tools stored for unlimited is no limit (INTERFACE 5.2). */
bool vz_calc_is_vswap(const struct vz_conf *c);

/* Hears of one thing that is wrong, and of what would mend it ("set to ..."; NULL: nothing does). True: mend it. */
typedef bool vz_calc_hear(void *arg, const char *finding, const char *mend);
struct vz_calc_ask {
	bool vswap; /* memory is limited this way */
	vz_calc_hear *hear;
	void *arg;
};
/* Looks at the beancounters of c, in VSwap mode at its memory alone, and with DISK_QUOTA at its disk limits. What is
 * mended is changed in *c and put into *changed. Returns how many findings stand that are no recommendations.
 * -ENOMEM. */
int vz_calc_validate(struct vz_conf *c, const struct vz_node *node, const struct vz_calc_ask *ask,
		     struct vz_conf *changed);

/* ---- levels.c ---- */

/* Bytes, pages or processes. VZ_CALC_UNTOLD: cannot be told; VZ_UNLIMITED: without an end. */
#define VZ_CALC_UNTOLD UINT64_MAX

/* What one VPS holds, in the units of its counters; what nothing tells is VZ_CALC_UNTOLD. */
struct vz_calc_held {
	uint64_t kmemsize, tcpsndbuf, tcprcvbuf, othersockbuf, dgramrcvbuf;
	uint64_t physpages, oomguarpages, privvmpages, numproc;
};

/* Bytes, or processes. */
enum vz_calc_level {
	VZ_CALC_LOW_USED,
	VZ_CALC_LOW_PROMISED,
	VZ_CALC_RAM_USED,
	VZ_CALC_BOTH_USED, /* RAM and swap */
	VZ_CALC_BOTH_PROMISED,
	VZ_CALC_ALLOC_USED,
	VZ_CALC_ALLOC_PROMISED,
	VZ_CALC_ALLOC_LIMIT,
	VZ_CALC_PROC_USED,
	VZ_CALC_PROC_LIMIT,
	VZ_CALC_LEVELS
};
struct vz_calc_levels {
	uint64_t v[VZ_CALC_LEVELS];
};

/* held: NULL for a VPS that does not run, what it uses is then untold. */
void vz_calc_levels(const struct vz_conf *c, const struct vz_calc_held *held, struct vz_calc_levels *ret);
void vz_calc_add(struct vz_calc_levels *sum, const struct vz_calc_levels *one);
/* How much of it the host has. */
uint64_t vz_calc_capacity(const struct vz_node *n, enum vz_calc_level level);
/* A level in hundredths of a percent of what the host has, to the nearest one; the two words of above stay. */
uint64_t vz_calc_share(const struct vz_node *n, const struct vz_calc_levels *l, enum vz_calc_level level);
/* Bytes in hundredths of a MiB, to the nearest; the two words of above stay. */
uint64_t vz_calc_mbytes(uint64_t bytes);
/* Hundredths as "12.34"; "-" for what is untold and "inf" for what has no end. */
#define VZ_CALC_TEXT 24
const char *vz_calc_text(uint64_t hundredths, char buf[static VZ_CALC_TEXT]);

/* ---- split.c ---- */

struct vz_split {
	uint64_t vpses;
	bool vswap;
	uint64_t disk_kib, inodes; /* of the disk that private areas are on; 0: not known */
	/* what comes of it */
	unsigned level;            /* of shortage, 0 to 3 */
	uint64_t threads;          /* of the host's, so many were shared out */
	bool disk_short;           /* the disk is too small for so many: defaults were taken */
	struct vz_conf conf;       /* has only numbers: nothing to free */
};
/* How many VPSes a host can have at most by its memory; below what was asked, *e says which memory is short. */
uint64_t vz_split_most(const struct vz_node *n, uint64_t vpses, struct vz_err *e);
/* A VPS's part of the host. -ENOSPC with VZ_SYSTEM when there are too many, by vz_split_most() or by the equations. */
int vz_split(const struct vz_node *n, struct vz_split *s, struct vz_err *e);
/* The sample as text. */
void vz_split_text(const struct vz_node *n, const struct vz_split *s, struct vz_str *to);

#endif
