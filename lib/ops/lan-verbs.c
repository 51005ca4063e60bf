// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The verbs of vznet. Each holds the LAN's lock while it looks and changes; the lock of a VPS, where
 * one is needed, is the caller's and comes first.
 */
#include "ops/lan-verbs.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "lan/lan-member.h"
#include "ops/set-internal.h"
#include "sys/nl.h"

/* ---- create, delete, start, stop ---- */

static int given(struct vz_lan *lan, const struct vz_lan_opt *o, size_t n, struct vz_err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++)
		r = vz_lan_set(lan, o[i].key, o[i].value, e);
	return r;
}

static int place(struct vz_lan *lan, struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e);
	int r = rtnl;

	if (r >= 0 && !lan->subnet.family && !lan->subnet6.family)
		r = vz_lan_choose_subnet(rtnl, &lan->subnet, e);
	if (r >= 0)
		r = vz_lan_check(lan, e);
	return r < 0 ? r : vz_lan_check_place(rtnl, lan, e);
}

/* All of the host's side, under the LAN's lock. */
static int up(const struct vz_lan *lan, struct vz_err *e)
{
	int r = vz_lan_up(lan, e);

	return r < 0 ? r : vz_lan_dhcp_up(lan, e);
}

static int down(const char *name, struct vz_err *e)
{
	vz_lan_dhcp_down(name);
	return vz_lan_down(name, e);
}

/* Two creates must not choose one subnet: the filter's lock is too small for that, so there is one
 * for the choice (no LAN is called "create", the name is reserved here). */
static int create(const char *name, const struct vz_lan_opt *o, size_t n, struct vz_err *e)
{
	autoclose int all = vz_lan_lock(".create", e), lock = -EBADF;
	autolan lan = { 0 }, old = { 0 };
	int r;

	if (all < 0)
		return all;
	lock = vz_lan_lock(name, e);
	if (lock < 0)
		return lock;
	r = vz_lan_load(name, &old, NULL);
	if (r != -ENOENT)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Guest LAN %s exists already",
			       name);
	snprintf(lan.name, sizeof(lan.name), "%s", name);
	r = given(&lan, o, n, e);
	if (r >= 0)
		r = place(&lan, e);
	if (r >= 0)
		r = vz_lan_save(&lan, e);
	if (r < 0)
		return r;
	r = up(&lan, e);
	if (r < 0) {
		(void)vz_lan_remove(name, NULL);
		(void)down(name, NULL);
	}
	return r;
}

int vz_op_lan_create(const char *name, const struct vz_lan_opt *o, size_t n, struct vz_err *e)
{
	char text[VZ_IP_TEXT];
	autolan lan = { 0 };
	int r;

	if (!vz_lan_name_ok(name))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "Bad name of a guest LAN: %s (a-z, 0-9 and '-', at most %d)", name,
			       (int)VZ_LAN_NAME_MAX);
	r = create(name, o, n, e);
	if (r >= 0)
		r = vz_lan_load(name, &lan, e);
	if (r < 0)
		return r;
	if (lan.subnet.family)
		vz_log(0, "Guest LAN %s was created: %s/%u", name, vz_ip_text(&lan.subnet, text),
		       lan.subnet.prefix);
	else
		vz_log(0, "Guest LAN %s was created", name);
	return 0;
}

/* Opens the LAN for a change: its lock, and the definition without members that are gone. */
static int open_lan(const struct vz_host *host, const char *name, struct vz_lan *ret, struct vz_err *e)
{
	autoclose int lock = -EBADF;
	bool changed = false;
	int r = vz_lan_load(name, ret, e); /* before a lock is made for no LAN */

	if (r < 0)
		return r;
	vz_lan_free(ret);
	lock = vz_lan_lock(name, e);
	if (lock < 0)
		return lock;
	r = vz_lan_load(name, ret, e);
	if (r < 0)
		return r;
	vz_lan_prune(host, ret, &changed);
	r = changed ? vz_lan_save(ret, e) : 0;
	return r < 0 ? r : TAKE_FD(lock);
}

