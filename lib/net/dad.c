// SPDX-License-Identifier: GPL-2.0-or-later
/* Questions, answers, announcements and their timing; see dad.h. Bytes are arp.c's and nd.c's. */
#include "net/dad.h"

#include <errno.h>
#include <net/if_arp.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/str.h"
#include "net/arp.h"
#include "net/nd.h"
#include "net/wire.h"
#include "sys/clock.h"
#include "sys/close-later.h"
#include "sys/nl.h"

#define PACE_MS 1          /* between two batches: 64 broadcasts per millisecond bother nobody */
#define JOIN_MAX 16        /* groups one by one; beyond that all of them */
#define FULL_MS 200        /* a queue that stays full for so long belongs to a dead device */
#define RECEIVE_BATCH 64   /* between two looks at the clock */
#define OVERTIME 16        /* batches that may still be read when the time is over */
#define FRAME_MAX 2048

struct dad_dev {
	struct vz_wire_dev wire;
	struct in6_addr ip6; /* "::" none */
};

struct pair {
	const struct dad_dev *dev;
	size_t ip;
};

struct vz_dad {
	struct dad_dev *dev;
	size_t ndev;
	struct vz_ip *ip;
	bool *taken; /* for each ip */
	size_t nip;
	struct pair *pair; /* what is asked where; address by address, so devices are served alike */
	size_t npair;
	size_t nasked; /* addresses with a pair */
	int sock[2];     /* ARP, IPv6 */
	size_t next;     /* question, of total(QUESTION) */
	int64_t last_ms; /* when the last question left */
	struct vz_dad_found *found;
	size_t nfound;
	struct vz_str own_macs; /* six bytes each, of every device here; empty until needed */
};

enum { SOCK_ARP, SOCK_ND };

/* Frames for each pair. The second question may be none. */
enum kind { ANNOUNCEMENT = 1, QUESTION = 2 };

static size_t total(const struct vz_dad *d, enum kind kind)
{
	return d->npair * kind;
}

static bool can_ask(const struct vz_wire_dev *w)
{
	const unsigned need = IFF_UP | IFF_RUNNING;
	const unsigned bad = IFF_LOOPBACK | IFF_NOARP | IFF_SLAVE;

	return w->ethernet && (w->flags & need) == need && !(w->flags & bad);
}

static const struct in_addr none4;

static uint16_t put_arp(uint8_t *frame, const struct vz_wire_dev *w, struct in_addr from,
			struct in_addr to)
{
	struct vz_arp a = { .op = ARPOP_REQUEST, .sender = from, .target = to };

	memset(a.to, 0xff, sizeof(a.to));
	memcpy(a.from, w->mac, sizeof(a.from));
	memcpy(a.sender_mac, w->mac, sizeof(a.sender_mac));
	/* unused in a question; of an announcement the old tool filled it so */
	if (from.s_addr == to.s_addr)
		memset(a.target_mac, 0xff, sizeof(a.target_mac));
	vz_arp_put(frame, &a);
	return VZ_ARP_FRAME;
}

static uint16_t put_question(uint8_t *frame, const struct dad_dev *dev, const struct vz_ip *ip,
			     bool second)
{
	struct in_addr from = second ? dev->wire.ip4 : none4;

	if (ip->family == AF_INET6)
		return second ? 0 : (uint16_t)vz_nd_put_probe(frame, dev->wire.mac, &ip->v6);
	if (second && (!from.s_addr || from.s_addr == ip->v4.s_addr))
		return 0;
	return put_arp(frame, &dev->wire, from, ip->v4);
}

static uint16_t put_announcement(uint8_t *frame, const struct dad_dev *dev, const struct vz_ip *ip)
{
	const struct in6_addr *from = IN6_IS_ADDR_UNSPECIFIED(&dev->ip6) ? &ip->v6 : &dev->ip6;

	if (ip->family == AF_INET6)
		return (uint16_t)vz_nd_put_advert(frame, dev->wire.mac, from, &ip->v6);
	return put_arp(frame, &dev->wire, ip->v4, ip->v4);
}

