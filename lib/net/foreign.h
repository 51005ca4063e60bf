/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What others do to the traffic of VPSes with the host's packet filter: looked at, never touched.
 * All families of nf_tables (which holds what today's iptables and ip6tables make too) and the old
 * tables of iptables-legacy. Knows Docker, firewalld, ufw and libvirt by their chains, to name the
 * right remedy; any other chain that drops by default is named as it is.
 */
#ifndef VZ_NET_FOREIGN_H
#define VZ_NET_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One finding: what it does to VPSes, and the command lines that let their traffic pass (one for
 * each line; "" when nothing is needed). The strings live as long as the call. */
typedef void vz_foreign_each(const char *what, const char *remedy, void *arg);
/* Of the network namespace of the caller. What cannot be looked at is passed over. */
void vz_foreign_look(vz_foreign_each *each, void *arg);

/* ---- the parts, for tests ---- */

enum vz_foreign_tool {
	VZ_FOREIGN_DOCKER,
	VZ_FOREIGN_FIREWALLD,
	VZ_FOREIGN_UFW,
	VZ_FOREIGN_LIBVIRT,
	VZ_FOREIGN_TOOLS,
};

#define VZ_FOREIGN_DROPS 16
struct vz_foreign {
	unsigned tools; /* 1 << enum vz_foreign_tool */
	struct vz_foreign_drop {
		uint8_t family; /* NFPROTO_* */
		bool legacy;
		bool forward;   /* else: to the host itself */
		char table[32], chain[32];
	} drop[VZ_FOREIGN_DROPS]; /* base chains that drop by default */
	size_t n;
	bool bridged; /* frames on bridges pass iptables' rules too */
};

/* Takes a chain into account, by its names; foreign-name.c. */
void vz_foreign_name(struct vz_foreign *f, const char *table, const char *chain);
/* Tells what the facts mean. */
void vz_foreign_tell(const struct vz_foreign *f, vz_foreign_each *each, void *arg);

/* ---- foreign-legacy.c ---- */

/* The filter table of iptables-legacy (AF_INET) or ip6tables-legacy (AF_INET6), if it is in use;
 * looking never loads it. */
void vz_foreign_legacy(int family, struct vz_foreign *f);
/* What struct ipt_getinfo says about a table, and its entries. May be cut short or wrong. */
struct vz_foreign_blob {
	const void *entries;
	size_t size;
	uint32_t forward, input; /* offset of the entry that is the policy of the chain */
	int family;
};
void vz_foreign_legacy_parse(const struct vz_foreign_blob *b, struct vz_foreign *f);

#endif
