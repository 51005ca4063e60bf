// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options of sockets; see sockopts.h. As packed data a socket is
 *
 *	1, process (inside), descriptor, family, options (1, level, number, value), 0
 *
 * with those alone whose value is not the usual one. A group that it has joined is an option MCAST_MSFILTER.
 */
#include "cpt/sockopts.h"
#include "base/log.h"
#include "base/own.h"
#include "base/pack.h"
#include "base/str.h"
#include "cpt/procs.h"
#include "cpt/seen.h"
#include "cpt/sockgroups.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/wait.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/in6.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define FILE_NAME "sockopts"
#define PACKED_MAX (16u << 20)
#define VALUE_MAX 256         /* extension headers of IPv6; a longer one the kernel does not take again, which is told */
#define LARGEST VZ_SOCKGROUP_BYTES
#define NUMBER_MAX 1024       /* of a level, of an option */

/* Newer than the headers of the oldest distribution. */
enum { RESERVE_MEM = 73, RCVMARK = 75, PASSPIDFD = 76, RCVPRIORITY = 82, PASSRIGHTS = 83 };
enum { LOCAL_PORT_RANGE = 51, MULTICAST_ALL6 = 29, ROUTER_ALERT_ISOLATE6 = 30, RECVERR_RFC4884_6 = 31 };
enum { TX_DELAY = 37, RTO_MAX_MS = 44, RTO_MIN_US = 45, DELACK_MAX_US = 46 };
enum { TCP_NO_MSS = 536 }; /* what one answers that was told none */

/* Which sockets have it; MANY: those that are no streams, and may send to many. RAW6: of raw sockets over IPv6. IDLE: of TCP
 * sockets that are not connected, since others answer what the two ends have agreed on. */
enum { ANY = 1 << 0, IP = 1 << 1, IP6 = 1 << 2, MANY = 1 << 3, MANY6 = 1 << 4, NETLINK = 1 << 5, PACKETS = 1 << 6,
       RAW6 = 1 << 7, IDLE = 1 << 8 };

