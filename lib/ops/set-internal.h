/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb set apart from what it acts on, so that its rules can be tried without a VPS. */
#ifndef VZ_OPS_SET_INTERNAL_H
#define VZ_OPS_SET_INTERNAL_H

#include "apply/effects.h"
#include "distro/dist-run.h"
#include "ops/ops.h"

/* What set does to the world, beside the configuration file. */
struct vz_set_world {
	const char *sample_dir;
	const struct vz_effect *effects; /* what parameters do: the table of lib/apply */
	bool (*is_running)(const struct vz_ct *ct);
	int (*restart)(struct vz_ct *ct, struct vz_err *e);
	int (*name)(struct vz_ct *ct, const char *name, struct vz_err *e); /* beside the former one */
	void (*name_keep)(unsigned id, const char *name); /* and no other */
	int (*password)(struct vz_ct *ct, const char *user_password, struct vz_err *e);
	/* Distribution scripts are told of a change. c NULL: only whether there are any. */
	int (*distro)(struct vz_ct *ct, const struct vz_dist_change *c, struct vz_err *e);
};

/* vz_op_set() but for what the guest LANs learn of it: for who holds the lock of one. */
int vz_set_live(struct vz_ct *ct, struct vz_given *g, struct vz_err *e);

/* A parameter that a running VPS cannot take: only a restart makes it true. */
bool vz_set_needs_restart(const struct vz_param *p);

/* `distro` of the world of a real VPS. */
int vz_set_distro(struct vz_ct *ct, const struct vz_dist_change *c, struct vz_err *e);

/* The rules of the verb: what is refused, then name and passwords, then what parameters do to a VPS that
 * runs, then the file. All but that goes through *world. */
int vz_set_run(struct vz_ct *ct, struct vz_given *g, const struct vz_set_world *world,
	       struct vz_err *e);

#endif