static void put_frame(const struct vz_dad *d, size_t i, enum kind kind, struct vz_wire_frame *f)
{
	const struct dad_dev *dev = d->pair[i / kind].dev;
	const struct vz_ip *ip = &d->ip[d->pair[i / kind].ip];

	f->ifindex = dev->wire.ifindex;
	f->len = kind == QUESTION ? put_question(f->data, dev, ip, i % QUESTION) :
				    put_announcement(f->data, dev, ip);
}

/* Any packet socket sends any frame. Returns whether it went forward. */
static int send_batch(struct vz_dad *d, size_t *next, enum kind kind, struct vz_err *e)
{
	struct vz_wire_frame f[VZ_WIRE_BATCH];
	size_t n = total(d, kind) - *next;
	int sock = d->sock[SOCK_ARP] >= 0 ? d->sock[SOCK_ARP] : d->sock[SOCK_ND];
	int r;

	if (n > VZ_WIRE_BATCH)
		n = VZ_WIRE_BATCH;
	for (size_t i = 0; i < n; i++)
		put_frame(d, *next + i, kind, &f[i]);
	r = vz_wire_send(sock, f, n);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "Unable to send to the neighbours");
	*next += (size_t)r;
	return r > 0;
}

/* Answers come to all nodes, which the device listens to as soon as it has IPv6; the questions of
 * others who want the same address come to the solicited-node group. */
static void join_groups(const struct vz_dad *d)
{
	static const uint8_t all_nodes[VZ_MAC] = { 0x33, 0x33, 0, 0, 0, 1 };
	size_t n6 = 0;
	uint8_t mac[VZ_MAC];

	for (size_t i = 0; i < d->nip; i++)
		n6 += d->ip[i].family == AF_INET6;
	for (size_t k = 0; k < d->ndev; k++)
		(void)vz_wire_join(d->sock[SOCK_ND], d->dev[k].wire.ifindex,
				   n6 > JOIN_MAX ? NULL : all_nodes);
	for (size_t i = 0; i < d->npair && n6 <= JOIN_MAX; i++) {
		const struct vz_ip *ip = &d->ip[d->pair[i].ip];

		if (ip->family != AF_INET6)
			continue;
		vz_nd_group_mac(&ip->v6, mac);
		(void)vz_wire_join(d->sock[SOCK_ND], d->pair[i].dev->wire.ifindex, mac);
	}
}

static int open_sockets(struct vz_dad *d, struct vz_err *e)
{
	struct sock_filter code[VZ_ARP_FILTER > VZ_ND_FILTER ? VZ_ARP_FILTER : VZ_ND_FILTER];
	struct sock_fprog filter;
	bool has[2] = { false, false };

	for (size_t i = 0; i < d->nip; i++)
		has[d->ip[i].family == AF_INET6 ? SOCK_ND : SOCK_ARP] = true;
	if (has[SOCK_ARP]) {
		vz_arp_filter(d->ip, d->nip, code, &filter);
		d->sock[SOCK_ARP] = vz_wire_open(ETH_P_ARP, &filter);
	}
	if (has[SOCK_ND]) {
		vz_nd_filter(d->ip, d->nip, code, &filter);
		d->sock[SOCK_ND] = vz_wire_open(ETH_P_IPV6, &filter);
	}
	for (int i = 0; i < 2; i++)
		if (has[i] && d->sock[i] < 0)
			return vz_fail(e, VZ_SYSTEM, -d->sock[i], "Unable to open a packet socket");
	if (has[SOCK_ND])
		join_groups(d);
	return 0;
}

/* ret_q of each device that is left: its place in q. */
static void find_devices(struct vz_dad *d, const struct vz_dad_ask *q, size_t *ret_q)
{
	for (size_t i = 0; i < q->ndev; i++) {
		struct dad_dev *dev = &d->dev[d->ndev];

		if (vz_wire_dev_get(q->ifindex[i], NULL, &dev->wire) < 0 || !can_ask(&dev->wire))
			continue;
		if (vz_wire_dev_ip6(dev->wire.ifindex, &dev->ip6) < 0)
			dev->ip6 = (struct in6_addr){ 0 };
		ret_q[d->ndev++] = i;
	}
}

