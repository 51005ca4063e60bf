// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices and addresses in the guard's maps, and its programs on a device; see guard.h. What the
 * programs do is in bpf/net.bpf.c, how they get into the kernel in vzguard. */
#include "guard/guard.h"
#include "base/ip.h"
#include "base/own.h"
#include "base/str.h"
#include "guard/classes.h"
#include "guard/guard-internal.h"
#include "sys/bpf.h"
#include "sys/nl.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/random.h>

#define PART 1024 /* entries of a map read at a time */
#define FILTER_HANDLE 1

/* ---- pins ---- */

/* Who has loaded the guard fills the table of classes too. */
static int filled(int fd, bool loaded)
{
	if (loaded)
		vz_classes_first();
	return fd;
}

static int open_map(enum vz_guard_map map, struct vz_err *e)
{
	bool loaded = false;
	int fd = vz_guard_map_or_load(map, &loaded, e);

	return filled(fd, loaded);
}

static int open_program(const char *path, struct vz_err *e)
{
	bool loaded = false;
	int fd = vz_guard_pin_or_load(path, &loaded, e);

	return filled(fd, loaded);
}

int vz_guard_ready(struct vz_err *e)
{
	autoclose int fd = open_map(VZ_MAP_DEVS, e);

	return fd < 0 ? fd : 0;
}

/* ---- attaching ---- */

static int add_clsact(int rtnl, int ifindex, struct vz_err *e)
{
	struct tcmsg tc = { .tcm_family = AF_UNSPEC,
			    .tcm_ifindex = ifindex,
			    .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
			    .tcm_parent = TC_H_CLSACT };
	struct vz_err why = { 0 }; /* one that is there already is nothing to tell */
	struct vz_nl m;
	int r;

	vz_nl_init(&m, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);
	vz_nl_put_hdr(&m, &tc, sizeof(tc));
	vz_nl_put_str(&m, TCA_KIND, "clsact");
	r = vz_nl_call(rtnl, &m, &why, "cannot guard network device %d", ifindex);
	if (r == -EEXIST)
		return 0;
	if (r < 0 && e)
		*e = why;
	return r;
}

