// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Giving devices to a VPS and having them back; see netdev-move.h.
 *
 * The order that nothing gets lost in: record, pin, move. And back: move, restore, pin, record. So
 * whoever is killed in between leaves a record, and the record tells what to look for; it is looked
 * for inside first, then on the host.
 *
 * May be hostile: what the guest does to a device; names, alternative names, alias, index are its
 * choice. Therefore names inside are never looked up, all of them are taken off before a device comes
 * home, and what it was is taken from the record.
 */
#include "nic/netdev-move.h"
#include "base/own.h"
#include "nic/netdev-internal.h"
#include "sys/clock.h"
#include "sys/mnt.h"
#include "sys/nl.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <poll.h>

#define PIN_DIR VZ_RUNDIR "/netns"
#define INNER_BASE 0x100000 /* beyond what a kernel counts up to by itself in a guest */
#define HOME_NAME "vzb%d"   /* on the way home; the kernel finds the number */
#define HOME_PREFIX "vzb"
#define HOME_TRIES 16
#define STRIP_ROUNDS 1024
#define KERNEL_WAIT_MS 3000 /* for a dying namespace to send real devices home */
#define FLAGS (IFF_UP | IFF_NOARP | IFF_PROMISC | IFF_ALLMULTI | IFF_MULTICAST)

static int as_netdev(int r, struct vz_err *e)
{
	if (r < 0 && e)
		e->exit = VZ_NETDEV_ERROR;
	return r;
}

/* ---- requests ---- */

static void begin(struct vz_nl *m, int index)
{
	struct ifinfomsg ifi = { .ifi_index = index };

	vz_nl_init(m, RTM_NEWLINK, 0);
	vz_nl_put_hdr(m, &ifi, sizeof(ifi));
}

static int set(int rtnl, int index, uint16_t attr, const void *data, size_t size)
{
	struct vz_nl m;

	begin(&m, index);
	vz_nl_put(&m, attr, data, size);
	return vz_nl_call(rtnl, &m, NULL, "x");
}

static int set_u32(int rtnl, int index, uint16_t attr, uint32_t v)
{
	return set(rtnl, index, attr, &v, sizeof(v));
}

static int set_flags(int rtnl, int index, unsigned mask, unsigned flags)
{
	struct ifinfomsg ifi = { .ifi_index = index, .ifi_change = mask, .ifi_flags = flags };
	struct vz_nl m;

	vz_nl_init(&m, RTM_NEWLINK, 0);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	return vz_nl_call(rtnl, &m, NULL, "x");
}

/* RTM_NEWLINKPROP or RTM_DELLINKPROP. */
static int altname(int rtnl, uint16_t type, int index, const char *name)
{
	struct ifinfomsg ifi = { .ifi_index = index };
	struct vz_nl m;

	vz_nl_init(&m, type, type == RTM_NEWLINKPROP ? NLM_F_CREATE | NLM_F_APPEND | NLM_F_EXCL : 0);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	VZ_NL_NEST(&m, IFLA_PROP_LIST)
		vz_nl_put_str(&m, IFLA_ALT_IFNAME, name);
	return vz_nl_call(rtnl, &m, NULL, "x");
}

struct trip {
	int index, netns;
	int to;           /* its index there */
	const char *name; /* NULL: keeps it, and fails where it is taken */
};

static int move(int rtnl, const struct trip *t, struct vz_err *e)
{
	struct vz_nl m;

	begin(&m, t->index);
	vz_nl_put_u32(&m, IFLA_NET_NS_FD, (uint32_t)t->netns);
	vz_nl_put_u32(&m, IFLA_NEW_IFINDEX, (uint32_t)t->to);
	if (t->name)
		vz_nl_put_str(&m, IFLA_IFNAME, t->name);
	return vz_nl_call(rtnl, &m, e, "the kernel does not move it");
}

/* ---- home again ---- */

