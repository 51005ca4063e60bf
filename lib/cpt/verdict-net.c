// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Network namespaces of a VPS: kinds of devices, and sockets as sock_diag(7) tells of them. A message that is read
 * at this instant, or a connection whose other end is just being made, is no finding: what may pass is looked at
 * twice, with a pause between.
 */
#include "cpt/verdict-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "net/link.h"
#include "sys/call.h"
#include "sys/nl.h"

#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/if_arp.h>
#include <linux/inet_diag.h>
#include <linux/netlink_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/if.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76 /* Linux 6.5 */
#endif

#define PAUSE_MS 50

/* What may pass, found in the first look. */
struct twice {
	struct cpt_look *l;
	bool last;                 /* the second look: what is in `seen` too is told */
	struct cpt_seen seen, now, groups;
	size_t found;
	size_t named;   /* connected unix sockets that have a name */
	char name[109]; /* of one of them */
};

static int open_below(struct cpt_look *l, const struct cpt_task *t, const char *name)
{
	int fd = vz_openat2(t->dir, name, O_RDONLY, 0, 0);

	if (fd < 0)
		cpt_unseen(l, t, fd, name);
	return fd;
}

void cpt_net_note(struct cpt_look *l, const struct cpt_task *t)
{
	struct cpt_netns *n;

	for (size_t i = 0; i < l->nets_n; i++)
		if (l->nets[i].inode == t->ns[CPT_NS_NET])
			return;
	n = cpt_more(l, &l->nets, &l->nets_n, sizeof(*n));
	if (n)
		*n = (struct cpt_netns){ t->ns[CPT_NS_NET], open_below(l, t, "ns/net"),
					 { open_below(l, t, "net/raw"), open_below(l, t, "net/raw6") } };
	if (n && n->fd < 0) /* another who is in it may be still there */
		l->nets_n--;
}

/* ---- devices ---- */

/* clang-format off */
static const char *const kinds_of_devices[] = { "veth", "bridge", "sit" };
/* clang-format on */

static int look_at_link(const struct vz_link *link, void *arg)
{
	static const uint8_t none[VZ_LINK_MAC];
	struct cpt_look *l = arg;

	if (link->type == ARPHRD_LOOPBACK)
		return 0;
	/* with its last port a bridge loses an address that nobody gave it, and the kernel lets nobody set one of zeros */
	if (!strcmp(link->kind, "bridge") && !memcmp(link->mac, none, sizeof(none)))
		cpt_say(l, CPT_CARRIER, NULL, "%s", link->name);
	for (size_t i = 0; i < ARRAY_LEN(kinds_of_devices); i++)
		if (!strcmp(link->kind, kinds_of_devices[i]))
			return 0;
	/* what the modules of GRE make in every namespace, CRIU leaves out */
	if (!strcmp(link->name, "gre0") || !strcmp(link->name, "gretap0"))
		return 0;
	cpt_say(l, CPT_NETDEV, NULL, "%s (%s)", link->name, *link->kind ? link->kind : "given device");
	return 0;
}

static void look_at_devices(struct cpt_look *l, int netns)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, netns, NULL);
	int r = rtnl < 0 ? rtnl : vz_link_list(rtnl, look_at_link, l, NULL);

	if (r < 0)
		cpt_say(l, CPT_UNKNOWN, NULL, "its network devices: %s", strerror(-r));
}

/* ---- rules of routing ---- */

/* CRIU saves those of IPv4 alone. A kernel without IPv6 tells of all others. */
static int look_at_rule(const struct nlmsghdr *h, void *arg)
{
	const struct fib_rule_hdr *r = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[FRA_TABLE + 1];
	uint32_t priority, to;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*r) || r->family != AF_INET6)
		return 0;
	vz_nl_attrs(h, sizeof(*r), tb, FRA_TABLE);
	priority = vz_nl_u32(tb[FRA_PRIORITY]);
	to = vz_nl_u32(tb[FRA_TABLE]);
	if (!(priority == 0 && to == RT_TABLE_LOCAL) && !(priority == 32766 && to == RT_TABLE_MAIN))
		cpt_say(arg, CPT_RULE6, NULL, "priority %u, table %u", priority, to);
	return 0;
}

