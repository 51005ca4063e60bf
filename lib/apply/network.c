// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The network of a VPS at start and stop, and live changes of its addresses; what each device needs
 * is lib/nic's. The messages are those of the legacy tool and its scripts (INTERFACE 4.2, 8.1).
 */
#include "apply/network.h"
#include "apply/nics.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/once.h"
#include "guard/guard.h"
#include "guard/rate.h"
#include "net/dad.h"
#include "net/link.h"
#include "sys/nl.h"
#include "sys/proc.h"

#include <fcntl.h>

/* How long a second owner of an address may take to answer. A neighbour does within a millisecond;
 * a host that is only a proxy for it may wait for 0.8 s. */
#define WAIT_LONG_MS 1000 /* ERROR_ON_ARPFAIL=yes */
#define WAIT_SHORT_MS 20  /* set, which does nothing else meanwhile */

void vz_network_close(struct vz_network *n)
{
	vz_dad_free(TAKE_PTR(n->dad));
	vz_uplinks_free(&n->uplinks);
	vz_ips_free(&n->ips);
	vz_venet_close(&n->venet);
	vz_closep(&n->netns);
	vz_closep(&n->rtnl);
	n->rtnl = n->netns = -EBADF;
}

/* ---- what the configuration says ---- */

static bool is_yes(const struct vz_pbool *b, bool otherwise)
{
	return b->set ? b->v : otherwise;
}

/* Words of IP_ADDRESS as addresses; those of IPv6 are left out where it is turned off. */
static int take_words(const struct vz_conf *conf, const struct vz_plist *words, struct vz_ips *ret,
		      struct vz_err *e)
{
	bool left_out = false, ipv6 = is_yes(&conf->ipv6, true);
	autoips all = { 0 };
	int r = vz_plist_ips(words, &all);

	for (size_t i = 0; r >= 0 && i < all.n; i++)
		if (ipv6 || all.v[i].family == AF_INET)
			r = vz_ips_add(ret, &all.v[i]);
		else
			left_out = true;
	if (r < 0)
		return vz_oom(e);
	if (left_out)
		vz_log(-1, "WARNING: IPv6 support is disabled");
	return 0;
}

static bool has_ipv6(const struct vz_ips *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].family == AF_INET6)
			return true;
	return false;
}

static void say_ips(const char *what, const struct vz_ips *l)
{
	autostr s = { 0 };
	char text[VZ_IP_TEXT];

	for (size_t i = 0; i < l->n; i++)
		vz_str_addf(&s, " %s", vz_ip_text(&l->v[i], text));
	vz_log(0, "%s IP address(es):%s", what, s.s ? s.s : "");
}

/* ---- the host ---- */

static enum vz_direct direct_of(const struct vz_pstr *s)
{
	if (!s->set || !strcmp(s->v, "auto"))
		return VZ_DIRECT_AUTO;
	return strcmp(s->v, "yes") ? VZ_DIRECT_NO : VZ_DIRECT_YES;
}

static int look_at_host(struct vz_network *n, const struct vz_conf *conf, struct vz_err *e)
{
	const struct vz_uplink_conf c = {
		.neighbour_devs = conf->neighbour_devs.set ? conf->neighbour_devs.v : NULL,
		.route_src_dev = conf->ve_route_src_dev.set ? conf->ve_route_src_dev.v : NULL,
	};
	int r;

	if (n->rtnl < 0)
		n->rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e);
	if (n->rtnl < 0)
		return n->rtnl;
	n->venet.rtnl = n->rtnl;
	n->venet.direct = direct_of(&conf->venet_direct);
	r = vz_uplinks_find(n->rtnl, &c, &n->uplinks, e);
	if (r >= 0 && *n->uplinks.missing)
		vz_say_once(-1, "Warning: " VZ_SAY_NO_UPLINK ", going on without", n->uplinks.missing);
	return r;
}