/* What differs becomes as it was; one thing that cannot be does not keep the others away. */
static int restore(int rtnl, int index, const struct vz_held *was)
{
	struct vz_held is = { 0 };
	struct vz_link master;
	int r = vz_held_look(rtnl, index, NULL, &is), bad = 0;

	if (r < 0)
		return r;
#define KEEP(call) (bad = (r = (call)) < 0 && !bad ? r : bad)
	if (strcmp(is.dev.name, was->dev.name)) {
		(void)set_flags(rtnl, index, IFF_UP, 0);
		KEEP(set(rtnl, index, IFLA_IFNAME, was->dev.name, strlen(was->dev.name) + 1));
	}
	if (is.mtu != was->mtu)
		KEEP(set_u32(rtnl, index, IFLA_MTU, was->mtu));
	if (is.queue != was->queue)
		KEEP(set_u32(rtnl, index, IFLA_TXQLEN, was->queue));
	if (is.group != was->group)
		KEEP(set_u32(rtnl, index, IFLA_GROUP, was->group));
	if (was->has_mac && memcmp(is.mac, was->mac, sizeof(is.mac)))
		KEEP(set(rtnl, index, IFLA_ADDRESS, was->mac, sizeof(was->mac)));
	if (strcmp(is.alias, was->alias))
		KEEP(set(rtnl, index, IFLA_IFALIAS, was->alias,
			 *was->alias ? strlen(was->alias) + 1 : 0));
	for (size_t i = 0; i < was->n_alt; i++)
		if (altname(rtnl, RTM_NEWLINKPROP, index, was->alt[i]) == -EEXIST)
			continue;
	if (strcmp(is.master, was->master) && *was->master) {
		KEEP(vz_link_find(rtnl, was->master, &master, NULL));
		if (r >= 0)
			KEEP(set_u32(rtnl, index, IFLA_MASTER, (uint32_t)master.index));
	}
	KEEP(set_flags(rtnl, index, FLAGS, was->flags & FLAGS));
#undef KEEP
	return bad;
}

static void strip_altnames(int inner, int index)
{
	struct vz_held is;

	for (int round = 0; round < STRIP_ROUNDS; round++) {
		is = (struct vz_held){ 0 };
		if (vz_held_look(inner, index, NULL, &is) < 0 || !is.n_alt)
			return;
		for (size_t i = 0; i < is.n_alt; i++)
			(void)altname(inner, RTM_DELLINKPROP, index, is.alt[i]);
	}
}

/* Moves it out and tells its index there: the one it had, or, when that was given away, another. */
static int bring_home(int inner, const struct vz_held *was, int host, int *ret_index)
{
	struct trip t = { was->inner, host, was->index, HOME_NAME };
	int r;

	(void)set_flags(inner, was->inner, IFF_UP, 0);
	strip_altnames(inner, was->inner);
	(void)set(inner, was->inner, IFLA_IFNAME, HOME_NAME, sizeof(HOME_NAME));
	for (int try = 0;; try++) {
		r = move(inner, &t, NULL);
		if (r != -EBUSY || try == HOME_TRIES)
			break;
		t.to = was->inner + try * INNER_BASE;
	}
	*ret_index = t.to;
	return r;
}

/* ---- where is it? ---- */

struct search {
	const struct vz_held *was;
	int index;
};

static int is_it(const struct vz_held *h, void *arg)
{
	struct search *s = arg;

	if (!vz_held_same(s->was, h))
		return 0;
	s->index = h->index;
	return 1;
}

static bool is_real(const struct vz_held *h)
{
	return !*h->kind && (h->has_perm || *h->bus);
}

/* On the host, where it never left, or came back without us. Its index, or 0. */
static int find_on_host(int rtnl, const struct vz_held *was)
{
	struct search s = { .was = was };
	struct vz_held is = { 0 };

	if (vz_held_look(rtnl, was->index, NULL, &is) >= 0 && vz_held_same(was, &is) &&
	    (!strcmp(is.dev.name, was->dev.name) ||
	     vz_str_prefix(is.dev.name, HOME_PREFIX, NULL)))
		return was->index;
	/* one of a kind, whatever it is called by now */
	if (is_real(was) && vz_held_each(rtnl, is_it, &s) > 0)
		return s.index;
	return 0;
}

/* From a namespace inside the guest's, which ends some time after its last process. */
static int wait_for_kernel(int rtnl, const struct vz_held *was)
{
	int64_t end = vz_now_ms() + KERNEL_WAIT_MS;
	int index;

	while (!(index = find_on_host(rtnl, was)) && is_real(was) && vz_poll_ms(end) > 0)
		(void)poll(NULL, 0, 20);
	return index;
}

/* ---- one device back ---- */

struct back {
	int rtnl, inner, host; /* inner < 0: the namespace is gone */
	bool running;          /* the guest lives: no waiting for its namespaces to end */
};

static int unmake(const struct back *b, const struct vz_held *h)
{
	struct vz_held is = { 0 };

	if (b->inner < 0 || vz_held_look(b->inner, h->inner, NULL, &is) < 0 ||
	    strcmp(is.kind, h->kind))
		return 0; /* it ends with its namespace */
	return vz_link_delete(b->inner, h->inner, NULL);
}

