// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which devices a VPS has: at start all of its configuration, at stop all of the records, live the
 * difference that a command line makes. How each is made is lib/nic's.
 */
#include "apply/nics.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "guard/rate.h"
#include "nic/netdev-move.h"
#include "nic/veth-names.h"
#include "nic/veth.h"
#include "sys/nl.h"

static struct vz_veth_at veth_at(const struct vz_nics_at *at, int inner)
{
	return (struct vz_veth_at){
		.ctid = at->ct->id, .rtnl = at->rtnl, .inner = inner, .netns = at->netns
	};
}

static struct vz_nic_at netdev_at(const struct vz_nics_at *at)
{
	return (struct vz_nic_at){
		.ctid = at->ct->id, .rtnl = at->rtnl, .netns = at->netns
	};
}

/* ---- veth ---- */

/* The devices of the configuration, completed. */
static int wanted_veth(const struct vz_conf *conf, unsigned ctid, struct vz_netifs *ret,
		       struct vz_err *e)
{
	int r = vz_netifs_of(&conf->netif, ret, e);

	return r < 0 ? r : vz_veth_complete_all(ret, ctid, e);
}

/* The legacy line: names on the host, each with a blank behind it. */
static void add_host_name(struct vz_str *line, const struct vz_netif *n)
{
	vz_str_addf(line, "%s ", n->v[VZ_NETIF_HOST_IFNAME]);
}

static int say_unconnected(int r, struct vz_err *e)
{
	if (r <= 0)
		return r;
	if (e) { /* NULL on a way back */
		vz_log(-1, "Warning: %s", e->msg);
		*e = (struct vz_err){ 0 };
	}
	return 0;
}

/* The device becomes what `to` says: NULL means that it is not there. */
static int become(const struct vz_veth_at *at, const struct vz_netif *from,
		  const struct vz_netif *to, struct vz_err *e)
{
	int r;

	if (!to)
		return from ? vz_veth_delete(at->rtnl, from, e) : 0;
	if (from)
		return vz_netif_same(from, to) ? 0 : vz_veth_change(at, from, to, e);
	r = vz_veth_make(at, to, e);
	if (r < 0)
		return r;
	r = vz_veth_up(at, to, e);
	if (r < 0)
		(void)vz_veth_delete(at->rtnl, to, NULL);
	return say_unconnected(r, e);
}

int vz_nics_up_veths(const struct vz_nics_at *at, struct vz_err *e)
{
	const struct vz_veth_at v = veth_at(at, -EBADF);
	autonetifs want = { 0 };
	int r = at->ct->conf.netif.n ? wanted_veth(&at->ct->conf, at->ct->id, &want, e) : 0;

	for (size_t i = 0; i < want.n && r >= 0; i++)
		r = say_unconnected(vz_veth_up(&v, &want.v[i], e), e);
	return r;
}

int vz_nics_make_veths(const struct vz_nics_at *at, struct vz_err *e)
{
	autoclose int inner = -EBADF;
	autonetifs want = { 0 };
	autostr names = { 0 };
	struct vz_veth_at v;
	int r;

	if (!at->ct->conf.netif.n)
		return 0;
	r = wanted_veth(&at->ct->conf, at->ct->id, &want, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < want.n; i++)
		add_host_name(&names, &want.v[i]);
	vz_log(0, "Configure veth devices: %s", names.s ? names.s : "");
	inner = vz_nl_open(NETLINK_ROUTE, at->netns, e);
	if (inner < 0)
		return inner;
	v = veth_at(at, inner);
	/* ahead of the deed, so that a killed start leaves no device that nobody knows */
	r = vz_veth_record_write(at->ct->id, &want, e);
	for (size_t i = 0; i < want.n && r >= 0; i++)
		r = vz_veth_make(&v, &want.v[i], e);
	return r;
}

/* ---- given devices ---- */

static void say_netdevs(const char *what, const struct vz_netdevs *l)
{
	char text[VZ_NETDEV_TEXT];
	autostr names = { 0 };

	for (size_t i = 0; i < l->n; i++)
		vz_str_addf(&names, " %s", vz_netdev_text(&l->v[i], text));
	vz_log(0, "%s network device(s):%s", what, names.s ? names.s : "");
}

int vz_nics_start_netdevs(const struct vz_nics_at *at, struct vz_err *e)
{
	const struct vz_nic_at n = netdev_at(at);
	struct vz_err stale = { 0 };
	autonetdevs l = { 0 };
	int r;

	/* what an earlier end of the VPS could not have back then */
	if (vz_nic_take_all(at->rtnl, at->ct->id, &stale))
		vz_log(-1, "Warning: %s", stale.msg);
	r = vz_netdevs_of(&at->ct->conf.netdev, &l, e);
	if (l.n)
		say_netdevs("Adding", &l);
	for (size_t i = 0; i < l.n && r >= 0; i++)
		r = vz_nic_give(&n, &l.v[i], e);
	return r;
}

