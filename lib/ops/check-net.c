// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * check: the network of a VPS, made once in network namespaces that nobody else sees; and what
 * the host's own network must do for VPSes.
 */
#include "ops/check-internal.h"
#include "apply/network.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/ct.h"
#include "guard/guard.h"
#include "guard/shape.h"
#include "launch/conntrack.h"
#include "launch/netpolicy.h"
#include "net/link.h"
#include "net/nft.h"
#include "net/uplink.h"
#include "nic/venet.h"
#include "res/res.h"
#include "sys/file.h"
#include "sys/netns.h"
#include "sys/nl.h"
#include "sys/proc.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define PROBE_CTID 1
#define PROBE_DEV "vzcheck0"
#define PROBE_BPS (10u << 20)
#define PROBE_ENTRIES 1000
/* What a VPS without FEATURES and NETFILTER has. */
#define DEFAULT_LEVEL (VZ_NETFILTER_STATELESS << VZ_FEAT_NETFILTER_SHIFT)
/* An id that no group has. */
#define PROBE_GROUP 1

static enum vz_check_verdict missing(struct check *c, const struct vz_err *e)
{
	return check_say(c, VZ_CHECK_MISSING, "%s", e->msg);
}

/* ---- venet, the guard and rates ---- */

static int make_venet(struct vz_venet *v, struct vz_err *e)
{
	autoclose int inside = vz_netns_new(e);

	if (inside < 0)
		return inside;
	*v = (struct vz_venet){ .ctid = PROBE_CTID, .rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e) };
	return v->rtnl < 0 ? v->rtnl : vz_venet_make(v, inside, e);
}

enum vz_check_verdict check_venet(struct check *c)
{
	struct vz_venet v;
	struct vz_err e = { 0 };

	return make_venet(&v, &e) < 0 ? missing(c, &e) : VZ_CHECK_OK;
}

enum vz_check_verdict check_rate(struct check *c)
{
	struct vz_venet v;
	struct vz_err e = { 0 };
	int r = make_venet(&v, &e);

	if (r >= 0)
		r = vz_shape_set(v.rtnl, &(struct vz_shape){ .ctid = PROBE_CTID, .ifindex = &v.index, .n = 1,
							      .in = PROBE_BPS, .out = PROBE_BPS }, &e);
	return r < 0 ? missing(c, &e) : VZ_CHECK_OK;
}

/* ---- kinds of devices ---- */

static void put_kind(struct vz_nl *m, const char *kind)
{
	VZ_NL_NEST(m, IFLA_LINKINFO) {
		vz_nl_put_str(m, IFLA_INFO_KIND, kind);
		VZ_NL_NEST(m, IFLA_INFO_DATA) {
			if (!strcmp(kind, "vlan"))
				vz_nl_put_u16(m, IFLA_VLAN_ID, 2);
			if (!strcmp(kind, "vxlan"))
				vz_nl_put_u32(m, IFLA_VXLAN_ID, 2);
		}
	}
}

/* What lies on another device ("vlan" and those that end so) gets one end of a veth pair. */
enum vz_check_verdict check_link(struct check *c)
{
	struct vz_link_pair pair = { .host = PROBE_DEV, .inside = "eth0", .netns = -EBADF };
	bool above = vz_str_suffix(c->what, "vlan");
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, NULL), inside = vz_netns_new(NULL);
	struct ifinfomsg ifi = { 0 };
	struct vz_link lower = { 0 };
	struct vz_err e = { 0 };
	struct vz_nl m;
	int r = rtnl < 0 ? rtnl : inside < 0 ? inside : 0;

	pair.netns = inside;
	if (r >= 0 && above)
		r = vz_link_pair(rtnl, &pair, &e);
	if (r >= 0 && above)
		r = vz_link_find(rtnl, PROBE_DEV, &lower, &e);
	if (r >= 0) {
		vz_nl_init(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
		vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
		vz_nl_put_str(&m, IFLA_IFNAME, "vzcheck1");
		if (above)
			vz_nl_put_u32(&m, IFLA_LINK, (uint32_t)lower.index);
		put_kind(&m, c->what);
		r = vz_nl_call(rtnl, &m, &e, "cannot make a device of kind %s", c->what);
	}
	return r < 0 ? missing(c, &e) : VZ_CHECK_OK;
}

enum vz_check_verdict check_tun(struct check *c)
{
	struct ifreq ifr = { .ifr_name = PROBE_DEV };
	autoclose int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	ifr.ifr_flags = IFF_TUN | IFF_NO_PI;
	return check_call(c, fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0 ? -errno : 0, "/dev/net/tun");
}