/* 0; 1 when it is home but *e complains; -ENODEV when it is lost; or it is still inside. */
static int take_one(const struct back *b, const struct vz_held *h, struct vz_err *e)
{
	char text[VZ_NETDEV_TEXT];
	const char *word = vz_netdev_text(&h->asked, text);
	struct vz_held is = { 0 };
	int index = 0, r;

	if (h->dev.kind != VZ_NETDEV_PLAIN) {
		r = unmake(b, h);
		return r < 0 ? vz_fail(e, VZ_NETDEV_ERROR, -r, "Unable to delete netdev %s",
				       word) : 0;
	}
	if (b->inner >= 0 && vz_held_look(b->inner, h->inner, NULL, &is) >= 0 &&
	    vz_held_same(h, &is)) {
		r = bring_home(b->inner, h, b->host, &index);
		if (r < 0)
			return vz_fail(e, VZ_NETDEV_ERROR, -r, "Unable to take netdev %s back",
				       word);
	} else {
		index = b->running ? find_on_host(b->rtnl, h) : wait_for_kernel(b->rtnl, h);
	}
	if (!index) {
		vz_fail(e, VZ_NETDEV_ERROR, 0,
			"Network device %s is lost: the container has deleted or hidden it",
			word);
		return -ENODEV;
	}
	r = restore(b->rtnl, index, h);
	if (r < 0)
		vz_fail(e, VZ_NETDEV_ERROR, -r, "Network device %s is back, but not all that it was",
			word);
	return r < 0;
}

/* ---- giving ---- */

static int slot(const struct vz_held_list *l)
{
	int index = INNER_BASE;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].inner == index) {
			index++;
			i = (size_t)-1;
		}
	return index;
}

static int look_at(const struct vz_nic_at *at, struct vz_held *h, struct vz_err *e)
{
	const char *name = h->dev.kind == VZ_NETDEV_PLAIN ? h->dev.name : h->dev.parent;
	struct vz_netdev dev = h->dev;
	int r = vz_held_look(at->rtnl, 0, name, h);
	unsigned by = r < 0 && dev.kind == VZ_NETDEV_PLAIN ? vz_held_by(&h->asked) : 0;

	if (by)
		return vz_fail(e, VZ_NETDEV_ERROR, 0, "container %u has it", by);
	if (r < 0)
		return vz_fail(e, VZ_NETDEV_ERROR, 0, "there is no network device %s", name);
	if (h->flags & IFF_LOOPBACK)
		return vz_fail(e, VZ_NETDEV_ERROR, 0, "%s is the loopback device", name);
	if (dev.kind != VZ_NETDEV_PLAIN) {
		h->dev = dev;
		snprintf(h->kind, sizeof(h->kind), "%s", vz_netdev_kind(&dev));
	}
	return 0;
}

