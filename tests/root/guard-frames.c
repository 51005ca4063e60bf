// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The filter of the guard against a model of it: many frames, made by chance and on purpose, are
 * given to the program by BPF_PROG_TEST_RUN, and each must be passed or dropped as the model says.
 * The model is a second, plain reading of the rules; it looks at bytes only and shares nothing with
 * the program. Run inside a sealed world: guard-frames SEED COUNT IFINDEX... (see devices[]).
 */
#include "base/ip.h"
#include "base/own.h"
#include "guard/guard-internal.h"
#include "guard/guard.h"
#include "guard/meter.h"
#include "sys/bpf.h"
#include "sys/nl.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CTID 4242
#define MAX_FRAME 1600

typedef uint8_t byte;

/* One device for every way to be set up; indexes are given on the command line. */
static struct device {
	const char *what;
	struct vz_guard_dev d;
} devices[] = {
	{ "venet", { .l2 = false } },
	{ "veth, mac and ip", { .l2 = true, .mac_filter = true, .ip_filter = true } },
	{ "veth, mac", { .l2 = true, .mac_filter = true } },
	{ "veth, ip", { .l2 = true, .ip_filter = true } },
	{ "veth, none", { .l2 = true } },
	{ "veth, router, mac and ip",
	  { .l2 = true, .mac_filter = true, .ip_filter = true, .router = true } },
	{ "veth, router, none", { .l2 = true, .router = true } },
};
#define DEVICES ARRAY_LEN(devices)

static const byte own_mac[6] = { 0x00, 0x18, 0x51, 0x12, 0x34, 0x56 };
static const byte other_mac[6] = { 0x00, 0x18, 0x51, 0x12, 0x34, 0x57 };
static const char *const own_text[] = { "10.0.0.5", "192.0.2.77", "2001:db8::5", "fd00::1:5" };
static byte own4[2][4], own6[2][16];
/* fe80:: of own_mac, and the one that each device takes as its second */
static const char *const eui_text = "fe80::218:51ff:fe12:3456";
static const char *const second_text = "fe80::a1b2:c3d4:e5f6:1728";
static byte eui[16], second[16];

/* ---- the model ---- */

static unsigned be16(const byte *p)
{
	return (unsigned)(p[0] << 8 | p[1]);
}

