/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink over libmnl: one message built in C whose indentation is the nesting of the attributes,
 * sent, acknowledged, and refused in the kernel's own words (extended ack).
 *
 *	struct vz_nl m;
 *
 *	vz_nl_init(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
 *	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
 *	vz_nl_put_str(&m, IFLA_IFNAME, name);
 *	VZ_NL_NEST(&m, IFLA_LINKINFO)
 *		vz_nl_put_str(&m, IFLA_INFO_KIND, "bridge");
 *	return vz_nl_call(sock, &m, e, "cannot create bridge %s", name);
 *
 * The first thing that does not fit is remembered and vz_nl_call() reports it, so builders are
 * not checked one by one.
 */
#ifndef VZ_SYS_NL_H
#define VZ_SYS_NL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct vz_nl {
	int err; /* the first failure of a builder, -errno */
	union {
		struct nlmsghdr h;
		char buf[16384];
	};
};

/* A netlink socket of bus NETLINK_ROUTE, NETLINK_NETFILTER ... in the network namespace netns_fd
 * (-1: the current one). The socket stays in that namespace wherever its holder goes. Returns an
 * fd, the caller's to close. */
int vz_nl_open(int bus, int netns_fd, struct vz_err *e);
#define VZ_NL_HERE (-1)

/* Begins a request; NLM_F_REQUEST and NLM_F_ACK are added. */
void vz_nl_init(struct vz_nl *m, uint16_t type, uint16_t flags);
/* The fixed part that follows the header: struct ifinfomsg, rtmsg, nfgenmsg ... */
void vz_nl_put_hdr(struct vz_nl *m, const void *hdr, size_t size);
void vz_nl_put(struct vz_nl *m, uint16_t attr, const void *data, size_t size);
void vz_nl_put_str(struct vz_nl *m, uint16_t attr, const char *s); /* with its final 0 */
void vz_nl_put_u8(struct vz_nl *m, uint16_t attr, uint8_t v);
void vz_nl_put_u16(struct vz_nl *m, uint16_t attr, uint16_t v);
void vz_nl_put_u32(struct vz_nl *m, uint16_t attr, uint32_t v);
void vz_nl_put_u64(struct vz_nl *m, uint16_t attr, uint64_t v);
struct nlattr *vz_nl_nest_open(struct vz_nl *m, uint16_t attr);
void vz_nl_nest_close(struct vz_nl *m, struct nlattr *nest);

/* The statement or block that follows is the inside of the nested attribute. Never return or
 * break out of it. */
#define VZ_NL_NEST_(m, attr, nest)                                                                \
	for (struct nlattr *nest = vz_nl_nest_open(m, attr); nest;                                \
	     vz_nl_nest_close(m, nest), nest = NULL)
#define VZ_NL_CAT_(a, b) a##b
#define VZ_NL_CAT(a, b) VZ_NL_CAT_(a, b)
#define VZ_NL_NEST(m, attr) VZ_NL_NEST_(m, attr, VZ_NL_CAT(nest_, __COUNTER__))

/* Sends and waits for the acknowledgement. -errno of the kernel, VZ_SYSTEM in *e with the given
 * sentence and the kernel's own; e may be NULL. */
int vz_nl_call(int sock, struct vz_nl *m, struct vz_err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* For every message of the answer (one, or many with NLM_F_DUMP in the flags) calls each(), which
 * returns 0 or -errno to stop. The same errors as above. A dump that the kernel says was interrupted by a change is asked
 * for again before each() hears of any of it; -EAGAIN: too often, or it was longer than 16 MiB. */
typedef int vz_nl_each(const struct nlmsghdr *h, void *arg);
struct vz_nl_reader {
	vz_nl_each *each;
	void *arg;
};
int vz_nl_read(int sock, struct vz_nl *m, const struct vz_nl_reader *reader, struct vz_err *e,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Splits the attributes behind a fixed part of `skip` bytes into a table: tb[TYPE] for types up to
 * max (tb has max + 1 places, all are set); a malformed message leaves the rest NULL. */
void vz_nl_attrs(const struct nlmsghdr *h, size_t skip, const struct nlattr **tb, uint16_t max);
void vz_nl_nested(const struct nlattr *nest, const struct nlattr **tb, uint16_t max);
/* The value of one of a table. What is missing (NULL), or malformed, is 0 and "". The string lives as
 * long as the message. */
uint32_t vz_nl_u32(const struct nlattr *a);
const char *vz_nl_str(const struct nlattr *a);

/* Several messages as one transaction (nf_tables): put between BEGIN and END messages, sent at
 * once; the first refusal is reported. Not thread safe, freed by vz_nl_batch_free(). */
struct vz_nl_batch {
	char *buf;
	size_t len, cap;
	unsigned n;
	int err;
};
void vz_nl_batch_add(struct vz_nl_batch *b, const struct vz_nl *m);
int vz_nl_batch_commit(int sock, struct vz_nl_batch *b, struct vz_err *e, const char *what);
void vz_nl_batch_free(struct vz_nl_batch *b);

/* Brings the loopback device of the current network namespace up. */
int vz_nl_loopback_up(struct vz_err *e);

#endif
