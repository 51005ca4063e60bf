/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nf_tables, as far as this project needs it: one table of our own, replaced as a whole in one
 * transaction, and a walk over the chains of everybody else. Knows messages and expressions
 * (linux/netfilter/nf_tables.h); which rules there are is the caller's affair.
 *
 *	struct vz_nft t = { .family = NFPROTO_INET, .table = "vz" };
 *
 *	vz_nft_table(&t, true);
 *	vz_nft_chain(&t, &(struct vz_nft_base){ "forward", "filter", NF_INET_FORWARD, -5 });
 *	vz_nft_rule(&t, "forward");
 *	vz_nft_if_in(&t, NFT_META_IIFNAME, "lan", true);
 *	vz_nft_verdict(&t, NF_DROP, NULL);
 *	vz_nft_rule_end(&t);
 *	r = vz_nft_commit(&t, e, "cannot set the packet filter up");
 *
 * As with sys/nl.h, the first thing that does not fit is remembered and reported at the end.
 */
#ifndef VZ_NET_NFT_H
#define VZ_NET_NFT_H

#include <netinet/in.h> /* before the kernel's own */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>

#include "sys/nl.h"

struct vz_nft {
	uint8_t family; /* NFPROTO_* */
	const char *table;
	struct vz_nl_batch batch;
	struct vz_nl m;       /* the message at work */
	struct nlattr *exprs; /* of the rule that is open */
	uint32_t sets;        /* how many sets have been made: their ids */
};

/* add: makes the table (it may be there). Else deletes it with all it holds; it must be there. */
void vz_nft_table(struct vz_nft *t, bool add);

struct vz_nft_base {
	const char *name;
	const char *type; /* "filter" or "nat" */
	uint32_t hook;    /* NF_INET_* */
	int priority;
};
/* A base chain, policy accept. */
void vz_nft_chain(struct vz_nft *t, const struct vz_nft_base *c);
/* A chain to jump to. */
void vz_nft_subchain(struct vz_nft *t, const char *name);
/* A set of device names; pairs: of two device names, one after the other. */
void vz_nft_set(struct vz_nft *t, const char *name, bool pairs);
void vz_nft_elem(struct vz_nft *t, const char *set, const char *name);
void vz_nft_elem_pair(struct vz_nft *t, const char *set, const char *a, const char *b);

/* A rule at the end of a chain: what stands between these two, in this order. */
void vz_nft_rule(struct vz_nft *t, const char *chain);
void vz_nft_rule_end(struct vz_nft *t);

/* Goes on when the device of the packet (NFT_META_IIFNAME, NFT_META_OIFNAME) is in the set, or is
 * not (in = false). */
void vz_nft_if_in(struct vz_nft *t, enum nft_meta_keys which, const char *set, bool in);
/* ... when input and output device together are in the set of pairs. */
void vz_nft_ifs_in(struct vz_nft *t, const char *set);
/* ... when the name of the device begins so. */
void vz_nft_if_like(struct vz_nft *t, enum nft_meta_keys which, const char *prefix);
/* ... when the packet is of this family (NFPROTO_IPV4, NFPROTO_IPV6), or of this protocol. */
void vz_nft_nfproto(struct vz_nft *t, uint8_t nfproto);
void vz_nft_l4proto(struct vz_nft *t, uint8_t proto);
/* ... when the first byte behind the IP header is this one (the type of ICMP messages). */
void vz_nft_icmp_type(struct vz_nft *t, uint8_t type);
/* ... when the connection is established or related. */
void vz_nft_ct_known(struct vz_nft *t);
void vz_nft_counter(struct vz_nft *t);
void vz_nft_masquerade(struct vz_nft *t);
/* NF_ACCEPT, NF_DROP, or NFT_JUMP with the chain. */
void vz_nft_verdict(struct vz_nft *t, int code, const char *chain);

/* Sends everything as one transaction, in the network namespace of `sock`
 * (vz_nl_open(NETLINK_NETFILTER, ...)), and frees it. -errno, VZ_SYSTEM and "what: ..." in *e;
 * -EOPNOTSUPP and the like when the kernel lacks a part. */
int vz_nft_commit(int sock, struct vz_nft *t, struct vz_err *e, const char *what);

/* ---- reading ---- */

struct vz_nft_chain {
	uint8_t family;
	const char *table, *name;
	bool base;
	uint32_t hook;
	int priority;
	bool drop;       /* base: its policy */
	const char *dev; /* of a base chain on one device (netdev), or NULL */
};
/* Every chain of every family; 0 or -errno to stop. The strings live as long as the call. A kernel
 * without nf_tables has none. */
typedef int vz_nft_each(const struct vz_nft_chain *c, void *arg);
int vz_nft_chains(int sock, vz_nft_each *each, void *arg, struct vz_err *e);

/* Every table of every family; as above. */
typedef int vz_nft_each_table(uint8_t family, const char *table, void *arg);
int vz_nft_tables(int sock, vz_nft_each_table *each, void *arg, struct vz_err *e);

/* The packets that met the counters of this table's rules which drop: each() gets the chain, the
 * number of the drop in it (from 0) and the packets. No such table: none. */
typedef void vz_nft_dropped(const char *chain, unsigned which, uint64_t packets, void *arg);
int vz_nft_drops(int sock, uint8_t family, const char *table, vz_nft_dropped *each, void *arg);

/* 1: this element is in that set; 0: it is not, or there is no such set. */
int vz_nft_has(int sock, const struct vz_nft *where, const char *set, const char *name);

#endif