static bool all_zero(const byte *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

static bool mine4(const byte *a)
{
	return !memcmp(a, own4[0], 4) || !memcmp(a, own4[1], 4);
}

static bool mine6(const struct vz_guard_dev *d, const byte *a)
{
	if (!memcmp(a, own6[0], 16) || !memcmp(a, own6[1], 16))
		return true;
	return d->l2 && (!memcmp(a, eui, 16) || !memcmp(a, second, 16));
}

/* An IP packet as its receiver sees it: `at` bytes of it to `end`. */
struct packet {
	const byte *p;
	size_t len;       /* by its own length field */
	int version;
	const byte *src, *dst;
	int proto;        /* of what is above, -1: cannot be known (later fragment) */
	const byte *above;
	size_t above_len;
	bool fragment;
};

static bool read4(const byte *p, size_t n, struct packet *k)
{
	size_t header;

	if (n < 20 || p[0] >> 4 != 4)
		return false;
	header = (size_t)(p[0] & 15) * 4;
	k->len = be16(p + 2);
	if (header < 20 || k->len < header || k->len > n)
		return false;
	k->version = 4;
	k->src = p + 12;
	k->dst = p + 16;
	k->fragment = be16(p + 6) & 0x3fff;
	k->proto = be16(p + 6) & 0x1fff ? -1 : p[9];
	k->above = p + header;
	k->above_len = k->len - header;
	return true;
}

static bool read6(const byte *p, size_t n, struct packet *k)
{
	size_t at = 40;
	int next, steps = 0;

	if (n < 40 || p[0] >> 4 != 6)
		return false;
	k->len = 40 + be16(p + 4);
	if (k->len > n)
		return false;
	k->version = 6;
	k->src = p + 8;
	k->dst = p + 24;
	next = p[6];
	while (next == 0 || next == 43 || next == 44 || next == 51 || next == 60) {
		if (++steps > 8 || at + 4 > k->len)
			return false;
		if (next == 44) {
			if (k->fragment)
				return false;
			k->fragment = true;
			if (be16(p + at + 2) >> 3) {
				k->proto = -1;
				return true;
			}
			next = p[at];
			at += 8;
		} else {
			size_t size = next == 51 ? 4u * (p[at + 1] + 2u) : 8u * (p[at + 1] + 1u);

			next = p[at];
			at += size;
		}
	}
	/* the eighth header may not be followed by yet another look */
	if (steps > 7)
		return false;
	k->proto = next;
	k->above = p + at;
	k->above_len = at < k->len ? k->len - at : 0;
	return true;
}

static bool nd_macs_are_own(const struct packet *k, int type)
{
	size_t at = type == 133 ? 8 : type == 134 ? 16 : type == 137 ? 40 : 24;

	for (int options = 0;; options++) {
		size_t size;

		if (at == k->above_len)
			return true;
		if (options == 16 || at + 8 > k->above_len || !k->above[at + 1])
			return false;
		size = 8u * k->above[at + 1];
		if (k->above[at] == 1 || (k->above[at] == 2 && type != 137))
			if (size != 8 || memcmp(k->above + at + 2, own_mac, 6))
				return false;
		at += size;
	}
}

static bool packet_may_pass(const struct vz_guard_dev *d, const struct packet *k)
{
	bool six = k->version == 6;
	int type = six && k->proto == 58 && k->above_len >= 8 ? k->above[0] : -1;
	bool is_nd = type >= 133 && type <= 137;
	unsigned sport = 0, dport = 0;
	bool no_source;

	if (k->proto == 17 && k->above_len < 8)
		return false;
	if (six && k->proto == 58 && type < 0)
		return false;
	if (k->proto == 17) {
		sport = be16(k->above);
		dport = be16(k->above + 2);
	}
	if (!d->l2) {
		if (!six)
			return mine4(k->src);
		return mine6(d, k->src) && !is_nd && type != 143 && !(type >= 130 && type <= 132);
	}
	if (!d->router) {
		if (!six && k->proto == 17 && (sport == 67 || dport == 68))
			return false;
		if (six && k->proto == 17 && (sport == 547 || dport == 546))
			return false;
		if (type == 134 || type == 137 || type == 130)
			return false;
	}
	if (is_nd && k->fragment)
		return false;
	if (is_nd && d->mac_filter && !nd_macs_are_own(k, type))
		return false;
	if (!d->ip_filter)
		return true;
	no_source = all_zero(k->src, six ? 16 : 4);
	if (!six && no_source)
		return k->proto == 17 && !k->fragment && sport == 68 && dport == 67 &&
		       be16(k->dst) == 0xffff && be16(k->dst + 2) == 0xffff;
	if (!six)
		return mine4(k->src);
	if (type == 136 || (type == 135 && no_source))
		if (k->above_len < 24 || !mine6(d, k->above + 8))
			return false;
	if (no_source)
		return type == 133 || type == 135 || type == 131 || type == 132 || type == 143;
	return mine6(d, k->src);
}

static bool arp_may_pass(const struct vz_guard_dev *d, const byte *p, size_t n)
{
	static const byte head[] = { 0, 1, 8, 0, 6, 4, 0 };

	if (!d->mac_filter && !d->ip_filter)
		return true;
	if (n < 28 || memcmp(p, head, sizeof(head)) || (p[7] != 1 && p[7] != 2))
		return false;
	if (d->mac_filter && memcmp(p + 8, own_mac, 6))
		return false;
	if (!d->ip_filter)
		return true;
	if (p[7] == 1 && all_zero(p + 14, 4))
		return mine4(p + 24);
	return mine4(p + 14);
}

static bool may_pass(const struct vz_guard_dev *d, const byte *f, size_t n)
{
	static const byte bpdu[] = { 0x01, 0x80, 0xc2, 0, 0 };
	struct packet k = { 0 };
	bool strict = d->mac_filter || d->ip_filter;
	unsigned type = be16(f + 12);
	size_t at = 14;
	int tags = 0;

	for (; tags < 2 && (type == 0x8100 || type == 0x88a8); tags++) {
		if (n < at + 4)
			return false;
		type = be16(f + at + 2);
		at += 4;
	}
	if (tags && (!d->l2 || strict))
		return false;
	if (d->l2) {
		if (f[6] & 1)
			return false;
		if (d->mac_filter && memcmp(f + 6, own_mac, 6))
			return false;
		if (!d->router && !memcmp(f, bpdu, 5) && f[5] < 0x10)
			return false;
		if (!d->router && (type == 0x8100 || type == 0x88a8))
			return false;
		if (type < 0x600 && (strict || !d->router))
			return false;
	}
	switch (type) {
	case 0x0800:
		return read4(f + at, n - at, &k) && packet_may_pass(d, &k);
	case 0x86dd:
		return read6(f + at, n - at, &k) && packet_may_pass(d, &k);
	case 0x0806:
		return d->l2 && arp_may_pass(d, f + at, n - at);
	}
	return d->l2 && !d->ip_filter;
}

/* ---- making frames ---- */

static uint64_t seed;

static unsigned roll(unsigned sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 16) % sides);
}