int vz_op_lan_delete(const struct vz_host *host, const char *name, struct vz_err *e)
{
	autolan lan = { 0 };
	autoclose int lock = open_lan(host, name, &lan, e);
	autostr who = { 0 };
	int r;

	if (lock < 0)
		return lock;
	for (size_t i = 0; i < lan.nmembers && i < 10; i++)
		vz_str_addf(&who, "%s%u", i ? ", " : "", lan.member[i].ctid);
	if (lan.nmembers)
		return vz_fail(e, VZ_LAN_IN_USE, 0, "Guest LAN %s has members: %s%s", name,
			       who.s ? who.s : "", lan.nmembers > 10 ? " ..." : "");
	/* the file last: what is left of a killed delete is deleted again */
	r = down(name, e);
	if (r >= 0)
		r = vz_lan_remove(name, e);
	if (r >= 0)
		vz_log(0, "Guest LAN %s was deleted", name);
	return r;
}

int vz_op_lan_start(const struct vz_host *host, const char *name, struct vz_err *e)
{
	autolan lan = { 0 };
	autoclose int lock = open_lan(host, name, &lan, e);
	int r;

	if (lock < 0)
		return lock;
	r = up(&lan, e);
	if (r < 0)
		return r;
	r = vz_lan_filter(NULL, e); /* also where an administrator has changed the file */
	if (r < 0)
		return r;
	r = vz_lan_relink(&lan, e);
	if (r < 0)
		return r;
	vz_lan_tell_members(host, &lan, 0, TAKE_FD(lock));
	return 0;
}

int vz_op_lan_stop(const struct vz_host *host, const char *name, struct vz_err *e)
{
	autolan lan = { 0 };
	autoclose int lock = open_lan(host, name, &lan, e);

	return lock < 0 ? lock : down(name, e);
}

int vz_op_lan_look(const struct vz_host *host, const char *name, struct vz_lan *ret,
		   struct vz_lan_state *ret_state, struct vz_err *e)
{
	bool changed;
	int r = vz_lan_load(name, ret, e);

	if (r < 0)
		return r;
	vz_lan_prune(host, ret, &changed);
	return vz_lan_look(name, ret_state, e);
}

/* ---- attach, detach ---- */

static int choose_ifname(const struct vz_conf *c, const char *want, char ret[static IFNAMSIZ],
			 struct vz_err *e)
{
	autonetifs l = { 0 };
	int r;

	if (want && strlen(want) >= IFNAMSIZ)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Bad device name: %s", want);
	r = vz_netifs_of(&c->netif, &l, e);
	if (r < 0)
		return r;
	if (want && vz_netifs_find(&l, want))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "The container has a device %s already", want);
	snprintf(ret, IFNAMSIZ, "%s", want ? want : "eth1");
	for (unsigned i = 2; !want && vz_netifs_find(&l, ret); i++)
		snprintf(ret, IFNAMSIZ, "eth%u", i);
	return 0;
}

static int choose_ips(const struct vz_lan *lan, const struct vz_lan_attach *a,
		      struct vz_lan_member *m, struct vz_err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(a->ip); i++) {
		struct vz_ip ip;

		if (!a->ip[i])
			continue;
		if (vz_ip_parse(a->ip[i], &ip) < 0)
			return vz_fail(e, VZ_BADIP, 0, "Bad address: %s", a->ip[i]);
		if ((ip.family == AF_INET ? m->ip : m->ip6).family)
			return vz_fail(e, VZ_BADIP, 0, "More than one %s address",
				       ip.family == AF_INET ? "IPv4" : "IPv6");
		r = vz_lan_may_have(lan, m->ctid, &ip, e);
		*(ip.family == AF_INET ? &m->ip : &m->ip6) = ip;
	}
	if (r >= 0 && lan->subnet.family && !m->ip.family)
		r = vz_lan_pick(lan, &lan->subnet, &m->ip, e);
	if (r >= 0 && lan->subnet6.family && !m->ip6.family)
		r = vz_lan_pick(lan, &lan->subnet6, &m->ip6, e);
	m->ip.prefix = lan->subnet.prefix;
	m->ip6.prefix = lan->subnet6.prefix;
	return r;
}

