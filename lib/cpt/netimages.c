// SPDX-License-Identifier: GPL-2.0-or-later
/* See netimages.h. The images are what "ip route save" and "ip rule save" print: a number, and netlink messages. */
#include "cpt/netimages.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAGIC sizeof(uint32_t)
#define PLAIN_MAX 1024 /* what is longer says more */
#define ROUTES_MAX (64u << 20)

/* Of fib_default_rules_init(). CRIU saves those of IPv4 only. */
static const struct {
	uint32_t priority, table;
} of_kernel[] = { { 0, RT_TABLE_LOCAL }, { 32766, RT_TABLE_MAIN }, { 32767, RT_TABLE_DEFAULT } };

/* The bit of the rule, or 0 for another than those three. An attribute that is not known here may be what makes it so. */
static unsigned rule_bit(const struct nlmsghdr *h)
{
	const struct fib_rule_hdr *r = mnl_nlmsg_get_payload(h);
	static const struct fib_rule_hdr plain = { .family = AF_INET, .action = FR_ACT_TO_TBL };
	uint32_t priority = 0, table = 0;
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWRULE || mnl_nlmsg_get_payload_len(h) < sizeof(*r) || r->family != plain.family ||
	    r->action != plain.action || r->flags || r->tos || r->src_len || r->dst_len)
		return 0;
	mnl_attr_for_each(a, h, sizeof(*r)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == FRA_PROTOCOL)
			continue;
		if (mnl_attr_get_payload_len(a) != sizeof(uint32_t))
			return 0;
		if (type == FRA_TABLE)
			table = mnl_attr_get_u32(a);
		else if (type == FRA_PRIORITY)
			priority = mnl_attr_get_u32(a);
		else if (type != FRA_SUPPRESS_PREFIXLEN || mnl_attr_get_u32(a) != UINT32_MAX)
			return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(of_kernel); i++)
		if (of_kernel[i].priority == priority && of_kernel[i].table == table)
			return 1u << i;
	return 0;
}

/* May be hostile: root inside made the rules, and the host's ip(8) has written them down; therefore each is taken apart
 * within its length, and anything else than the three, each once, stays. */
static bool is_rules_of_kernel(const void *data, size_t n)
{
	const struct nlmsghdr *h = data;
	unsigned seen = 0, bit;
	int left = (int)n;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		bit = rule_bit(h);
		if (!bit || (seen & bit))
			return false;
		seen |= bit;
	}
	return !left && seen == (1u << ARRAY_LEN(of_kernel)) - 1;
}

bool vz_netimages_is_plain(const char *name, const void *data, size_t n)
{
	const char *rest;

	if (n < MAGIC || n > PLAIN_MAX)
		return false;
	if (vz_str_prefix(name, "route-", &rest) || vz_str_prefix(name, "route6-", &rest))
		return n == MAGIC;
	return vz_str_prefix(name, "rule-", &rest) && is_rules_of_kernel((const char *)data + MAGIC, n - MAGIC);
}

static int open_images(int criu, DIR **ret)
{
	return vz_dir_stream(vz_openat2(criu, ".", O_RDONLY | O_DIRECTORY, 0, 0), ret);
}

int vz_netimages_trim(int criu, struct vz_err *e)
{
	autoclosedir DIR *d = NULL;
	_Alignas(uint64_t) char text[PLAIN_MAX + 1];
	int r = open_images(criu, &d);
	struct dirent *de;

	while (r >= 0 && (de = vz_dir_next(d))) {
		ssize_t n = de->d_name[0] == 'r' ? vz_file_read_buf(criu, de->d_name, text, sizeof(text)) : -1;

		if (n > 0 && vz_netimages_is_plain(de->d_name, text, (size_t)n))
			(void)unlinkat(criu, de->d_name, 0);
	}
	if (r >= 0)
		r = -errno;
	return r < 0 ? vz_fail(e, VZ_CHKPNT, -r, "cannot read CRIU's images of the container's network") : 0;
}

#define TOLD (RTNH_F_LINKDOWN | RTNH_F_DEAD)

