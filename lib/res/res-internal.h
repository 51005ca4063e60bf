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

/* A parameter that is no beancounter and becomes a limit. */
struct res_param {
	unsigned apply;               /* APPLY_*: with which others it comes into force */
	size_t at;                    /* of the struct vz_pu64 in struct vz_conf */
	unsigned bit;                 /* VZ_CG_* */
	size_t to;                    /* of the number in struct vz_cg_limits */
	bool text;                    /* a struct vz_pstr and a const char * in their place, not read back */
	uint64_t (*into)(uint64_t v); /* the number of the limit; NULL: the same */
	/* Where a row above makes the same limit: */
	enum res_join {
		RES_LEAST,            /* the smaller one of those that are not 0 */
		RES_UNLESS_SET,       /* that one */
	} join;
	/* What the parameter is while a limit is in force. Asked for: by all rows of the limit. */
	enum res_back {
		RES_KEPT,             /* as configured: other rows show it */
		RES_NOW,              /* the limit */
		RES_NOW_IF_SET,       /* the limit, where the configuration has it */
		RES_NOW_IF_OTHER,     /* the limit, where that is not what was asked for */
		RES_0_IF_OTHER,       /* none, where the limit is not what was asked for */
	} back;
};
extern const struct res_param res_params[];
extern const size_t res_nparams;

/* CPUs as numbers: 8192 is what the kernel can be built for (CONFIG_NR_CPUS). */
#define RES_CPUS_MAX 8192
struct res_cpus {
	bool allowed[RES_CPUS_MAX];
	uint64_t load[RES_CPUS_MAX]; /* what is held on each */
	bool picked[RES_CPUS_MAX];
};
/* Picks n of those allowed: the least loaded, and among equals those from `first` on. */
void res_cpus_pick(struct res_cpus *c, size_t n, unsigned first);
/* l->ncpus of l->cpus (a list, or a word for all) as a list for this VPS, the caller's to free; *ret stays as it is
 * when all are to be had. */
int res_cpus_choose(const struct vz_cg *cg, const struct vz_cg_limits *l, char **ret, struct vz_err *e);

/* On how many CPUs the group is held; 0: on none in particular. */
size_t res_cpus_held(const struct vz_cg *cg);

/* Limits `now` into parameters of *own; `want`: what conf asks for. */
void res_limits_back(const struct vz_conf *conf, const struct vz_cg_limits *want,
		     const struct vz_cg_limits *now, struct vz_conf *own);

static inline uint64_t *res_limit(size_t to, struct vz_cg_limits *l)
{
	return (void *)((char *)l + to);
}

static inline uint64_t res_limit_of(size_t to, const struct vz_cg_limits *l)
{
	return *(const uint64_t *)(const void *)((const char *)l + to);
}

#endif
