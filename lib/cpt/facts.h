/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a host decides whether a running VPS can go on there: a text of lines "key=value", which two hosts exchange
 * (`vzctl check --facts`), and what stands between them.
 */
#ifndef VZ_CPT_FACTS_H
#define VZ_CPT_FACTS_H

#include "base/ip.h"
#include "base/str.h"
#include "cpt/verdict.h"

#define VZ_CPT_FACTS_MAX (4u << 20)

/* The facts of this host. The first line is "facts=1"; what cannot be told has no line. Nothing is changed; layouts are
 * tried for real, and CRIU once a boot.
 *
 * The keys: kernel, machine, cpu (flags), criu (40201 is 4.2.1) or criu.why, criu.lazy and criu.track (yes or no), layouts,
 * ram.free, disk.free and dump.free (bytes; of VE_PRIVATE and of DUMPDIR), inotify (can root make one: yes or no), sysctl.NAME, ctids, ids (first
 * host ids in use), ips (addresses of VPSes): the last three with blanks between. */
int vz_cpt_host_facts(const struct vz_host *h, struct vz_str *out, struct vz_err *e);

/* What a VPS brings along. */
struct vz_cpt_need {
	unsigned ctid;      /* there; 0: a free one is chosen */
	const char *layout; /* NULL: any */
	uint64_t ram, disk; /* bytes; 0: not known */
	struct vz_ips ips;
	bool stopped;       /* nothing is restored there: CPU, kernel and CRIU do not matter */
};

/* Of a VPS and its state (NULL: it is stopped). Its files are counted for two seconds at most. Words point into ct. */
int vz_cpt_need_of(const struct vz_ct *ct, const struct vz_state *state, struct vz_cpt_need *ret, struct vz_err *e);
void vz_cpt_need_free(struct vz_cpt_need *n);

/* One thing that stands between; texts live as long as the call, and are printable. */
struct vz_cpt_gap {
	const char *key; /* of the facts */
	enum vz_cpt_weight weight;
	const char *object, *remedy;
};
/* Compares the facts of the host it comes from with those where it is to go, and calls each() for every gap. Returns how
 * many of them refuse; -EBADMSG: `there` is no such text.
 *
 * May be hostile: `there` is what another host said; therefore it is only searched for, bounded and escaped. */
typedef void vz_cpt_gap_each(const struct vz_cpt_gap *gap, void *arg);
int vz_cpt_facts_compare(const struct vz_cpt_need *need, const char *here, const char *there,
			 vz_cpt_gap_each *each, void *arg);
/* The value of a key, the caller's to free; NULL: it is not there. */
char *vz_cpt_fact(const char *facts, const char *key);

#endif