static int make(const struct vz_nic_at *at, const struct vz_held *h, struct vz_err *e)
{
	struct ifinfomsg ifi = { .ifi_index = h->inner };
	struct vz_nl m;
	int r;

	vz_nl_init(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	vz_nl_put_str(&m, IFLA_IFNAME, h->dev.name);
	vz_nl_put_u32(&m, IFLA_LINK, (uint32_t)h->index);
	vz_nl_put_u32(&m, IFLA_NET_NS_FD, (uint32_t)at->netns);
	VZ_NL_NEST(&m, IFLA_LINKINFO) {
		vz_nl_put_str(&m, IFLA_INFO_KIND, h->kind);
		VZ_NL_NEST(&m, IFLA_INFO_DATA)
			switch (h->dev.kind) {
			case VZ_NETDEV_MACVLAN:
				vz_nl_put_u32(&m, IFLA_MACVLAN_MODE, h->dev.arg);
				break;
			case VZ_NETDEV_IPVLAN:
				vz_nl_put_u16(&m, IFLA_IPVLAN_MODE, (uint16_t)h->dev.arg);
				break;
			case VZ_NETDEV_VLAN:
				vz_nl_put_u16(&m, IFLA_VLAN_ID, (uint16_t)h->dev.arg);
				break;
			case VZ_NETDEV_PLAIN:
				break;
			}
	}
	r = vz_nl_call(at->rtnl, &m, e, "the kernel does not make it");
	if (r == -EEXIST)
		return vz_fail(e, VZ_NETDEV_ERROR, 0, "there is a device %s in the container",
			       h->dev.name);
	return r;
}

static int go_in(const struct vz_nic_at *at, const struct vz_held *h, struct vz_err *e)
{
	int r;

	if (h->dev.kind != VZ_NETDEV_PLAIN)
		return make(at, h, e);
	r = move(at->rtnl, &(struct trip){ h->index, at->netns, h->inner, NULL }, e);
	if (r == -EEXIST)
		return vz_fail(e, VZ_NETDEV_ERROR, 0, "there is a device %s in the container",
			       h->dev.name);
	return r;
}

static int pin(const struct vz_nic_at *at, struct vz_err *e)
{
	autofree char *name = vz_fmt("%u", at->ctid);
	int r = name ? vz_ns_pin(at->netns, PIN_DIR, name) : -ENOMEM;

	return r < 0 ? vz_fail(e, VZ_NETDEV_ERROR, -r, "cannot keep the network namespace") : 0;
}

static int unpin(unsigned ctid)
{
	autofree char *path = vz_fmt(PIN_DIR "/%u", ctid);

	return path ? vz_ns_unpin(path) : -ENOMEM;
}

/* Takes a device out of the record; with the last one the namespace is let go. */
static int forget(unsigned ctid, struct vz_held_list *l, const struct vz_netdev *d, struct vz_err *e)
{
	vz_held_drop(l, d);
	if (!l->n)
		(void)unpin(ctid);
	return vz_held_write(ctid, l, e);
}

static int give(const struct vz_nic_at *at, struct vz_held_list *l, const struct vz_netdev *d,
		struct vz_err *e)
{
	struct vz_held h = { .asked = *d, .dev = *d, .inner = slot(l) };
	bool first = !l->n;
	int r = look_at(at, &h, e);

	if (r < 0)
		return r;
	r = vz_held_add(l, &h);
	if (r < 0)
		return vz_oom(e);
	r = vz_held_write(at->ctid, l, e);
	if (r >= 0 && first)
		r = pin(at, e);
	if (r >= 0)
		r = go_in(at, &h, e);
	if (r < 0) {
		if (h.dev.kind == VZ_NETDEV_PLAIN)
			(void)restore(at->rtnl, h.index, &h);
		(void)forget(at->ctid, l, d, NULL);
	}
	return r;
}

int vz_nic_give(const struct vz_nic_at *at, const struct vz_netdev *d, struct vz_err *e)
{
	char text[VZ_NETDEV_TEXT];
	autoheld l = { 0 };
	int r = vz_held_read(at->ctid, &l);

	if (r < 0)
		return vz_fail(e, VZ_NETDEV_ERROR, -r, "cannot read the record of network devices");
	if (vz_held_find(&l, d))
		return 0;
	r = give(at, &l, d, e);
	return r < 0 ? vz_within(e, as_netdev(r, e), "Unable to add netdev %s", vz_netdev_text(d, text)) : 0;
}

bool vz_nic_is_given(unsigned ctid, const struct vz_netdev *d)
{
	autoheld l = { 0 };

	return vz_held_read(ctid, &l) >= 0 && vz_held_find(&l, d);
}

/* ---- taking ---- */

static int host_ns(struct vz_err *e)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? vz_fail(e, VZ_NETDEV_ERROR, errno, "cannot open the network namespace") :
			fd;
}

int vz_nic_take(const struct vz_nic_at *at, const struct vz_netdev *d, struct vz_err *e)
{
	autoclose int host = -EBADF, inner = -EBADF;
	struct vz_held *h;
	autoheld l = { 0 };
	int r = vz_held_read(at->ctid, &l);

	h = r < 0 ? NULL : vz_held_find(&l, d);
	if (!h)
		return 0;
	host = host_ns(e);
	if (host < 0)
		return host;
	inner = vz_nl_open(NETLINK_ROUTE, at->netns, e);
	if (inner < 0)
		return as_netdev(inner, e);
	r = take_one(&(struct back){ at->rtnl, inner, host, true }, h, e);
	if (r >= 0 || r == -ENODEV)
		(void)forget(at->ctid, &l, d, NULL);
	return r;
}

int vz_nic_take_all(int rtnl, unsigned ctid, struct vz_err *e)
{
	autofree char *path = vz_fmt(PIN_DIR "/%u", ctid);
	autoclose int host = -EBADF, netns = -EBADF, inner = -EBADF;
	int r, first = 0;
	autoheld l = { 0 };

	r = path ? vz_held_read(ctid, &l) : -ENOMEM;
	if (r < 0 || !l.n)
		return r;
	host = host_ns(e);
	if (host < 0)
		return host;
	netns = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	/* an empty file: killed before it was pinned */
	inner = netns < 0 ? -EBADF : vz_nl_open(NETLINK_ROUTE, netns, NULL);
	for (size_t i = l.n; i-- > 0;) {
		struct vz_err one = { 0 };

		r = take_one(&(struct back){ rtnl, inner, host, false }, &l.v[i], &one);
		if (r && !first) {
			first = r;
			if (e)
				*e = one;
		}
		/* what can still be had stays recorded, for the next command */
		if (r >= 0 || r == -ENODEV || inner < 0)
			vz_held_drop(&l, &l.v[i].asked);
	}
	if (!l.n)
		(void)unpin(ctid);
	r = vz_held_write(ctid, &l, NULL);
	return first ? first : r;
}
