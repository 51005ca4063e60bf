// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames of ARP and neighbour discovery: made, taken apart, refused, filtered; and closing later. */
#include "base/own.h"
#include "net/arp.h"
#include "net/nd.h"
#include "sys/close-later.h"
#include "unit.h"

#include <arpa/inet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const uint8_t mac[VZ_MAC] = { 2, 0, 0, 0, 0, 0x11 };

static struct vz_ip ip_of(const char *text)
{
	struct vz_ip ip = { 0 };

	CHECK_INT(vz_ip_parse(text, &ip), 0);
	return ip;
}

static struct vz_arp arp_of(uint16_t op, const char *sender, const char *target)
{
	struct vz_arp a = { .op = op, .sender = ip_of(sender).v4, .target = ip_of(target).v4 };

	memset(a.to, 0xff, VZ_MAC);
	memcpy(a.from, mac, VZ_MAC);
	memcpy(a.sender_mac, mac, VZ_MAC);
	return a;
}

static void test_arp(void)
{
	uint8_t f[VZ_ARP_FRAME];
	struct vz_arp a = arp_of(ARPOP_REQUEST, "10.0.0.1", "10.0.0.2"), b = { 0 };
	/* RFC 826, by hand */
	static const uint8_t want[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 0x11, 8, 6,
					0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 0x11, 10, 0, 0, 1,
					0, 0, 0, 0, 0, 0, 10, 0, 0, 2 };

	vz_arp_put(f, &a);
	CHECK(!memcmp(f, want, sizeof(want)));
	CHECK_INT(vz_arp_parse(f, sizeof(f), &b), 0);
	CHECK(!memcmp(&a, &b, sizeof(a)));
	CHECK_INT(vz_arp_parse(f, sizeof(want), &b), 0);
	for (size_t n = 0; n < sizeof(want); n++)
		CHECK_INT(vz_arp_parse(f, n, &b), -EINVAL);
	for (size_t i = 12; i < 22; i++) { /* each byte of types and lengths counts */
		f[i] ^= 0x40;
		CHECK_INT(vz_arp_parse(f, sizeof(f), &b), -EINVAL);
		f[i] ^= 0x40;
	}
}

static void test_arp_claims(void)
{
	struct in_addr ip = ip_of("10.0.0.9").v4;
	struct vz_arp a;

	a = arp_of(ARPOP_REPLY, "10.0.0.9", "10.0.0.1");
	CHECK(vz_arp_claims(&a, ip));
	a = arp_of(ARPOP_REQUEST, "10.0.0.9", "10.0.0.1");
	CHECK(vz_arp_claims(&a, ip));
	a = arp_of(ARPOP_REQUEST, "0.0.0.0", "10.0.0.9");
	CHECK(vz_arp_claims(&a, ip));
	a = arp_of(ARPOP_REPLY, "0.0.0.0", "10.0.0.9");
	CHECK(!vz_arp_claims(&a, ip));
	a = arp_of(ARPOP_REQUEST, "10.0.0.1", "10.0.0.9"); /* only a question */
	CHECK(!vz_arp_claims(&a, ip));
}