static bool once_in(unsigned n)
{
	return !roll(n);
}

struct frame {
	byte b[MAX_FRAME];
	size_t n;
};

static void put(struct frame *f, const void *p, size_t n)
{
	if (f->n + n > 1200)
		return;
	memcpy(f->b + f->n, p, n);
	f->n += n;
}

static void put8(struct frame *f, unsigned v)
{
	byte b = (byte)v;

	put(f, &b, 1);
}

static void put16(struct frame *f, unsigned v)
{
	byte b[] = { (byte)(v >> 8), (byte)v };

	put(f, b, 2);
}

static void put_noise(struct frame *f, size_t n)
{
	while (n--)
		put8(f, roll(256));
}

static void put_mac(struct frame *f)
{
	static const byte group[6] = { 0x01, 0x80, 0xc2, 0, 0, 0x0e };

	switch (roll(8)) {
	case 0:
		put(f, other_mac, 6);
		break;
	case 1:
		put(f, group, 6);
		break;
	default:
		put(f, own_mac, 6);
	}
}

static void put4(struct frame *f)
{
	static const byte some[][4] = { { 0 }, { 255, 255, 255, 255 }, { 10, 0, 0, 1 },
					{ 10, 0, 0, 4 }, { 224, 0, 0, 1 }, { 127, 0, 0, 1 } };

	if (roll(3))
		put(f, own4[roll(2)], 4);
	else
		put(f, some[roll(ARRAY_LEN(some))], 4);
}

static void put6(struct frame *f)
{
	static const char *const some[] = { "::", "::1", "2001:db8::6", "fe80::1", "ff02::1",
					    "fe80::218:51ff:fe12:3457", "::ffff:10.0.0.5",
					    "fe80:1::a1b2:c3d4:e5f6:1728", "ff02::1:ff00:5",
					    "fe80::a1b2:c3d4:e5f6:1729", "fec0::5" };
	byte a[16];

	switch (roll(6)) {
	case 0:
	case 1:
		put(f, own6[roll(2)], 16);
		break;
	case 2:
		put(f, eui, 16);
		break;
	case 3:
		put(f, second, 16);
		break;
	default:
		inet_pton(AF_INET6, some[roll(ARRAY_LEN(some))], a);
		put(f, a, 16);
	}
}

static unsigned some_port(void)
{
	static const unsigned ports[] = { 67, 68, 546, 547, 53, 80, 5353, 40000 };

	return ports[roll(ARRAY_LEN(ports))];
}