/* ---- the packet filter ---- */

enum vz_check_verdict check_nft(struct check *c)
{
	struct vz_nft t = { .family = NFPROTO_INET, .table = "vzcheck" };
	struct vz_err e = { 0 };
	autoclose int nfnl = vz_nl_open(NETLINK_NETFILTER, VZ_NL_HERE, &e);

	if (nfnl < 0)
		return missing(c, &e);
	vz_nft_table(&t, true);
	vz_nft_chain(&t, &(struct vz_nft_base){ "forward", "filter", NF_INET_FORWARD, -5 });
	vz_nft_set(&t, "pairs", true);
	vz_nft_rule(&t, "forward");
	vz_nft_ct_known(&t);
	vz_nft_ifs_in(&t, "pairs");
	vz_nft_counter(&t);
	vz_nft_verdict(&t, NF_ACCEPT, NULL);
	vz_nft_rule_end(&t);
	vz_nft_chain(&t, &(struct vz_nft_base){ "postrouting", "nat", NF_INET_POST_ROUTING, 100 });
	vz_nft_rule(&t, "postrouting");
	vz_nft_masquerade(&t);
	vz_nft_rule_end(&t);
	return vz_nft_commit(nfnl, &t, &e, "cannot set a packet filter up") < 0 ? missing(c, &e) : VZ_CHECK_OK;
}

/* The words are those of a start. */
enum vz_check_verdict check_policy(struct check *c)
{
	struct vz_err e = { 0 };
	char lsm[256] = "";

	if (vz_netpolicy_set(PROBE_GROUP, DEFAULT_LEVEL, &e) < 0)
		return missing(c, &e);
	if (vz_file_read_buf(AT_FDCWD, "/sys/kernel/security/lsm", lsm, sizeof(lsm)) > 0 &&
	    !strstr(lsm, "bpf"))
		return check_say(c, VZ_CHECK_DEGRADED, "bpf is not in the lsm= list (%s): with preempt=full "
			"a guest can have a message passed over", lsm);
	return VZ_CHECK_OK;
}

enum vz_check_verdict check_conntrack(struct check *c)
{
	struct vz_state st = { .init = getpid() };
	struct vz_proc p = { 0 };
	struct vz_err e = { 0 };
	int r = vz_proc_stat(st.init, &p);

	st.start_time = p.start_time;
	if (r >= 0)
		r = vz_proc_boot_id(st.boot_id, sizeof(st.boot_id));
	if (r < 0)
		return check_call(c, r, "/proc");
	return vz_conntrack_limit(PROBE_CTID, &st, PROBE_ENTRIES, &e) < 0 ? missing(c, &e) : VZ_CHECK_OK;
}

enum vz_check_verdict check_sockets(struct check *c)
{
	struct vz_err e = { 0 };

	return vz_res_sockets_can(&e) < 0 ? missing(c, &e) : VZ_CHECK_OK;
}

/* ---- the host's own ---- */

enum vz_check_verdict check_forward6(struct check *c)
{
	if (access("/proc/sys/net/ipv6", F_OK) < 0)
		return check_say(c, VZ_CHECK_MISSING, "this kernel has no IPv6, or it is switched off");
	return vz_ipv6_forwards() ? VZ_CHECK_OK :
				    check_say(c, VZ_CHECK_DEGRADED, VZ_SAY_NO_FORWARD6);
}

enum vz_check_verdict check_uplinks(struct check *c)
{
	const struct vz_conf *conf = c->conf;
	const struct vz_uplink_conf u = {
		.neighbour_devs = conf->neighbour_devs.set ? conf->neighbour_devs.v : NULL,
		.route_src_dev = conf->ve_route_src_dev.set ? conf->ve_route_src_dev.v : NULL,
	};
	autouplinks found = { 0 };
	struct vz_err e = { 0 };
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, &e);

	if (rtnl < 0 || vz_uplinks_find(rtnl, &u, &found, &e) < 0)
		return missing(c, &e);
	if (*found.missing)
		return check_say(c, VZ_CHECK_DEGRADED, VZ_SAY_NO_UPLINK, found.missing);
	return found.n ? check_say(c, VZ_CHECK_OK, "%s%s", found.dev[0].name, found.n > 1 ? " and more" : "") :
			 check_say(c, VZ_CHECK_DEGRADED, "no device of this host has an address and is up");
}