/* The device answers for others from now on; said when that changes how the host behaves. */
static void let_answer(const struct vz_network *n, const struct vz_ips *ips)
{
	char opened[IFNAMSIZ];

	if (!ips->n)
		return;
	vz_uplinks_answer(&n->uplinks, has_ipv6(ips), opened);
	if (*opened)
		vz_log(-1, "Warning: turned IPv4 forwarding on for packets that arrive by %s; "
			   "net.ipv4.ip_forward=1 says so for all devices", opened);
	if (has_ipv6(ips) && !vz_ipv6_forwards())
		vz_say_once(-1, "Warning: " VZ_SAY_NO_FORWARD6 ": " VZ_DO_FORWARD6);
}

/* ---- doubles on the wire ---- */

static bool is_on(const void *uplinks, size_t dev, const struct vz_ip *ip)
{
	return vz_uplink_takes(uplinks, dev, ip);
}

/* Every address on the devices where the host answers for it; *ret_dev is the caller's to free. */
static struct vz_dad_ask question(const struct vz_uplinks *u, const struct vz_ips *ips,
				  int **ret_dev)
{
	struct vz_dad_ask q = { .ip = ips->v, .nip = ips->n, .on = is_on, .arg = u };

	*ret_dev = calloc(u->n + 1, sizeof(**ret_dev));
	for (size_t i = 0; *ret_dev && i < u->n; i++)
		(*ret_dev)[q.ndev++] = u->dev[i].index;
	q.ifindex = *ret_dev;
	return q;
}

/* A wire that cannot be heard or told is no reason to stay without a network. */
static void ignore(int r, const struct vz_err *e)
{
	if (r < 0)
		vz_log(-1, "Warning: %s, ignoring", e->msg);
}

static void ask(struct vz_network *n, const struct vz_ips *ips)
{
	autofree int *dev = NULL;
	struct vz_dad_ask q = question(&n->uplinks, ips, &dev);
	struct vz_err e = { 0 };

	if (q.ndev && q.nip)
		ignore(vz_dad_begin(&q, &n->dad, &e), &e);
}

static int take_answers(struct vz_network *n, const struct vz_conf *conf, int wait_ms,
			struct vz_err *e)
{
	bool strict = is_yes(&conf->error_on_arpfail, false);
	const struct vz_dad_found *found = NULL;
	struct vz_err own = { 0 };
	int k;

	if (!n->dad)
		return 0;
	k = vz_dad_finish(n->dad, strict ? WAIT_LONG_MS : wait_ms, &found, &own);
	for (int i = 0; i < k; i++) {
		const uint8_t *m = found[i].mac;
		char ip[VZ_IP_TEXT], line[160];

		snprintf(line, sizeof(line),
			 "%s is detected on another computer : %02x:%02x:%02x:%02x:%02x:%02x",
			 vz_ip_text(&found[i].ip, ip), m[0], m[1], m[2], m[3], m[4], m[5]);
		if (strict)
			return vz_fail(e, VZ_CANT_ADDIP, 0, "vps-net_add ERROR: %s", line);
		vz_log(-1, "vps-net_add WARNING: %s", line);
	}
	ignore(k, &own);
	return 0;
}

/* Only where the host answers: an announced address must not be silent. Ends the asking. */
static void announce(struct vz_network *n, const struct vz_ips *ips)
{
	autofree int *dev = NULL;
	struct vz_dad_ask q = question(&n->uplinks, ips, &dev);
	struct vz_err e = { 0 };

	if (n->dad)
		ignore(vz_dad_announce(n->dad, &e), &e);
	else if (q.ndev && q.nip)
		ignore(vz_announce(&q, &e), &e);
	vz_dad_free(TAKE_PTR(n->dad));
}

/* ---- start ---- */

