/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk through a netlink message of a VPS: is there anything in it that its level of NETFILTER
 * or its features forbid? Included by policy.bpf.c, and by the unit test and the fuzzer, which give
 * it the same three functions: vz_read(), vz_read_name() and vz_name_value().
 *
 * Messages are walked as the kernel walks them, with the same tests of lengths, so that what we do
 * not see is what it does not see either. What comes twice is looked at twice, and what cannot be
 * understood is refused.
 *
 * May be hostile: every byte of a message. Offsets are checked against the end of what encloses
 * them, and depth and steps are bounded.
 */
#ifndef VZ_LAUNCH_NETLINK_WALK_H
#define VZ_LAUNCH_NETLINK_WALK_H

#include <linux/errno.h>
#include <linux/if_link.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>

#include "ct/features.h"
#include "launch/bpf/policy-names.h"

#define VZ_INLINE static inline __attribute__((always_inline))

#define DEPTH_MAX 12  /* message, list, expression, data and the same once more in it */
#define STEPS_MAX (1u << 20)
#define NFT_MSG_KNOWN 34 /* messages up to Linux 6.18 */

/* What the attributes of one level are. */
enum what {
	MESSAGES, OPAQUE, RULE, CHAIN, SET, ELEMENTS, ELEMENT_LIST, ELEMENT, OBJECT, EXPRS, EXPR,
	DYNSET, XT, CT, EXPECT, LINK, LINKINFO,
};

struct level {
	__u32 end;    /* of what lies in it */
	__u32 resume; /* where the level above goes on */
	__u32 what;
	__u32 named;  /* EXPR: 1 + the value of its name, once that came */
};

struct walk {
	const unsigned char *data;
	__u32 at;
	__u32 depth;
	__u32 features;
	__u32 proto;
	__s32 verdict;
	struct level level[DEPTH_MAX];
};

VZ_INLINE struct level *top(struct walk *w)
{
	__u32 d = w->depth;

	/* DEPTH_MAX is never reached, see enter(); the verifier must see it */
	return &w->level[d < DEPTH_MAX ? d : 0];
}

VZ_INLINE int refuse(struct walk *w)
{
	w->verdict = -EPERM;
	return 1;
}

VZ_INLINE int enter(struct walk *w, __u32 what, __u32 at, __u32 end, __u32 resume)
{
	struct level *l;

	if (w->depth + 1 >= DEPTH_MAX)
		return refuse(w);
	w->depth++;
	l = top(w);
	l->what = what;
	l->end = end;
	l->resume = resume;
	l->named = 0;
	w->at = at;
	return 0;
}

VZ_INLINE __u32 restriction(const struct walk *w)
{
	return VZ_FEAT_NETFILTER(w->features);
}

/* The value of a name, or `unknown`. */
VZ_INLINE __u32 value_of(struct walk *w, __u32 kind, __u32 at, __u32 len,
				      __u32 unknown)
{
	struct vz_policy_name key = { .kind = kind };
	const __u32 *v;

	/* What is longer than any row cannot be one. A name ends at its first NUL or with the
	 * attribute; the rest of the key stays 0. The verifier believes the mask only. */
	len = len < sizeof(key.name) - 2 ? len + 1 : sizeof(key.name) - 1;
	__asm__ volatile("" : "+r"(len));
	if (vz_read_name(key.name, len & (sizeof(key.name) - 1), w->data + at) < 0)
		return unknown;
	v = vz_name_value(&key);
	return v ? *v : unknown;
}

/* A name of the packet filter must be allowed at this level. */
VZ_INLINE int check_name(struct walk *w, __u32 kind, __u32 at, __u32 len)
{
	__u32 v = value_of(w, kind, at, len, VZ_NETFILTER_FULL);

	return restriction(w) > (v & VZ_NEEDS_LEVEL) ? refuse(w) : 0;
}

VZ_INLINE int check_object(struct walk *w, __u32 at, __u32 len)
{
	__u32 type = 0;

	if (len < sizeof(type) || vz_read(&type, sizeof(type), w->data + at) < 0)
		return refuse(w);
	switch (__builtin_bswap32(type)) { /* sent in network order */
	case NFT_OBJECT_COUNTER:
	case NFT_OBJECT_QUOTA:
	case NFT_OBJECT_LIMIT:
	case NFT_OBJECT_TUNNEL:
	case NFT_OBJECT_SECMARK:
		return 0;
	}
	return restriction(w) > VZ_NETFILTER_STATEFUL ? refuse(w) : 0;
}