/* clang-format off */
static const struct option {
	int kinds, level, number;
	int64_t usual; /* of a number; of bytes, such as names, none are */
} options[] = {
	{ ANY, SOL_SOCKET, SO_TIMESTAMP, 0 },
	{ ANY, SOL_SOCKET, SO_TIMESTAMPNS, 0 },
	{ ANY, SOL_SOCKET, SO_TIMESTAMPING, 0 },
	{ ANY, SOL_SOCKET, 63 /* SO_TIMESTAMP_NEW */, 0 },
	{ ANY, SOL_SOCKET, 64 /* SO_TIMESTAMPNS_NEW */, 0 },
	{ ANY, SOL_SOCKET, 65 /* SO_TIMESTAMPING_NEW */, 0 },
	{ ANY, SOL_SOCKET, SO_TXTIME, 0 },
	{ ANY, SOL_SOCKET, SO_BUSY_POLL, 0 },
	{ ANY, SOL_SOCKET, SO_PREFER_BUSY_POLL, 0 },
	{ ANY, SOL_SOCKET, SO_LOCK_FILTER, 0 },
	{ ANY, SOL_SOCKET, SO_PEEK_OFF, -1 },
	{ ANY, SOL_SOCKET, SO_RXQ_OVFL, 0 },
	{ ANY, SOL_SOCKET, SO_SELECT_ERR_QUEUE, 0 },
	{ ANY, SOL_SOCKET, SO_WIFI_STATUS, 0 },
	{ ANY, SOL_SOCKET, SO_NOFCS, 0 },
	{ ANY, SOL_SOCKET, RCVMARK, 0 },
	{ ANY, SOL_SOCKET, RCVPRIORITY, 0 },
	{ ANY, SOL_SOCKET, PASSPIDFD, 0 },
	{ ANY, SOL_SOCKET, PASSRIGHTS, 1 },
	{ IP, SOL_SOCKET, RESERVE_MEM, 0 },
	{ IP, SOL_SOCKET, SO_ZEROCOPY, 0 },
	{ IP, SOL_SOCKET, SO_MAX_PACING_RATE, -1 },
	{ IP, SOL_SOCKET, SO_INCOMING_CPU, -1 },
	{ IP, SOL_SOCKET, SO_TXREHASH, 1 },
	{ IP, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_WANT },
	{ IP, IPPROTO_IP, IP_RECVERR, 0 },
	{ IP, IPPROTO_IP, 26 /* IP_RECVERR_RFC4884 */, 0 },
	{ IP, IPPROTO_IP, IP_TRANSPARENT, 0 },
	{ IP, IPPROTO_IP, IP_MINTTL, 0 },
	{ IP, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 0 },
	{ IP, IPPROTO_IP, LOCAL_PORT_RANGE, 0 },
	{ IP, IPPROTO_IP, IP_OPTIONS, 0 },
	{ IP, IPPROTO_IP, IP_ROUTER_ALERT, 0 },
	{ IP6, IPPROTO_IP, IP_TOS, 0 }, /* of those of IPv4 alone CRIU keeps these three */
	{ IP6, IPPROTO_IP, IP_TTL, 64 },
	{ IP6, IPPROTO_IP, IP_PKTINFO, 0 },
	{ IP, IPPROTO_IP, IP_RECVTTL, 0 },
	{ IP, IPPROTO_IP, IP_RECVTOS, 0 },
	{ IP, IPPROTO_IP, IP_RECVOPTS, 0 },
	{ IP, IPPROTO_IP, IP_RETOPTS, 0 },
	{ IP, IPPROTO_IP, IP_PASSSEC, 0 },
	{ IP, IPPROTO_IP, IP_RECVORIGDSTADDR, 0 },
	{ IP, IPPROTO_IP, IP_CHECKSUM, 0 },
	{ IP, IPPROTO_IP, IP_RECVFRAGSIZE, 0 },
	{ MANY, IPPROTO_IP, IP_MULTICAST_TTL, 1 },
	{ MANY, IPPROTO_IP, IP_MULTICAST_LOOP, 1 },
	{ MANY, IPPROTO_IP, IP_MULTICAST_ALL, 1 },
	{ MANY, IPPROTO_IP, IP_MULTICAST_IF, 0 },
	{ IP, IPPROTO_IP, IP_UNICAST_IF, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_TCLASS, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 64 },
	{ IP6, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 1 },
	{ IP6, IPPROTO_IPV6, IPV6_DONTFRAG, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_MINHOPCOUNT, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_TRANSPARENT, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, 0x500 },
	{ IP6, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_RECVTCLASS, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_RECVDSTOPTS, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_RECVRTHDR, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_RECVHOPOPTS, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_RECVFRAGSIZE, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_RECVPATHMTU, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_2292PKTINFO, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_2292HOPOPTS, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_2292DSTOPTS, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_2292RTHDR, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_2292HOPLIMIT, 0 },
	{ IP6, IPPROTO_IPV6, ROUTER_ALERT_ISOLATE6, 0 },
	{ IP6, IPPROTO_IPV6, RECVERR_RFC4884_6, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_HOPOPTS, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_RTHDRDSTOPTS, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_RTHDR, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_DSTOPTS, 0 },
	{ RAW6, IPPROTO_RAW, IPV6_CHECKSUM, -1 },
	{ IP6, IPPROTO_IPV6, IPV6_FLOWINFO, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 0 },
	{ MANY6, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1 },
	{ MANY6, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1 },
	{ MANY6, IPPROTO_IPV6, MULTICAST_ALL6, 1 },
	{ MANY6, IPPROTO_IPV6, IPV6_MULTICAST_IF, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_UNICAST_IF, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_RECVERR, 0 },
	{ IP6, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_WANT },
	{ IDLE, IPPROTO_TCP, TCP_MAXSEG, TCP_NO_MSS },
	{ IP, IPPROTO_TCP, TCP_WINDOW_CLAMP, 0 },
	{ IP, IPPROTO_TCP, TCP_FASTOPEN_KEY, 0 },
	{ IP, IPPROTO_TCP, TCP_CONGESTION, 0 },
	{ IP, IPPROTO_TCP, TCP_DEFER_ACCEPT, 0 },
	{ IP, IPPROTO_TCP, TCP_FASTOPEN, 0 },
	{ IP, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 0 },
	{ IP, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 0 },
	{ IP, IPPROTO_TCP, TCP_SAVE_SYN, 0 },
	{ IP, IPPROTO_TCP, TCP_USER_TIMEOUT, 0 },
	{ IP, IPPROTO_TCP, TCP_SYNCNT, 6 },
	{ IP, IPPROTO_TCP, TCP_LINGER2, 60 },
	{ IP, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 0 },
	{ IP, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 0 },
	{ IP, IPPROTO_TCP, TCP_INQ, 0 },
	{ IP, IPPROTO_TCP, TX_DELAY, 0 },
	{ IP, IPPROTO_TCP, RTO_MAX_MS, 120000 },
	{ IP, IPPROTO_TCP, RTO_MIN_US, 200000 },
	{ IP, IPPROTO_TCP, DELACK_MAX_US, 200000 },
	{ IP, IPPROTO_UDP, 100 /* UDP_ENCAP */, 0 },
	{ IP, IPPROTO_UDP, 101 /* UDP_NO_CHECK6_TX */, 0 },
	{ IP, IPPROTO_UDP, 102 /* UDP_NO_CHECK6_RX */, 0 },
	{ IP, IPPROTO_UDP, 103 /* UDP_SEGMENT */, 0 },
	{ IP, IPPROTO_UDP, 104 /* UDP_GRO */, 0 },
	{ IP, IPPROTO_UDPLITE, 10 /* UDPLITE_SEND_CSCOV */, 0 },
	{ IP, IPPROTO_UDPLITE, 11 /* UDPLITE_RECV_CSCOV */, 0 },
	{ NETLINK, SOL_NETLINK, NETLINK_PKTINFO, 0 },
	{ NETLINK, SOL_NETLINK, NETLINK_BROADCAST_ERROR, 0 },
	{ NETLINK, SOL_NETLINK, NETLINK_NO_ENOBUFS, 0 },
	{ NETLINK, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, 0 },
	{ NETLINK, SOL_NETLINK, NETLINK_CAP_ACK, 0 },
	{ NETLINK, SOL_NETLINK, NETLINK_EXT_ACK, 0 },
	{ NETLINK, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 0 },
	{ PACKETS, SOL_PACKET, PACKET_TX_HAS_OFF, 0 },
	{ PACKETS, SOL_PACKET, PACKET_QDISC_BYPASS, 0 },
	{ PACKETS, SOL_PACKET, PACKET_IGNORE_OUTGOING, 0 },
};
/* clang-format on */

