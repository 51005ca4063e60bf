/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Distribution scripts (INTERFACE 4.3): which file of VZ_CONFDIR/dists belongs to a template, the
 * script it names for an action, and the text that is fed to a shell inside the VPS. Nothing is
 * run here: distro/dist-run.h does that. But for vz_dist_files_hash(), files of the host only.
 */
#ifndef VZ_DISTRO_DIST_H
#define VZ_DISTRO_DIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "param/param.h"

/* The keys of a distribution file, in the order in which legacy vzctl ran them. */
enum vz_dist_action {
	VZ_DIST_ADD_IP,
	VZ_DIST_DEL_IP,
	VZ_DIST_SET_HOSTNAME,
	VZ_DIST_SET_DNS,
	VZ_DIST_SET_USERPASS,
	VZ_DIST_SET_UGID_QUOTA,
	VZ_DIST_POST_CREATE,
	VZ_DIST_PRE_START,
	VZ_DIST_SET_CONSOLE,
	VZ_DIST_FIRST_START, /* ours; where a file does not name one, it is vz-first.sh */
	VZ_DIST_NACTIONS,
};

/* The distribution of a VPS, or { 0 }. */
struct vz_dist {
	char *dir;                      /* .../dists */
	char *script[VZ_DIST_NACTIONS]; /* file names below dir/scripts; NULL: no script */
	char *library;  /* LIBRARY=, ours: another file of functions, which the scripts share */
	char *family;   /* FAMILY=, ours: which network service, or "auto" */
	char *warning;  /* "Warning: ..., using defaults from F", or NULL; for whoever runs a script */
	uint64_t identity; /* of all these files: another number when one of them was changed */
};

/* Chooses by the basename of ostemplate (NULL or "": none): NAME.conf, without its last "-part"
 * and so on, at last "default". VZ_NO_DISTR_CONF (107) when there is none, VZ_NO_DISTR_ACTION_SCRIPT
 * (108) when a script that it names is not there. *ret is the caller's to free. */
int vz_dist_open(const char *dir, const char *ostemplate, struct vz_dist *ret, struct vz_err *e);
void vz_dist_free(struct vz_dist *d);
#define autodist __attribute__((cleanup(vz_dist_free))) struct vz_dist

/* The keys of a distribution file into *ret (script, library, family); for vz_dist_open() and
 * tests. A bad line is passed over, a name that is not one component is kept and not found later.
 * -ENOMEM. */
int vz_dist_parse(const char *text, struct vz_dist *ret);

/* ---- what the guest changed ---- */

/* A number for the state of all files that our scripts decide by and write, of the tree we are in:
 * for a process of the host that has joined a VPS's mount namespace. _UNKNOWN: there is too much of it, or
 * no memory: it may have changed. */
uint64_t vz_dist_files_hash(void);
#define VZ_DIST_FILES_UNKNOWN 0

/* ---- the text for the shell ---- */

/* A text for one shell is put together in a struct vz_str: functions, variables common to all, then
 * any number of actions, each in a subshell with its own variables. The shell's exit code is that
 * of the last action that failed. */

/* Functions and library. 108 when one cannot be read. */
int vz_dist_text_begin(struct vz_str *t, const struct vz_dist *d, struct vz_err *e);
/* export NAME='value', whatever bytes the value has; NULL leaves it out. */
void vz_dist_text_var(struct vz_str *t, const char *name, const char *value);
/* Opens the subshell of an action; variables that follow are its own, until _close adds the
 * script. 108. */
void vz_dist_text_open(struct vz_str *t);
int vz_dist_text_close(struct vz_str *t, const struct vz_dist *d, enum vz_dist_action action,
		       struct vz_err *e);
/* The whole text, the caller's to free; NULL when memory ran out. */
char *vz_dist_text_take(struct vz_str *t);

/* ---- what the scripts are told ---- */

/* What a configuration says of the network inside, as the scripts get it; never NULL. */
struct vz_dist_net {
	char *ips;          /* IP_ADDRESS as it stands, without IPv6 where IPV6=no */
	char *first_ip;     /* of these, without its mask */
	char *devices;      /* VZ_DEVICES: see netconf.c */
	char *nameserver, *searchdomain; /* "inherit" resolved */
	char *hostname;
	bool ipv6;
};
int vz_dist_net_of(const struct vz_conf *c, struct vz_dist_net *ret);
void vz_dist_net_free(struct vz_dist_net *n);
/* Is there anything to tell at all? */
bool vz_dist_net_is_empty(const struct vz_dist_net *n);
uint64_t vz_dist_net_hash(const struct vz_dist_net *n, uint64_t seed);

#endif