static void put_udp(struct frame *f)
{
	put16(f, some_port());
	put16(f, some_port());
	put16(f, 20);
	put16(f, 0);
	put_noise(f, 12);
}

static void put_options(struct frame *f)
{
	unsigned n = once_in(20) ? 14 + roll(6) : roll(4);

	while (n--) {
		unsigned type = once_in(2) ? 1 + roll(2) : roll(30);
		unsigned size = once_in(30) ? 0 : once_in(6) ? 2 : 1;

		put8(f, type);
		put8(f, size);
		if (type <= 2)
			put(f, once_in(5) ? other_mac : own_mac, 6);
		else
			put_noise(f, 6);
		if (size == 2)
			put_noise(f, 8);
	}
}

static void put_icmp6(struct frame *f)
{
	static const byte types[] = { 128, 129, 130, 131, 132, 133, 134, 135, 135, 136, 136, 137, 143 };
	byte type = types[roll(ARRAY_LEN(types))];

	put8(f, type);
	put8(f, 0);
	put_noise(f, 6);
	if (type == 134)
		put_noise(f, 8);
	if (type >= 135 && type <= 137)
		put6(f);
	if (type == 137)
		put6(f);
	if (type >= 133 && type <= 137)
		put_options(f);
}

static void put_above(struct frame *f, int proto)
{
	if (proto == 17)
		put_udp(f);
	else if (proto == 58)
		put_icmp6(f);
	else
		put_noise(f, 20 + roll(30));
}

static void make4(struct frame *f)
{
	static const byte protos[] = { 17, 17, 17, 6, 1, 2, 58 };
	byte proto = protos[roll(ARRAY_LEN(protos))];
	size_t at = f->n;
	unsigned words = once_in(4) ? roll(16) : 5;

	put8(f, (once_in(40) ? roll(16) : 4) << 4 | words);
	put8(f, 0);
	put16(f, 0); /* length, below */
	put16(f, 1);
	put16(f, once_in(4) ? roll(0x4000) & (once_in(2) ? 0x2003 : 0x3fff) : once_in(2) ? 0x4000 : 0);
	put8(f, 64);
	put8(f, proto);
	put16(f, 0);
	put4(f);
	put4(f);
	if (words > 5)
		put_noise(f, (words - 5) * 4);
	put_above(f, proto);
	f->b[at + 2] = (byte)((f->n - at) >> 8);
	f->b[at + 3] = (byte)(f->n - at);
}

/* Returns where the "next header" byte of the last header is. */
static size_t put_extensions(struct frame *f, size_t next_at)
{
	static const byte kinds[] = { 0, 43, 60, 51, 44, 60 };
	unsigned n = once_in(3) ? (once_in(8) ? 6 + roll(5) : 1 + roll(3)) : 0;

	while (n--) {
		byte kind = kinds[roll(ARRAY_LEN(kinds))];
		unsigned words = kind == 44 ? roll(256) : once_in(10) ? roll(4) : kind == 51 ? 1 : 0;

		f->b[next_at] = kind;
		next_at = f->n;
		put8(f, 59);
		put8(f, words);
		if (kind == 44) {
			put16(f, once_in(3) ? roll(65536) : roll(8));
			put_noise(f, 4);
		} else if (kind == 51) {
			put_noise(f, (words + 2) * 4 - 2);
		} else {
			put_noise(f, (words + 1) * 8 - 2);
		}
	}
	return next_at;
}

static void make6(struct frame *f)
{
	static const byte protos[] = { 58, 58, 58, 17, 17, 6, 59, 50 };
	byte proto = protos[roll(ARRAY_LEN(protos))];
	size_t at = f->n, next_at;

	put8(f, (once_in(40) ? roll(16) : 6) << 4);
	put_noise(f, 3);
	put16(f, 0); /* length, below */
	put8(f, 59);
	put8(f, 255);
	put6(f);
	put6(f);
	next_at = put_extensions(f, at + 6);
	f->b[next_at] = proto;
	put_above(f, proto);
	f->b[at + 4] = (byte)((f->n - at - 40) >> 8);
	f->b[at + 5] = (byte)(f->n - at - 40);
}

