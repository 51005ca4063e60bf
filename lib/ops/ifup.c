// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A device of the host went down and came up again: the kernel has forgotten its proxy entries, and
 * with the host's address (VE_ROUTE_SRC_DEV) the routes that had it as their source; the neighbours
 * may have forgotten everything. No lock is taken: what changes meanwhile is looked at once more.
 */
#include "ops/ifup.h"
#include "base/log.h"
#include "base/own.h"
#include "net/addr.h"
#include "net/dad.h"
#include "net/link.h"
#include "net/uplink.h"
#include "nic/venet.h"
#include "sys/nl.h"

#include <string.h>

struct ifup {
	int rtnl;
	struct vz_uplinks uplinks; /* the device, or none */
	struct vz_ips ips;         /* of all VPSes */
};

/* Leaves only the device itself; false when it is not among them. */
static bool keep_only(struct vz_uplinks *u, const char *device)
{
	for (size_t i = 0; i < u->n; i++)
		if (!strcmp(u->dev[i].name, device)) {
			u->dev[0] = u->dev[i];
			u->n = 1;
			return true;
		}
	u->n = 0;
	return false;
}

/* Those that are there are refused as such, which is fine. */
static void put_routes(const struct ifup *f, unsigned ctid, const struct vz_ips *ips)
{
	char name[IFNAMSIZ];
	struct vz_link l;

	vz_venet_host_name(ctid, name);
	if (vz_link_find(f->rtnl, name, &l, NULL) < 0 || !(l.flags & IFF_UP))
		return;
	for (size_t i = 0; i < ips->n; i++) {
		const struct vz_ip *src =
			ips->v[i].family == AF_INET ? &f->uplinks.src4 : &f->uplinks.src6;
		struct vz_route r = { .to = ips->v[i], .dev = l.index, .src = src->family ? src : NULL };

		r.to.prefix = vz_ip_bits(&ips->v[i]);
		(void)vz_route_add(f->rtnl, &r, NULL);
	}
}

/* Those that the VPS lost while we were at it. */
static void take_back(const struct ifup *f, unsigned ctid, const struct vz_ips *ips)
{
	autoips now = { 0 };

	(void)vz_venet_read(ctid, &now); /* gone: none */
	for (size_t i = 0; i < ips->n; i++)
		if (!vz_ips_has(&now, &ips->v[i]))
			(void)vz_proxy_del(f->rtnl, f->uplinks.dev[0].index, &ips->v[i], NULL);
}

static int one_vps(struct ifup *f, unsigned ctid, struct vz_err *e)
{
	const struct vz_venet v = { .ctid = ctid, .rtnl = f->rtnl, .inside = -EBADF };
	struct vz_state state;
	autoips ips = { 0 };
	int r = vz_state_read(ctid, &state);

	/* the other host answers for one that is being handed to it */
	if (r <= 0 || vz_ct_id_is_given_away(ctid) || vz_venet_read(ctid, &ips) < 0)
		return 0;
	put_routes(f, ctid, &ips);
	r = vz_venet_answer(&v, &f->uplinks, ips.v, ips.n, e);
	take_back(f, ctid, &ips);
	for (size_t i = 0; r >= 0 && i < ips.n; i++)
		if (vz_ips_add(&f->ips, &ips.v[i]) < 0)
			r = vz_oom(e);
	return r;
}

static bool is_for(const void *arg, size_t dev, const struct vz_ip *ip)
{
	return vz_uplink_takes(arg, dev, ip);
}

static int all_vpses(struct ifup *f, struct vz_err *e)
{
	autofree unsigned *id = NULL;
	char opened[IFNAMSIZ];
	struct vz_dad_ask q = { .ifindex = &f->uplinks.dev[0].index, .ndev = 1, .on = is_for };
	bool ipv6 = false;
	size_t n = 0;
	int r = vz_state_list(&id, &n);

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "Unable to list the running containers");
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = one_vps(f, id[i], e);
	if (r < 0 || !f->ips.n)
		return r;
	for (size_t i = 0; i < f->ips.n; i++)
		ipv6 |= f->ips.v[i].family == AF_INET6;
	vz_uplinks_answer(&f->uplinks, ipv6, opened);
	q.ip = f->ips.v;
	q.nip = f->ips.n;
	q.arg = &f->uplinks;
	return vz_announce(&q, e);
}

int vz_op_ifup(const struct vz_host *host, const char *device, struct vz_err *e)
{
	const struct vz_conf *conf = &host->conf;
	struct ifup f = { .rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e) };
	struct vz_uplink_conf c = {
		.neighbour_devs = conf->neighbour_devs.set ? conf->neighbour_devs.v : NULL,
		.route_src_dev = conf->ve_route_src_dev.set ? conf->ve_route_src_dev.v : NULL,
	};
	int r = f.rtnl < 0 ? f.rtnl : vz_uplinks_find(f.rtnl, &c, &f.uplinks, e);

	if (r >= 0 && keep_only(&f.uplinks, device))
		r = all_vpses(&f, e);
	vz_ips_free(&f.ips);
	vz_uplinks_free(&f.uplinks);
	vz_closep(&f.rtnl);
	return r;
}