static void look_at_rules(struct cpt_look *l, int netns)
{
	const struct fib_rule_hdr all = { .family = AF_INET6 };
	const struct vz_nl_reader reader = { look_at_rule, l };
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, netns, NULL);
	struct vz_nl m;
	int r = rtnl;

	vz_nl_init(&m, RTM_GETRULE, NLM_F_DUMP);
	vz_nl_put_hdr(&m, &all, sizeof(all));
	if (r >= 0)
		r = vz_nl_read(rtnl, &m, &reader, NULL, "rules");
	if (r < 0 && r != -EOPNOTSUPP && r != -EAFNOSUPPORT)
		cpt_say(l, CPT_UNKNOWN, NULL, "its rules of routing: %s", strerror(-r));
}

/* ---- sockets ---- */

static int compare_sockets(const void *a, const void *b)
{
	const struct cpt_socket *x = a, *y = b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

const struct cpt_socket *cpt_socket_find(const struct cpt_look *l, uint64_t inode)
{
	const struct cpt_socket key = { .inode = inode };

	return l->sockets_n ? bsearch(&key, l->sockets, l->sockets_n, sizeof(key), compare_sockets) : NULL;
}

const struct cpt_who *cpt_socket_holder(const struct cpt_look *l, uint64_t inode)
{
	const struct cpt_socket *s = cpt_socket_find(l, inode);

	return s ? &s->who : NULL;
}

/* True: it was so before, and is told now. */
static bool is_still(struct twice *t, uint64_t inode)
{
	if (!t->last) {
		t->found++;
		(void)cpt_seen_new(&t->seen, inode);
		return false;
	}
	return cpt_seen_has(&t->seen, inode) && cpt_seen_new(&t->now, inode);
}

static int look_at_netlink(const struct nlmsghdr *h, void *arg)
{
	struct twice *t = arg;
	const struct netlink_diag_msg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[NETLINK_DIAG_MAX + 1];
	const struct cpt_who *who = cpt_socket_holder(t->l, m->ndiag_ino);
	const uint32_t *groups, *memory;
	size_t n;

	if (!who)
		return 0;
	vz_nl_attrs(h, sizeof(*m), tb, NETLINK_DIAG_MAX);
	memory = tb[NETLINK_DIAG_MEMINFO] && mnl_attr_get_payload_len(tb[NETLINK_DIAG_MEMINFO]) >= 4 ?
			 mnl_attr_get_payload(tb[NETLINK_DIAG_MEMINFO]) : NULL;
	if (memory && memory[SK_MEMINFO_RMEM_ALLOC] && is_still(t, m->ndiag_ino))
		cpt_say(t->l, CPT_UNREAD, who, "protocol %u, port %u", m->ndiag_protocol, m->ndiag_portid);
	if (t->last || !tb[NETLINK_DIAG_GROUPS])
		return 0;
	groups = mnl_attr_get_payload(tb[NETLINK_DIAG_GROUPS]);
	n = mnl_attr_get_payload_len(tb[NETLINK_DIAG_GROUPS]) / sizeof(*groups);
	for (size_t i = 1; i < n; i++)
		if (groups[i] && cpt_seen_new(&t->groups, m->ndiag_ino)) { /* the kernel tells of bound ones twice */
			cpt_say(t->l, CPT_NETLINK_GROUPS, who, "protocol %u, groups %zu to %zu: 0x%x", m->ndiag_protocol,
				i * 32 + 1, i * 32 + 32, groups[i]);
			break;
		}
	return 0;
}

static int look_at_listener(const struct nlmsghdr *h, void *arg)
{
	struct twice *t = arg;
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);
	const struct cpt_who *who = cpt_socket_holder(t->l, m->idiag_inode);

	if (who && m->idiag_rqueue && is_still(t, m->idiag_inode))
		cpt_say(t->l, CPT_BACKLOG, who, "%u connections to port %u", m->idiag_rqueue, ntohs(m->id.idiag_sport));
	return 0;
}

