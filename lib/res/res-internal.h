/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share. */
#ifndef VZ_RES_INTERNAL_H
#define VZ_RES_INTERNAL_H

#include "res/res.h"

/* A beancounter, a row of counters.def. */
struct res_ubc {
	size_t at;    /* of the struct vz_ppair in struct vz_conf */
	unsigned bit; /* VZ_CG_*: the limit that it becomes; 0: the group does not hold it */
	size_t to;    /* of the number in struct vz_cg_limits */
	bool strict;  /* a limit that this host cannot hold is refused */
	bool pages;   /* else bytes or items, as there */
};
extern const struct res_ubc res_ubc[];
extern const size_t res_nubc;

/* Limits `now` into parameters of *own; `want`: what conf asks for. */
void res_limits_back(const struct vz_conf *conf, const struct vz_cg_limits *want,
		     const struct vz_cg_limits *now, struct vz_conf *own);

static inline uint64_t *res_limit(const struct res_ubc *row, struct vz_cg_limits *l)
{
	return (void *)((char *)l + row->to);
}

#endif