/* parent: TC_H_MIN_INGRESS or TC_H_MIN_EGRESS. A program that is there already is replaced. */
static int add_program(int rtnl, int ifindex, uint32_t parent, int prog, struct vz_err *e)
{
	struct tcmsg tc = { .tcm_family = AF_UNSPEC,
			    .tcm_ifindex = ifindex,
			    .tcm_handle = FILTER_HANDLE,
			    .tcm_parent = TC_H_MAKE(TC_H_CLSACT, parent),
			    .tcm_info = TC_H_MAKE(VZ_GUARD_PRIO << 16, htons(ETH_P_ALL)) };
	struct vz_nl m;

	vz_nl_init(&m, RTM_NEWTFILTER, NLM_F_CREATE);
	vz_nl_put_hdr(&m, &tc, sizeof(tc));
	vz_nl_put_str(&m, TCA_KIND, "bpf");
	VZ_NL_NEST(&m, TCA_OPTIONS) {
		vz_nl_put_u32(&m, TCA_BPF_FD, (uint32_t)prog);
		vz_nl_put_str(&m, TCA_BPF_NAME, parent == TC_H_MIN_INGRESS ? "vz_from" : "vz_to");
		vz_nl_put_u32(&m, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	}
	return vz_nl_call(rtnl, &m, e, "cannot guard network device %d", ifindex);
}

static int add_programs(int rtnl, int ifindex, struct vz_err *e)
{
	autoclose int from = open_program(VZ_GUARD_PROGS_DIR "/vz_from", e), to = -EBADF;
	int r;

	if (from < 0)
		return from;
	to = open_program(VZ_GUARD_PROGS_DIR "/vz_to", e);
	if (to < 0)
		return to;
	r = add_clsact(rtnl, ifindex, e);
	if (r >= 0)
		r = add_program(rtnl, ifindex, TC_H_MIN_INGRESS, from, e);
	if (r >= 0)
		r = add_program(rtnl, ifindex, TC_H_MIN_EGRESS, to, e);
	return r;
}

/* The counters of the VPS, from 0; those that are there stay. */
static int add_counters(unsigned ctid, struct vz_err *e)
{
	struct vz_counters zero = { 0 };
	uint32_t key = ctid;
	autoclose int map = open_map(VZ_MAP_COUNTERS, e);
	int r;

	if (map < 0)
		return map;
	while (!zero.epoch)
		if (getrandom(&zero.epoch, sizeof(zero.epoch), 0) < 0 && errno != EINTR)
			return vz_fail(e, VZ_SYSTEM, errno, "no random numbers");
	r = vz_bpf_update(map, &key, &zero, BPF_NOEXIST);
	return r < 0 && r != -EEXIST ?
		       vz_fail(e, VZ_SYSTEM, -r, "cannot count the traffic of CT %u", ctid) : 0;
}

static void fill_dev(const struct vz_guard_dev *d, struct vz_dev *ret)
{
	static const uint32_t direct[] = { [VZ_DIRECT_AUTO] = VZ_DEV_AUTO,
					   [VZ_DIRECT_YES] = VZ_DEV_DIRECT };

	ret->ctid = d->ctid;
	ret->flags &= VZ_DEV_RATE_IN | VZ_DEV_RATE_OUT;
	ret->flags |= (d->l2 ? VZ_DEV_L2 : 0) | (d->mac_filter ? VZ_DEV_MAC_FILTER : 0) |
		     (d->ip_filter ? VZ_DEV_IP_FILTER : 0) | (d->router ? VZ_DEV_ROUTER : 0) |
		     (d->bridged ? VZ_DEV_BRIDGED : 0) | (d->l2 ? 0 : direct[d->direct]);
	memcpy(ret->mac, d->mac, sizeof(ret->mac));
}

/* What is not a setting of the caller's (the rates) stays. */
static int set_dev(const struct vz_guard_dev *d, bool attach, struct vz_err *e)
{
	autoclose int map = attach ? open_map(VZ_MAP_DEVS, e) : vz_guard_map(VZ_MAP_DEVS, e);
	uint32_t key = (uint32_t)d->ifindex;
	struct vz_dev dev = { 0 };
	int r;

	if (map < 0 && map != -ENOENT)
		return map;
	r = map < 0 ? map : vz_bpf_lookup(map, &key, &dev);
	if (r < 0 && (!attach || r != -ENOENT))
		return vz_fail(e, VZ_SYSTEM, -r, "network device %d is not guarded", d->ifindex);
	fill_dev(d, &dev);
	r = vz_bpf_update(map, &key, &dev, BPF_ANY);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot guard network device %d", d->ifindex) : 0;
}

int vz_guard_attach(int rtnl, const struct vz_guard_dev *d, struct vz_err *e)
{
	int r = add_counters(d->ctid, e);

	if (r >= 0)
		r = set_dev(d, true, e);
	return r < 0 ? r : add_programs(rtnl, d->ifindex, e);
}

int vz_guard_change(const struct vz_guard_dev *d, struct vz_err *e)
{
	return set_dev(d, false, e);
}

/* ---- addresses ---- */

/* ifindex 0: the entry that says which device the host routes the address to. */
static struct vz_guard_addr_key addr_key(int ifindex, const struct vz_ip *ip)
{
	struct vz_guard_addr_key k = { .ifindex = (uint32_t)ifindex,
				       .family = ip->family == AF_INET ? 4 : 6 };

	memcpy(k.addr, ip->bytes, vz_ip_size(ip));
	return k;
}

/* Of a failed one none stays. */
static int enter_addrs(int ifindex, bool routed, const struct vz_ip *ip, size_t n, struct vz_err *e)
{
	autofree struct vz_guard_addr_key *keys = calloc(n ? n : 1, sizeof(*keys));
	autofree struct vz_guard_addr *values = calloc(n ? n : 1, sizeof(*values));
	autoclose int map = open_map(VZ_MAP_ADDRS, e);
	int r;

	if (map < 0)
		return map;
	if (!keys || !values)
		return vz_oom(e);
	for (size_t i = 0; i < n; i++) {
		keys[i] = addr_key(routed ? 0 : ifindex, &ip[i]);
		values[i].ifindex = (uint32_t)ifindex;
	}
	r = vz_bpf_update_many(map, keys, values, n, NULL);
	if (r >= 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		(void)vz_bpf_delete(map, &keys[i]);
	return vz_fail(e, VZ_SYSTEM, -r, "cannot allow addresses on network device %d", ifindex);
}

int vz_guard_addr_add(int ifindex, const struct vz_ip *ip, size_t n, struct vz_err *e)
{
	return enter_addrs(ifindex, false, ip, n, e);
}

int vz_guard_routed(int ifindex, const struct vz_ip *ip, size_t n, struct vz_err *e)
{
	return enter_addrs(ifindex, true, ip, n, e);
}

/* Who got the address since has entered himself. */
static void end_routed(int map, int ifindex, const struct vz_ip *ip)
{
	struct vz_guard_addr_key k = addr_key(0, ip);
	struct vz_guard_addr a;

	if (!vz_bpf_lookup(map, &k, &a) && a.ifindex == (uint32_t)ifindex)
		(void)vz_bpf_delete(map, &k);
}

int vz_guard_addr_del(int ifindex, const struct vz_ip *ip, size_t n, struct vz_err *e)
{
	autoclose int map = vz_guard_map(VZ_MAP_ADDRS, e);
	int r;

	if (map < 0)
		return map == -ENOENT ? 0 : map;
	for (size_t i = 0; i < n; i++) {
		struct vz_guard_addr_key k = addr_key(ifindex, &ip[i]);

		end_routed(map, ifindex, &ip[i]);
		r = vz_bpf_delete(map, &k);
		if (r < 0 && r != -ENOENT)
			return vz_fail(e, VZ_SYSTEM, -r, "cannot take addresses off network device %d",
				       ifindex);
	}
	return 0;
}

/* ---- forgetting ---- */

struct indexes {
	uint32_t *v;
	size_t n;
};

static bool has_index(const struct indexes *set, uint32_t ifindex)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i] == ifindex)
			return true;
	return false;
}