void vz_nics_stop(const struct vz_nics_at *at)
{
	struct vz_err e = { 0 };

	vz_veth_delete_all(at->rtnl, at->ct->id);
	if (vz_nic_take_all(at->rtnl, at->ct->id, &e))
		vz_log(-1, "Warning: %s", e.msg);
}

/* ---- set ---- */

/* What a device is, and what it shall be; NULL: not there. */
struct veth_step {
	const struct vz_netif *was, *want;
	bool bridge; /* named by the command line */
};

struct change {
	const struct vz_nics_at *at;
	struct vz_veth_at veth;
	const struct vz_conf *conf;  /* all that holds from now on */
	struct vz_netifs was, want;  /* in force, and wanted */
	struct veth_step *step;      /* of the devices that the command line names, each once */
	size_t n;
};

void vz_nics_say_unknown(const char *ifname)
{
	vz_log(-1, "Warning: the container has no veth device %s, nothing is deleted", ifname);
}

void vz_nics_leave_unknown_netdevs(struct vz_netdevs *del, const struct vz_ct *ct)
{
	size_t known = 0;

	for (size_t i = 0; i < del->n; i++) {
		char text[VZ_NETDEV_TEXT];

		vz_netdev_text(&del->v[i], text);
		if (vz_plist_has(&ct->conf.netdev, text) || vz_nic_is_given(ct->id, &del->v[i]))
			del->v[known++] = del->v[i];
		else
			vz_log(-1, "Warning: the container has no network device %s, nothing is deleted", text);
	}
	del->n = known;
}

static void touch(struct change *c, const struct vz_netif *named)
{
	const char *ifname = named->v[VZ_NETIF_IFNAME];
	const struct veth_step s = { vz_netifs_find(&c->was, ifname),
				     vz_netifs_find(&c->want, ifname), *named->v[VZ_NETIF_BRIDGE] };
	size_t i = 0;

	while (i < c->n && (c->step[i].was != s.was || c->step[i].want != s.want))
		i++;
	if (i < c->n)
		c->step[i].bridge |= s.bridge;
	else if (s.was || s.want)
		c->step[c->n++] = s;
	else
		vz_nics_say_unknown(ifname);
}

static int touch_list(struct change *c, const struct vz_plist *words, struct vz_err *e)
{
	autonetifs l = { 0 };
	int r = vz_plist_is_all(words) ? 0 : vz_netifs_of(words, &l, e);

	for (size_t i = 0; r >= 0 && i < l.n; i++)
		touch(c, &l.v[i]);
	for (size_t i = 0; vz_plist_is_all(words) && i < c->was.n; i++)
		touch(c, &c->was.v[i]);
	return r;
}

/* From what is in force, what is wanted, and what the command line names. */
static int find_steps(struct change *c, const struct vz_given *g, struct vz_err *e)
{
	const struct vz_plist *named[] = { &g->del.netif, &g->add.netif, &g->ifname };
	int r = vz_veth_record_read(c->at->ct->id, &c->was);

	if (r < 0)
		return vz_fail(e, VZ_VETH_ERROR, -r, "cannot read the record of veth devices");
	r = wanted_veth(c->conf, c->at->ct->id, &c->want, e);
	if (r < 0)
		return r;
	c->step = calloc(c->was.n + c->want.n + 1, sizeof(*c->step));
	if (!c->step)
		return vz_oom(e);
	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(named); i++)
		r = touch_list(c, named[i], e);
	return r;
}

static void say_veth(const struct change *c)
{
	autostr set = { 0 }, del = { 0 };

	for (size_t i = 0; i < c->n; i++)
		if (c->step[i].want)
			add_host_name(&set, c->step[i].want);
		else
			add_host_name(&del, c->step[i].was);
	if (del.len)
		vz_log(0, "Deleting veth devices: %s", del.s);
	if (set.len)
		vz_log(0, "Configure veth devices: %s", set.s);
}

/* What is in force when all is done: what was, without what was touched, and what is wanted of
 * that. Ahead of the deed also what is to be deleted. */
