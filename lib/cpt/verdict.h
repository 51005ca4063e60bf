/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict on a running VPS: what in it CRIU cannot dump, or would dump and not restore, as process, object and
 * remedy; and whether there is a CRIU at all. The kernel shows it from outside: nothing is frozen or traced, and no file
 * of the guest is opened.
 */
#ifndef VZ_CPT_VERDICT_H
#define VZ_CPT_VERDICT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "ct/ct.h"

/* Larger deleted files that are still open are refused; what criu's --ghost-limit is to be. */
#define VZ_CPT_GHOST_MAX (64u << 20)
/* For one VPS; the common one takes a thousandth of it. */
#define VZ_CPT_VERDICT_MS 15000

enum vz_cpt_weight {
	VZ_CPT_REFUSES, /* no dump, or none that could be restored */
	VZ_CPT_WARNS,   /* both work, but what the sentence says is lost */
};

/* A row of verdict.def: texts are for ever. */
struct vz_cpt_kind {
	const char *name;   /* one word */
	const char *what;   /* what is looked for */
	const char *remedy; /* what the operator can do, without full stop */
	enum vz_cpt_weight weight;
};

struct vz_cpt_finding {
	const struct vz_cpt_kind *kind;
	pid_t pid;         /* inside; 0: the VPS as a whole */
	char command[32];  /* its name; "" for pid 0; printable, as is: */
	char object[192];
};

struct vz_cpt_verdict {
	struct vz_cpt_finding *all; /* those that refuse come first; in the order of the table */
	size_t n;
	size_t refusing; /* how many of them refuse */
	bool cut;        /* there are more of a kind than are told */
};

/* Looks for at most `ms` milliseconds, and then for CRIU, which is tried out the first time in a boot. What could not be
 * seen in that time, or at all, is a finding of the kind "unknown". It refuses: a dump that nobody can vouch for is not
 * made. Fails only when nobody could look: VZ_SYSTEM. Locks nothing. The caller frees *ret.
 *
 * May be hostile: processes, names, mounts and descriptors are the guest's, as many as it likes; therefore a child
 * looks, is given up at the deadline, and tells a bounded number of each kind. */
int vz_cpt_verdict(const struct vz_ct *ct, const struct vz_state *state, int ms, struct vz_cpt_verdict *ret,
		   struct vz_err *e);
/* Somebody who looks meanwhile. */
struct vz_cpt_looking {
	int from, pidfd;
	int64_t end;
};
#define VZ_CPT_LOOKING_INIT { .from = -EBADF, .pidfd = -EBADF }

/* The same on one that stands still in the hands of `criu`, which is no tracer then: what came after the first look, and
 * CRIU dumps without a word. What it refuses itself (messages that nobody has read) is not asked again, and neither is
 * whether there is a CRIU. It is looked from begin() to end(), which fills *ret; nothing of the VPS may change meanwhile.
 * stop(): nobody wants to know any more; also after end(), and of what was never begun. */
int vz_cpt_frozen_begin(const struct vz_ct *ct, const struct vz_state *state, pid_t criu, struct vz_cpt_looking *ret,
			struct vz_err *e);
int vz_cpt_frozen_end(const struct vz_ct *ct, struct vz_cpt_looking *l, struct vz_cpt_verdict *ret, struct vz_err *e);
void vz_cpt_frozen_stop(struct vz_cpt_looking *l);
void vz_cpt_verdict_free(struct vz_cpt_verdict *v);
/* VZ_CHKPNT with the first that refuses, how many more there are and where to read of them; 0: none does. */
int vz_cpt_verdict_refuse(const struct vz_ct *ct, const struct vz_cpt_verdict *v, struct vz_err *e);

/* How many findings are of that kind. */
size_t vz_cpt_verdict_count(const struct vz_cpt_verdict *v, const char *kind);

/* The table; `i` from 0 until NULL. */
const struct vz_cpt_kind *vz_cpt_kind(size_t i);

#endif
