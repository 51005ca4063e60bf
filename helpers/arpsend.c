// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * arpsend: ARP requests and replies by hand (INTERFACE 8.4). Options, exit codes and messages are
 * those of the old tool; an IPv6 address turns it into ndsend, or into nothing.
 */
#include "helpers/nettools.h"
#include "base/context.h"
#include "base/ip.h"
#include "base/num.h"
#include "base/own.h"
#include "base/process.h"
#include "net/arp.h"
#include "net/wire.h"
#include "sys/clock.h"
#include "sys/close-later.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <linux/if_ether.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGETS_MAX 1024
#define SECONDS_MAX 1000000

struct mac {
	bool given;
	uint8_t b[VZ_MAC];
};

struct request {
	int what;       /* 'U', 'D', 'Q', 'P' */
	uint32_t count; /* 0: for ever */
	uint32_t seconds;
	struct mac src, dst, arp_src, arp_dst;
	bool has_sender;
	struct in_addr sender;
	const char *ip6;
	struct vz_ip target[TARGETS_MAX];
	size_t targets;
	bool at_once, verbose;
	const char *device;
};

struct answers {
	size_t n;
	bool enough;
};

static void usage(FILE *out)
{
	fprintf(out,
		"Usage: arpsend -U -i ADDRESS [OPTION]... DEVICE\n"
		"       arpsend -D -e ADDRESS [-e ADDRESS]... [OPTION]... DEVICE\n"
		"\n"
		"  -U, --update         announce the address of -i\n"
		"  -D, --detect         look whether another computer has an address of -e\n"
		"  -Q, --request        ask who has an address of -e\n"
		"  -P, --reply          send replies\n"
		"  -c, --count N        send N times; default: without end\n"
		"  -w, --timeout SEC    wait so long after each time; default 1; 0: without end\n"
		"  -i, --src-ip IP      sender's address; default: that of DEVICE\n"
		"  -e, --trg-ip IP      target's address, up to %d times\n"
		"  -s, --src-hw MAC     sender in the Ethernet header\n"
		"  -t, --trg-hw MAC     receiver in the Ethernet header; \"broadcast\" is the default\n"
		"  -S, --src-arp MAC    sender in the ARP message\n"
		"  -T, --trg-arp MAC    target in the ARP message\n"
		"  -o, --at-once        end with the first answer\n"
		"  -v                   say what is sent and received\n"
		"  -h, --help           this text\n",
		TARGETS_MAX);
}

/* "02:00:00:00:00:01", also without colons, or "broadcast" */
static int read_mac(const char *s, struct mac *ret)
{
	struct mac m = { .given = true };
	uint64_t byte;

	if (!strcmp(s, "broadcast")) {
		memset(m.b, 0xff, VZ_MAC);
		*ret = m;
		return 0;
	}
	for (size_t i = 0; i < VZ_MAC; i++) {
		char two[3] = { s[0], s[0] ? s[1] : 0, 0 };

		if (strlen(two) != 2 || vz_num_base(two, 16, 255, &byte) < 0)
			return -EINVAL;
		m.b[i] = (uint8_t)byte;
		s += 2;
		if (*s == ':' && i + 1 < VZ_MAC)
			s++;
	}
	if (*s)
		return -EINVAL;
	*ret = m;
	return 0;
}

static int read_ip4(const char *s, struct vz_ip *ret)
{
	struct vz_ip ip;

	if (vz_ip_parse(s, &ip) < 0 || ip.family != AF_INET || ip.masked)
		return -EINVAL;
	*ret = ip;
	return 0;
}

static int read_address(struct request *q, int option, const char *text)
{
	struct vz_ip ip;

	if (strchr(text, ':')) {
		q->ip6 = text;
		q->has_sender |= option == 'i';
		return 0;
	}
	if (option == 'e')
		return q->targets < TARGETS_MAX ? read_ip4(text, &q->target[q->targets++]) : -E2BIG;
	if (read_ip4(text, &ip) < 0)
		return -EINVAL;
	q->sender = ip.v4;
	q->has_sender = true;
	return 0;
}

static int read_option(struct request *q, int option, const char *text)
{
	switch (option) {
	case 'U': case 'D': case 'Q': case 'P':
		if (q->what)
			return -EINVAL;
		q->what = option;
		return 0;
	case 'c':
		return vz_num_u32(text, INT32_MAX, &q->count) < 0 || !q->count ? -EINVAL : 0;
	case 'w':
		return vz_num_u32(text, SECONDS_MAX, &q->seconds);
	case 's':
		return read_mac(text, &q->src);
	case 't':
		return read_mac(text, &q->dst);
	case 'S':
		return read_mac(text, &q->arp_src);
	case 'T':
		return read_mac(text, &q->arp_dst);
	case 'i': case 'e':
		return read_address(q, option, text);
	case 'o':
		q->at_once = true;
		return 0;
	case 'v':
		q->verbose = true;
		return 0;
	}
	return -EINVAL;
}