static int forget_addrs(const struct indexes *gone, struct vz_err *e)
{
	autofree struct vz_guard_addr_key *keys = calloc(PART, sizeof(*keys));
	autofree struct vz_guard_addr *values = calloc(PART, sizeof(*values));
	autoclose int map = vz_guard_map(VZ_MAP_ADDRS, e);
	uint32_t cursor = 0;
	size_t n;
	int r;

	if (map < 0)
		return map == -ENOENT ? 0 : map;
	if (!keys || !values)
		return vz_oom(e);
	do {
		n = PART;
		r = vz_bpf_read_many(map, &cursor, keys, values, &n);
		if (r < 0 && r != -ENOENT)
			return vz_fail(e, VZ_SYSTEM, -r, "cannot read the addresses of the guard");
		for (size_t i = 0; i < n; i++)
			if (has_index(gone, values[i].ifindex))
				(void)vz_bpf_delete(map, &keys[i]);
	} while (r >= 0);
	return 0;
}

/* The entry of a device goes last: as long as it is there, somebody will come again. */
static int forget(int devs, const struct indexes *gone, struct vz_err *e)
{
	int r = gone->n ? forget_addrs(gone, e) : 0;
	autoclose int link_locals = r < 0 ? r : vz_guard_map(VZ_MAP_LINK_LOCALS, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < gone->n; i++) {
		if (link_locals >= 0)
			(void)vz_bpf_delete(link_locals, &gone->v[i]);
		(void)vz_bpf_delete(devs, &gone->v[i]);
	}
	return 0;
}

int vz_guard_gone(int ifindex, struct vz_err *e)
{
	autoclose int devs = vz_guard_map(VZ_MAP_DEVS, e);
	uint32_t key = (uint32_t)ifindex;
	struct indexes gone = { &key, 1 };
	struct vz_dev dev;

	if (devs < 0)
		return devs == -ENOENT ? 0 : devs;
	return vz_bpf_lookup(devs, &key, &dev) < 0 ? 0 : forget(devs, &gone, e);
}

int vz_guard_devs(unsigned ctid, int **ret, size_t *ret_n, struct vz_err *e)
{
	autofree uint32_t *keys = calloc(VZ_GUARD_MAX_DEVS, sizeof(*keys));
	autofree struct vz_dev *values = calloc(VZ_GUARD_MAX_DEVS, sizeof(*values));
	autoclose int devs = vz_guard_map(VZ_MAP_DEVS, e);
	size_t n = VZ_GUARD_MAX_DEVS, k = 0;
	uint32_t cursor = 0;
	int r = -ENOENT;

	if (devs < 0 && devs != -ENOENT)
		return devs;
	if (!keys || !values)
		return vz_oom(e);
	if (devs >= 0)
		r = vz_bpf_read_many(devs, &cursor, keys, values, &n);
	else
		n = 0;
	if (r < 0 && r != -ENOENT)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot read the devices of the guard");
	for (size_t i = 0; i < n; i++)
		if (values[i].ctid == ctid)
			keys[k++] = keys[i];
	*ret = (int *)TAKE_PTR(keys);
	*ret_n = k;
	return 0;
}

int vz_guard_gone_all(unsigned ctid, struct vz_err *e)
{
	autoclose int devs = vz_guard_map(VZ_MAP_DEVS, e);
	autofree int *index = NULL;
	struct indexes gone;
	int r;

	if (devs < 0)
		return devs == -ENOENT ? 0 : devs;
	r = vz_guard_devs(ctid, &index, &gone.n, e);
	gone.v = (uint32_t *)index;
	return r < 0 ? r : forget(devs, &gone, e);
}