static void make_arp(struct frame *f)
{
	static const byte head[] = { 0, 1, 8, 0, 6, 4, 0 };

	put(f, head, sizeof(head));
	put8(f, once_in(10) ? roll(10) : 1 + roll(2));
	put_mac(f);
	put4(f);
	put_mac(f);
	put4(f);
}

/* What a VPS might do to a frame that is nearly right. */
static void spoil(struct frame *f)
{
	if (once_in(8) && f->n < 1200)
		put_noise(f, 1 + roll(40)); /* bytes behind the packet */
	if (once_in(10))
		f->b[14 + roll((unsigned)f->n - 14)] ^= (byte)(1u << roll(8));
	if (once_in(10) && f->n > 24)
		f->b[14 + roll(10)] = (byte)roll(256); /* lengths, versions, protocols */
	if (once_in(8))
		f->n = 15 + roll((unsigned)f->n - 14);
}

static void make(struct frame *f)
{
	static const unsigned types[] = { 0x0800, 0x0800, 0x0800, 0x86dd, 0x86dd, 0x86dd, 0x86dd,
					  0x0806, 0x0806, 0x8035, 0x88cc, 0x0026, 0x8847 };
	unsigned type = types[roll(ARRAY_LEN(types))];

	f->n = 0;
	put_mac(f);
	put_mac(f);
	if (once_in(8))
		for (unsigned tags = 1 + roll(3); tags; tags--) {
			put16(f, once_in(2) ? 0x8100 : 0x88a8);
			put16(f, roll(4096));
		}
	put16(f, type);
	if (type == 0x0800)
		make4(f);
	else if (type == 0x86dd)
		make6(f);
	else if (type == 0x0806)
		make_arp(f);
	else
		put_noise(f, 46);
	spoil(f);
}

/* ---- trying them ---- */

static int prog_from, prog_to;
static unsigned long tried, passed;

/* Newer kernels try no frame whose IP header is cut short; 80-guard sends such over a wire. */
static bool can_be_tried(const struct frame *f)
{
	unsigned type = be16(f->b + 12);

	return f->n >= 14u + (type == 0x0800 ? 20 : type == 0x86dd ? 40 : 1);
}

/* What the program says of a frame on the device: 2 is "drop". */
static int run_program(int prog, const struct frame *f, int ifindex, unsigned gso_size)
{
	struct __sk_buff ctx = { .ifindex = (uint32_t)ifindex, .gso_size = gso_size };
	union bpf_attr a;
	int r;

	memset(&a, 0, sizeof(a));
	a.test.prog_fd = (uint32_t)prog;
	a.test.data_in = (uint64_t)(uintptr_t)f->b;
	a.test.data_size_in = (uint32_t)f->n;
	a.test.ctx_in = (uint64_t)(uintptr_t)&ctx;
	a.test.ctx_size_in = sizeof(ctx);
	r = vz_bpf(BPF_PROG_TEST_RUN, &a);
	if (r < 0) {
		printf("the kernel cannot try a frame of %zu bytes: %s\n", f->n, strerror(-r));
		exit(1);
	}
	return (int)a.test.retval;
}

static void show(const struct frame *f)
{
	for (size_t i = 0; i < f->n; i++)
		printf("%02x%s", f->b[i], i % 16 == 15 ? "\n" : " ");
	printf("\n");
}

static void try_on(const struct device *dev, const struct frame *f)
{
	bool want, got;

	if (!can_be_tried(f))
		return;
	want = may_pass(&dev->d, f->b, f->n);
	got = run_program(prog_from, f, dev->d.ifindex, 0) != 2;
	tried++;
	passed += got;
	if (want == got)
		return;
	printf("%s: %s, and the model says otherwise; frame of %zu bytes:\n", dev->what,
	       got ? "passed" : "dropped", f->n);
	show(f);
	exit(1);
}

