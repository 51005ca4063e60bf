/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs distribution scripts inside a VPS, so that its own network service brings up what the
 * configuration says. What the kernel needs is set by lib/nic before, from the host; the scripts
 * write files. Their failure is a warning, except where a comment says otherwise.
 */
#ifndef VZ_DISTRO_DIST_RUN_H
#define VZ_DISTRO_DIST_RUN_H

#include "ct/ct.h"

#define VZ_DIST_IP (1u << 0)
#define VZ_DIST_HOSTNAME (1u << 1)
#define VZ_DIST_DNS (1u << 2)
#define VZ_DIST_ALL (VZ_DIST_IP | VZ_DIST_HOSTNAME | VZ_DIST_DNS)

struct vz_dist_change {
	const char *ve_state;         /* "starting", "running" or "restoring" */
	unsigned what;                /* VZ_DIST_* */
	const struct vz_conf *conf;   /* all that holds from now on */
	/* what old scripts of a running VPS are told, words of IP_ADDRESS; at a start all are added */
	const struct vz_plist *added, *removed;
	bool removed_all;             /* --ipdel all; then `removed` is not looked at */
};

/* 107 and 108 of a VPS whose distribution cannot be used; for verbs that want to know early. */
int vz_dist_check(const struct vz_ct *ct, struct vz_err *e);
/* Runs what `c` says in the namespaces of st->init: between vz_launch_ready() and vz_launch_go(), or
 * in a running VPS. At "starting" nothing is run when nothing has changed since the scripts last
 * succeeded, and PRE_START, which is always run, must succeed (79). 107, 108. */
int vz_dist_apply(struct vz_ct *ct, const struct vz_state *st, const struct vz_dist_change *c,
		  struct vz_err *e);
/* The text that changes a password by the distribution's SET_USERPASS, the caller's to free; NULL
 * and 0 when it has none. 107, 108. */
int vz_dist_password(const struct vz_ct *ct, const char *user_password, char **ret,
		     struct vz_err *e);
/* Is there a POST_CREATE? 1, 0; 107, 108. */
int vz_dist_has_post_create(const struct vz_ct *ct, struct vz_err *e);
/* Runs it, in the host's context; the caller has mounted VE_ROOT. 79. */
int vz_dist_post_create(const struct vz_ct *ct, struct vz_err *e);
/* The scripts will run at the next start, whatever has changed; also for a VPS that is gone. */
void vz_dist_forget(unsigned id);

#endif