static int number_of(int fd, int what)
{
	int v = -1;

	return getsockopt(fd, SOL_SOCKET, what, &v, &(socklen_t){ sizeof(v) }) < 0 ? -1 : v;
}

static bool is_idle(int fd)
{
	struct tcp_info i = { 0 };

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &(socklen_t){ sizeof(i) }) >= 0 &&
	       (i.tcpi_state == TCP_CLOSE || i.tcpi_state == TCP_LISTEN);
}

static int kinds_of(int fd, int family, int protocol)
{
	bool stream = protocol == IPPROTO_TCP;
	int of_tcp = stream && is_idle(fd) ? IDLE : 0;

	switch (family) {
	case AF_INET:
		return ANY | IP | of_tcp | (stream ? 0 : MANY);
	case AF_INET6:
		return ANY | IP | IP6 | of_tcp | (stream ? 0 : MANY | MANY6) | (number_of(fd, SO_TYPE) == SOCK_RAW ? RAW6 : 0);
	case AF_NETLINK:
		return ANY | NETLINK;
	case AF_PACKET:
		return ANY | PACKETS;
	default:
		return ANY;
	}
}

/* Those of TCP ask a UDP socket something else. */
static bool has_level(int level, int protocol)
{
	return (level != IPPROTO_TCP && level != IPPROTO_UDP && level != IPPROTO_UDPLITE) || level == protocol ||
	       (level == IPPROTO_UDP && protocol == IPPROTO_UDPLITE);
}

/* Its bytes, at most VALUE_MAX; 0: it has none. */
static size_t value_of(int fd, int level, int number, char value[VALUE_MAX])
{
	socklen_t n = VALUE_MAX;

	memset(value, 0, VALUE_MAX);
	return getsockopt(fd, level, number, value, &n) < 0 ? 0 : n;
}

/* ---- save ---- */

/* Over all sockets of a VPS. */
struct walk {
	struct cpt_seen seen;
	int64_t end;
};

struct save {
	struct vz_pack out;
	struct walk walk;
	struct vz_sockgroups groups; /* of the process at hand; n 0: not read, or there are none */
	unsigned inner; /* the number inside of that process */
	int err;
};

/* The socket at hand. */
struct socket {
	unsigned pid; /* inside */
	int number, fd, family, protocol;
	bool any; /* it is in the dump already */
};

