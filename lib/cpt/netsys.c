// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sysctls of a network namespace; see netsys.h. CRIU 4.2 keeps some of ipv4/conf and ipv6/conf,
 * unix/max_dgram_qlen and ping_group_range. All that can be written and read are saved, and only what differs
 * is written: which those are changes with each kernel.
 */
#include "cpt/netsys.h"
#include "base/ip.h"
#include "base/log.h"
#include "base/own.h"
#include "base/pack.h"
#include "base/str.h"
#include "net/addr.h"
#include "net/link.h"
#include "net/nft.h"
#include "sys/file.h"
#include "sys/netns.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/netfilter_arp.h>
#include <linux/rtnetlink.h>

#define FILE_NAME "netsys"
#define TREE "/proc/sys/net"
#define DEPTH_MAX 6
#define NAMES_MAX 20000u /* 200 for the namespace, 110 for each device */
#define NAME_MAX_SIZE 256
#define VALUE_MAX (256u << 10) /* ip_local_reserved_ports with every second port */
#define VALUE_USUAL 512
#define ADDRESSES_MAX 4096u
#define PACKED_MAX (16u << 20)
#define OWN_LOCK "CRIU-vz"
#define LOCK_PREFIX "CRIU-"
#define TABLES_MAX 256

static int damaged(struct vz_err *e)
{
	return vz_fail(e, VZ_RESTORE, 0, "what the dump has of net sysctls was not written by vzctl");
}

/* ---- save ---- */

struct save {
	struct vz_pack *out;
	char name[NAME_MAX_SIZE];
	char value[VALUE_MAX];
	unsigned depth, n;
};

/* A group range is told in the ids of whoever asks, and CRIU keeps it. */
static bool is_left_out(const char *name)
{
	return !strcmp(name, "ipv4/ping_group_range");
}

/* The value of one that may be read and written, and the fd; what cannot be read has no value, as a
 * stable_secret that was never set. No stat(2): there are 900 files, and the VPS stands still. */
static int open_value(int dir, const char *name, char *value, size_t *ret_n)
{
	autoclose int fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, value, VALUE_USUAL, 0);

	/* the kernel clears as much memory as is asked for */
	if (n == VALUE_USUAL)
		n = pread(fd, value, VALUE_MAX - 1, 0);
	if (n < 0)
		return -errno;
	while (n && value[n - 1] == '\n')
		n--;
	value[n] = 0;
	*ret_n = (size_t)n;
	return TAKE_FD(fd);
}

static void save_value(struct save *s, int dir, const char *entry)
{
	autoclose int fd = -EBADF;
	size_t n;

	if (is_left_out(s->name))
		return;
	fd = open_value(dir, entry, s->value, &n);
	if (fd < 0)
		return;
	s->n++;
	vz_pack_num(s->out, 1);
	vz_pack_text(s->out, s->name);
	vz_pack_bytes(s->out, s->value, n);
}

