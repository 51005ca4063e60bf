/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share. */
#ifndef VZ_RES_INTERNAL_H
#define VZ_RES_INTERNAL_H

#include "res/res.h"

struct res_ubc {
	size_t at; /* of the struct vz_ppair in struct vz_conf */
	int to;    /* which limit it becomes, ubc.c */
};
extern const struct res_ubc res_ubc[];
extern const size_t res_nubc;

void res_ubc_limits(const struct vz_conf *conf, struct vz_cg_limits *l);

#endif