/* The arguments behind the options, and what belongs together; says what is wrong. */
static int read_rest(int argc, char **argv, struct request *q)
{
	const char *lacks = !q->what ? "one of -U, -D, -Q and -P" :
			    q->what == 'U' && !q->has_sender ? "an address (-i)" :
			    q->what == 'D' && !q->targets && !q->ip6 ? "an address (-e)" :
			    !argc ? "a device" : NULL;

	if (lacks)
		tool_failed("needs %s", lacks);
	else if (argc > 1)
		tool_failed("takes one device, and not %s", argv[1]);
	if (lacks || argc > 1)
		return -EINVAL;
	q->device = argv[0];
	if (q->what == 'D' && q->targets <= 1)
		q->at_once = true;
	return 0;
}

/* 1: help was asked for. */
static int read_options(int argc, char **argv, struct request *q)
{
	static const struct option words[] = {
		{ "update", 0, NULL, 'U' },  { "detect", 0, NULL, 'D' },  { "request", 0, NULL, 'Q' },
		{ "reply", 0, NULL, 'P' },   { "count", 1, NULL, 'c' },   { "timeout", 1, NULL, 'w' },
		{ "src-hw", 1, NULL, 's' },  { "trg-hw", 1, NULL, 't' },  { "src-arp", 1, NULL, 'S' },
		{ "trg-arp", 1, NULL, 'T' }, { "src-ip", 1, NULL, 'i' },  { "trg-ip", 1, NULL, 'e' },
		{ "at-once", 0, NULL, 'o' }, { "help", 0, NULL, 'h' },    { 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "UDQPc:w:s:t:S:T:i:e:ovh", words, NULL)) != -1) {
		if (c == 'h')
			return 1;
		if (c == '?') /* getopt has named it */
			return -EINVAL;
		if (read_option(q, c, optarg) >= 0)
			continue;
		if (optarg)
			tool_failed("bad value of -%c: %s", c, optarg);
		else
			tool_failed("-%c and -%c exclude each other", q->what, c);
		return -EINVAL;
	}
	return read_rest(argc - optind, argv + optind, q);
}

static int find_device(struct request *q, struct vz_wire_dev *ret)
{
	int r = vz_wire_dev_get(0, q->device, ret);

	if (r < 0)
		return tool_failed("unknown iface %s : %s", q->device, strerror(-r));
	if (!(ret->flags & IFF_UP))
		return tool_failed("iface '%s' is down", q->device);
	if (ret->flags & (IFF_NOARP | IFF_LOOPBACK) || !ret->ethernet)
		return tool_failed("iface '%s' is not ARPable", q->device);
	if (ret->flags & IFF_SLAVE)
		return tool_failed("iface '%s' is slave", q->device);
	if (!q->targets) {
		q->target[0] = (struct vz_ip){ .family = AF_INET, .v4 = ret->ip4 };
		q->targets = 1;
	}
	return TOOL_OK;
}

