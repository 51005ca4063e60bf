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

static struct vz_veth_at veth_at(const struct vz_netif_at *at, int inner)
{
	return (struct vz_veth_at){
		.ctid = at->ct->id, .rtnl = at->rtnl, .inner = inner, .netns = at->netns
	};
}

static struct vz_netdev_at netdev_at(const struct vz_netif_at *at)
{
	return (struct vz_netdev_at){
		.ctid = at->ct->id, .rtnl = at->rtnl, .netns = at->netns
	};
}

/* ---- lists of words; only .netif of these configurations is used ---- */

/* A copy of the words, completed. */
static int wanted(const struct vz_conf *conf, unsigned ctid, struct vz_conf *ret, struct vz_err *e)
{
	const struct vz_conf only = { .netif = conf->netif };
	int r = vz_conf_merge(ret, &only);

	return r < 0 ? vz_oom(e) : vz_netif_complete(&ret->netif, ctid, e);
}

static const char *find(const struct vz_conf *c, const char *word)
{
	size_t n = strcspn(word, ",");

	for (size_t i = 0; i < c->netif.n; i++)
		if (strcspn(c->netif.v[i], ",") == n && !memcmp(c->netif.v[i], word, n))
			return c->netif.v[i];
	return NULL;
}

/* The legacy line: names on the host, each with a blank behind it. */
static void add_host_name(struct vz_str *line, const char *word)
{
	autonetif n = { 0 };

	if (vz_netif_parse(word, &n, NULL) >= 0)
		vz_str_addf(line, "%s ", n.v[VZ_NETIF_HOST_IFNAME]);
}

/* ---- veth ---- */

/* The device becomes what `to` says: NULL means that it is not there. */
static int step(const struct vz_veth_at *at, const char *from, const char *to, struct vz_err *e)
{
	autonetif a = { 0 }, b = { 0 };
	int r = from ? vz_netif_parse(from, &a, e) : 0;

	if (r >= 0 && to)
		r = vz_netif_parse(to, &b, e);
	if (r < 0)
		return r;
	if (!to)
		return from ? vz_veth_delete(at->rtnl, &a, e) : 0;
	if (from)
		return strcmp(from, to) ? vz_veth_change(at, &a, &b, e) : 0;
	r = vz_veth_make(at, &b, e);
	if (r < 0)
		return r;
	r = vz_veth_up(at, &b, e);
	if (r < 0)
		(void)vz_veth_delete(at->rtnl, &b, NULL);
	if (r <= 0)
		return r;
	if (e) { /* NULL on a way back */
		vz_log(-1, "Warning: %s", e->msg);
		*e = (struct vz_err){ 0 };
	}
	return 0;
}

int vz_veths_start(const struct vz_netif_at *at, struct vz_err *e)
{
	autoclose int inner = -EBADF;
	autoconf want = { 0 };
	autostr names = { 0 };
	struct vz_veth_at v;
	int r;

	if (!at->ct->conf.netif.n)
		return 0;
	r = wanted(&at->ct->conf, at->ct->id, &want, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < want.netif.n; i++)
		add_host_name(&names, want.netif.v[i]);
	vz_log(0, "Configure veth devices: %s", names.s ? names.s : "");
	inner = vz_nl_open(NETLINK_ROUTE, at->netns, e);
	if (inner < 0)
		return inner;
	v = veth_at(at, inner);
	/* ahead of the deed, so that a killed start leaves no device that nobody knows */
	r = vz_veth_record_write(at->ct->id, &want, e);
	for (size_t i = 0; i < want.netif.n && r >= 0; i++)
		r = step(&v, NULL, want.netif.v[i], e);
	return r;
}

/* ---- given devices ---- */

static void say_netdevs(const char *what, const struct vz_plist *l)
{
	autostr names = { 0 };

	for (size_t i = 0; i < l->n; i++)
		vz_str_addf(&names, " %s", l->v[i]);
	vz_log(0, "%s network device(s):%s", what, names.s ? names.s : "");
}

int vz_netdevs_start(const struct vz_netif_at *at, struct vz_err *e)
{
	const struct vz_plist *l = &at->ct->conf.netdev;
	const struct vz_netdev_at n = netdev_at(at);
	struct vz_err stale = { 0 };
	int r = 0;

	/* what an earlier end of the VPS could not have back then */
	if (vz_netdev_take_all(at->rtnl, at->ct->id, &stale))
		vz_log(-1, "Warning: %s", stale.msg);
	if (l->n)
		say_netdevs("Adding", l);
	for (size_t i = 0; i < l->n && r >= 0; i++)
		r = vz_netdev_give(&n, l->v[i], e);
	return r;
}

void vz_netif_stop(const struct vz_netif_at *at)
{
	struct vz_err e = { 0 };

	vz_veth_delete_all(at->rtnl, at->ct->id);
	if (vz_netdev_take_all(at->rtnl, at->ct->id, &e))
		vz_log(-1, "Warning: %s", e.msg);
}

/* ---- set ---- */

struct change {
	const struct vz_netif_at *at;
	struct vz_veth_at veth;
	const struct vz_conf *conf; /* all that holds from now on */
	struct vz_conf was, want; /* in force, and wanted */
	struct vz_conf touched;   /* words of devices the command line names, each once */
};

static int touch(struct change *c, const char *word)
{
	autofree char *name = NULL;

	if (find(&c->touched, word))
		return 0;
	name = strndup(word, strcspn(word, ","));
	return name ? vz_conf_set(&c->touched, vz_param_by_key("NETIF"), name, false, NULL) :
		      -ENOMEM;
}

