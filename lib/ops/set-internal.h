/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb set apart from what it acts on, so that its rules can be tried without a VPS. */
#ifndef VZ_OPS_SET_INTERNAL_H
#define VZ_OPS_SET_INTERNAL_H

#include "distro/dist-run.h"
#include "ops/ops.h"

/* Everything set does to the world, but the configuration file. */
struct vz_set_doors {
	const char *sample_dir;
	bool (*running)(const struct vz_ct *ct);
	/* The APPLY_* bits of conf come into force on the running VPS. -EOPNOTSUPP: this kernel
	 * cannot hold one of them, the others are in force. */
	int (*apply)(struct vz_ct *ct, const struct vz_conf *conf, unsigned bits, struct vz_err *e);
	/* What the command line says of addresses and devices; conf: all that holds from now on. */
	int (*net)(struct vz_ct *ct, const struct vz_given *g, const struct vz_conf *conf,
		   struct vz_err *e);
	/* An error when this host can never put these rows in force: the VPS need not run. */
	int (*possible)(const struct vz_conf *conf, struct vz_err *e);
	int (*hostname)(struct vz_ct *ct, const char *name, struct vz_err *e);
	int (*restart)(struct vz_ct *ct, struct vz_err *e);
	int (*name)(struct vz_ct *ct, const char *name, struct vz_err *e);
	int (*password)(struct vz_ct *ct, const char *user_password, struct vz_err *e);
	/* Distribution scripts are told of a change. c NULL: only whether there are any. */
	int (*dist)(struct vz_ct *ct, const struct vz_dist_change *c, struct vz_err *e);
};

/* vz_op_set() but for what the guest LANs learn of it: for who holds the lock of one. */
int vz_set_live(struct vz_ct *ct, struct vz_given *g, struct vz_err *e);

int vz_set_run(struct vz_ct *ct, struct vz_given *g, const struct vz_set_doors *doors,
	       struct vz_err *e);

#endif