/* An attribute of an expression. Its data can be read only when its name is known, and a second
 * name would make the first a lie. */
VZ_INLINE int on_expr(struct walk *w, __u32 type, __u32 at, __u32 end, __u32 resume)
{
	struct level *l = top(w);
	__u32 named = l->named;

	if (type == NFTA_EXPR_NAME) {
		__u32 v = value_of(w, VZ_NAME_EXPR, at, end - at, VZ_NETFILTER_FULL);

		if (named || restriction(w) > (v & VZ_NEEDS_LEVEL))
			return refuse(w);
		l->named = v + 1;
	} else if (type == NFTA_EXPR_DATA) {
		if (!named)
			return refuse(w);
		if ((named - 1) & VZ_HAS_XT)
			return enter(w, XT, at, end, resume);
		if ((named - 1) & VZ_HAS_EXPRS)
			return enter(w, DYNSET, at, end, resume);
	}
	w->at = resume;
	return 0;
}

/* What the attribute `type` of a level holds: a list or set of attributes to look into, or OPAQUE. */
VZ_INLINE __u32 nested(__u32 what, __u32 type)
{
	switch (what) {
	case RULE:
		return type == NFTA_RULE_EXPRESSIONS ? EXPRS : OPAQUE;
	case SET:
		return type == NFTA_SET_EXPR ? EXPR : type == NFTA_SET_EXPRESSIONS ? EXPRS : OPAQUE;
	case ELEMENTS:
		return type == NFTA_SET_ELEM_LIST_ELEMENTS ? ELEMENT_LIST : OPAQUE;
	case ELEMENT_LIST:
		return ELEMENT;
	case ELEMENT:
		return type == NFTA_SET_ELEM_EXPR	 ? EXPR :
		       type == NFTA_SET_ELEM_EXPRESSIONS ? EXPRS :
							   OPAQUE;
	case EXPRS:
		return EXPR;
	case DYNSET:
		return type == NFTA_DYNSET_EXPR	       ? EXPR :
		       type == NFTA_DYNSET_EXPRESSIONS ? EXPRS :
							 OPAQUE;
	case LINK:
		return type == IFLA_LINKINFO ? LINKINFO : OPAQUE;
	}
	return OPAQUE;
}

/* Attributes that say something themselves. */
VZ_INLINE int check_value(struct walk *w, __u32 type, __u32 at, __u32 len)
{
	__u32 need;

	switch (top(w)->what) {
	case CHAIN:
		return type == NFTA_CHAIN_TYPE ? check_name(w, VZ_NAME_CHAIN, at, len) : 0;
	case OBJECT:
		return type == NFTA_OBJ_TYPE ? check_object(w, at, len) : 0;
	case XT: /* NFTA_MATCH_NAME and NFTA_TARGET_NAME are the same number */
		return type == NFTA_MATCH_NAME ? check_name(w, VZ_NAME_XT, at, len) : 0;
	case CT:
		return type == CTA_NAT_SRC || type == CTA_NAT_DST ? refuse(w) : 0;
	case EXPECT:
		return type == CTA_EXPECT_NAT ? refuse(w) : 0;
	case LINKINFO:
		if (type != IFLA_INFO_KIND)
			return 0;
		need = value_of(w, VZ_NAME_LINK, at, len, 0);
		return (w->features & need) == need ? 0 : refuse(w);
	}
	return 0;
}

VZ_INLINE int on_attr(struct walk *w, const struct nlattr *a)
{
	__u32 type = a->nla_type & NLA_TYPE_MASK, at = w->at + NLA_HDRLEN;
	__u32 end = w->at + a->nla_len, resume = w->at + NLA_ALIGN(a->nla_len), what;

	if (top(w)->what == EXPR)
		return on_expr(w, type, at, end, resume);
	if (check_value(w, type, at, end - at))
		return 1;
	what = nested(top(w)->what, type);
	if (what != OPAQUE)
		return enter(w, what, at, end, resume);
	w->at = resume;
	return 0;
}

/* What to look at in a message of nf_tables; MESSAGES: it is refused. */
VZ_INLINE __u32 in_nft(const struct walk *w, __u32 msg)
{
	switch (msg) {
	case NFT_MSG_NEWRULE:
		return RULE;
	case NFT_MSG_NEWCHAIN:
		return CHAIN;
	case NFT_MSG_NEWSET:
		return SET;
	case NFT_MSG_NEWSETELEM:
		return ELEMENTS;
	case NFT_MSG_NEWOBJ:
		return OBJECT;
	case NFT_MSG_NEWFLOWTABLE:
		return restriction(w) > VZ_NETFILTER_STATEFUL ? MESSAGES : OPAQUE;
	}
	return msg < NFT_MSG_KNOWN ? OPAQUE : MESSAGES;
}

