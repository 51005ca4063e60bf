/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What parameters do: one row for each kind of effect (enum vz_apply), with how it comes into force
 * at a start and at a restore, how on a VPS that runs, and what is said of it. start and set are loops
 * over these rows.
 * The order of the rows is the order of work and of messages; the order of the bits, of the
 * parameters and of the fields of struct vz_conf means nothing.
 */
#ifndef VZ_APPLY_EFFECTS_H
#define VZ_APPLY_EFFECTS_H

#include "apply/network.h"
#include "cgroup/cgroup.h"
#include "ct/ct.h"
#include "launch/launch.h"

/* When a start comes to an effect, and what it has by then in struct vz_starting. */
enum vz_start_phase {
	VZ_START_PROBE,   /* ct, net: nothing is made; who is asked answers meanwhile */
	VZ_START_CHECK,   /* cg: the group is there, and nobody in it: can this host hold it at all? */
	VZ_START_GROUP,   /* it is put on the group */
	VZ_START_ACTIONS, /* the administrator's action scripts */
	VZ_START_SPEC,    /* spec: it is said what init is launched with */
	VZ_START_DEVICES, /* net entered: the network namespace, at a restore that of who holds the devices for it */
	VZ_START_NET,     /* net entered: the VPS's own; from now on frames pass */
	VZ_START_INSIDE,  /* state: the tree stands, nothing of the guest has run */
	VZ_START_DISTRO,  /* the distribution's scripts are told */
	VZ_START_ALONE,   /* cg: the VPS's own processes are alone in the group; does something at a restore only */
	VZ_START_PHASES
};

struct vz_starting {
	struct vz_ct *ct;
	struct vz_cg *cg;
	struct vz_spec *spec;
	struct vz_network *net;
	const struct vz_state *state;
	bool bare;    /* --skip_ve_setup: only what a row says in .bare */
	bool restore; /* from an image: only what a row says in .restore */
};

/* A change of a VPS that runs. */
struct vz_setting {
	struct vz_ct *ct;           /* ct->conf: what held before */
	const struct vz_given *g;   /* the command line */
	const struct vz_conf *conf; /* all that holds from now on */
	const struct vz_effect *row;
};

struct vz_effect {
	unsigned bit; /* APPLY_*; 0 ends the table */

	/* ---- a start ---- */
	/* What it asks of the group; of all rows at once, first in VZ_START_GROUP. */
	void (*limits)(const struct vz_conf *conf, struct vz_cg_limits *ret);
	unsigned distro; /* VZ_DIST_*: scripts write it into files too, in VZ_START_DISTRO; last of a set */
	int (*start[VZ_START_PHASES])(const struct vz_starting *s, struct vz_err *e);
	unsigned bare; /* 1 << phase: also under --skip_ve_setup, since it guards the host */
	void (*say_start)(const struct vz_conf *conf); /* once the group holds it */

	/* ---- a restore ---- */
	unsigned restore; /* 1 << phase: also at a restore */
	unsigned late;    /* VZ_CG_* of .limits: not in VZ_START_GROUP then, but in VZ_START_ALONE; until then VZ_CG_CPUUNITS has the most */
	const char *not_restored; /* why the other phases are left out */

	/* ---- set ---- */
	/* An error when no VPS on this host could ever have this; only what conf sets is looked at. */
	int (*possible)(const struct vz_conf *conf, struct vz_err *e);
	/* Says what may be meant so, but holds nothing back on this host. */
	void (*warn)(const struct vz_conf *changed);
	void (*announce)(const struct vz_conf *changed);
	/* On a VPS that runs; NULL: .distro is all. */
	int (*live)(const struct vz_setting *s, struct vz_err *e);
	bool partly; /* -EOPNOTSUPP of .live: this kernel cannot hold a part, the rest is in force */
	void (*say_lacking)(const struct vz_conf *changed); /* of that; NULL: *e, as a warning */
	const char *said_done;

	/* ---- set, of a VPS that does not run, without --save ---- */
	const char *what;     /* "Unable to apply WHAT parameters: container is not running" */
	const char *(*to_do)(const struct vz_given *g); /* in place of "apply WHAT parameters" */
	bool refused_last;    /* after all other rows */
	unsigned refuses;     /* enum vz_where: these parameters too, though nothing holds them */
};

extern const struct vz_effect vz_effects[];

/* One phase of a start or of a restore: all rows, in their order. A limit that this kernel cannot hold is
 * warned of once a boot. */
int vz_effects_start(const struct vz_starting *s, enum vz_start_phase phase, struct vz_err *e);
/* What is said when the group holds it. */
void vz_effects_say_start(const struct vz_starting *s);

/* The bits that the parameters set in conf have. */
unsigned vz_effects_of(const struct vz_conf *conf);
/* VZ_DIST_*: what of these bits has to stand in files of the VPS too. */
unsigned vz_effects_distro(const struct vz_effect *table, unsigned bits);

#endif
