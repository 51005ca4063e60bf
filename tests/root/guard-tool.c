// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guard, the meter and the shaper by hand, for tests and benches that have devices and no VPS.
 *
 *	attach DEV CTID WORD...       venet [auto|direct], or l2 and of mac ip router; mac=00:..
 *	allow|routed|deny DEV ADDR... change DEV CTID WORD...     gone CTID
 *	shape CTID IN OUT DEV...      bits per second             unshape CTID
 *	meter CTID                    lines: class family in_bytes in_packets out_bytes out_packets
 *	drops CTID                    lines: reason packets
 *	fold|last|reset|forget CTID   reload
 *	send DEV HEX                  one frame out of DEV, as its bytes say
 *	vnet DEV HEX GSO              the same as one buffer of TCP segments of GSO bytes
 */
#include "base/ip.h"
#include "base/own.h"
#include "guard/classes.h"
#include "guard/guard.h"
#include "guard/meter.h"
#include "guard/shape.h"
#include "sys/nl.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define MANY 2000

static struct vz_err e;
static int rtnl;

static int index_of(const char *dev)
{
	int i = (int)if_nametoindex(dev);

	if (!i) {
		fprintf(stderr, "no device %s\n", dev);
		exit(2);
	}
	return i;
}

static unsigned number(const char *s)
{
	return (unsigned)strtoul(s, NULL, 10);
}

static struct vz_guard_dev device(char **arg)
{
	struct vz_guard_dev d = { .ifindex = index_of(arg[0]), .ctid = number(arg[1]) };

	for (arg += 2; *arg; arg++) {
		d.l2 |= !strcmp(*arg, "l2");
		d.mac_filter |= !strcmp(*arg, "mac");
		d.ip_filter |= !strcmp(*arg, "ip");
		d.router |= !strcmp(*arg, "router");
		if (!strcmp(*arg, "auto"))
			d.direct = VZ_DIRECT_AUTO;
		if (!strcmp(*arg, "direct"))
			d.direct = VZ_DIRECT_YES;
		if (!strncmp(*arg, "mac=", 4))
			sscanf(*arg + 4, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &d.mac[0], &d.mac[1],
			       &d.mac[2], &d.mac[3], &d.mac[4], &d.mac[5]);
	}
	return d;
}

static size_t addresses(char **arg, struct vz_ip *ip)
{
	size_t n = 0;

	for (; *arg && n < MANY; arg++)
		if (vz_ip_parse(*arg, &ip[n++]) < 0)
			exit(2);
	return n;
}

static int shape(char **arg)
{
	int index[16];
	struct vz_shape s = { .ctid = number(arg[0]), .ifindex = index };

	s.in = strtoull(arg[1], NULL, 10);
	s.out = strtoull(arg[2], NULL, 10);
	for (arg += 3; *arg && s.n < 16; arg++)
		index[s.n++] = index_of(*arg);
	return vz_shape_set(rtnl, &s, &e);
}

static int meter(unsigned ctid, bool drops)
{
	struct vz_counters c;
	int r = vz_meter_read(ctid, &c, &e);

	for (int i = 0; r >= 0 && drops && i < VZ_DROPS; i++)
		if (c.drops[i])
			printf("%s %llu\n", vz_guard_drop_name((enum vz_drop)i), c.drops[i]);
	for (int class = 0; r >= 0 && !drops && class < VZ_CLASSES; class++)
		for (int f = 0; f < VZ_FAMILIES; f++) {
			struct vz_count *in = &c.traffic[class][f][VZ_IN], *out = in + 1;

			if (in->packets || out->packets)
				printf("%d %s %llu %llu %llu %llu\n", class, f ? "v6" : "v4",
				       in->bytes, in->packets, out->bytes, out->packets);
		}
	return r;
}

static int send_frame(const char *dev, const char *hex, unsigned gso)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = index_of(dev) };
	autoclose int s = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct virtio_net_hdr vnet = { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
				       .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				       .gso_size = (uint16_t)gso,
				       .hdr_len = 54,
				       .csum_start = 34,
				       .csum_offset = 16 };
	uint8_t b[65536];
	struct iovec v[2] = { { &vnet, sizeof(vnet) }, { b, 0 } };
	struct msghdr m = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = v + 1,
			    .msg_iovlen = 1 };
	size_t n = 0;
	int on = 1;

	while (n < sizeof(b) && sscanf(hex + 2 * n, "%2hhx", &b[n]) == 1)
		n++;
	v[1].iov_len = n;
	if (gso) {
		m.msg_iov = v;
		m.msg_iovlen = 2;
		setsockopt(s, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on));
	}
	return sendmsg(s, &m, 0) < 0 ? vz_fail(&e, VZ_SYSTEM, errno, "cannot send") : 0;
}

int main(int argc, char **argv)
{
	static struct vz_ip ip[MANY];
	const char *verb = argc > 1 ? argv[1] : "";
	char **arg = argv + 2;
	int r = -EINVAL;

	rtnl = vz_nl_open(0, VZ_NL_HERE, &e);
	if (!strcmp(verb, "reload"))
		r = vz_classes_reload(&e);
	else if (argc < 3)
		return 2;
	if (!strcmp(verb, "attach") || !strcmp(verb, "change")) {
		struct vz_guard_dev d = device(arg);

		r = *verb == 'a' ? vz_guard_attach(rtnl, &d, &e) : vz_guard_change(&d, &e);
	}
	if (!strcmp(verb, "allow"))
		r = vz_guard_addr_add(index_of(*arg), ip, addresses(arg + 1, ip), &e);
	if (!strcmp(verb, "routed"))
		r = vz_guard_routed(index_of(*arg), ip, addresses(arg + 1, ip), &e);
	if (!strcmp(verb, "deny"))
		r = vz_guard_addr_del(index_of(*arg), ip, addresses(arg + 1, ip), &e);
	if (!strcmp(verb, "gone"))
		r = vz_guard_gone_all(number(*arg), &e);
	if (!strcmp(verb, "shape") && argc > 5)
		r = shape(arg);
	if (!strcmp(verb, "unshape"))
		r = vz_shape_gone(rtnl, number(*arg), &e);
	if (!strcmp(verb, "meter") || !strcmp(verb, "drops"))
		r = meter(number(*arg), *verb == 'd');
	if (!strcmp(verb, "fold") || !strcmp(verb, "last"))
		r = vz_meter_fold(number(*arg), *verb == 'l', &e);
	if (!strcmp(verb, "reset"))
		r = vz_meter_reset(number(*arg), &e);
	if (!strcmp(verb, "forget")) {
		vz_meter_forget(number(*arg));
		r = 0;
	}
	if (!strcmp(verb, "send") && argc == 4)
		r = send_frame(arg[0], arg[1], 0);
	if (!strcmp(verb, "vnet") && argc == 5)
		r = send_frame(arg[0], arg[1], number(arg[2]));
	if (r < 0)
		fprintf(stderr, "%s\n", e.msg);
	return r < 0;
}