static bool wants_venet(const struct vz_network *n, const struct vz_ct *ct)
{
	if (n->venet_is)
		return n->venet_is > 0;
	/* a VPS without any device gets one, so that the distribution's scripts find it */
	return n->ips.n || (!ct->conf.netif.n && !ct->conf.netdev.n);
}

int vz_network_probe(struct vz_network *n, struct vz_ct *ct, struct vz_err *e)
{
	int r = take_words(&ct->conf, &ct->conf.ip_address, &n->ips, e);

	if (r >= 0)
		r = look_at_host(n, &ct->conf, e);
	if (r >= 0 && !is_yes(&ct->conf.skip_arpdetect, false))
		ask(n, &n->ips);
	return r;
}

static int netns_of(pid_t pid, struct vz_err *e)
{
	char path[sizeof("/proc//ns/net") + 10];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? vz_fail(e, VZ_SYSTEM, errno, "cannot open the container's network") : fd;
}

static int come_into_force(struct vz_network *n, const struct vz_conf *conf,
			   const struct vz_ips *ips, struct vz_err *e)
{
	const struct vz_venet_how how = {
		.uplinks = &n->uplinks,
		.force_route = is_yes(&conf->force_route, false),
	};
	int r = vz_venet_fill(&n->venet, ips->v, ips->n, e);

	if (r < 0)
		return r;
	r = vz_venet_up(&n->venet, &how, ips->v, ips->n, e);
	if (r < 0) {
		vz_venet_empty(&n->venet, ips->v, ips->n);
		return r;
	}
	let_answer(n, ips);
	announce(n, ips);
	return 0;
}

int vz_network_enter(struct vz_network *n, pid_t pid, struct vz_err *e)
{
	vz_venet_close(&n->venet);
	vz_closep(&n->netns);
	n->netns = netns_of(pid, e);
	return n->netns < 0 ? n->netns : 0;
}

int vz_network_make_venet(struct vz_network *n, struct vz_ct *ct, struct vz_err *e)
{
	if (!wants_venet(n, ct))
		return 0;
	n->venet.ctid = ct->id;
	if (n->ips.n)
		say_ips("Adding", &n->ips);
	return vz_venet_make(&n->venet, n->netns, e);
}

int vz_network_up_venet(struct vz_network *n, struct vz_ct *ct, struct vz_err *e)
{
	int r = 0;

	if (!wants_venet(n, ct))
		return 0;
	if (n->venet.inside < 0) /* entered anew */
		r = vz_venet_open(&n->venet, n->netns, e);
	if (r >= 0) /* as late as can be: answers may still have come */
		r = take_answers(n, &ct->conf, 0, e);
	return r < 0 ? r : come_into_force(n, &ct->conf, &n->ips, e);
}

/* ---- stop ---- */

/* On every device that may ever have answered: the configuration may have changed since. */
static void silence(struct vz_network *n, struct vz_ct *ct)
{
	const struct vz_uplink_conf confs[] = {
		{ 0 },
		{ .neighbour_devs = ct->conf.neighbour_devs.set ? ct->conf.neighbour_devs.v : NULL },
	};
	autoips l = { 0 };

	if (vz_venet_read(ct->id, &l) < 0 || !l.n)
		return;
	for (size_t i = 0; i < (confs[1].neighbour_devs ? 2 : 1); i++) {
		autouplinks u = { 0 };
		struct vz_err e = { 0 };
		int r = vz_uplinks_find(n->rtnl, &confs[i], &u, &e);

		if (r >= 0)
			vz_venet_silence(n->rtnl, ct->id, &u);
		else
			vz_log(-1, "Warning: this host may answer for the addresses of the container still: %s, ignoring", e.msg);
	}
}

void vz_network_silence(struct vz_ct *ct)
{
	struct vz_network n = VZ_NETWORK_INIT;

	n.rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, NULL);
	if (n.rtnl >= 0)
		silence(&n, ct);
	vz_network_close(&n);
}

