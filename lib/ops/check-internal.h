/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the table of `vzctl check` and its probes share. Everything here runs in the row's process. */
#ifndef VZ_OPS_CHECK_INTERNAL_H
#define VZ_OPS_CHECK_INTERNAL_H

#include "ops/check.h"
#include "param/param.h"

struct check {
	const struct vz_conf *conf; /* vz.conf, as far as it could be read */
	const char *what;           /* of the row: which one of several alike */
	unsigned bit;               /* the same as a number */
	char found[VZ_CHECK_FOUND];
	const char *remedy;         /* in place of the row's; a text of the program */
};

/* ---- check-say.c ---- */
/* Notes what is the case and returns v. An error number may be put in by strerror(). */
enum vz_check_verdict check_say(struct check *c, enum vz_check_verdict v, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The verdict of a call: OK for r >= 0, else missing with "what: the kernel's reason". */
enum vz_check_verdict check_call(struct check *c, int r, const char *what);

typedef enum vz_check_verdict check_probe(struct check *c);

/* ---- check-kernel.c ---- */
check_probe check_kernel, check_userns, check_nested, check_namespaces, check_timens, check_pidfd;
check_probe check_close_range, check_openat2, check_mount_api, check_seccomp;
check_probe check_landlock;

/* ---- check-limits.c ---- */
check_probe check_cgroup, check_clone, check_limit, check_burst, check_can, check_devices, check_freezer;
/* Takes away what the process `pid` of a row left when it died. */
void check_cgroup_clean(int pid);

/* ---- check-ceilings.c ---- */
check_probe check_ceiling;

/* ---- check-disk.c ---- */
check_probe check_layout, check_modes, check_space;
/* Does vz.conf name the directories of templates and areas? */
bool check_has_places(const struct vz_conf *c);

/* ---- check-net.c ---- */
check_probe check_venet, check_rate, check_link, check_tun, check_nft, check_policy, check_conntrack, check_sockets;
check_probe check_forward6, check_uplinks;

/* ---- check-cpt.c ---- */
check_probe check_criu, check_copy;

/* ---- check-host.c ---- */
check_probe check_proc, check_writable, check_vz_conf, check_ct_confs, check_template, check_ids;
check_probe check_command, check_eventd, check_lsm;

#endif