static const char *mac_text(const uint8_t *m, char buf[static 18])
{
	snprintf(buf, 18, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	return buf;
}

static void show(const struct request *q, const char *what, const struct vz_arp *a)
{
	char mac[4][18], ip[2][INET_ADDRSTRLEN];

	if (!q->verbose)
		return;
	inet_ntop(AF_INET, &a->sender, ip[0], sizeof(ip[0]));
	inet_ntop(AF_INET, &a->target, ip[1], sizeof(ip[1]));
	fprintf(stderr, "arpsend: %s eth '%s' -> eth '%s'; arp sndr '%s' '%s'; %s; arp recipient '%s' '%s'\n",
		what, mac_text(a->from, mac[0]), mac_text(a->to, mac[1]),
		mac_text(a->sender_mac, mac[2]), ip[0], a->op == ARPOP_REPLY ? "reply" : "request",
		mac_text(a->target_mac, mac[3]), ip[1]);
}

static struct vz_arp frame_of(const struct request *q, const struct vz_wire_dev *dev)
{
	struct vz_arp a = {
		.op = q->what == 'P' ? ARPOP_REPLY : ARPOP_REQUEST,
		.sender = q->has_sender ? q->sender : dev->ip4,
	};

	memset(a.to, 0xff, VZ_MAC);
	if (q->dst.given)
		memcpy(a.to, q->dst.b, VZ_MAC);
	memcpy(a.from, q->src.given ? q->src.b : dev->mac, VZ_MAC);
	memcpy(a.target_mac, q->arp_dst.given ? q->arp_dst.b : a.to, VZ_MAC);
	memcpy(a.sender_mac, q->arp_src.given ? q->arp_src.b : a.from, VZ_MAC);
	return a;
}

static int send_all(const struct request *q, const struct vz_wire_dev *dev, int sock)
{
	struct vz_arp a = frame_of(q, dev);
	struct vz_wire_frame f = { .ifindex = dev->ifindex, .len = VZ_ARP_FRAME };
	struct pollfd p = { .fd = sock, .events = POLLOUT };

	for (size_t i = 0; i < q->targets; i++) {
		int r, tries = 0;

		a.target = q->target[i].v4;
		vz_arp_put(f.data, &a);
		show(q, "send packet:", &a);
		while (!(r = vz_wire_send(sock, &f, 1)) && tries++ < 100)
			poll(&p, 1, 10);
		if (r <= 0)
			return tool_failed("sendto : %s", strerror(r ? -r : ENOBUFS));
	}
	return TOOL_OK;
}

/* As the old tool: whoever sends from an asked address has it, whatever he says. */
static void look_at(const struct request *q, const struct vz_arp *a, struct answers *got)
{
	char ip[VZ_IP_TEXT], mac[18];

	show(q, "recv packet", a);
	for (size_t i = 0; i < q->targets && !got->enough; i++) {
		if (a->sender.s_addr != q->target[i].v4.s_addr)
			continue;
		fprintf(stderr, "arpsend: %s is detected on another computer : %s\n",
			vz_ip_text(&q->target[i], ip), mac_text(a->sender_mac, mac));
		got->n++;
		got->enough = q->at_once;
	}
}

static void listen_for(const struct request *q, const struct vz_wire_dev *dev, int sock,
		       struct answers *got)
{
	int64_t end = q->seconds ? vz_now_ms() + (int64_t)q->seconds * 1000 : INT64_MAX;
	struct pollfd p = { .fd = sock, .events = POLLIN };
	uint8_t frame[2048];
	struct vz_arp a;
	int ifindex;

	do {
		if (poll(&p, 1, vz_poll_ms(end)) <= 0)
			continue;
		for (int i = 0; i < 64 && !got->enough; i++) {
			int n = vz_wire_receive(sock, frame, sizeof(frame), &ifindex);

			if (n < 0)
				break;
			if (ifindex == dev->ifindex && !vz_arp_parse(frame, (size_t)n, &a) &&
			    memcmp(a.sender_mac, dev->mac, VZ_MAC))
				look_at(q, &a, got);
		}
	} while (!got->enough && vz_poll_ms(end));
}

static int run_request(struct request *q)
{
	struct sock_filter code[VZ_ARP_FILTER];
	struct sock_fprog filter;
	struct vz_wire_dev dev;
	struct answers got = { 0 };
	autoclose_later int sock = -EBADF;
	int r = find_device(q, &dev);

	if (r)
		return r;
	vz_arp_filter(q->target, q->targets, code, &filter);
	sock = vz_wire_open(ETH_P_ARP, &filter);
	if (sock < 0)
		return tool_failed("socket : %s", strerror(-sock));
	for (uint32_t i = 0; !got.enough && (!q->count || i < q->count); i++) {
		r = send_all(q, &dev, sock);
		if (r)
			return r;
		/* who tells does not wait after his last word */
		if (q->what == 'D' || q->what == 'Q' || i + 1 != q->count)
			listen_for(q, &dev, sock, &got);
	}
	if (q->what == 'Q')
		return got.n ? TOOL_OK : TOOL_SILENCE;
	return got.n && q->what != 'P' ? TOOL_ANSWERED : TOOL_OK;
}

static int arpsend(int argc, char **argv)
{
	autofree struct request *q = calloc(1, sizeof(*q));
	int r;

	if (!q)
		return tool_failed("out of memory");
	q->seconds = 1;
	r = read_options(argc, argv, q);
	if (r) {
		usage(r < 0 ? stderr : stdout);
		return r < 0 ? TOOL_USAGE : TOOL_OK;
	}
	if (q->ip6)
		return q->what == 'U' ? tool_announce6(q->ip6, q->device) : TOOL_OK;
	return run_request(q);
}

int main(int argc, char **argv)
{
	struct vz_context context;

	vz_process_stdio();
	vz_process_context(&context, "arpsend");
	return vz_process_end(arpsend(argc, argv), TOOL_SYSTEM);
}