void vz_network_answer(struct vz_ct *ct)
{
	struct vz_network n = VZ_NETWORK_INIT;
	struct vz_err e = { 0 };
	autoips l = { 0 };
	int r = vz_venet_read(ct->id, &l);

	if (r < 0 || !l.n)
		return;
	n.venet.ctid = ct->id;
	r = look_at_host(&n, &ct->conf, &e);
	if (r >= 0)
		r = vz_venet_answer(&n.venet, &n.uplinks, l.v, l.n, &e);
	if (r >= 0)
		announce(&n, &l);
	ignore(r, &e);
	vz_network_close(&n);
}

static int gone(struct vz_network *n, struct vz_ct *ct, struct vz_err *e)
{
	int r, r2;

	n->rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e);
	if (n->rtnl < 0)
		return n->rtnl;
	vz_nics_stop(&(struct vz_nics_at){ ct, n->rtnl, -1 });
	silence(n, ct);
	r = vz_venet_gone(n->rtnl, ct->id, e);
	r2 = vz_rate_stop(ct->id, r < 0 ? NULL : e);
	return r < 0 ? r : r2;
}

void vz_network_stop(struct vz_ct *ct)
{
	struct vz_network n = VZ_NETWORK_INIT;
	struct vz_err e = { 0 };

	if (gone(&n, ct, &e) < 0)
		vz_log(-1, "Warning: %s, ignoring", e.msg);
	vz_network_close(&n);
}

/* ---- set ---- */

struct change {
	struct vz_network net;
	const struct vz_given *g;
	const struct vz_conf *conf;
	struct vz_ips was; /* in force before */
	struct vz_ips del; /* to go */
	struct vz_ips add; /* to come */
	struct vz_ips again; /* in force, and wanted once more */
	bool made;         /* the VPS had no venet until now */
};

static void change_free(struct change *c)
{
	vz_network_close(&c->net);
	vz_ips_free(&c->was);
	vz_ips_free(&c->del);
	vz_ips_free(&c->add);
	vz_ips_free(&c->again);
}

/* An address that goes and comes stays: its connections are not to notice. */
static int sort_out(struct change *c, struct vz_err *e)
{
	autoips want = { 0 }, unwanted = { 0 };
	const struct vz_plist *del = &c->g->del.ip_address;
	const struct vz_ips *going = vz_plist_is_all(del) ? &c->was : &unwanted;
	int r = take_words(c->conf, &c->g->add.ip_address, &want, e);

	if (r >= 0)
		r = vz_plist_ips(del, &unwanted);
	if (del->n)
		say_ips(vz_plist_is_all(del) ? "Deleting all" : "Deleting", going);
	for (size_t i = 0; r >= 0 && i < going->n; i++)
		if (vz_ips_has(&c->was, &going->v[i]) && !vz_ips_has(&want, &going->v[i]))
			r = vz_ips_add(&c->del, &going->v[i]);
	for (size_t i = 0; r >= 0 && i < want.n; i++)
		r = vz_ips_add(vz_ips_has(&c->was, &want.v[i]) ? &c->again : &c->add, &want.v[i]);
	if (want.n)
		say_ips("Adding", &want);
	return r < 0 ? vz_oom(e) : 0;
}

static int reach_venet(struct change *c, unsigned id, struct vz_err *e)
{
	int r = vz_venet_read(id, &c->was);

	c->net.venet.ctid = id;
	if (r < 0 && r != -ENOENT)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot read the addresses in force");
	c->made = r == -ENOENT;
	return c->made ? vz_venet_make(&c->net.venet, c->net.netns, e) :
			 vz_venet_open(&c->net.venet, c->net.netns, e);
}

