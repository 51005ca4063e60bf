/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A suspend that is under way, for who makes the dump and who saves into it. */
#ifndef VZ_OPS_SUSPEND_INTERNAL_H
#define VZ_OPS_SUSPEND_INTERNAL_H

#include "cpt/creds.h"
#include "cpt/criu.h"
#include "cpt/frozen.h"
#include "cpt/image.h"
#include "cpt/stage.h"
#include "cpt/stray.h"
#include "cpt/threads.h"
#include "cpt/verdict.h"
#include "ops/ops.h"
#include "ops/steps.h"
#include "sys/grace.h"

struct vz_suspending {
	struct vz_start s; /* for the steps of start, which are read upwards afterwards */
	const struct vz_suspend_opts *opts;
	const char *path;  /* of the dump */
	bool held;         /* the VPS stays beside it */
	int ram;           /* of a held one: the directory in memory that it is in */
	size_t unread;     /* queues of events that nobody reads, known before */
	bool again;        /* it is not the first dump */
	struct vz_criu criu;
	struct vz_image *image;
	struct vz_image_facts facts;
	struct vz_stage stage;
	struct vz_cpt_looking looking; /* once more, while it stands still */
	struct vz_grace grace;
	struct vz_creds creds;
	struct vz_stray stray; /* files on mounts that are gone */
	uint64_t rules;  /* the network namespace whose nf_tables CRIU leaves to us; 0: none */
	struct vz_raised raised;
	int seconds;
	bool was_frozen; /* by an earlier command */
	uint64_t bytes;  /* of memory */
};

static inline struct vz_ct *vz_suspending_ct(const struct vz_suspending *u)
{
	return u->s.env.ct;
}

/* Into the image, when all stand still. -EAGAIN: at the next try it may be well. */
int vz_suspend_save(struct vz_suspending *u, struct vz_err *e);

#endif
