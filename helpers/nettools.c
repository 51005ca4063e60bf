// SPDX-License-Identifier: GPL-2.0-or-later
/* What arpsend and ndsend share. */
#include "helpers/nettools.h"
#include "base/ip.h"
#include "base/own.h"
#include "net/nd.h"
#include "net/wire.h"
#include "sys/close-later.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int tool_failed(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return TOOL_SYSTEM;
}

int tool_announce6(const char *address, const char *device)
{
	struct vz_wire_dev dev;
	struct vz_wire_frame f;
	struct in6_addr from;
	struct vz_ip ip;
	autoclose_later int sock = -EBADF;
	int r;

	if (vz_ip_parse(address, &ip) < 0 || ip.family != AF_INET6 || ip.masked) {
		tool_failed("bad IPv6 address %s", address);
		return TOOL_BAD_ADDRESS;
	}
	r = vz_wire_dev_get(0, device, &dev);
	if (r < 0)
		return tool_failed("Unknown network interface %s: %s", device, strerror(-r));
	if (!dev.ethernet || dev.flags & IFF_LOOPBACK)
		return tool_failed("network interface %s is not Ethernet", device);
	if (!(dev.flags & IFF_UP))
		return tool_failed("network interface %s is down", device);
	if (vz_wire_dev_ip6(dev.ifindex, &from) < 0 || IN6_IS_ADDR_UNSPECIFIED(&from))
		from = ip.v6;
	sock = vz_wire_open(0, NULL);
	if (sock < 0)
		return tool_failed("socket : %s", strerror(-sock));
	f.ifindex = dev.ifindex;
	f.len = (uint16_t)vz_nd_put_advert(f.data, dev.mac, &from, &ip.v6);
	r = vz_wire_send(sock, &f, 1);
	if (r <= 0)
		return tool_failed("sendto : %s", strerror(r ? -r : ENOBUFS));
	return TOOL_OK;
}