/* Every shorter frame as well, on every device. */
static void try_cut(const struct frame *f)
{
	struct frame cut = *f;

	for (; cut.n > 14; cut.n--)
		for (size_t i = 0; i < DEVICES; i++)
			try_on(&devices[i], &cut);
}

static void try_many(unsigned long count)
{
	struct frame f;

	for (unsigned long i = 0; i < count; i++) {
		make(&f);
		for (size_t k = 0; k < DEVICES; k++)
			try_on(&devices[k], &f);
		if (i % 100 == 0)
			try_cut(&f);
	}
}

/* Duplicate address detection for an address, as a host begins it. */
static bool claims(const struct device *dev, const char *target)
{
	static const byte head[] = { 0x60, 0, 0, 0, 0, 24, 58, 255 };
	struct frame f = { .n = 0 };
	byte a[16];

	put(&f, other_mac, 6);
	put(&f, own_mac, 6);
	put16(&f, 0x86dd);
	put(&f, head, sizeof(head));
	inet_pton(AF_INET6, "::", a);
	put(&f, a, 16);
	inet_pton(AF_INET6, "ff02::1:ff00:5", a);
	put(&f, a, 16);
	put8(&f, 135);
	put8(&f, 0);
	put_noise(&f, 6);
	inet_pton(AF_INET6, target, a);
	put(&f, a, 16);
	return run_program(prog_from, &f, dev->d.ifindex, 0) != 2;
}

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	printf("not true: %s\n", what);
	exit(1);
}

static void try_link_locals(const struct device *dev)
{
	check(claims(dev, eui_text), "the EUI-64 of the MAC may be claimed");
	check(!claims(dev, "fe80::1"), "a small link-local address may not");
	check(!claims(dev, "fe80::218:51ff:fe12:3457"), "nor the EUI-64 of another MAC");
	check(!claims(dev, "fe80:0:0:1:a1b2:c3d4:e5f6:1728"), "nor one outside fe80::/64");
	check(claims(dev, second_text), "the first random one may");
	check(!claims(dev, "fe80::a1b2:c3d4:e5f6:1729"), "a second random one may not");
	check(claims(dev, second_text), "the first one may again");
}

/* ---- counting ---- */

struct sample {
	unsigned type, proto; /* Ethernet's and IP's */
	size_t headers, data;
	unsigned gso;
	uint64_t bytes, packets;
};

static void make_sample(struct frame *f, const struct sample *s, bool out)
{
	size_t ip = s->type == 0x0800 ? 20 : 40, len = s->headers + s->data;

	memset(f, 0, sizeof(*f));
	f->n = 14 + len;
	memcpy(f->b + 6, own_mac, 6);
	f->b[12] = (byte)(s->type >> 8);
	f->b[13] = (byte)s->type;
	if (s->type == 0x0800) {
		f->b[14] = 0x45;
		f->b[16] = (byte)(len >> 8);
		f->b[17] = (byte)len;
		f->b[23] = (byte)s->proto;
		memcpy(f->b + (out ? 26 : 30), own4[0], 4);
		f->b[out ? 30 : 26] = 198;
	} else {
		f->b[14] = 0x60;
		f->b[18] = (byte)((len - 40) >> 8);
		f->b[19] = (byte)(len - 40);
		f->b[20] = (byte)s->proto;
		memcpy(f->b + (out ? 22 : 38), own6[0], 16);
		f->b[out ? 38 : 22] = 0x20;
	}
	if (s->proto == 6)
		f->b[14 + ip + 12] = (byte)((s->headers - ip) / 4 << 4);
}