static void put_gateway(struct vz_netif *n, enum vz_netif_key key, const struct vz_ip *subnet)
{
	struct vz_ip gw = vz_lan_gateway(subnet);

	if (subnet->family)
		vz_ip_text(&gw, n->v[key]);
}

/* The word of NETIF that is the attachment. A VPS with venet addresses keeps its default route. */
static char *word_of(const struct vz_lan *lan, const struct vz_lan_member *m,
		     const struct vz_conf *c)
{
	struct vz_ip ip[2];
	struct vz_netif n = { .ip = ip };

	snprintf(n.v[VZ_NETIF_IFNAME], sizeof(n.v[0]), "%s", m->ifname);
	vz_lan_bridge(lan->name, n.v[VZ_NETIF_BRIDGE]);
	if (m->ip.family)
		ip[n.n_ip++] = m->ip;
	if (m->ip6.family)
		ip[n.n_ip++] = m->ip6;
	if (n.n_ip)
		snprintf(n.v[VZ_NETIF_IP_FILTER], sizeof(n.v[0]), "on");
	if (lan->nat && !(c->ip_address.set && c->ip_address.n)) {
		put_gateway(&n, VZ_NETIF_GW, &lan->subnet);
		put_gateway(&n, VZ_NETIF_GW6, &lan->subnet6);
	}
	return vz_netif_word(&n);
}

/* The word that names it and says no more. */
static char *name_word(const char *ifname)
{
	struct vz_netif n = { 0 };

	snprintf(n.v[VZ_NETIF_IFNAME], sizeof(n.v[0]), "%s", ifname);
	return vz_netif_word(&n);
}

/* What set has saved: the device has a hardware address now, or is gone. */
static int reload(struct vz_ct *ct, struct vz_err *e)
{
	autoconf now = { 0 };
	int r = vz_conf_load(ct->conf_path, &now, NULL, e);
	struct vz_plist was = ct->conf.netif;

	if (r < 0)
		return r;
	ct->conf.netif = now.netif;
	now.netif = was; /* goes with it */
	return 0;
}

/* One change of NETIF by the verb set, which saves it and brings it into force. */
static int set_netif(struct vz_ct *ct, const char *add, const char *del, struct vz_err *e)
{
	const struct vz_param *p = vz_param_by_key("NETIF");
	autofree char *gone = del ? name_word(del) : NULL;
	struct vz_given g = { .save = true };
	int r = del && !gone ? vz_oom(e) : 0;

	if (r >= 0 && add)
		r = vz_conf_set(&g.add, p, add, false, e);
	if (r >= 0 && del)
		r = vz_conf_set(&g.del, p, gone, false, e);
	if (r >= 0)
		r = vz_set_live(ct, &g, e);
	vz_given_free(&g);
	return r < 0 ? r : reload(ct, e);
}

static int adopt_saved(const struct vz_ct *ct, struct vz_lan *lan, struct vz_err *e)
{
	autonetif dev = { 0 };
	bool changed;

	if (vz_lan_device(&ct->conf, lan->name, &dev) < 0)
		return vz_fail(e, VZ_VETH_ERROR, 0, "The device was not saved in %s",
			       ct->conf_path);
	return vz_lan_adopt(lan, ct->id, &dev, &changed, e);
}

/* The device of a member: set runs scripts of the guest, so nobody shall wait for the LAN meanwhile. Nobody
 * prunes the member either, since a command is at work on its VPS. *lan and *lock are those of afterwards. */