/* The next message, unread afterwards too, is of a socket that has a name. */
static bool is_from_named(int fd)
{
	struct sockaddr_un from;
	socklen_t len = sizeof(from), n = sizeof(int);
	int offset = 0;
	char c;

	/* who has set one would find it moved */
	return getsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &offset, &n) == 0 && offset < 0 &&
	       recvfrom(fd, &c, sizeof(c), MSG_PEEK | MSG_DONTWAIT, (struct sockaddr *)&from, &len) >= 0 &&
	       len > offsetof(struct sockaddr_un, sun_path);
}

/* Whether recvmsg(2) gives more than bytes: CRIU does not take what the kernel adds, but for descriptors, and sends all
 * datagrams again by one socket. */
static bool tells_more(const struct cpt_socket *s, bool datagrams)
{
	static const int options[] = { SO_PASSCRED, SO_PASSPIDFD, SO_TIMESTAMP, SO_TIMESTAMPNS };
	autoclose int pidfd = vz_pidfd_open(s->pid), fd = pidfd < 0 ? -EBADF : vz_pidfd_getfd(pidfd, s->fd);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != s->inode)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		int on = 0;

		if (getsockopt(fd, SOL_SOCKET, options[i], &on, &(socklen_t){ sizeof(on) }) == 0 && on)
			return true;
	}
	return datagrams && is_from_named(fd);
}

/* CRIU binds none that is connected. */
static void note_name(struct twice *t, const struct nlattr *name)
{
	size_t n = mnl_attr_get_payload_len(name);

	if (t->last || !n || t->named++)
		return;
	memcpy(t->name, mnl_attr_get_payload(name), n < sizeof(t->name) ? n : sizeof(t->name) - 1);
	if (!*t->name)
		*t->name = '@';
}

/* CRIU binds it again by the name that was given: another process has other descriptors, or none. */
static void look_at_path_name(struct twice *t, const struct cpt_who *who, const struct nlattr *name)
{
	static const char *const ways[] = { "/proc/", "/dev/fd/" };
	size_t n = name ? mnl_attr_get_payload_len(name) : 0;

	for (size_t i = 0; i < ARRAY_LEN(ways) && !t->last; i++)
		if (n > strlen(ways[i]) && !memcmp(mnl_attr_get_payload(name), ways[i], strlen(ways[i])))
			cpt_say(t->l, CPT_UNIX_PATH, who, "socket %.*s", (int)n, (const char *)mnl_attr_get_payload(name));
}

/* It is in the queue of another; what is in its own queue, CRIU restores but for descriptors, which nobody can see. */
static int look_at_unheld(struct twice *t, const struct unix_diag_msg *m, const struct unix_diag_rqlen *queue)
{
	/* one that is not accepted yet has no inode */
	if (!m->udiag_ino || m->udiag_state == TCP_LISTEN || !queue || !queue->udiag_rqueue)
		return 0;
	/* when all stand still there is one look */
	if (t->l->criu ? cpt_seen_new(&t->now, m->udiag_ino) : is_still(t, m->udiag_ino))
		cpt_say(t->l, CPT_UNDER_WAY, NULL, "unix socket %u with %u bytes", m->udiag_ino, queue->udiag_rqueue);
	return 0;
}

