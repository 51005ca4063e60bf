/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parameters into limits of a VPS's group: beancounters, CPU, I/O, devices. Knows what the
 * parameters mean; how the kernel spells a limit is lib/cgroup's knowledge.
 */
#ifndef VZ_RES_RES_H
#define VZ_RES_RES_H

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "ct/ct.h"
#include "param/nodeperm.h"
#include "param/param.h"

/* What beancounters, CPU and I/O parameters ask of the group, added to *ret. Only what the
 * configuration sets is in ret->has: a new group has the defaults already; but what the host must
 * be kept from, numbers of tasks and of groups, has always a bound. The strings in *ret
 * belong to conf; CPUMASK="auto" is not resolved here. */
void vz_res_counters(const struct vz_conf *conf, struct vz_cg_limits *ret);
void vz_res_cpu(const struct vz_conf *conf, struct vz_cg_limits *ret);
void vz_res_io(const struct vz_conf *conf, struct vz_cg_limits *ret);
/* Puts them in force. A limit that this kernel cannot hold is -EOPNOTSUPP, after all others have
 * been set; the exit code in *e tells of which kind: VZ_SETUBC, VZ_SETFSHD, VZ_SET_IO. */
int vz_res_apply(struct vz_cg *cg, const struct vz_cg_limits *limits, struct vz_err *e);

/* Adds the nodes a VPS gets by name: those that its PCI devices have on this host, and DEVNODES,
 * which wins. VZ_SET_DEVICES (86) when a PCI device is not there; one without nodes gives none. */
int vz_res_devnodes(const struct vz_conf *conf, struct vz_nodeperms *ret, struct vz_err *e);
/* Adds the nodes of one PCI device ("0000:00:1f.2") with these permissions; their number. */
int vz_res_pci_devnodes(const char *id, const struct vz_perm *perm, struct vz_nodeperms *ret,
			struct vz_err *e);

/* The devices a VPS may use: the default ones, of FEATURES, DEVICES, PCI and DEVNODES. *ret is the caller's to
 * free. VZ_SET_DEVICES (86) when a node of DEVNODES is not there. */
int vz_res_devices(const struct vz_conf *conf, struct vz_cg_dev **ret, size_t *ret_n,
		   struct vz_err *e);

/* Puts that list in force. VZ_SET_DEVICES (86). */
int vz_res_apply_devices(struct vz_cg *cg, const struct vz_conf *conf, struct vz_err *e);

/* Values that this host can never put in force, so that every start would fail: no process or memory
 * at all, and limits that are STRICT in counters.def and that its control groups cannot hold; CPUs and
 * memory nodes that it does not have; devices that are not there. Only what conf sets is looked at.
 * Fails with a sentence that names the option. */
int vz_res_counters_possible(const struct vz_conf *conf, struct vz_err *e);
int vz_res_cpu_possible(const struct vz_conf *conf, struct vz_err *e);
int vz_res_devices_possible(const struct vz_conf *conf, struct vz_err *e);
/* Says of memory that it is more than this host has, and of huge pages that they are less than one; of what
 * conf sets. */
void vz_res_counters_warn(const struct vz_conf *conf);
/* Says of a share of CPU time that the kernel's range cuts it. */
void vz_res_cpu_warn(const struct vz_conf *conf);
/* The part of vz_res_counters_possible() that also matters to a change which is not saved: limits that are
 * STRICT in counters.def and that the control groups of this host cannot hold. Never -EOPNOTSUPP, which
 * would be a limit to skip. */
int vz_res_counters_held(const struct vz_conf *conf, struct vz_err *e);
/* CPUMASK and NODEMASK, as a start names them. */
int vz_res_masks_possible(const struct vz_conf *c, struct vz_err *e);

/* Puts into *own, which starts as a VPS's own configuration, the limits that its running group has;
 * `dear`: also those that take long to read and that conf does not set. conf: the configuration with the
 * defaults of the host, for what the kernel knows more coarsely. Numbers change, and with `dear` the lists
 * of CPUs and nodes; what the kernel cannot tell stays. */
void vz_res_in_force(const struct vz_cg *cg, const struct vz_conf *conf, bool dear,
		     struct vz_conf *own);

/* What the kernel counts of a running VPS and no group: VZ_UNLIMITED where it cannot tell. */
struct vz_res_beside {
	uint64_t signals;
	uint64_t tcp, tcp_peak, tcp_failed; /* sockets */
	uint64_t none; /* what is not counted at all */
};
/* group: vz_cg_id(). s: NULL when none of its processes is left */
void vz_res_beside(const struct vz_state *s, uint64_t group, struct vz_res_beside *ret);

/* Counts TCP sockets and holds them to NUMTCPSOCK. -EOPNOTSUPP: this kernel cannot, or not for this VPS; success
 * where conf has no limit anyway. */
enum vz_sockets {
	VZ_SOCKETS_BEGIN = 1 << 0, /* from now on: nothing of the VPS lives yet */
	VZ_SOCKETS_BOUND = 1 << 1, /* else without a limit */
};
int vz_res_sockets(const struct vz_cg *cg, const struct vz_conf *conf, unsigned how, struct vz_err *e);
/* Does this kernel take the programs? */
int vz_res_sockets_can(struct vz_err *e);
/* Of a group that is counted; else -errno. */
int vz_res_sockets_read(uint64_t group, uint64_t *ret_held, uint64_t *ret_peak, uint64_t *ret_failed);

#endif