static int set_device(struct vz_ct *ct, const char *word, struct vz_lan *lan, int *lock,
		      struct vz_err *e)
{
	autofree char *name = strdup(lan->name);
	int r;

	if (!name)
		return vz_oom(e);
	close(TAKE_FD(*lock));
	r = set_netif(ct, word, NULL, e);
	vz_lan_free(lan);
	*lock = open_lan(ct->host, name, lan, r < 0 ? NULL : e);
	if (r < 0)
		return r;
	return *lock < 0 ? *lock : adopt_saved(ct, lan, e);
}

static int attach(struct vz_ct *ct, struct vz_lan *lan, const struct vz_lan_attach *a, int *lock,
		  struct vz_err *e)
{
	struct vz_lan_member m = { .ctid = ct->id };
	autofree char *word = NULL;
	autonetif dev = { 0 };
	int r;

	if (vz_lan_device(&ct->conf, lan->name, &dev) >= 0)
		return vz_fail(e, VZ_LAN_IN_USE, 0, "Container %u is in guest LAN %s already",
			       ct->id, lan->name);
	r = choose_ifname(&ct->conf, a->ifname, m.ifname, e);
	if (r >= 0)
		r = choose_ips(lan, a, &m, e);
	if (r < 0)
		return r;
	word = word_of(lan, &m, &ct->conf);
	if (!word || vz_lan_put(lan, &m) < 0)
		return vz_oom(e);
	/* the address first: a command killed here leaves a member without device, which is pruned */
	r = vz_lan_save(lan, e);
	if (r >= 0)
		r = up(lan, e);
	if (r >= 0)
		r = set_device(ct, word, lan, lock, e);
	if (r >= 0)
		return vz_lan_save(lan, e);
	if (*lock >= 0) {
		vz_lan_drop(lan, ct->id);
		(void)vz_lan_save(lan, NULL);
	}
	return r;
}

int vz_op_lan_attach(struct vz_ct *ct, const char *name, const struct vz_lan_attach *a,
		     struct vz_err *e)
{
	autolan lan = { 0 };
	autoclose int lock = open_lan(ct->host, name, &lan, e);
	const struct vz_lan_member *m;
	char text[VZ_IP_TEXT] = "";
	int r = lock < 0 ? lock : attach(ct, &lan, a, &lock, e);

	if (r < 0)
		return r;
	vz_lan_tell(ct, &lan, TAKE_FD(lock));
	m = vz_lan_find(&lan, ct->id);
	if (m && m->ip.family)
		vz_ip_text(&m->ip, text);
	else if (m && m->ip6.family)
		vz_ip_text(&m->ip6, text);
	vz_log(0, "Container %u is in guest LAN %s as %s", ct->id, name, text);
	return 0;
}

int vz_op_lan_detach(struct vz_ct *ct, const char *name, struct vz_err *e)
{
	autolan lan = { 0 };
	autoclose int lock = open_lan(ct->host, name, &lan, e);
	autonetif dev = { 0 };
	bool has = lock >= 0 && ct->has_conf && vz_lan_device(&ct->conf, name, &dev) >= 0;
	int r = lock;

	if (r < 0)
		return r;
	if (!has && !vz_lan_find(&lan, ct->id))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "Container %u is not in guest LAN %s", ct->id, name);
	if (has) { /* as set_device() does it */
		close(TAKE_FD(lock));
		r = set_netif(ct, NULL, dev.v[VZ_NETIF_IFNAME], e);
		vz_lan_free(&lan);
		lock = r < 0 ? r : open_lan(ct->host, name, &lan, e);
		r = lock;
	}
	if (r < 0)
		return r;
	vz_lan_drop(&lan, ct->id);
	r = vz_lan_save(&lan, e);
	if (r < 0)
		return r;
	vz_lan_tell(ct, &lan, TAKE_FD(lock));
	vz_log(0, "Container %u has left guest LAN %s", ct->id, name);
	return 0;
}