static void put_option(struct save *s, struct socket *k, const struct option *o, const void *value, size_t n)
{
	if (!k->any) {
		vz_pack_num(&s->out, 1);
		vz_pack_num(&s->out, k->pid);
		vz_pack_num(&s->out, (uint64_t)k->number);
		vz_pack_num(&s->out, (uint64_t)k->family);
	}
	k->any = true;
	vz_pack_num(&s->out, 1);
	vz_pack_num(&s->out, (uint64_t)o->level);
	vz_pack_num(&s->out, (uint64_t)o->number);
	vz_pack_bytes(&s->out, value, n);
}

static void save_groups(struct save *s, struct socket *k)
{
	const struct option o = { .level = k->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, .number = MCAST_MSFILTER };
	struct vz_sockgroup g;

	for (size_t i = 0; i < s->groups.n; i++) {
		int r = vz_sockgroups_of(&s->groups, i, k->family, k->fd, &g);

		if (r > 0)
			put_option(s, k, &o, &g.f, g.n);
		if (r < 0)
			s->err = r;
	}
}

static void save_socket(struct save *s, struct socket *k)
{
	int kinds = kinds_of(k->fd, k->family, k->protocol);

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const struct option *o = &options[i];
		char value[VALUE_MAX];
		size_t n = o->kinds & kinds && has_level(o->level, k->protocol) ? value_of(k->fd, o->level, o->number, value) : 0;

		if (n && (n > sizeof(o->usual) || memcmp(value, &o->usual, n) != 0))
			put_option(s, k, o, value, n);
	}
	if (kinds & (MANY | MANY6))
		save_groups(s, k);
	if (k->any)
		vz_pack_num(&s->out, 0);
}

/* Calls fn with a duplicate of each socket of the process that was not seen before. */
typedef void of_socket(int number, int fd, void *arg);
static int each_socket(pid_t pid, struct walk *w, of_socket *fn, void *arg)
{
	char path[sizeof("/proc//fd") + 10], link[64];
	autoclose int pidfd = vz_pidfd_open(pid);
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	r = pidfd < 0 ? pidfd : vz_dir_stream(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), &d);
	while (!r && (de = vz_dir_next(d))) {
		ssize_t n = readlinkat(dirfd(d), de->d_name, link, sizeof(link) - 1);
		int number = (int)strtol(de->d_name, NULL, 10);
		autoclose int fd = -EBADF;

		if (vz_now_ms() > w->end)
			return -ETIMEDOUT;
		link[n > 0 ? n : 0] = 0;
		if (!vz_str_prefix(link, "socket:[", NULL) || !cpt_seen_new(&w->seen, strtoull(link + 8, NULL, 10)))
			continue;
		fd = vz_pidfd_getfd(pidfd, number);
		if (fd >= 0)
			fn(number, fd, arg);
	}
	return cpt_unless_ended(r ? r : -errno);
}

static void save_one(int number, int fd, void *arg)
{
	struct save *s = arg;
	struct socket k = { .pid = s->inner, .number = number, .fd = fd };

	k.family = number_of(fd, SO_DOMAIN);
	k.protocol = number_of(fd, SO_PROTOCOL);
	save_socket(s, &k);
}

static int save_process(pid_t pid, void *arg)
{
	struct save *s = arg;
	int r = 0;

	s->inner = cpt_inner_pid(pid);
	vz_sockgroups_read(pid, &s->groups);
	if (s->groups.cut)
		s->err = -E2BIG;
	if (s->inner)
		r = each_socket(pid, &s->walk, save_one, s);
	return r < 0 ? r : s->err ? s->err : s->out.err;
}

int vz_sockopts_save(const struct vz_cg *cg, struct vz_image *im, struct vz_err *e)
{
	struct save s = { .out.max = PACKED_MAX, .walk.end = vz_end_in(CPT_ALL_S) };
	int r;

	s.out.err = vz_cg_each(cg, save_process, &s);
	r = vz_image_put_packed(im, FILE_NAME, &s.out, "the options of sockets in the container", e);
	free(s.walk.seen.slot);
	return r;
}

/* ---- repair mode ---- */

struct end_repair {
	struct walk walk;
	int err;
};