static bool clear_hops(struct nlattr *ways)
{
	char *at = mnl_attr_get_payload(ways);
	size_t left = mnl_attr_get_payload_len(ways);
	bool changed = false;

	while (left >= sizeof(struct rtnexthop)) {
		struct rtnexthop hop;

		memcpy(&hop, at, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) || (size_t)RTNH_ALIGN(hop.rtnh_len) > left)
			break;
		changed |= hop.rtnh_flags & TOLD;
		hop.rtnh_flags &= (unsigned char)~TOLD;
		memcpy(at, &hop, sizeof(hop));
		at += RTNH_ALIGN(hop.rtnh_len);
		left -= (size_t)RTNH_ALIGN(hop.rtnh_len);
	}
	return changed;
}

/* May be hostile: root inside made the routes, as many as he likes; therefore each is taken apart within its length. */
bool vz_netimages_clear_routes(void *data, size_t n)
{
	struct nlmsghdr *h = (void *)((char *)data + MAGIC);
	int left = (int)(n - MAGIC);
	bool changed = false;

	for (; n >= MAGIC && mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		struct rtmsg *r = mnl_nlmsg_get_payload(h);
		struct nlattr *a;

		if (h->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(h) < sizeof(*r))
			continue;
		changed |= r->rtm_flags & TOLD;
		r->rtm_flags &= ~(unsigned)TOLD;
		mnl_attr_for_each(a, h, sizeof(*r)) {
			if (mnl_attr_get_type(a) == RTA_MULTIPATH)
				changed |= clear_hops(a);
			/* no source before it was looked for on the link again: routes.c makes it anew */
			if (r->rtm_family == AF_INET6 && mnl_attr_get_type(a) == RTA_PREFSRC) {
				a->nla_type = RTA_UNSPEC;
				changed = true;
			}
		}
	}
	return changed;
}

static int mend_routes(int criu, const char *name)
{
	autofree char *data = NULL;
	autoclose int fd = -EBADF;
	ssize_t n = vz_file_read(criu, name, ROUTES_MAX, &data);

	if (n < 0)
		return (int)n;
	if (!vz_netimages_clear_routes(data, (size_t)n))
		return 0;
	fd = openat(criu, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 || pwrite(fd, data, (size_t)n, 0) != n ? -EIO : 0;
}

int vz_netimages_mend_routes(int criu, struct vz_err *e)
{
	autoclosedir DIR *d = NULL;
	int r = open_images(criu, &d);
	struct dirent *de;

	while (r >= 0 && (de = vz_dir_next(d)))
		if (vz_str_prefix(de->d_name, "route-", NULL) || vz_str_prefix(de->d_name, "route6-", NULL))
			r = mend_routes(criu, de->d_name);
	if (r >= 0)
		r = -errno;
	return r < 0 ? vz_fail(e, VZ_CHKPNT, -r, "cannot read CRIU's image of the container's routes") : 0;
}

/* "netns-10.img": 10; 0: another image. */
static unsigned long number_of_netns(const char *name)
{
	const char *rest;

	return vz_str_prefix(name, "netns-", &rest) ? strtoul(rest, NULL, 10) : 0;
}

/* CRIU numbers namespaces as it meets them, and init is the first whom it meets. */
int vz_netimages_drop_rules(int criu, struct vz_err *e)
{
	autoclosedir DIR *d = NULL;
	int r = open_images(criu, &d);
	unsigned long first = 0;
	struct dirent *de;
	char name[40];

	while (r >= 0 && (de = vz_dir_next(d))) {
		unsigned long n = number_of_netns(de->d_name);

		if (n && (!first || n < first))
			first = n;
	}
	if (r >= 0)
		r = -errno;
	snprintf(name, sizeof(name), "nftables-%lu.img", first);
	if (r < 0 || !first || (unlinkat(criu, name, 0) < 0 && errno != ENOENT))
		return vz_fail(e, VZ_CHKPNT, 0, "cannot remove CRIU's image of the container's packet filter");
	return 0;
}