static int look_at_unix(const struct nlmsghdr *h, void *arg)
{
	struct twice *t = arg;
	const struct unix_diag_msg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[UNIX_DIAG_MAX + 1];
	const struct cpt_who *who = cpt_socket_holder(t->l, m->udiag_ino);
	const struct unix_diag_rqlen *queue;
	uint32_t peer;

	vz_nl_attrs(h, sizeof(*m), tb, UNIX_DIAG_MAX);
	peer = vz_nl_u32(tb[UNIX_DIAG_PEER]);
	queue = tb[UNIX_DIAG_RQLEN] && mnl_attr_get_payload_len(tb[UNIX_DIAG_RQLEN]) >= sizeof(*queue) ?
			mnl_attr_get_payload(tb[UNIX_DIAG_RQLEN]) : NULL;
	if (!who)
		return look_at_unheld(t, m, queue);
	if (m->udiag_state != TCP_LISTEN && queue && queue->udiag_rqueue &&
	    tells_more(cpt_socket_find(t->l, m->udiag_ino), m->udiag_type == SOCK_DGRAM) && is_still(t, m->udiag_ino))
		cpt_say(t->l, CPT_UNIX_UNREAD, who, "socket %u with %u bytes", m->udiag_ino, queue->udiag_rqueue);
	if (m->udiag_type == SOCK_DGRAM || m->udiag_state != TCP_ESTABLISHED)
		look_at_path_name(t, who, tb[UNIX_DIAG_NAME]);
	if (m->udiag_type == SOCK_DGRAM)
		return 0;
	if (tb[UNIX_DIAG_NAME] && m->udiag_state == TCP_ESTABLISHED)
		note_name(t, tb[UNIX_DIAG_NAME]);
	/* the other end is in no process: it is in the queue of who listens */
	if (tb[UNIX_DIAG_PEER] && !peer && m->udiag_state == TCP_ESTABLISHED && queue && queue->udiag_wqueue &&
	    is_still(t, m->udiag_ino))
		cpt_say(t->l, CPT_BACKLOG, who, "unix socket %u that has written already", m->udiag_ino);
	if (peer && !cpt_socket_holder(t->l, peer) && is_still(t, m->udiag_ino))
		cpt_say(t->l, CPT_UNIX_OUTSIDE, who, "socket %u, the other end %u", m->udiag_ino, peer);
	return 0;
}

/* Lines "N: LOCAL REMOTE STATE ..." of proc_net(5): CRIU makes one again that is bound, and not one that is connected. */
static void look_at_raw(struct twice *t, int fd)
{
	autofclose FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char line[512], remote[48];
	unsigned long long inode;

	while (f && fgets(line, sizeof(line), f)) {
		const struct cpt_who *who;

		if (sscanf(line, "%*s %*s %47[0-9A-F]:%*s %*s %*s %*s %*s %*s %*s %llu", remote, &inode) != 2 ||
		    strspn(remote, "0") == strlen(remote))
			continue;
		who = cpt_socket_holder(t->l, inode);
		if (who)
			cpt_say(t->l, CPT_SOCKET, who, "raw socket %llu that is connected", inode);
	}
}

static int dump(int sock, const void *request, size_t size, const struct vz_nl_reader *reader)
{
	struct vz_nl m;

	vz_nl_init(&m, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	vz_nl_put_hdr(&m, request, size);
	return vz_nl_read(sock, &m, reader, NULL, "sockets");
}

/* Its segments are signed, tcp(7), or something lies above it, such as TLS of the kernel. The keys are shown to nobody. */
static int look_at_tcp(const struct nlmsghdr *h, void *arg)
{
	struct twice *t = arg;
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[INET_DIAG_ULP_INFO + 1];
	const struct cpt_who *who;

	vz_nl_attrs(h, sizeof(*m), tb, INET_DIAG_ULP_INFO);
	who = tb[INET_DIAG_MD5SIG] || tb[INET_DIAG_ULP_INFO] ? cpt_socket_holder(t->l, m->idiag_inode) : NULL;
	if (who)
		cpt_say(t->l, CPT_SOCKET, who, "TCP socket with %s, port %u",
			tb[INET_DIAG_MD5SIG] ? "signatures (TCP_MD5SIG)" : "a protocol above it (TCP_ULP)", ntohs(m->id.idiag_sport));
	return 0;
}

static int look_at_all_tcp(struct twice *t, int sock)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(families) && r >= 0 && !t->last; i++) {
		const struct inet_diag_req_v2 all = { .sdiag_family = families[i], .sdiag_protocol = IPPROTO_TCP,
						      .idiag_ext = 1 << (INET_DIAG_INFO - 1), /* which brings these */
						      .idiag_states = ~(1u << TCP_TIME_WAIT | 1u << 12 /* NEW_SYN_RECV */) };

		r = dump(sock, &all, sizeof(all), &(struct vz_nl_reader){ look_at_tcp, t });
	}
	return r;
}