static int put_in_force(struct change *c, struct vz_err *e)
{
	int r = 0;

	if (c->again.n) {
		r = vz_venet_answer(&c->net.venet, &c->net.uplinks, c->again.v, c->again.n, e);
		if (r >= 0)
			announce(&c->net, &c->again);
	}
	if (r < 0 || !c->add.n)
		return r;
	if (!c->g->skip_arpdetect && !is_yes(&c->conf->skip_arpdetect, false))
		ask(&c->net, &c->add);
	r = take_answers(&c->net, c->conf, WAIT_SHORT_MS, e);
	return r < 0 ? r : come_into_force(&c->net, c->conf, &c->add, e);
}

/* What went comes back; the record too, since the order in it counts. */
static void take_back(struct change *c)
{
	struct vz_err e = { 0 };
	int r = 0;

	if (c->made) {
		(void)vz_venet_gone(c->net.rtnl, c->net.venet.ctid, NULL);
		return;
	}
	vz_dad_free(TAKE_PTR(c->net.dad));
	if (c->del.n)
		r = come_into_force(&c->net, c->conf, &c->del, &e);
	if (r >= 0)
		r = vz_venet_write(c->net.venet.ctid, &c->was, &e);
	if (r < 0)
		vz_log(-1, "Warning: %s, ignoring", e.msg);
}

static int change_ips(struct change *c, struct vz_ct *ct, struct vz_err *e)
{
	int r = look_at_host(&c->net, c->conf, e);

	if (r >= 0)
		r = reach_venet(c, ct->id, e);
	if (r < 0)
		return r;
	r = sort_out(c, e);
	if (r >= 0 && c->del.n)
		r = vz_venet_drop(&c->net.venet, &c->net.uplinks, c->del.v, c->del.n, e);
	if (r >= 0)
		r = put_in_force(c, e);
	if (r < 0)
		take_back(c);
	return r;
}

/* The namespace of a VPS that runs. */
static int enter_running(struct vz_network *n, const struct vz_ct *ct, struct vz_err *e)
{
	struct vz_state st;
	bool runs = vz_state_read(ct->id, &st) > 0;
	int r = runs ? vz_network_enter(n, st.init, e) : 0;

	if (r < 0)
		return r;
	if (runs && vz_proc_alive(st.init, st.start_time)) /* the number may be another process's by now */
		return 0;
	return vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Unable to apply network parameters: "
		       "container is not running");
}

int vz_network_set_addresses(struct vz_ct *ct, const struct vz_given *g, const struct vz_conf *conf,
			     struct vz_err *e)
{
	struct change c = { .net = VZ_NETWORK_INIT, .g = g, .conf = conf };
	int r = enter_running(&c.net, ct, e);

	if (r >= 0 && (g->add.ip_address.n || g->del.ip_address.n))
		r = change_ips(&c, ct, e);
	if (r >= 0 && c.made) /* a venet made just now is under it too */
		r = vz_rate_start(ct->id, conf, e);
	change_free(&c);
	return r;
}

static int enter_with_socket(struct vz_network *n, const struct vz_ct *ct, struct vz_err *e)
{
	int r = enter_running(n, ct, e);

	if (r < 0)
		return r;
	n->rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e);
	return n->rtnl < 0 ? n->rtnl : 0;
}

int vz_network_set_netdevs(struct vz_ct *ct, const struct vz_given *g, struct vz_err *e)
{
	struct vz_network n = VZ_NETWORK_INIT;
	int r = enter_with_socket(&n, ct, e);

	if (r >= 0)
		r = vz_nics_set_netdevs(&(struct vz_nics_at){ ct, n.rtnl, n.netns }, g, e);
	vz_network_close(&n);
	return r;
}

int vz_network_set_veths(struct vz_ct *ct, const struct vz_given *g, const struct vz_conf *conf,
			 struct vz_err *e)
{
	struct vz_network n = VZ_NETWORK_INIT;
	int r = enter_with_socket(&n, ct, e);

	if (r >= 0)
		r = vz_nics_set_veths(&(struct vz_nics_at){ ct, n.rtnl, n.netns }, g, conf, e);
	vz_network_close(&n);
	return r;
}