static void try_counting(const struct device *dev)
{
	static const struct sample samples[] = {
		{ 0x0800, 17, 28, 100, 0, 128, 1 },
		{ 0x0800, 6, 40, 0, 0, 40, 1 },
		{ 0x0800, 6, 52, 1400, 500, 1452 + 2 * 52, 3 },
		{ 0x0800, 6, 52, 1000, 500, 1052 + 52, 2 },
		{ 0x86dd, 6, 72, 1400, 500, 1472 + 2 * 72, 3 },
		{ 0x86dd, 17, 48, 1300, 600, 1348 + 2 * 48, 3 },
	};

	for (size_t i = 0; i < ARRAY_LEN(samples); i++)
		for (int out = 0; out < 2; out++) {
			const struct sample *s = &samples[i];
			struct vz_counters before, after;
			struct vz_count a, b;
			struct frame f;
			int family = s->type == 0x0800 ? VZ_V4 : VZ_V6, dir = out ? VZ_OUT : VZ_IN;
			uint32_t key = CTID;
			autoclose int map = vz_guard_map(VZ_MAP_COUNTERS, NULL);

			make_sample(&f, s, out);
			check(!vz_bpf_lookup(map, &key, &before), "there are counters");
			run_program(out ? prog_from : prog_to, &f, dev->d.ifindex, s->gso);
			check(!vz_bpf_lookup(map, &key, &after), "there are counters");
			a = before.traffic[1][family][dir];
			b = after.traffic[1][family][dir];
			if (b.bytes - a.bytes == s->bytes && b.packets - a.packets == s->packets)
				continue;
			printf("sample %zu %s counts %llu bytes, %llu packets\n", i,
			       out ? "out" : "in", (unsigned long long)(b.bytes - a.bytes),
			       (unsigned long long)(b.packets - a.packets));
			exit(1);
		}
}

/* ---- the stage ---- */

static int set_up(char **index, struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(0, VZ_NL_HERE, e);
	struct vz_ip ip[ARRAY_LEN(own_text)];
	int r = rtnl;

	for (size_t i = 0; i < ARRAY_LEN(own_text); i++)
		check(!vz_ip_parse(own_text[i], &ip[i]), "an address");
	memcpy(own4, (byte[2][4]){ { 10, 0, 0, 5 }, { 192, 0, 2, 77 } }, sizeof(own4));
	memcpy(own6[0], ip[2].bytes, 16);
	memcpy(own6[1], ip[3].bytes, 16);
	inet_pton(AF_INET6, eui_text, eui);
	inet_pton(AF_INET6, second_text, second);
	for (size_t i = 0; i < DEVICES && r >= 0; i++) {
		struct vz_guard_dev *d = &devices[i].d;

		d->ifindex = (int)strtol(index[i], NULL, 10);
		d->ctid = CTID;
		memcpy(d->mac, own_mac, 6);
		r = vz_guard_attach(rtnl, d, e);
		if (r >= 0)
			r = vz_guard_addr_add(d->ifindex, ip, ARRAY_LEN(ip), e);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct vz_err e = { 0 };
	struct timespec a, b;

	if (argc != 3 + (int)DEVICES) {
		printf("usage: guard-frames SEED COUNT IFINDEX... (%zu)\n", DEVICES);
		return 2;
	}
	seed = strtoull(argv[1], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
	if (set_up(argv + 3, &e) < 0) {
		printf("%s\n", e.msg);
		return 1;
	}
	prog_from = vz_bpf_open(VZ_GUARD_PROGS_DIR "/vz_from");
	prog_to = vz_bpf_open(VZ_GUARD_PROGS_DIR "/vz_to");
	check(prog_from >= 0 && prog_to >= 0, "the programs can be opened");
	for (size_t i = 0; i < DEVICES; i++)
		if (devices[i].d.ip_filter && devices[i].d.l2)
			try_link_locals(&devices[i]);
	try_counting(&devices[0]);
	clock_gettime(CLOCK_MONOTONIC, &a);
	try_many(strtoul(argv[2], NULL, 10));
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%lu frames tried, %lu of them passed, in %.1f s\n", tried, passed,
	       (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
	check(passed > tried / 20 && passed < tried - tried / 20, "both kinds were among them");
	return 0;
}