static int write_record(const struct change *c, bool ahead, struct vz_err *e)
{
	autonetifs now = { 0 };
	int r = 0;

	for (size_t i = 0; i < c->was.n && r >= 0; i++)
		r = vz_netifs_put(&now, &c->was.v[i]);
	for (size_t i = 0; i < c->n && r >= 0; i++) {
		const struct veth_step *s = &c->step[i];

		if (s->was)
			vz_netifs_remove(&now, s->was->v[VZ_NETIF_IFNAME]);
		if (s->want || ahead)
			r = vz_netifs_put(&now, s->want ? s->want : s->was);
	}
	return r < 0 ? vz_oom(e) : vz_veth_record_write(c->at->ct->id, &now, e);
}

/* Deletions first, since a name may come free for another device: the steps are walked twice, and the
 * i-th of 2 * n is NULL when it is for the other walk. */
static const struct veth_step *nth_step(const struct change *c, size_t i)
{
	const struct veth_step *s = &c->step[i % c->n];

	return (i < c->n) == !s->want ? s : NULL;
}

/* A device that was there may have been left without its bridge, by a start before the bridge was made or by
 * somebody: the configuration does not know. */
static int take_step(const struct change *c, const struct veth_step *s, struct vz_err *e)
{
	int r = become(&c->veth, s->was, s->want, e);

	if (r < 0 || !s->was || !s->want)
		return r;
	return say_unconnected(vz_veth_connect(&c->veth, s->want, s->bridge, e), e);
}

static int change_veth(struct change *c, struct vz_err *e)
{
	size_t done = 0;
	int r = write_record(c, true, e);

	for (; r >= 0 && done < 2 * c->n; done++) {
		const struct veth_step *s = nth_step(c, done);

		if (s)
			r = take_step(c, s, e);
		if (r < 0)
			break;
	}
	if (r >= 0) /* a new device is limited like the others */
		r = vz_rate_start(c->at->ct->id, c->conf, e);
	if (r >= 0)
		r = write_record(c, false, e);
	if (r >= 0)
		return 0;
	while (done-- > 0) {
		const struct veth_step *s = nth_step(c, done);

		if (s)
			(void)become(&c->veth, s->want, s->was, NULL);
	}
	(void)vz_veth_record_write(c->at->ct->id, &c->was, NULL);
	return r;
}

int vz_nics_set_veths(const struct vz_nics_at *at, const struct vz_given *g,
		      const struct vz_conf *conf, struct vz_err *e)
{
	autoclose int inner = vz_nl_open(NETLINK_ROUTE, at->netns, e);
	struct change c = { .at = at, .veth = veth_at(at, inner), .conf = conf };
	int r = inner;

	if (r >= 0)
		r = find_steps(&c, g, e);
	if (r >= 0) {
		say_veth(&c);
		r = change_veth(&c, e);
	}
	free(c.step);
	vz_netifs_free(&c.was);
	vz_netifs_free(&c.want);
	return r;
}

/* Both lists in their order, or nothing of them. */
static int change_netdevs(const struct vz_nic_at *n, const struct vz_netdevs *del,
			  const struct vz_netdevs *add, struct vz_err *e)
{
	autofree bool *had = calloc(del->n + add->n + 1, sizeof(*had));
	size_t done = 0, all = del->n + add->n;
	int r = had ? 0 : vz_oom(e);

	for (; r >= 0 && done < all; done++) {
		const struct vz_netdev *d = done < del->n ? &del->v[done] : &add->v[done - del->n];

		had[done] = vz_nic_is_given(n->ctid, d);
		r = done < del->n ? vz_nic_take(n, d, e) : vz_nic_give(n, d, e);
		if (r < 0)
			break;
		if (r)
			vz_log(-1, "Warning: %s", e->msg);
	}
	while (r < 0 && done-- > 0) {
		const struct vz_netdev *d = done < del->n ? &del->v[done] : &add->v[done - del->n];

		if (done < del->n && had[done])
			(void)vz_nic_give(n, d, NULL);
		else if (done >= del->n && !had[done])
			(void)vz_nic_take(n, d, NULL);
	}
	return r < 0 ? r : 0;
}

/* Of "all", what the configuration had; what was given without being saved goes by its name. */
int vz_nics_set_netdevs(const struct vz_nics_at *at, const struct vz_given *g, struct vz_err *e)
{
	const struct vz_plist *gone = &g->del.netdev;
	const struct vz_nic_at n = netdev_at(at);
	autonetdevs add = { 0 }, del = { 0 };
	int r = vz_netdevs_of(vz_plist_is_all(gone) ? &at->ct->conf.netdev : gone, &del, e);

	if (r >= 0)
		r = vz_netdevs_of(&g->add.netdev, &add, e);
	if (r < 0)
		return r;
	vz_nics_leave_unknown_netdevs(&del, at->ct);
	if (del.n)
		say_netdevs("Deleting", &del);
	if (add.n)
		say_netdevs("Adding", &add);
	return change_netdevs(&n, &del, &add, e);
}
