// SPDX-License-Identifier: GPL-2.0-or-later
/* Token buckets for a VPS; see shape.h. What the guard on the ingress of a host end lets pass comes
 * to a second filter there, which hands all of it to the ifb device. The guard's map of devices
 * remembers which device has what. */
#include "guard/shape.h"
#include "base/own.h"
#include "guard/guard-internal.h"
#include "sys/bpf.h"
#include "sys/nl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <net/if.h>
#include <string.h>

/*
 * A bucket holds what 10 ms bring, so that a late timer costs no throughput, and at least a few
 * frames; larger GSO buffers are taken apart by tbf. The queue before it holds 50 ms more, and at
 * least what one TCP connection keeps on its way.
 */
#define BURST_PER_SECOND 100
#define BURST_MIN 16384u
#define BURST_MAX (16u << 20)
#define QUEUE_PER_SECOND 20
#define QUEUE_MIN 131072u
#define QUEUE_MAX (64u << 20)

static uint32_t between(uint64_t v, uint32_t min, uint32_t max)
{
	return v < min ? min : v > max ? max : (uint32_t)v;
}

static struct tcmsg root_of(int ifindex)
{
	return (struct tcmsg){ .tcm_family = AF_UNSPEC,
			       .tcm_ifindex = ifindex,
			       .tcm_handle = TC_H_MAKE(1 << 16, 0),
			       .tcm_parent = TC_H_ROOT };
}

/* Queues of flows for the bucket, where the kernel has fq_codel: one flow cannot delay the others. */
static void share_fairly(int rtnl, int ifindex)
{
	struct tcmsg tc = root_of(ifindex);
	struct vz_nl m;

	tc.tcm_parent = TC_H_MAKE(1 << 16, 1);
	tc.tcm_handle = TC_H_MAKE(2 << 16, 0);
	vz_nl_init(&m, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);
	vz_nl_put_hdr(&m, &tc, sizeof(tc));
	vz_nl_put_str(&m, TCA_KIND, "fq_codel");
	(void)vz_nl_call(rtnl, &m, NULL, "fq_codel");
}