static void fix_checksum(uint8_t *f, size_t n)
{
	uint32_t sum = (uint32_t)(n - 54) + IPPROTO_ICMPV6;

	f[56] = f[57] = 0;
	for (size_t i = 22; i < n; i++)
		sum += (uint32_t)f[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	f[56] = (uint8_t)(~sum >> 8);
	f[57] = (uint8_t)~sum;
}

static void test_nd_probe(void)
{
	struct vz_ip ip = ip_of("2001:db8::12:3456"), other = ip_of("2001:db8::13:3456");
	/* RFC 4861 4.3, by hand; the checksum by another program */
	static const uint8_t want[] = {
		0x33, 0x33, 0xff, 0x12, 0x34, 0x56, 2, 0, 0, 0, 0, 0x11, 0x86, 0xdd,
		0x60, 0, 0, 0, 0, 24, 58, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0x12, 0x34, 0x56,
		135, 0, 0xe4, 0x1e, 0, 0, 0, 0,
		0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0x56 };
	uint8_t f[VZ_ND_FRAME];
	struct vz_nd d = { 0 };
	size_t n = vz_nd_put_probe(f, mac, &ip.v6);

	CHECK_INT(n, sizeof(want));
	CHECK(!memcmp(f, want, n));
	CHECK_INT(vz_nd_parse(f, n, &d), 0);
	CHECK_INT(d.type, ND_NEIGHBOR_SOLICIT);
	CHECK(!d.has_mac);
	CHECK(!memcmp(d.from, mac, VZ_MAC));
	CHECK(vz_nd_claims(&d, &ip.v6));
	CHECK(!vz_nd_claims(&d, &other.v6));
	/* a question of somebody who has an address of his own claims nothing */
	f[22] = 0xfe;
	f[23] = 0x80;
	fix_checksum(f, n);
	CHECK_INT(vz_nd_parse(f, n, &d), 0);
	CHECK(!vz_nd_claims(&d, &ip.v6));
}

static void test_nd_advert(void)
{
	struct vz_ip ip = ip_of("2001:db8::1"), from = ip_of("fe80::1");
	uint8_t f[VZ_ND_FRAME + 16] = { 0 };
	struct vz_nd d = { 0 };
	size_t n = vz_nd_put_advert(f, mac, &from.v6, &ip.v6);

	CHECK_INT(n, VZ_ND_FRAME);
	CHECK_INT(f[54], ND_NEIGHBOR_ADVERT);
	CHECK_INT(f[58], 0x20); /* override, neither router nor solicited */
	CHECK_INT(vz_nd_parse(f, n, &d), 0);
	CHECK(d.has_mac && !memcmp(d.mac, mac, VZ_MAC));
	CHECK(!memcmp(&d.source, &from.v6, 16));
	CHECK(vz_nd_claims(&d, &ip.v6));
	CHECK_INT(vz_nd_parse(f, n + 7, &d), 0); /* Ethernet's padding */
	for (size_t i = 0; i < n; i++)
		CHECK_INT(vz_nd_parse(f, i, &d), -EINVAL);
}

/* refused AT VALUE: an advertisement with that byte, the checksum made right again */
static void refused(size_t at, uint8_t value)
{
	struct vz_ip ip = ip_of("2001:db8::1"), from = ip_of("fe80::1");
	uint8_t f[VZ_ND_FRAME];
	struct vz_nd d;
	size_t n = vz_nd_put_advert(f, mac, &from.v6, &ip.v6);

	f[at] = value;
	fix_checksum(f, n);
	if (vz_nd_parse(f, n, &d) != -EINVAL) {
		printf("byte %zu = %u was accepted\n", at, value);
		CHECK(false);
	}
}

static void test_nd_refused(void)
{
	struct vz_ip ip = ip_of("2001:db8::1");
	uint8_t f[VZ_ND_FRAME];
	struct vz_nd d;
	size_t n;

	refused(12, 8);      /* ethertype */
	refused(14, 0x40);   /* version */
	refused(19, 23);     /* length too small */
	refused(19, 33);     /* larger than the frame */
	refused(18, 1);
	refused(20, 17);     /* not ICMPv6 */
	refused(21, 254);    /* came through a router */
	refused(54, 134);    /* a router advertisement */
	refused(55, 1);      /* code */
	refused(58, 0x60);   /* solicited, but to all nodes */
	refused(62, 0xff);   /* target is a group */
	refused(79, 0);      /* option of length 0 */
	refused(79, 2);      /* option beyond the end */
	n = vz_nd_put_probe(f, mac, &ip.v6);
	f[57] ^= 1; /* checksum */
	CHECK_INT(vz_nd_parse(f, n, &d), -EINVAL);
	f[57] ^= 1;
	CHECK_INT(vz_nd_parse(f, n, &d), 0);
	f[53] ^= 1; /* not the group of its target */
	fix_checksum(f, n);
	CHECK_INT(vz_nd_parse(f, n, &d), -EINVAL);
}

/* A datagram pair runs the same filters as a packet socket, and needs no rights. */
static bool passes(const struct sock_fprog *p, const void *frame, size_t n)
{
	char byte;
	int pair[2];
	bool came;

	CHECK_INT(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	CHECK_INT(setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_FILTER, p, sizeof(*p)), 0);
	(void)!write(pair[0], frame, n);
	came = recv(pair[1], &byte, 1, MSG_DONTWAIT) == 1;
	close(pair[0]);
	close(pair[1]);
	return came;
}

static void test_filters(void)
{
	static const size_t sizes[] = { 1, 2, 63, 64, 65, 300 };
	struct sock_filter code[VZ_ARP_FILTER];
	struct sock_filter code6[VZ_ND_FILTER];
	struct sock_fprog p;
	struct vz_ip ip[600], foreign = ip_of("2001:db8::2:0");
	uint8_t f[VZ_ND_FRAME];
	char text[64];
	struct vz_arp a;
	size_t n;

	for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
		for (unsigned i = 0; i < sizes[s]; i++) {
			snprintf(text, sizeof(text), "10.1.%u.%u", i / 250, i % 250);
			ip[2 * i] = ip_of(text);
			snprintf(text, sizeof(text), "2001:db8::1:%x", i);
			ip[2 * i + 1] = ip_of(text);
		}
		vz_arp_filter(ip, 2 * sizes[s], code, &p);
		CHECK(p.len <= VZ_ARP_FILTER);
		for (size_t i = 0; i < sizes[s]; i++) {
			a = arp_of(ARPOP_REPLY, "10.0.0.1", "10.0.0.2");
			a.sender = ip[2 * i].v4;
			vz_arp_put(f, &a);
			CHECK(passes(&p, f, VZ_ARP_FRAME));
			a = arp_of(ARPOP_REQUEST, "0.0.0.0", "10.0.0.2");
			a.target = ip[2 * i].v4;
			vz_arp_put(f, &a);
			CHECK(passes(&p, f, VZ_ARP_FRAME));
		}
		if (sizes[s] <= VZ_ARP_FILTER_IPS) {
			a = arp_of(ARPOP_REQUEST, "10.0.0.1", "10.1.0.0");
			vz_arp_put(f, &a);
			CHECK(!passes(&p, f, VZ_ARP_FRAME));
			a = arp_of(ARPOP_REQUEST, "0.0.0.0", "10.0.0.2");
			vz_arp_put(f, &a);
			CHECK(!passes(&p, f, VZ_ARP_FRAME));
			CHECK(!passes(&p, f, 20));
		}
		vz_nd_filter(ip, 2 * sizes[s], code6, &p);
		CHECK(p.len <= VZ_ND_FILTER);
		for (size_t i = 0; i < sizes[s]; i++) {
			n = vz_nd_put_probe(f, mac, &ip[2 * i + 1].v6);
			CHECK(passes(&p, f, n));
			n = vz_nd_put_advert(f, mac, &ip[2 * i + 1].v6, &ip[2 * i + 1].v6);
			CHECK(passes(&p, f, n));
			f[54] = 134;
			CHECK(!passes(&p, f, n));
			f[54] = 136;
			f[20] = 17;
			CHECK(!passes(&p, f, n));
		}
		n = vz_nd_put_probe(f, mac, &foreign.v6);
		CHECK_INT(passes(&p, f, n), sizes[s] > VZ_ND_FILTER_IPS);
	}
}

static void test_close_later(void)
{
	int pair[2], fd[3] = { -EBADF, -EBADF, -EBADF }, other[2];
	struct pollfd p;
	char byte;

	vz_close_later(fd, 3); /* nothing to do */
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	CHECK_INT(pipe(other), 0);
	fd[0] = pair[1];
	fd[2] = dup(pair[1]);
	vz_close_later(fd, 3);
	CHECK_INT(fd[0], -EBADF);
	CHECK_INT(fd[2], -EBADF);
	/* the last one is closed by and by, and nothing else was kept */
	p = (struct pollfd){ .fd = pair[0], .events = POLLIN };
	CHECK_INT(poll(&p, 1, 10000), 1);
	CHECK_INT(read(pair[0], &byte, 1), 0);
	close(other[1]);
	CHECK_INT(read(other[0], &byte, 1), 0);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	close(other[0]);
	close(pair[0]);
}

int main(void)
{
	test_arp();
	test_arp_claims();
	test_nd_probe();
	test_nd_advert();
	test_nd_refused();
	test_filters();
	test_close_later();
	return done();
}
