/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest LANs as the administrator knows them: the verbs of vznet. What a LAN is stands in
 * lan/lan.h, what an attachment is in lan/lan-member.h.
 */
#ifndef VZ_OPS_LAN_VERBS_H
#define VZ_OPS_LAN_VERBS_H

#include "ct/ct.h"
#include "lan/lan.h"

/* A key of the LAN's file (vz_lan_set()) with its value. */
struct vz_lan_opt {
	const char *key, *value;
};
/* Makes and starts it; nothing stays when that fails. Without SUBNET and with neither SUBNET6 a
 * free one is chosen. VZ_INVALID_PARAMETER_VALUE: bad name or value, there is one, no room. */
int vz_op_lan_create(const char *name, const struct vz_lan_opt *o, size_t n, struct vz_err *e);
/* VZ_LAN_IN_USE while there are members. */
int vz_op_lan_delete(const struct vz_host *host, const char *name, struct vz_err *e);
/* The host's side, repaired and with all running members on it; taken away. VZ_NO_LAN. */
int vz_op_lan_start(const struct vz_host *host, const char *name, struct vz_err *e);
int vz_op_lan_stop(const struct vz_host *host, const char *name, struct vz_err *e);

struct vz_lan_attach {
	const char *ifname; /* NULL: the first free ethN, from eth1 */
	const char *ip[2];  /* wanted addresses, of different families; NULL: the lowest free */
};
/* The caller holds the VPS's lock, of a VPS with a configuration. */
int vz_op_lan_attach(struct vz_ct *ct, const char *name, const struct vz_lan_attach *a,
		     struct vz_err *e);
/* ct may have no configuration (it has been destroyed, or lives elsewhere by now). */
int vz_op_lan_detach(struct vz_ct *ct, const char *name, struct vz_err *e);

/* A LAN and what is the case on this host; members that are gone are left out. The caller frees
 * the LAN. */
int vz_op_lan_look(const struct vz_host *host, const char *name, struct vz_lan *ret,
		   struct vz_lan_state *ret_state, struct vz_err *e);

#endif