static int touch_list(struct change *c, const struct vz_plist *l)
{
	int r = 0;

	for (size_t i = 0; i < l->n && r >= 0; i++)
		if (strcmp(l->v[i], "all"))
			r = touch(c, l->v[i]);
		else
			r = touch_list(c, &c->was.netif);
	return r;
}

static void say_veth(const struct change *c)
{
	autostr set = { 0 }, del = { 0 };

	for (size_t i = 0; i < c->touched.netif.n; i++) {
		const char *was = find(&c->was, c->touched.netif.v[i]);
		const char *want = find(&c->want, c->touched.netif.v[i]);

		if (want)
			add_host_name(&set, want);
		else if (was)
			add_host_name(&del, was);
	}
	if (del.len)
		vz_log(0, "Deleting veth devices: %s", del.s);
	if (set.len)
		vz_log(0, "Configure veth devices: %s", set.s);
}

/* What is in force when all is done: what was, without what was touched, and what is wanted of
 * that. Ahead of the deed also what is to be deleted. */
static int write_record(struct change *c, bool ahead, struct vz_err *e)
{
	const struct vz_param *p = vz_param_by_key("NETIF");
	autoconf now = { 0 };
	int r = 0;

	for (size_t i = 0; i < c->was.netif.n && r >= 0; i++)
		if (!find(&c->touched, c->was.netif.v[i]))
			r = vz_conf_set(&now, p, c->was.netif.v[i], false, NULL);
	for (size_t i = 0; i < c->touched.netif.n && r >= 0; i++) {
		const char *word = find(&c->want, c->touched.netif.v[i]);

		if (!word && ahead)
			word = find(&c->was, c->touched.netif.v[i]);
		if (word)
			r = vz_conf_set(&now, p, word, false, NULL);
	}
	return r < 0 ? vz_oom(e) : vz_veth_record_write(c->at->ct->id, &now, e);
}

/* Deletions first: a name may come free for another device. */
static int change_veth(struct change *c, struct vz_err *e)
{
	size_t n = c->touched.netif.n, done = 0;
	int r = write_record(c, true, e);

	for (; r >= 0 && done < 2 * n; done++) {
		const char *word = c->touched.netif.v[done % n];
		const char *want = find(&c->want, word);

		if ((done < n) == !want)
			r = step(&c->veth, find(&c->was, word), want, e);
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
		const char *word = c->touched.netif.v[done % n];
		const char *want = find(&c->want, word);

		if ((done < n) == !want)
			(void)step(&c->veth, want, find(&c->was, word), NULL);
	}
	(void)vz_veth_record_write(c->at->ct->id, &c->was, NULL);
	return r;
}

int vz_veths_set(const struct vz_netif_at *at, const struct vz_given *g,
		 const struct vz_conf *conf, struct vz_err *e)
{
	autoclose int inner = vz_nl_open(NETLINK_ROUTE, at->netns, e);
	struct change c = { .at = at, .veth = veth_at(at, inner), .conf = conf };
	int r = inner;

	if (r >= 0)
		r = vz_veth_record_read(at->ct->id, &c.was);
	if (r >= 0)
		r = wanted(conf, at->ct->id, &c.want, e);
	if (r >= 0)
		r = touch_list(&c, &g->del.netif);
	if (r >= 0)
		r = touch_list(&c, &g->add.netif);
	if (r >= 0)
		r = touch_list(&c, &g->ifname);
	if (r >= 0) {
		say_veth(&c);
		r = change_veth(&c, e);
	}
	vz_conf_free(&c.was);
	vz_conf_free(&c.want);
	vz_conf_free(&c.touched);
	return r < 0 && e && !e->msg[0] ? vz_oom(e) : r;
}

/* Both lists in their order, or nothing of them. */
static int change_netdevs(const struct vz_netdev_at *n, const struct vz_plist *del,
			  const struct vz_plist *add, struct vz_err *e)
{
	autofree bool *had = calloc(del->n + add->n + 1, sizeof(*had));
	size_t done = 0, all = del->n + add->n;
	int r = had ? 0 : vz_oom(e);

	for (; r >= 0 && done < all; done++) {
		const char *word = done < del->n ? del->v[done] : add->v[done - del->n];

		had[done] = vz_netdev_is_given(n->ctid, word);
		r = done < del->n ? vz_netdev_take(n, word, e) : vz_netdev_give(n, word, e);
		if (r < 0)
			break;
		if (r)
			vz_log(-1, "Warning: %s", e->msg);
	}
	while (r < 0 && done-- > 0) {
		const char *word = done < del->n ? del->v[done] : add->v[done - del->n];

		if (done < del->n && had[done])
			(void)vz_netdev_give(n, word, NULL);
		else if (done >= del->n && !had[done])
			(void)vz_netdev_take(n, word, NULL);
	}
	return r < 0 ? r : 0;
}

/* Of "all", what the configuration had; what was given without being saved goes by its name. */
int vz_netdevs_set(const struct vz_netif_at *at, const struct vz_given *g, struct vz_err *e)
{
	const struct vz_plist *add = &g->add.netdev, *del = &g->del.netdev;
	const struct vz_netdev_at n = netdev_at(at);

	if (vz_plist_is_all(del))
		del = &at->ct->conf.netdev;
	if (del->n)
		say_netdevs("Deleting", del);
	if (add->n)
		say_netdevs("Adding", add);
	return change_netdevs(&n, del, add, e);
}