static int look_at_sockets(struct twice *t, int netns)
{
	struct netlink_diag_req netlink = { .sdiag_family = AF_NETLINK, .sdiag_protocol = NDIAG_PROTO_ALL,
					    .ndiag_show = NDIAG_SHOW_GROUPS | NDIAG_SHOW_MEMINFO };
	struct unix_diag_req un = { .sdiag_family = AF_UNIX, .udiag_states = UINT32_MAX,
				    .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN };
	struct inet_diag_req_v2 tcp = { .sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP,
					.idiag_states = 1 << TCP_LISTEN };
	autoclose int sock = vz_nl_open(NETLINK_SOCK_DIAG, netns, NULL);
	int r = sock < 0 ? sock : dump(sock, &netlink, sizeof(netlink), &(struct vz_nl_reader){ look_at_netlink, t });

	if (r >= 0)
		r = dump(sock, &un, sizeof(un), &(struct vz_nl_reader){ look_at_unix, t });
	if (r >= 0)
		r = dump(sock, &tcp, sizeof(tcp), &(struct vz_nl_reader){ look_at_listener, t });
	tcp.sdiag_family = AF_INET6;
	if (r >= 0)
		r = dump(sock, &tcp, sizeof(tcp), &(struct vz_nl_reader){ look_at_listener, t });
	return r < 0 ? r : look_at_all_tcp(t, sock);
}

static void look_at_all(struct twice *t)
{
	struct cpt_look *l = t->l;

	if (l->sockets_n)
		qsort(l->sockets, l->sockets_n, sizeof(*l->sockets), compare_sockets);
	for (size_t i = 0; i < l->nets_n; i++) {
		int r = look_at_sockets(t, l->nets[i].fd);

		for (unsigned k = 0; !t->last && k < ARRAY_LEN(l->nets[i].raw); k++)
			look_at_raw(t, l->nets[i].raw[k]);
		if (r < 0)
			cpt_say(l, CPT_UNKNOWN, NULL, "its sockets: %s", strerror(-r));
	}
}

void cpt_net_judge(struct cpt_look *l, int (*again)(struct cpt_look *l))
{
	struct twice t = { .l = l };
	int r;

	for (size_t i = 0; i < l->nets_n; i++) {
		look_at_devices(l, l->nets[i].fd);
		look_at_rules(l, l->nets[i].fd);
		cpt_netconf_look(l, &l->nets[i]);
		cpt_netrest_look(l, &l->nets[i]);
		cpt_filter_look(l, &l->nets[i]);
	}
	look_at_all(&t);
	if (t.named)
		cpt_say(l, CPT_UNIX_NAME, NULL, "%zu, one of them %s", t.named, t.name);
	if (l->criu || (!t.found && !l->unread.n && cpt_moment_is_over(l)))
		return;
	(void)poll(NULL, 0, PAUSE_MS);
	r = again(l);
	if (r < 0)
		cpt_say(l, CPT_UNKNOWN, NULL, "its sockets, once more: %s", strerror(-r));
	t.last = true;
	look_at_all(&t);
	cpt_moment_judge(l);
}