/* A bucket of `bps` bits per second as the root queue of the device. */
static int put_bucket(int rtnl, int ifindex, uint64_t bps, struct vz_err *e)
{
	uint64_t rate = bps / 8 ? bps / 8 : 1;
	uint32_t burst = between(rate / BURST_PER_SECOND, BURST_MIN, BURST_MAX);
	struct tc_tbf_qopt opt = {
		.rate = { .linklayer = TC_LINKLAYER_ETHERNET, /* no table of times is needed then */
			  .rate = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate },
		.limit = burst + between(rate / QUEUE_PER_SECOND, QUEUE_MIN, QUEUE_MAX),
	};
	struct tcmsg tc = root_of(ifindex);
	struct vz_nl m;
	int r;

	vz_nl_init(&m, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
	vz_nl_put_hdr(&m, &tc, sizeof(tc));
	vz_nl_put_str(&m, TCA_KIND, "tbf");
	VZ_NL_NEST(&m, TCA_OPTIONS) {
		vz_nl_put(&m, TCA_TBF_PARMS, &opt, sizeof(opt));
		vz_nl_put_u64(&m, TCA_TBF_RATE64, rate);
		vz_nl_put_u32(&m, TCA_TBF_BURST, burst);
	}
	r = vz_nl_call(rtnl, &m, e, "cannot limit the rate of network device %d", ifindex);
	if (r >= 0)
		share_fairly(rtnl, ifindex);
	return r;
}

static int drop_bucket(int rtnl, int ifindex, struct vz_err *e)
{
	struct tcmsg tc = root_of(ifindex);
	struct vz_nl m;
	int r;

	vz_nl_init(&m, RTM_DELQDISC, 0);
	vz_nl_put_hdr(&m, &tc, sizeof(tc));
	r = vz_nl_call(rtnl, &m, e, "cannot take the rate off network device %d", ifindex);
	return r == -ENOENT || r == -EINVAL ? 0 : r; /* which it has when there was none */
}

/* ---- the device that what a VPS sends goes through ---- */

static void shaper_name(unsigned ctid, char name[static IFNAMSIZ])
{
	snprintf(name, IFNAMSIZ, "vzs%u", ctid);
}

static int make_shaper(int rtnl, unsigned ctid, struct vz_err *e)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	char name[IFNAMSIZ];
	struct vz_nl m;
	int r;

	shaper_name(ctid, name);
	vz_nl_init(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	vz_nl_put_str(&m, IFLA_IFNAME, name);
	VZ_NL_NEST(&m, IFLA_LINKINFO)
		vz_nl_put_str(&m, IFLA_INFO_KIND, "ifb");
	r = vz_nl_call(rtnl, &m, e, "cannot make network device %s", name);
	return r == -EEXIST ? 0 : r;
}

static int set_up(int rtnl, int ifindex, struct vz_err *e)
{
	struct ifinfomsg ifi = { .ifi_index = ifindex, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct vz_nl m;

	vz_nl_init(&m, RTM_NEWLINK, 0);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	/* it shall have no address, and send nothing of its own */
	VZ_NL_NEST(&m, IFLA_AF_SPEC)
		VZ_NL_NEST(&m, AF_INET6)
			vz_nl_put_u8(&m, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	return vz_nl_call(rtnl, &m, e, "cannot bring network device %d up", ifindex);
}

/* Ready to be redirected to: its ifindex. */
static int ready_shaper(int rtnl, const struct vz_shape *s, struct vz_err *e)
{
	char name[IFNAMSIZ];
	int r = 0, index;

	shaper_name(s->ctid, name);
	index = (int)if_nametoindex(name);
	if (!index) {
		r = make_shaper(rtnl, s->ctid, e);
		index = (int)if_nametoindex(name);
	}
	if (r >= 0 && !index)
		r = vz_fail(e, VZ_SYSTEM, ENODEV, "network device %s went away", name);
	if (r >= 0)
		r = put_bucket(rtnl, index, s->out, e);
	if (r >= 0)
		r = set_up(rtnl, index, e);
	return r < 0 ? r : index;
}

int vz_shape_gone(int rtnl, unsigned ctid, struct vz_err *e)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	char name[IFNAMSIZ];
	struct vz_nl m;
	int r;

	shaper_name(ctid, name);
	ifi.ifi_index = (int)if_nametoindex(name);
	if (!ifi.ifi_index)
		return 0;
	vz_nl_init(&m, RTM_DELLINK, 0);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	r = vz_nl_call(rtnl, &m, e, "cannot remove network device %s", name);
	return r == -ENODEV ? 0 : r;
}

/* ---- both directions ---- */

static struct tcmsg filter_of(int ifindex)
{
	return (struct tcmsg){ .tcm_family = AF_UNSPEC,
			       .tcm_ifindex = ifindex,
			       .tcm_handle = 1,
			       .tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
			       .tcm_info = TC_H_MAKE(VZ_SHAPE_PRIO << 16, htons(ETH_P_ALL)) };
}

/* Everything that comes to this filter goes to `to`. The match is one classic BPF instruction, so no
 * other classifier is needed than the guard's. */
static int put_detour(int rtnl, int ifindex, int to, struct vz_err *e)
{
	static const struct sock_filter all = { .code = BPF_RET | BPF_K, .k = UINT32_MAX };
	struct tc_mirred parms = { .action = TC_ACT_STOLEN,
				   .eaction = TCA_EGRESS_REDIR,
				   .ifindex = (uint32_t)to };
	struct tcmsg tc = filter_of(ifindex);
	struct vz_nl m;

	vz_nl_init(&m, RTM_NEWTFILTER, NLM_F_CREATE);
	vz_nl_put_hdr(&m, &tc, sizeof(tc));
	vz_nl_put_str(&m, TCA_KIND, "bpf");
	VZ_NL_NEST(&m, TCA_OPTIONS) {
		vz_nl_put_u16(&m, TCA_BPF_OPS_LEN, 1);
		vz_nl_put(&m, TCA_BPF_OPS, &all, sizeof(all));
		VZ_NL_NEST(&m, TCA_BPF_ACT)
			VZ_NL_NEST(&m, 1) {
				vz_nl_put_str(&m, TCA_ACT_KIND, "mirred");
				VZ_NL_NEST(&m, TCA_ACT_OPTIONS)
					vz_nl_put(&m, TCA_MIRRED_PARMS, &parms, sizeof(parms));
			}
	}
	return vz_nl_call(rtnl, &m, e, "cannot shape network device %d", ifindex);
}

static int drop_detour(int rtnl, int ifindex, struct vz_err *e)
{
	struct tcmsg tc = filter_of(ifindex);
	struct vz_nl m;
	int r;

	vz_nl_init(&m, RTM_DELTFILTER, 0);
	vz_nl_put_hdr(&m, &tc, sizeof(tc));
	vz_nl_put_str(&m, TCA_KIND, "bpf");
	r = vz_nl_call(rtnl, &m, e, "cannot take the rate off network device %d", ifindex);
	return r == -ENOENT ? 0 : r;
}

/* The marks are set first and taken off last: they say what there may be. */
static int mark(int map, int ifindex, struct vz_dev *dev, uint32_t flags, struct vz_err *e)
{
	uint32_t key = (uint32_t)ifindex;
	int r;

	if (dev->flags == flags)
		return 0;
	dev->flags = flags;
	r = vz_bpf_update(map, &key, dev, BPF_EXIST);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot shape network device %d", ifindex) : 0;
}

static int shape_one(int rtnl, int ifindex, int shaper, const struct vz_shape *s, struct vz_err *e)
{
	autoclose int map = vz_guard_map(VZ_MAP_DEVS, e);
	uint32_t key = (uint32_t)ifindex;
	struct vz_dev dev;
	uint32_t had, want = (s->in ? VZ_DEV_RATE_IN : 0) | (s->out ? VZ_DEV_RATE_OUT : 0);
	int r = map < 0 ? map : vz_bpf_lookup(map, &key, &dev);

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "network device %d is not guarded", ifindex);
	had = dev.flags & (VZ_DEV_RATE_IN | VZ_DEV_RATE_OUT);
	r = mark(map, ifindex, &dev, dev.flags | want, e);
	if (r < 0)
		return r;
	if (s->in)
		r = put_bucket(rtnl, ifindex, s->in, e);
	else if (had & VZ_DEV_RATE_IN)
		r = drop_bucket(rtnl, ifindex, e);
	if (r < 0)
		return r;
	if (s->out)
		r = put_detour(rtnl, ifindex, shaper, e);
	else if (had & VZ_DEV_RATE_OUT)
		r = drop_detour(rtnl, ifindex, e);
	return r < 0 ? r : mark(map, ifindex, &dev, (dev.flags & ~had) | want, e);
}

int vz_shape_set(int rtnl, const struct vz_shape *s, struct vz_err *e)
{
	int shaper = s->out ? ready_shaper(rtnl, s, e) : 0, r = shaper;

	for (size_t i = 0; i < s->n && r >= 0; i++)
		r = shape_one(rtnl, s->ifindex[i], shaper, s, e);
	if (r >= 0 && !s->out)
		r = vz_shape_gone(rtnl, s->ctid, e);
	return r < 0 ? r : 0;
}