/* The names of devices are the guest's: any bytes but a slash. */
static int save_below(struct save *s, int dir)
{
	size_t len = strlen(s->name);
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	int r = vz_dir_stream(dir, &d);

	while (!r && (de = vz_dir_next(d))) {
		int below;

		snprintf(s->name + len, sizeof(s->name) - len, "%s%s", len ? "/" : "", de->d_name);
		if (de->d_type == DT_DIR && s->depth < DEPTH_MAX) {
			below = openat(dir, de->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			s->depth++;
			r = below < 0 ? 0 : save_below(s, below);
			s->depth--;
		} else {
			save_value(s, dir, de->d_name);
		}
		if (s->n > NAMES_MAX)
			r = -E2BIG;
		s->name[len] = 0;
	}
	return !r && errno ? -errno : r;
}

static int save_all(void *arg)
{
	int dir = open(TREE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dir < 0 ? -errno : save_below(arg, dir);
}

/* An address by the name of its device: numbers of devices are others after a restore. */
struct locals {
	struct vz_pack *out;
	int links; /* a socket of its own, while another lists the addresses */
	unsigned n;
};

static int save_address(const struct vz_addr *a, void *arg)
{
	struct locals *l = arg;
	struct vz_link link;

	if (a->scope != RT_SCOPE_LINK || vz_link_get(l->links, a->index, &link, NULL) < 0)
		return 0;
	if (++l->n > ADDRESSES_MAX)
		return -E2BIG;
	vz_pack_num(l->out, 1);
	vz_pack_text(l->out, link.name);
	vz_pack_bytes(l->out, a->ip.bytes, sizeof(a->ip.bytes));
	return 0;
}

static int save_addresses(int netns, struct vz_pack *out, struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, netns, e);
	autoclose int links = rtnl < 0 ? rtnl : vz_nl_open(NETLINK_ROUTE, netns, e);
	struct locals l = { .out = out, .links = links };
	int r = links < 0 ? links : vz_addr_list(rtnl, AF_INET6, save_address, &l, e);

	vz_pack_num(out, 0);
	return r;
}

int vz_netsys_save(int netns, struct vz_image *im, struct vz_err *e)
{
	autofree struct save *s = calloc(1, sizeof(*s));
	autopack p = { .max = PACKED_MAX };
	int r;

	if (!s)
		return vz_oom(e);
	s->out = &p;
	r = vz_netns_call(netns, save_all, s);
	vz_pack_num(&p, 0);
	if (!r && (r = save_addresses(netns, &p, e)) < 0 && r != -E2BIG)
		return r;
	if (!r)
		r = p.err;
	if (r == -E2BIG)
		return vz_fail(e, VZ_CHKPNT, 0, "the container has too many network devices for a checkpoint: "
			       "delete those that are not needed inside");
	if (r < 0)
		return vz_fail(e, VZ_CHKPNT, -r, "cannot read the container's net sysctls");
	return vz_image_put(im, FILE_NAME, p.buf.s, p.buf.len, e);
}

/* ---- load ---- */

struct load {
	struct vz_packed in;
	bool again; /* something was refused, or written that changes others */
	char refused[NAME_MAX_SIZE]; /* the last one, in the last turn */
	int why;
	char now[VALUE_MAX], value[VALUE_MAX];
};

/* Below TREE, and a file of it: what a dump from elsewhere could say. */
static bool is_sysctl_name(const char *name)
{
	if (!*name || *name == '/' || is_left_out(name))
		return false;
	for (const char *p = name; p; p = strchr(p, '/'), p = p ? p + 1 : NULL)
		if (*p == '/' || !*p || !strncmp(p, "./", 2) || !strncmp(p, "../", 3) || !strcmp(p, ".") ||
		    !strcmp(p, ".."))
			return false;
	return true;
}

/* What this kernel does not have is left out; what it refuses is remembered: this thread has no log. */
static void put_value(struct load *l, int dir, const char *name)
{
	size_t n = strlen(l->value), now;
	autoclose int fd = open_value(dir, name, l->now, &now);

	if (fd < 0 || !strcmp(l->now, l->value))
		return;
	l->again |= strstr(name, "/all/") || strstr(name, "/default/") || strstr(name, "forward");
	if (pwrite(fd, l->value, n, 0) != (ssize_t)n) {
		l->again = true;
		snprintf(l->refused, sizeof(l->refused), "%s", name);
		l->why = errno;
	}
}

static int put_all(struct load *l, int dir)
{
	struct vz_packed in = l->in;
	char name[NAME_MAX_SIZE];

	l->again = false;
	l->refused[0] = 0;
	while (vz_packed_num(&in, 1)) {
		const char *value;
		size_t n;

		vz_packed_text(&in, name, sizeof(name));
		value = vz_packed_bytes(&in, sizeof(l->value) - 1, &n);
		if (in.bad || !is_sysctl_name(name))
			return -EBADMSG;
		memcpy(l->value, value, n);
		l->value[n] = 0;
		put_value(l, dir, name);
	}
	return in.bad ? -EBADMSG : 0;
}

/* Some values change others (ip_forward, conf/all), and some are held against others (thresholds): after those it
 * is done again, three times at most. */
static int load_all(void *arg)
{
	autoclose int dir = open(TREE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct load *l = arg;
	int r = dir < 0 ? -errno : 0;

	for (int turn = 0; !r && turn < 3 && (!turn || l->again); turn++)
		r = put_all(l, dir);
	return r;
}

/* Is its addr_gen_mode to be none? */
static bool makes_no_address(struct vz_packed in, const char *dev)
{
	char name[NAME_MAX_SIZE], want[NAME_MAX_SIZE];
	const char *value;
	size_t n;

	snprintf(want, sizeof(want), "ipv6/conf/%s/addr_gen_mode", dev);
	while (vz_packed_num(&in, 1)) {
		vz_packed_text(&in, name, sizeof(name));
		value = vz_packed_bytes(&in, VALUE_MAX, &n);
		if (!strcmp(name, want))
			return n == 1 && *value == '0' + IN6_ADDR_GEN_MODE_NONE;
	}
	return false;
}

struct strays {
	struct vz_packed values, addresses;
	int links;
	struct vz_addr v[16];
	size_t n;
};

static bool was_saved(struct vz_packed in, const char *dev, const struct vz_ip *ip)
{
	char name[IFNAMSIZ];
	const char *bytes;
	size_t n;

	while (vz_packed_num(&in, 1)) {
		vz_packed_text(&in, name, sizeof(name));
		bytes = vz_packed_bytes(&in, sizeof(ip->bytes), &n);
		if (!strcmp(name, dev) && n == sizeof(ip->bytes) && !memcmp(bytes, ip->bytes, n))
			return true;
	}
	return false;
}

static int look_at_address(const struct vz_addr *a, void *arg)
{
	struct strays *s = arg;
	struct vz_link link;

	if (a->scope == RT_SCOPE_LINK && s->n < ARRAY_LEN(s->v) &&
	    vz_link_get(s->links, a->index, &link, NULL) >= 0 &&
	    makes_no_address(s->values, link.name) && !was_saved(s->addresses, link.name, &a->ip))
		s->v[s->n++] = *a;
	return 0;
}

/* The kernel made them when a device came up and had not yet been told to make none. */
static int remove_strays(int netns, struct strays *s, struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, netns, e);
	autoclose int links = rtnl < 0 ? rtnl : vz_nl_open(NETLINK_ROUTE, netns, e);
	int r = links;

	if (r < 0)
		return r;
	s->links = links;
	r = vz_addr_list(rtnl, AF_INET6, look_at_address, s, e);
	for (size_t i = 0; r >= 0 && i < s->n; i++) {
		r = vz_addr_del(rtnl, s->v[i].index, &s->v[i].ip, e);
		if (r == -EADDRNOTAVAIL)
			r = 0;
	}
	return r < 0 ? r : 0;
}

/* Moves on to what is behind the values. */
static int skip_values(struct vz_packed *in)
{
	size_t n;

	while (vz_packed_num(in, 1)) {
		(void)vz_packed_bytes(in, NAME_MAX_SIZE, &n);
		(void)vz_packed_bytes(in, VALUE_MAX, &n);
	}
	return in->bad ? -EBADMSG : 0;
}

int vz_netsys_load(int netns, const struct vz_image *im, struct vz_err *e)
{
	autofree struct load *l = calloc(1, sizeof(*l));
	autofree char *data = NULL;
	struct strays s = { 0 };
	size_t n;
	int r;

	if (!l)
		return vz_oom(e);
	r = vz_image_read(im, FILE_NAME, &data, &n, e);
	if (r < 0)
		return r;
	l->in = s.values = s.addresses = (struct vz_packed){ .p = data, .left = n };
	r = skip_values(&s.addresses);
	if (!r)
		r = vz_netns_call(netns, load_all, l);
	if (r == -EBADMSG)
		return damaged(e);
	if (r < 0)
		return vz_fail(e, VZ_RESTORE, -r, "cannot set the container's net sysctls");
	if (l->refused[0])
		vz_log(0, "Cannot set net/%s again (%s): ignoring", l->refused, strerror(l->why));
	r = remove_strays(netns, &s, e);
	if (r < 0 && e)
		e->exit = VZ_RESTORE;
	return r;
}

/* ---- CRIU's lock ---- */

static bool is_lock(const char *table)
{
	return vz_str_prefix(table, LOCK_PREFIX, NULL);
}

struct found {
	uint8_t family;
	char table[NFT_TABLE_MAXNAMELEN];
};

static int see_table(uint8_t family, const char *table, void *arg)
{
	struct found *f = arg;

	if (!f->table[0] && is_lock(table)) {
		f->family = family;
		snprintf(f->table, sizeof(f->table), "%s", table);
	}
	return 0;
}

static int remove_table(int sock, uint8_t family, const char *table, struct vz_err *e)
{
	struct vz_nft t = { .family = family, .table = table };
	int r;

	vz_nft_table(&t, false);
	r = vz_nft_commit(sock, &t, e, "cannot remove a table of criu's from the container");
	return r == -ENOENT ? 0 : r;
}

/* May be hostile: root inside makes tables with such names, too, and some that only he can remove; therefore ours goes
 * first. The others one at a time: a dump makes one, and there are more only when more were left. */
int vz_netsys_unlock(int netns, struct vz_err *e)
{
	autoclose int sock = vz_nl_open(NETLINK_NETFILTER, netns, e);
	int r = sock < 0 ? sock : 0;

	if (!r) {
		(void)remove_table(sock, NFPROTO_INET, OWN_LOCK, NULL);
		(void)remove_table(sock, NFPROTO_ARP, OWN_LOCK, NULL);
	}
	for (int turn = 0; !r && turn < TABLES_MAX; turn++) {
		struct found f = { 0 };

		r = vz_nft_tables(sock, see_table, &f, e);
		if (r < 0 || !f.table[0])
			return r;
		r = remove_table(sock, f.family, f.table, e);
	}
	return r;
}

static int lock_family(int sock, uint8_t family, const struct vz_nft_base chains[2], struct vz_err *e)
{
	struct vz_nft t = { .family = family, .table = OWN_LOCK };

	vz_nft_table(&t, true);
	for (size_t i = 0; i < 2; i++) {
		vz_nft_chain(&t, &chains[i]);
		vz_nft_rule(&t, chains[i].name);
		vz_nft_verdict(&t, NF_DROP, NULL);
		vz_nft_rule_end(&t);
	}
	return vz_nft_commit(sock, &t, e, "cannot hold the container's network back");
}

int vz_netsys_lock(int netns, struct vz_err *e)
{
	static const struct vz_nft_base packets[] = {
		{ "in", "filter", NF_INET_PRE_ROUTING, INT_MIN },
		{ "out", "filter", NF_INET_POST_ROUTING, INT_MAX },
	};
	static const struct vz_nft_base questions[] = { /* who has the address, on a bridge */
		{ "in", "filter", NF_ARP_IN, 0 },
		{ "out", "filter", NF_ARP_OUT, 0 },
	};
	autoclose int sock = vz_nl_open(NETLINK_NETFILTER, netns, e);
	int r = sock < 0 ? sock : lock_family(sock, NFPROTO_INET, packets, e);

	if (r >= 0) /* a kernel may have no such tables */
		(void)lock_family(sock, NFPROTO_ARP, questions, NULL);
	return r;
}