static struct vz_dad *copy_of(const struct vz_dad_ask *q)
{
	autofree size_t *place = calloc(q->ndev + 1, sizeof(*place));
	autodad *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->sock[SOCK_ARP] = d->sock[SOCK_ND] = -EBADF;
	d->dev = calloc(q->ndev + 1, sizeof(*d->dev));
	d->ip = calloc(q->nip + 1, sizeof(*d->ip));
	d->taken = calloc(q->nip + 1, sizeof(*d->taken));
	d->found = calloc(q->nip + 1, sizeof(*d->found));
	if (!place || !d->dev || !d->ip || !d->taken || !d->found)
		return NULL;
	find_devices(d, q, place);
	d->pair = calloc(d->ndev * q->nip + 1, sizeof(*d->pair));
	if (!d->pair)
		return NULL;
	for (; d->nip < q->nip; d->nip++) {
		size_t before = d->npair;

		d->ip[d->nip] = q->ip[d->nip];
		for (size_t k = 0; k < d->ndev; k++)
			if (!q->on || q->on(q->arg, place[k], &q->ip[d->nip]))
				d->pair[d->npair++] = (struct pair){ &d->dev[k], d->nip };
		d->nasked += d->npair > before;
	}
	return TAKE_PTR(d);
}

int vz_dad_begin(const struct vz_dad_ask *q, struct vz_dad **ret, struct vz_err *e)
{
	autodad *d = copy_of(q);
	int r;

	if (!d)
		return vz_fail(e, VZ_RESOURCE, ENOMEM, "Unable to ask the neighbours");
	if (total(d, QUESTION)) {
		r = open_sockets(d, e);
		if (r < 0)
			return r;
		r = send_batch(d, &d->next, QUESTION, e);
		if (r < 0)
			return r;
		d->last_ms = vz_now_ms();
	}
	*ret = TAKE_PTR(d);
	return 0;
}

static int add_own_mac(const struct nlmsghdr *h, void *arg)
{
	struct vz_dad *d = arg;
	const struct nlattr *tb[IFLA_ADDRESS + 1];

	vz_nl_attrs(h, sizeof(struct ifinfomsg), tb, IFLA_ADDRESS);
	if (tb[IFLA_ADDRESS] && mnl_attr_get_payload_len(tb[IFLA_ADDRESS]) == VZ_MAC)
		vz_str_addn(&d->own_macs, mnl_attr_get_payload(tb[IFLA_ADDRESS]), VZ_MAC);
	return 0;
}

/* Two devices of this host on one wire hear each other. The links are listed when somebody answers
 * for the first time, so a start without duplicates does not pay for it. */
static bool is_own_mac(struct vz_dad *d, const uint8_t *mac)
{
	struct vz_nl_reader reader = { .each = add_own_mac, .arg = d };
	autoclose int nl = -EBADF;
	struct vz_nl m;

	if (!d->own_macs.len) {
		for (size_t i = 0; i < d->ndev; i++)
			vz_str_addn(&d->own_macs, (const char *)d->dev[i].wire.mac, VZ_MAC);
		vz_nl_init(&m, RTM_GETLINK, NLM_F_DUMP);
		vz_nl_put_hdr(&m, &(struct ifinfomsg){ .ifi_family = AF_UNSPEC },
			      sizeof(struct ifinfomsg));
		nl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, NULL);
		if (nl >= 0)
			(void)vz_nl_read(nl, &m, &reader, NULL, "Unable to list devices");
	}
	for (size_t i = 0; i + VZ_MAC <= d->own_macs.len; i += VZ_MAC)
		if (!memcmp(d->own_macs.s + i, mac, VZ_MAC))
			return true;
	return false;
}

static void take_claim(struct vz_dad *d, size_t i, int ifindex, const uint8_t *mac)
{
	struct vz_dad_found *f = &d->found[d->nfound];

	if (d->taken[i] || is_own_mac(d, mac))
		return;
	d->taken[i] = true;
	*f = (struct vz_dad_found){ .ip = d->ip[i], .ifindex = ifindex };
	memcpy(f->mac, mac, VZ_MAC);
	d->nfound++;
}

