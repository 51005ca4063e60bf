/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the calculators ask of this host and its VPSes (INTERFACE 5.5): one configuration checked, what VPSes use and
 * are promised, a part of the host as a sample. The equations are lib/calc's.
 */
#ifndef VZ_OPS_CALCULATORS_H
#define VZ_OPS_CALCULATORS_H

#include "calc/calc.h"
#include "ct/ct.h"

struct vz_validate {
	const char *file;
	struct vz_pbool vswap; /* not set: as the configuration says */
	bool save;             /* what was mended is written, once nothing is left */
	vz_calc_hear *hear;
	void *arg;
};
/* Checks a configuration, over the defaults of vz.conf (host: NULL, or without). What is wrong with its lines is a
 * warning. The number of findings that stand. VZ_SYSTEM: it cannot be read, or saved. */
int vz_op_validate(const struct vz_host *host, const struct vz_validate *v, struct vz_err *e);

struct vz_vps_levels {
	unsigned id;
	bool runs;
	uint64_t cpuunits;
	struct vz_calc_levels levels;
};
/* This host, and of all that run, ascending by id; the caller frees. */
int vz_op_levels(const struct vz_host *host, struct vz_node *ret_node, struct vz_vps_levels **ret, size_t *ret_n,
		 struct vz_err *e);
/* This host, and of one. VZ_NOVECONFIG: it has no configuration. */
int vz_op_levels_of(const struct vz_host *host, unsigned id, struct vz_node *ret_node, struct vz_vps_levels *ret,
		    struct vz_err *e);

/* The disk that private areas are on, as vz_split() asks; where it cannot be asked, nothing is filled in. -errno. */
int vz_op_split_disk(struct vz_split *s);
/* The path of the sample `name`; NULL without memory. VZ_SYSTEM: no name, or the sample is there already. */
int vz_op_sample_free(const char *name, char **ret_path, struct vz_err *e);
/* Makes the sample; one that came meanwhile is not replaced. */
int vz_op_sample_make(const char *path, const struct vz_str *text, struct vz_err *e);

#endif
