/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps by which a VPS comes to run, and what they share. A plan is an array of them
 * (ops/plan.h) and may have steps of its own in between, whose context begins with a struct
 * vz_start. Every undo also works on a struct that only vz_env_open() has filled: so it does what
 * stop and healing need.
 */
#ifndef VZ_OPS_STEPS_H
#define VZ_OPS_STEPS_H

#include "apply/network.h"
#include "ops/env.h"
#include "ops/plan.h"

struct vz_start {
	struct vz_env env;
	struct vz_network net;
	struct vz_start_opts opts;
	const char *verb;         /* what the journal says: VZ_JOURNAL_* */
	struct vz_state state;
	off_t console_mark;       /* where its console's log ended before init ran */
	uint64_t killed;          /* by the kernel, for lack of memory, up to the last step */
	bool was_mounted;         /* VE_ROOT, and it is taken as it is; remount sees to it */
	bool keep_mount;          /* undo leaves VE_ROOT mounted (stop --skip-umount) */
	bool no_hooks;            /* mounts and unmounts without the action scripts */
	bool unmounted;           /* by this plan's undo: the postumount scripts are to run */
	int umount_result;        /* what undoing the mount came to */
	struct vz_err umount_err;
};

extern const struct vz_step
	vz_step_journal,  /* before the first side effect; its undo is the last act */
	vz_step_ids,      /* host ids: claimed and recorded where it has none */
	vz_step_dump,     /* puts a memory image of an older disk aside; not for a restore */
	vz_step_features, /* warns of what cannot be given, loads kernel modules */
	vz_step_probe,    /* asks for doubles of the addresses, early: changes nothing */
	/* these six one after the other, behind ids, wherever VE_ROOT comes to be mounted with action scripts; who
	 * has seen that nothing is mounted leaves remount out */
	vz_step_remount,  /* what is mounted already is unmounted, with its scripts, but for opts.skip_remount */
	vz_step_premount, /* action scripts; its undo runs those of postumount */
	vz_step_close,    /* the area is closed to users of the host */
	vz_step_base,     /* the base of an area that somebody copied learns of it */
	vz_step_mount_area, /* the area on VE_ROOT */
	vz_step_mount_script, /* action scripts; its undo runs those of umount */
	vz_step_cgroup,   /* the group */
	vz_step_policy,   /* the kernel's programs know it; their undo also ends NUMCONNTRACK */
	vz_step_limits,   /* its limits and devices */
	vz_step_prestart, /* the action script vps-prestart */
	vz_step_pci,      /* vps-pci for each of its PCI devices */
	vz_step_lan,      /* the bridges that its devices will be on */
	vz_step_init,     /* the first process, with its namespaces: two columns, launch/launch.h */
	vz_step_net,      /* its devices, addresses and routes */
	vz_step_ready,    /* its tree stands; vz_start.state describes it */
	vz_step_conntrack, /* NUMCONNTRACK */
	vz_step_dist,     /* the distribution's scripts write its files */
	vz_step_names,    /* it learns the names of the others in its LANs */
	vz_step_script,   /* N.start */
	vz_step_go,       /* init runs */
	vz_step_state,    /* the state file */
	vz_step_done;     /* the end of the journal */

/* After an undo that was the work itself: what undoing the mount came to, with its reason. */
int vz_start_umounted(const struct vz_start *s, struct vz_err *e);
/* After an undo whose caller has an error of its own or none: says why VE_ROOT is mounted still, if it is. */
void vz_start_say_umount(const struct vz_start *s);

#endif