static void look_at(struct vz_dad *d, const void *frame, size_t n, int ifindex)
{
	struct vz_arp a;
	struct vz_nd nd;
	bool is_arp = !vz_arp_parse(frame, n, &a);

	if (!is_arp && vz_nd_parse(frame, n, &nd) < 0)
		return;
	for (size_t i = 0; i < d->npair; i++) {
		const struct vz_ip *ip = &d->ip[d->pair[i].ip];

		if (d->pair[i].dev->wire.ifindex != ifindex)
			continue;
		if (is_arp && ip->family == AF_INET && vz_arp_claims(&a, ip->v4))
			take_claim(d, d->pair[i].ip, ifindex, a.sender_mac);
		if (!is_arp && ip->family == AF_INET6 && vz_nd_claims(&nd, &ip->v6))
			take_claim(d, d->pair[i].ip, ifindex, nd.has_mac ? nd.mac : nd.from);
	}
}

/* A flood cannot hold us: the caller looks at the clock after each of these. Returns whether there
 * may be more. */
static bool receive_some(struct vz_dad *d, int sock)
{
	uint8_t frame[FRAME_MAX];
	int ifindex = 0;

	for (int i = 0; i < RECEIVE_BATCH; i++) {
		int n = vz_wire_receive(sock, frame, sizeof(frame), &ifindex);

		if (n < 0)
			return false;
		look_at(d, frame, (size_t)n, ifindex);
	}
	return true;
}

static bool wait_some(struct vz_dad *d, int ms)
{
	struct pollfd p[2] = {
		{ .fd = d->sock[SOCK_ARP], .events = POLLIN },
		{ .fd = d->sock[SOCK_ND], .events = POLLIN },
	};
	bool more = false;

	if (poll(p, ARRAY_LEN(p), ms) <= 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		if (p[i].revents)
			more |= receive_some(d, p[i].fd);
	return more;
}

/* Sends from *next on to the end, one batch each millisecond, and listens meanwhile. */
static int send_rest(struct vz_dad *d, size_t *next, enum kind kind, struct vz_err *e)
{
	int64_t moved = vz_now_ms();

	while (*next < total(d, kind)) {
		int r = send_batch(d, next, kind, e);
		int64_t now = vz_now_ms();

		if (r < 0)
			return r;
		if (r)
			moved = now;
		else if (now - moved > FULL_MS)
			return vz_fail(e, VZ_SYSTEM, ENOBUFS, "Unable to send to the neighbours");
		for (int64_t end = now + PACE_MS; *next < total(d, kind) && vz_poll_ms(end);)
			wait_some(d, vz_poll_ms(end));
	}
	return 0;
}

int vz_dad_finish(struct vz_dad *d, int wait_ms, const struct vz_dad_found **ret, struct vz_err *e)
{
	bool late = d->next < total(d, QUESTION);
	int r = send_rest(d, &d->next, QUESTION, e);
	int64_t end;

	if (r < 0)
		return r;
	if (late)
		d->last_ms = vz_now_ms();
	end = d->last_ms + wait_ms;
	for (int over = 0; total(d, QUESTION) && d->nfound < d->nasked && over < OVERTIME;) {
		bool more = wait_some(d, vz_poll_ms(end));

		if (!vz_poll_ms(end)) {
			if (!more)
				break;
			over++;
		}
	}
	*ret = d->found;
	return (int)d->nfound;
}

int vz_dad_announce(struct vz_dad *d, struct vz_err *e)
{
	size_t next = 0;

	return send_rest(d, &next, ANNOUNCEMENT, e);
}

int vz_announce(const struct vz_dad_ask *q, struct vz_err *e)
{
	autodad *d = copy_of(q);

	if (!d)
		return vz_fail(e, VZ_RESOURCE, ENOMEM, "Unable to tell the neighbours");
	if (!total(d, QUESTION))
		return 0;
	d->sock[SOCK_ARP] = vz_wire_open(0, NULL);
	if (d->sock[SOCK_ARP] < 0)
		return vz_fail(e, VZ_SYSTEM, -d->sock[SOCK_ARP], "Unable to open a packet socket");
	return vz_dad_announce(d, e);
}

void vz_dad_free(struct vz_dad *d)
{
	if (!d)
		return;
	vz_close_later(d->sock, ARRAY_LEN(d->sock));
	free(d->dev);
	free(d->ip);
	free(d->taken);
	free(d->pair);
	free(d->found);
	vz_str_free(&d->own_macs);
	free(d);
}