/* A new entry of connection tracking would go round the limit of them. */
VZ_INLINE bool is_beyond_limit(const struct walk *w, const struct nlmsghdr *h)
{
	return w->features & VZ_FEAT_CT_LIMIT && h->nlmsg_flags & NLM_F_CREATE &&
	       h->nlmsg_type == (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW);
}

/* The same for the other subsystems: of connection tracking, without it, only questions. */
VZ_INLINE __u32 in_nfnetlink(const struct walk *w, __u32 subsys, __u32 msg)
{
	bool stateless = restriction(w) > VZ_NETFILTER_STATEFUL;

	switch (subsys) {
	case NFNL_SUBSYS_NFTABLES:
		return in_nft(w, msg);
	case NFNL_SUBSYS_CTNETLINK:
		if (stateless && (msg == IPCTNL_MSG_CT_NEW || msg == IPCTNL_MSG_CT_DELETE ||
				  msg == IPCTNL_MSG_CT_GET_CTRZERO))
			return MESSAGES;
		return msg == IPCTNL_MSG_CT_NEW ? CT : OPAQUE;
	case NFNL_SUBSYS_CTNETLINK_EXP:
		if (stateless && (msg == IPCTNL_MSG_EXP_NEW || msg == IPCTNL_MSG_EXP_DELETE))
			return MESSAGES;
		return msg == IPCTNL_MSG_EXP_NEW ? EXPECT : OPAQUE;
	case NFNL_SUBSYS_CTNETLINK_TIMEOUT:
	case NFNL_SUBSYS_CTHELPER:
		return stateless && msg != IPCTNL_MSG_TIMEOUT_GET ? MESSAGES : OPAQUE;
	case NFNL_SUBSYS_NONE: /* begin and end of a batch */
	case NFNL_SUBSYS_QUEUE:
	case NFNL_SUBSYS_ULOG:
	case NFNL_SUBSYS_OSF:
	case NFNL_SUBSYS_IPSET:
	case NFNL_SUBSYS_ACCT:
	case NFNL_SUBSYS_NFT_COMPAT:
	case NFNL_SUBSYS_HOOK:
		return OPAQUE;
	}
	return MESSAGES;
}

VZ_INLINE int on_message(struct walk *w, const struct nlmsghdr *h)
{
	__u32 what = OPAQUE, skip = NLMSG_HDRLEN, resume = w->at + NLMSG_ALIGN(h->nlmsg_len);

	if (w->proto == NETLINK_ROUTE) {
		if (h->nlmsg_type == RTM_NEWLINK)
			what = LINK;
		skip += NLMSG_ALIGN(sizeof(struct ifinfomsg));
	} else if (is_beyond_limit(w, h)) {
		what = MESSAGES;
	} else if (restriction(w) != VZ_NETFILTER_FULL && h->nlmsg_type >= NLMSG_MIN_TYPE) {
		what = in_nfnetlink(w, NFNL_SUBSYS_ID(h->nlmsg_type), NFNL_MSG_TYPE(h->nlmsg_type));
		skip += NLMSG_ALIGN(sizeof(struct nfgenmsg));
	}
	if (what == MESSAGES)
		return refuse(w);
	if (what != OPAQUE && h->nlmsg_len > skip)
		return enter(w, what, w->at + skip, w->at + h->nlmsg_len, resume);
	w->at = resume;
	return 0;
}

/* One message, one attribute, or one step back up; 1 ends the walk. */
static int walk_step(__u32 i, struct walk *w)
{
	struct level *l = top(w);
	__u32 at = w->at, end = l->end, left = at < end ? end - at : 0;
	struct nlmsghdr h;
	struct nlattr a;

	(void)i;
	if (!w->depth) {
		if (left < NLMSG_HDRLEN)
			return 1;
		if (vz_read(&h, sizeof(h), w->data + at) < 0)
			return refuse(w);
		/* the kernel takes no more of it either */
		return h.nlmsg_len < NLMSG_HDRLEN || h.nlmsg_len > left ? 1 : on_message(w, &h);
	}
	if (left >= NLA_HDRLEN) {
		if (vz_read(&a, sizeof(a), w->data + at) < 0)
			return refuse(w);
		if (a.nla_len >= NLA_HDRLEN && a.nla_len <= left)
			return on_attr(w, &a);
	}
	w->at = l->resume;
	w->depth--;
	return 0;
}

#endif
