// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * net/dad.h by hand, for the tests:
 *
 *	dadprobe find MS DEV[,DEV...] IP...     asks; prints "asked", then "IP DEV MAC" for each taken
 *	dadprobe announce DEV[,DEV...] IP...
 *	dadprobe time N4 N6 DEV[,DEV...]        microseconds of each call for so many addresses
 *	dadprobe raw DEV HEX...                 sends frames as they are
 *	dadprobe close N                        microseconds of closing a packet socket, N times
 */
#include "base/own.h"
#include "net/dad.h"
#include "net/wire.h"
#include "sys/close-later.h"

#include <linux/if_ether.h>
#include <string.h>
#include <time.h>

#define MAX 4096

static struct vz_ip ips[MAX];
static int devs[64];

static int die(const char *what)
{
	fprintf(stderr, "dadprobe: %s\n", what);
	exit(2);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static size_t read_devs(char *list)
{
	size_t n = 0;
	char *name;

	while ((name = strsep(&list, ",")) && n < ARRAY_LEN(devs)) {
		devs[n] = (int)if_nametoindex(name);
		if (!devs[n++])
			die("no such device");
	}
	return n;
}

static size_t read_ips(char **text)
{
	size_t n = 0;

	for (; *text; text++)
		if (n == MAX || vz_ip_parse(*text, &ips[n++]) < 0)
			die("bad address");
	return n;
}

static int find(int ms, const struct vz_dad_ask *q)
{
	const struct vz_dad_found *f;
	struct vz_err e = { 0 };
	autodad *d = NULL;
	int n;

	if (vz_dad_begin(q, &d, &e) < 0)
		return die(e.msg);
	puts("asked");
	fflush(stdout);
	n = vz_dad_finish(d, ms, &f, &e);
	if (n < 0)
		return die(e.msg);
	for (int i = 0; i < n; i++) {
		const uint8_t *m = f[i].mac;
		char name[IF_NAMESIZE], ip[VZ_IP_TEXT];

		printf("%s %s %02x:%02x:%02x:%02x:%02x:%02x\n", vz_ip_text(&f[i].ip, ip),
		       if_indextoname((unsigned)f[i].ifindex, name), m[0], m[1], m[2], m[3], m[4], m[5]);
	}
	return 0;
}

static void times(unsigned n4, unsigned n6, struct vz_dad_ask *q)
{
	const struct vz_dad_found *f;
	struct vz_err e = { 0 };
	struct vz_dad *d = NULL;
	char text[64];
	double t[5];
	int n;

	for (unsigned i = 0; i < n4 + n6 && i < MAX; i++, q->nip++) {
		if (i < n4)
			snprintf(text, sizeof(text), "10.77.%u.%u", i / 250, i % 250 + 1);
		else
			snprintf(text, sizeof(text), "2001:db8:77::%x", i + 1);
		vz_ip_parse(text, &ips[i]);
	}
	t[0] = now_us();
	if (vz_dad_begin(q, &d, &e) < 0)
		die(e.msg);
	t[1] = now_us();
	n = vz_dad_finish(d, 0, &f, &e);
	t[2] = now_us();
	if (n < 0 || vz_dad_announce(d, &e) < 0)
		die(e.msg);
	t[3] = now_us();
	vz_dad_free(d);
	t[4] = now_us();
	printf("%zu devices %u+%u addresses: begin %.0f finish %.0f announce %.0f free %.0f us, %d taken\n",
	       q->ndev, n4, n6, t[1] - t[0], t[2] - t[1], t[3] - t[2], t[4] - t[3], n);
}

/* Longer than what the product sends, and not checked at all. */
static int raw(int ifindex, char **hex)
{
	int sock = vz_wire_open(0, NULL);

	for (; *hex; hex++) {
		struct vz_wire_frame f = { .ifindex = ifindex };
		unsigned byte;

		for (const char *p = *hex; sscanf(p, "%2x", &byte) == 1 && f.len < VZ_WIRE_FRAME; p += 2)
			f.data[f.len++] = (uint8_t)byte;
		if (vz_wire_send(sock, &f, 1) != 1)
			return die("not sent");
	}
	return 0;
}

static void closes(int n)
{
	double now = 0, later = 0, t;

	for (int i = 0; i < n; i++) {
		int fd = vz_wire_open(ETH_P_ARP, NULL);

		t = now_us();
		close(fd);
		now += now_us() - t;
		fd = vz_wire_open(ETH_P_ARP, NULL);
		t = now_us();
		vz_close_later(&fd, 1);
		later += now_us() - t;
	}
	printf("close: %.0f us, later: %.0f us\n", now / n, later / n);
}

int main(int argc, char **argv)
{
	struct vz_dad_ask q = { .ifindex = devs, .ip = ips };
	struct vz_err e = { 0 };

	if (argc > 4 && !strcmp(argv[1], "find")) {
		q.ndev = read_devs(argv[3]);
		q.nip = read_ips(argv + 4);
		return find((int)strtol(argv[2], NULL, 10), &q);
	}
	if (argc > 3 && !strcmp(argv[1], "announce")) {
		q.ndev = read_devs(argv[2]);
		q.nip = read_ips(argv + 3);
		return vz_announce(&q, &e) < 0 ? die(e.msg) : 0;
	}
	if (argc == 5 && !strcmp(argv[1], "time")) {
		q.ndev = read_devs(argv[4]);
		times((unsigned)strtoul(argv[2], NULL, 10), (unsigned)strtoul(argv[3], NULL, 10), &q);
		return 0;
	}
	if (argc > 3 && !strcmp(argv[1], "raw") && read_devs(argv[2]))
		return raw(devs[0], argv + 3);
	if (argc == 3 && !strcmp(argv[1], "close")) {
		closes((int)strtol(argv[2], NULL, 10));
		return 0;
	}
	return die("usage");
}
