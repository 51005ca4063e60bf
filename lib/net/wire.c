// SPDX-License-Identifier: GPL-2.0-or-later
/* Packet sockets, packet(7); see wire.h. */
#include "net/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/own.h"

int vz_wire_dev_get(int ifindex, const char *name, struct vz_wire_dev *ret)
{
	autoclose int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct vz_wire_dev d = { 0 };
	struct ifreq r = { .ifr_ifindex = ifindex };
	struct sockaddr_in in;

	if (sock < 0)
		return -errno;
	if (ifindex > 0) {
		if (ioctl(sock, SIOCGIFNAME, &r) < 0)
			return -errno;
	} else if (!name || !*name || strlen(name) >= sizeof(r.ifr_name)) {
		return -ENODEV;
	} else {
		snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	}
	memcpy(d.name, r.ifr_name, sizeof(d.name));
	if (ioctl(sock, SIOCGIFINDEX, &r) < 0)
		return -errno;
	d.ifindex = r.ifr_ifindex;
	if (ioctl(sock, SIOCGIFFLAGS, &r) < 0)
		return -errno;
	d.flags = (unsigned short)r.ifr_flags;
	if (ioctl(sock, SIOCGIFHWADDR, &r) < 0)
		return -errno;
	d.ethernet = r.ifr_hwaddr.sa_family == ARPHRD_ETHER;
	memcpy(d.mac, r.ifr_hwaddr.sa_data, sizeof(d.mac));
	if (!ioctl(sock, SIOCGIFADDR, &r)) {
		memcpy(&in, &r.ifr_addr, sizeof(in));
		d.ip4 = in.sin_addr;
	}
	*ret = d;
	return 0;
}

/* A datagram socket that is connected has its address chosen; nothing is sent. */
int vz_wire_dev_ip6(int ifindex, struct in6_addr *ret)
{
	autoclose int sock = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(9),
		.sin6_addr = { .s6_addr = { 0xff, 2, [15] = 1 } },
		.sin6_scope_id = (uint32_t)ifindex,
	};
	struct sockaddr_in6 own;
	socklen_t n = sizeof(own);

	if (sock < 0 || connect(sock, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    getsockname(sock, (struct sockaddr *)&own, &n) < 0)
		return -errno;
	*ret = own.sin6_addr;
	return 0;
}

/* First the filter, then the protocol: no frame slips in between, and a socket that is bound only
 * once is not made to wait for a grace period. */
int vz_wire_open(uint16_t ethertype, const struct sock_fprog *filter)
{
	autoclose int sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_ll any = { .sll_family = AF_PACKET, .sll_protocol = htons(ethertype) };

	if (sock < 0)
		return -errno;
	if (filter &&
	    setsockopt(sock, SOL_SOCKET, SO_ATTACH_FILTER, filter, sizeof(*filter)) < 0)
		return -errno;
	if (ethertype && bind(sock, (struct sockaddr *)&any, sizeof(any)) < 0)
		return -errno;
	return TAKE_FD(sock);
}

int vz_wire_join(int sock, int ifindex, const uint8_t *mac)
{
	struct packet_mreq r = {
		.mr_ifindex = ifindex,
		.mr_type = mac ? PACKET_MR_MULTICAST : PACKET_MR_ALLMULTI,
		.mr_alen = ETH_ALEN,
	};

	if (mac)
		memcpy(r.mr_address, mac, ETH_ALEN);
	if (setsockopt(sock, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &r, sizeof(r)) < 0)
		return -errno;
	return 0;
}

/* The rest of a batch is given up with a frame that cannot go; the caller comes again for it. */
static int send_some(int sock, struct mmsghdr *m, unsigned n)
{
	int r = sendmmsg(sock, m, n, MSG_DONTWAIT);

	if (r >= 0)
		return r;
	switch (errno) {
	case ENETDOWN:
	case ENXIO:
	case ENODEV:
		return 1; /* this device is down or gone: its frame needs no sending */
	case EAGAIN:
	case ENOBUFS:
	case EINTR:
		return 0;
	}
	return -errno;
}

int vz_wire_send(int sock, const struct vz_wire_frame *f, size_t n)
{
	struct sockaddr_ll to[VZ_WIRE_BATCH];
	struct iovec iov[VZ_WIRE_BATCH];
	struct mmsghdr m[VZ_WIRE_BATCH];
	size_t last[VZ_WIRE_BATCH]; /* message i deals with all frames below last[i] */
	unsigned have = 0, done = 0;

	for (size_t i = 0; i < n && i < VZ_WIRE_BATCH; i++) {
		if (!f[i].len)
			continue;
		to[have] = (struct sockaddr_ll){
			.sll_family = AF_PACKET,
			.sll_ifindex = f[i].ifindex,
			.sll_halen = ETH_ALEN,
		};
		memcpy(to[have].sll_addr, f[i].data, ETH_ALEN);
		memcpy(&to[have].sll_protocol, f[i].data + 2 * ETH_ALEN, 2);
		iov[have] = (struct iovec){ (void *)f[i].data, f[i].len };
		m[have] = (struct mmsghdr){ .msg_hdr = {
			.msg_name = &to[have],
			.msg_namelen = sizeof(to[have]),
			.msg_iov = &iov[have],
			.msg_iovlen = 1,
		} };
		last[have++] = i + 1;
	}
	while (done < have) {
		int r = send_some(sock, m + done, have - done);

		if (r < 0)
			return r;
		if (!r)
			return done ? (int)last[done - 1] : 0;
		done += (unsigned)r;
	}
	return (int)n;
}

int vz_wire_receive(int sock, void *buf, size_t size, int *ret_ifindex)
{
	struct sockaddr_ll from = { 0 };
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(sock, buf, size, MSG_DONTWAIT, (struct sockaddr *)&from, &len);

	if (n < 0)
		return -errno;
	*ret_ifindex = from.sll_ifindex;
	return from.sll_pkttype == PACKET_OTHERHOST || from.sll_pkttype == PACKET_OUTGOING ? 0 : (int)n;
}