/* With the mode the kernel takes SO_REUSEADDR away; a server that is started again must find its port free all the same. */
static void end_repair_of(int number, int fd, void *arg)
{
	struct end_repair *w = arg;
	int mode = 0;

	(void)number;
	if (number_of(fd, SO_PROTOCOL) != IPPROTO_TCP ||
	    getsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &mode, &(socklen_t){ sizeof(mode) }) < 0 || !mode)
		return;
	mode = 0;
	if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &mode, sizeof(mode)) < 0)
		w->err = -errno;
	mode = 1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &mode, sizeof(mode)) < 0)
		w->err = -errno;
}

static int end_repair_in(pid_t pid, void *arg)
{
	struct end_repair *w = arg;

	return each_socket(pid, &w->walk, end_repair_of, w);
}

int vz_sockopts_end_repair(const struct vz_cg *cg, struct vz_err *e)
{
	struct end_repair w = { .walk.end = vz_end_in(CPT_ALL_S) };
	int r = vz_cg_each(cg, end_repair_in, &w);

	free(w.walk.seen.slot);
	if (r >= 0)
		r = w.err;
	return r < 0 ? vz_fail(e, VZ_CHKPNT, -r, "cannot let go of the container's TCP connections") : 0;
}

/* ---- load ---- */

struct load {
	struct vz_packed in;
	struct cpt_procs procs;
	int pidfd;       /* of `pid` */
	unsigned pid;    /* inside */
	unsigned failed; /* that the kernel did not take */
};

/* A duplicate of that descriptor; negative: nobody has it. */
static int open_socket(struct load *l, unsigned pid, int number, int family)
{
	autoclose int fd = -EBADF;
	pid_t at;

	if (l->pid != pid) {
		vz_closep(&l->pidfd);
		l->pid = pid;
		at = cpt_procs_find(&l->procs, pid);
		l->pidfd = at ? vz_pidfd_open(at) : -EBADF;
	}
	fd = l->pidfd < 0 ? -EBADF : vz_pidfd_getfd(l->pidfd, number);
	return fd < 0 || number_of(fd, SO_DOMAIN) != family ? -ENOENT : TAKE_FD(fd);
}

static bool is_known(int level, int number)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (options[i].level == level && options[i].number == number)
			return true;
	return false;
}

static void load_option(struct load *l, int fd)
{
	int level = (int)vz_packed_num(&l->in, NUMBER_MAX), number = (int)vz_packed_num(&l->in, NUMBER_MAX);
	char now[VALUE_MAX];
	size_t n;
	const char *value = vz_packed_bytes(&l->in, LARGEST, &n);

	if (l->in.bad || fd < 0)
		return;
	if ((level == IPPROTO_IP || level == IPPROTO_IPV6) && number == MCAST_MSFILTER) {
		if (vz_sockgroups_join(number_of(fd, SO_DOMAIN), fd, value, n) < 0)
			l->failed++;
		return;
	}
	if (value_of(fd, level, number, now) == n && !memcmp(now, value, n))
		return;
	if (!is_known(level, number) || setsockopt(fd, level, number, value, (socklen_t)n) < 0)
		l->failed++;
}

static void load_all(struct load *l)
{
	while (vz_packed_num(&l->in, 1)) {
		unsigned pid = (unsigned)vz_packed_num(&l->in, INT32_MAX);
		int number = (int)vz_packed_num(&l->in, INT32_MAX), family = (int)vz_packed_num(&l->in, NUMBER_MAX);
		autoclose int fd = l->in.bad ? -EBADF : open_socket(l, pid, number, family);

		while (vz_packed_num(&l->in, 1))
			load_option(l, fd);
	}
}

int vz_sockopts_load(const struct vz_cg *cg, const struct vz_image *im, struct vz_err *e)
{
	autofree char *data = NULL;
	struct load l = { .pidfd = -EBADF };
	int r = vz_image_read_packed(im, FILE_NAME, &data, &l.in, e);

	if (r <= 0)
		return r;
	r = cpt_procs_read(cg, &l.procs);
	if (r >= 0)
		load_all(&l);
	vz_closep(&l.pidfd);
	cpt_procs_free(&l.procs);
	if (r < 0)
		return vz_fail(e, VZ_RESTORE, -r, "cannot look at the sockets of the container");
	if (l.in.bad || l.in.left)
		return vz_fail(e, VZ_RESTORE, 0, "what the dump has of options of sockets was not written by vzctl");
	if (l.failed)
		vz_log(-1, "Warning: this kernel does not take %u options of sockets that the dump has, ignoring", l.failed);
	return 0;
}
