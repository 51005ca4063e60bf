// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a socket may have and tells nobody, and what is near it tells: a program that shares out what comes to one port
 * (SO_ATTACH_REUSEPORT_CBPF), where several have that port; and the device that multicast leaves by, when it was given by its
 * number (IP_MULTICAST_IF), where there are several and the socket has to do with multicast.
 */
#include "cpt/verdict-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/sockgroups.h"
#include "net/link.h"
#include "sys/call.h"
#include "sys/nl.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

/* What those have in common who share a port comes first. */
struct port {
	uint32_t protocol, device, at[4];
	uint16_t number;
	bool shares; /* it listens, or is connected to nobody */
	uint32_t inode;
};
#define COMMON offsetof(struct port, inode)

struct ports {
	struct cpt_look *l;
	uint8_t protocol;
	struct port *v;
	size_t n;
};

static int note_port(const struct nlmsghdr *h, void *arg)
{
	struct ports *p = arg;
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);
	struct port *one = mnl_nlmsg_get_payload_len(h) >= sizeof(*m) && cpt_socket_find(p->l, m->idiag_inode) ?
				   cpt_more(p->l, &p->v, &p->n, sizeof(*one)) : NULL;

	if (!one)
		return 0;
	memset(one, 0, sizeof(*one));
	one->protocol = p->protocol;
	one->device = m->id.idiag_if;
	memcpy(one->at, m->id.idiag_src, sizeof(one->at));
	one->number = ntohs(m->id.idiag_sport);
	one->shares = m->idiag_state == TCP_LISTEN || m->idiag_state == TCP_CLOSE;
	one->inode = m->idiag_inode;
	return 0;
}

static int note_ports(struct ports *p, int netns)
{
	static const struct {
		uint8_t family, protocol;
		uint32_t states;
	} all[] = {
		{ AF_INET, IPPROTO_TCP, 1 << TCP_LISTEN }, { AF_INET6, IPPROTO_TCP, 1 << TCP_LISTEN },
		{ AF_INET, IPPROTO_UDP, UINT32_MAX }, { AF_INET6, IPPROTO_UDP, UINT32_MAX },
	};
	autoclose int diag = vz_nl_open(NETLINK_SOCK_DIAG, netns, NULL);
	int r = diag;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(all); i++) {
		const struct inet_diag_req_v2 ask = { .sdiag_family = all[i].family, .sdiag_protocol = all[i].protocol,
						      .idiag_states = all[i].states };
		struct vz_nl m;

		vz_nl_init(&m, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
		vz_nl_put_hdr(&m, &ask, sizeof(ask));
		p->protocol = all[i].protocol;
		r = vz_nl_read(diag, &m, &(struct vz_nl_reader){ note_port, p }, NULL, "sockets");
		if (r == -ENOENT) /* the kernel has no such protocol */
			r = 0;
	}
	return r;
}

/* A duplicate of it, and who has it. */
static int open_socket(const struct cpt_look *l, const struct port *p, const struct cpt_socket **ret)
{
	const struct cpt_socket *s = *ret = cpt_socket_find(l, p->inode);
	autoclose int pidfd = s ? vz_pidfd_open(s->pid) : -ESRCH;

	return pidfd < 0 ? pidfd : vz_pidfd_getfd(pidfd, s->fd);
}

static int number_in_socket(int fd, int level, int what, int unknown)
{
	int v = 0; /* some are one byte long */

	return getsockopt(fd, level, what, &v, &(socklen_t){ sizeof(v) }) < 0 ? unknown : v;
}

static int compare_ports(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct port));
}

static void look_at_shared(struct cpt_look *l, const struct port *p, size_t n)
{
	const struct cpt_socket *s;
	autoclose int fd = n > 1 && p->shares ? open_socket(l, p, &s) : -EBADF;

	if (fd >= 0 && number_in_socket(fd, SOL_SOCKET, SO_REUSEPORT, 0))
		cpt_say(l, CPT_NOT_KEPT, &s->who, "a program that shares out port %u (SO_ATTACH_REUSEPORT_CBPF), if its %zu sockets have one",
			p->number, n);
}

static bool is_member(pid_t pid, int fd)
{
	struct vz_sockgroups g;
	struct vz_sockgroup one;

	vz_sockgroups_read(pid, &g);
	for (size_t i = 0; i < g.n; i++)
		if (vz_sockgroups_of(&g, i, AF_INET, fd, &one) > 0)
			return true;
	return false;
}

static void look_at_sender(struct cpt_look *l, const struct port *p)
{
	const struct cpt_socket *s;
	autoclose int fd = open_socket(l, p, &s);

	if (fd < 0 || number_in_socket(fd, IPPROTO_IP, IP_MULTICAST_IF, -1))
		return;
	if (number_in_socket(fd, IPPROTO_IP, IP_MULTICAST_TTL, 1) != 1 || number_in_socket(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1) != 1 ||
	    is_member(s->pid, fd))
		cpt_say(l, CPT_NOT_KEPT, &s->who, "the device for multicast of UDP port %u, if it was given by its number (IP_MULTICAST_IF)",
			p->number);
}

static int count_device(const struct vz_link *link, void *arg)
{
	*(unsigned *)arg += link->type != ARPHRD_LOOPBACK;
	return 0;
}

static void look_at_namespace(struct cpt_look *l, int netns)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, netns, NULL);
	struct ports p = { .l = l };
	unsigned devices = 0;
	int r = note_ports(&p, netns);

	if (r >= 0)
		r = rtnl < 0 ? rtnl : vz_link_list(rtnl, count_device, &devices, NULL);
	if (p.n)
		qsort(p.v, p.n, sizeof(*p.v), compare_ports);
	for (size_t i = 0, n; i < p.n; i += n) {
		for (n = 1; i + n < p.n && !memcmp(&p.v[i], &p.v[i + n], COMMON);)
			n++;
		look_at_shared(l, &p.v[i], n);
	}
	for (size_t i = 0; devices > 1 && i < p.n; i++)
		if (p.v[i].protocol == IPPROTO_UDP)
			look_at_sender(l, &p.v[i]);
	free(p.v);
	if (r < 0)
		cpt_say(l, CPT_UNKNOWN, NULL, "ports of its sockets: %s", strerror(-r));
}

void cpt_senders_judge(struct cpt_look *l)
{
	for (size_t i = 0; !l->criu && i < l->nets_n; i++)
		look_at_namespace(l, l->nets[i].fd);
}
